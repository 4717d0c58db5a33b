"""Red flags (domain 5.3): each a query over the facts of the county, with the evidence that triggered it.

A flag is a hint, never a finding. What an inspector concludes stands in the log of reads, out of sight
of the office.
"""
