"""What leaves the house as evidence: the bundle of a case, and what in it the log has sealed."""
