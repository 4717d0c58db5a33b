"""Conformance over time: which ways the cases of a flow have really taken, how often and how long (domain 8).

`runs` reads the steps of all chosen cases in one pass; `ways` groups them into ways and says which deviate;
`drawing` lays the ways over a diagram.
"""
