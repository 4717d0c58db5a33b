"""A county lives a year under a simulated clock, and a judge who does not trust the alerts counts after."""
