"""Indicators, evaluations and reports (domain 8): data files over the facts of the county.

Each figure is for a period and an area and has the list behind it. What no data can give is entered by the
office, with its source.
"""
