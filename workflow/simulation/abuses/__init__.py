"""Abuses as people would commit them, planted among honest cases (domain 5.3), each with its near-miss.

Written from the specification of the field alone: nothing here knows how the red flags are computed, and
nothing writes a row. What is planted goes through the ordinary services at the clock of the simulation.
"""
