"""A small project of its own, for the measurement only."""
