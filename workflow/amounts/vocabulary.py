"""The words a policy set may use: categories of people and the symbols of a bill."""

import tomllib
from pathlib import Path

import bpmn

# Symbols of domain 1.5; everything after T may be deducted from it.
DEDUCTED = ("O", "B", "S", "M", "R")
SYMBOLS = ("T", *DEDUCTED)

# The area of a policy set that holds wherever a county says so.
ANYWHERE = "any"

# The parameter that a claim may bring along as its own figure (`income`).
INCOME = "residents_income"

DATA = Path(bpmn.__file__).parent


def category_order(content: bytes | None = None) -> tuple[str, ...]:
    """All category codes, in the order that decides between equal amounts (domain 3.1 step 7).

    `content` is a categories.toml that the rule book has already checked; the packaged one if absent.
    """
    table = tomllib.loads((content or (DATA / "categories.toml").read_bytes()).decode())
    return tuple(sorted(table, key=lambda code: int(table[code]["order"])))
