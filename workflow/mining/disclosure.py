"""How much an export tells of who, where, when and how much."""

import hmac
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from bpmn import Form
from workflow import amounts
from workflow.deadlines import SHANGHAI

BANDS: Final = (0, 500, 1_000, 3_000, 5_000, 10_000, 30_000, 50_000)
"""Upper ends in yuan, each included. What is above the last one is one band."""
CHOSEN: Final = frozenset({"choice", "choices", "yesno"})
KEY: Final = 32
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Disclosure:
    """With a `key` (32 random bytes, used once and kept nowhere): pseudonyms, minutes, bands, choices only.

    The same case, person or office has the same pseudonym within one export and another one in the next.
    Without a key: the numbers and codes of the register, exact times and amounts.
    """

    key: bytes | None = field(repr=False)

    def name(self, kind: str, number: object) -> str:
        """What a case, an account, an office is called."""
        if self.key is None:
            return f"{kind}-{number}"
        digest = hmac.digest(self.key, f"{kind}\0{number}".encode(), "sha256")
        return f"{kind}-{digest.hex()[:_DIGITS]}"

    def time(self, at: datetime) -> str:
        """By the clock on the wall, with its distance from UTC."""
        local = at.astimezone(SHANGHAI)
        if self.key is None:
            return local.isoformat(timespec="milliseconds")
        return local.replace(second=0, microsecond=0).isoformat(timespec="milliseconds")

    def amount(self, yuan: Decimal) -> str:
        """Yuan, or the band they lie in."""
        if self.key is None:
            return amounts.money(yuan)
        place = bisect_left(BANDS, yuan)
        if place == 0:
            return "0"
        below = BANDS[place - 1]
        return f">{below}" if place == len(BANDS) else f"{below + 1}-{BANDS[place]}"

    def answers(self, form: Form | None, given: Mapping[str, Any]) -> dict[str, str]:
        """The answers that stand in clear in an entry: choices; without a key also counts and amounts."""
        told = {}
        for asked in form.fields if form else ():
            value = given.get(asked.name)
            if not asked.variable or value is None:
                continue
            if asked.type == "money":
                told[asked.id] = self.amount(amounts.yuan(value))
            elif asked.type in CHOSEN or self.key is None:
                told[asked.id] = _text(value)
        return told


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
