"""What happened in many cases, as data for process mining: IEEE XES (1849) and OCEL 2.0.

Everything comes from the entries of the log and from codes; the vault is never opened, so no name, identity
number or free text can get in. Unless asked otherwise even numbers are replaced (`disclosure`).
"""
