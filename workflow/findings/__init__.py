"""检查问题: what an inspector finds, and how it is followed to the end (domain 2.14, D36).

Pinned to an entry of a case and never written into it (SD-8). What is not sent yet stands in the log of
reads, out of sight of the office; what was sent, and all that follows, in the system chain of the log. The
texts are sealed, and hold no name, illness or identity number: they are not erased with the case.
"""
