"""The words a policy set may use: categories of people, thresholds, and the symbols of a bill."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import bpmn

POLICY, TARIFF = "policy.toml", "tariff.dmn"
"""The two files of a policy set."""

# Symbols of domain 1.5; everything after T may be deducted from it.
DEDUCTED = ("O", "B", "S", "M", "R")
SYMBOLS = ("T", *DEDUCTED)

# The area of a policy set that holds wherever a county says so.
ANYWHERE = "any"

# The parameter that a claim may bring along as its own figure (`income`).
INCOME = "residents_income"

# How many people of the household a grant covers [C-30]; brought along by the claim.
PERSONS = "persons"

DATA = Path(bpmn.__file__).parent
CATEGORIES, THRESHOLDS = "categories.toml", "thresholds.toml"


def category_order(content: bytes | None = None) -> tuple[str, ...]:
    """All category codes, in the order that decides between equal amounts (domain 3.1 step 7).

    `content` is a categories.toml that the rule book has already checked; the packaged one if absent.
    """
    table = tomllib.loads((content or (DATA / CATEGORIES).read_bytes()).decode())
    return tuple(sorted(table, key=lambda code: int(table[code]["order"])))


def shared_file(files: Mapping[str, bytes], name: str) -> bytes:
    """A file that all policy sets share; the packaged one where a rule book is older than it."""
    return files.get(name) or (DATA / name).read_bytes()
