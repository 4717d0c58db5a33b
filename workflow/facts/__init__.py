"""The facts of the county as tables (domain 5.2): an SQLite file of its own in the home folder, built
anew from registers, log and vault, so that red flags, indicators and searches are plain SQL of one dialect.

`bpmn/flags/facts.toml` describes every table and column. Names, numbers and texts of people stand in
it only as keyed hashes; the key lies in the key folder of the home.
"""

from workflow.facts.building import Built, build
from workflow.facts.schema import Column, Table, tables
from workflow.facts.store import FactsMissing, facts_file, open_facts

__all__ = ["Built", "Column", "FactsMissing", "Table", "build", "facts_file", "open_facts", "tables"]
