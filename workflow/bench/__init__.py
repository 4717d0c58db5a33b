"""Measurements: our transitions, a floor of hand-written SQL, stock SpiffWorkflow, and what others use.

Every contender is a program of its own, measured by the same stop-watch (`rivals/pace.py`). Figures of one
round are compared with the floor of the same round: walls swing on shared machines, ratios do not.
"""
