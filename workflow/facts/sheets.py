"""How the aid of a bill was found: figures of its calculation sheet, by their symbols (domain 3.1)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workflow.facts.registers import Found, fen
from workflow.rules import Rules


def pools_of(rules: Rules | None, policy: str) -> Mapping[str, str]:
    """Rule of a policy set's tariff → the pool its limit belongs to."""
    found = rules.policies.get(policy) if rules else None
    return {rule.id: rule.pool for rule in found.rules} if found else {}


def figures(sheet: Mapping[str, Any], pools: Mapping[str, str]) -> Found:
    """The columns of `calc_bill` that tell of limits and of serious-illness insurance."""
    lines = {line["symbol"]: line["amount"] for line in sheet.get("lines") or ()}

    def told(symbol: str) -> int | None:
        return None if lines.get(symbol) is None else fen(Decimal(lines[symbol]))

    merged = sheet.get("merged")
    return {
        "kind": sheet.get("kind"),
        "pool": pools.get(sheet.get("rule") or ""),
        "merged": None if merged is None else int(merged),
        "serious_fen": told("S"),
        "limit_fen": told("L"),
        "limit_before_fen": told("A0"),
        "limit_all_fen": told("LT"),
    }
