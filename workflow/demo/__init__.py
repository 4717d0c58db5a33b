"""The demonstration county: invented people, real services, a simulated clock. Never inserts a case row."""
