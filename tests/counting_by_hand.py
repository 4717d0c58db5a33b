"""The tariffs of domain 3.2 to 3.8 counted by hand, in whole fen and whole per cent.

Written from the specification's tables alone: it shares no code, no figure and no file with the program,
so that a slip in either shows. Each year is walked claim by claim, each claim interval by interval.
"""

from dataclasses import dataclass
from typing import Final

Fen = int
CHILD: Final = 14  # completed years, included [C-09]


@dataclass(frozen=True)
class Hand:
    """A claim as a clerk has it on the table: fen, the categories it may be counted under."""

    kind: str
    T: Fen
    O: Fen = 0  # noqa: E741
    B: Fen = 0
    S: Fen = 0
    M: Fen = 0
    R: Fen = 0
    merged: bool = False
    persons: int = 1

    def without(self, parts: str) -> Fen:
        return max(0, self.T - sum(getattr(self, part) for part in parts))


# Where each rate begins, in yuan of the year's self-pay: (from, per cent). A missing pair = no rule.
PLAN_KINDS = ("inpatient", "outpatient_chronic", "day_surgery", "home_bed")
YBZP = {
    "R1": [(6_000, 0), (16_000, 50), (36_000, 60)],
    "R2": [(6_000, 50), (36_000, 60)],
    "R3": [(6_000, 0), (10_000, 50), (30_000, 60)],
}


def steps(policy: str, category: str, kind: str, child: bool, reading: str) -> list[tuple[int, int]] | None:
    more = 10 if child else 0
    match policy, kind, category:
        case "plan-2026", "rare_drug", _:
            return [(0, 70)]
        case "plan-2026", _, "TK":
            return [(0, 90)]
        case "plan-2026", _, "DB":
            return [(1_500, 75)]
        case "plan-2026", _, "DBBY":
            return [(3_000, 65)]
        case "plan-2026", _, "YBZP":
            return YBZP[reading]
        case "jian-anfu", "inpatient", "TK":
            return [(0, 100)]
        case "jian-anfu", "inpatient", "DB" | "SIX" | "TWO" | "JJ60":
            return [(0, 70 + more)]
        case "jian-anfu", "inpatient", "ZCX":
            return [(20_000, 50 + more)]
        case "jian-anfu", "inpatient", "JDLK":
            return [(0, 50)]
        case "jian-anfu", "outpatient_chronic", "TK":
            return [(0, 100)]
        case "jian-anfu", "outpatient_chronic", "DB" | "JJ60":
            return [(0, 60)]
        case "ningguo", "inpatient", "TK":
            return [(0, 80)]
        case "ningguo", "inpatient", "DB" | "JDLK":
            return [(0, 70)]
        case "fugu-temporary", _, _:
            return [(0, 100)]
        case "county-x", "inpatient", "DB":
            return [(0, 70)]
        case "county-440", "premium", "TK" | "DB":
            return [(0, 100)]
        case "county-440", _, "TK" | "DB":
            return [(0, 70)]
        case "hebei-two-diseases", _, _:
            return [(0, 50)]
    return None


def deducted(policy: str, category: str, kind: str) -> str:
    """Which parts of the bill come off T."""
    match policy, kind, category:
        case "jian-anfu", "inpatient", "ZCX" | "JDLK":
            return "OB"
        case "jian-anfu", "inpatient", "DB":
            return "OBSM"
        case "jian-anfu", "inpatient", _:
            return "OBS"
        case "fugu-temporary", _, _:
            return ""
        case "county-x", _, _:
            return "OB"
        case "county-440", "premium", _:
            return "R"
        case "county-440", "inpatient", _:
            return "OBSM"
        case "hebei-two-diseases", _, _:
            return "O"
    return "OBSMR"


def shared_deductible(policy: str, kind: str) -> tuple[str, ...]:
    """The kinds whose self-pay runs up to one deductible together."""
    if policy == "plan-2026" and kind in PLAN_KINDS:
        return PLAN_KINDS
    if policy == "county-440" and kind != "premium":
        return ("inpatient", "outpatient_chronic")
    if policy == "fugu-temporary":
        return ("living", "sudden", "medical", "education", "other")
    return (kind,)


def yearly(policy: str, category: str, claim: Hand, child: bool) -> list[tuple[tuple[str, ...], int]]:
    """Yearly limits in yuan, each with the kinds that draw on it together."""
    match policy, claim.kind:
        case "plan-2026", "rare_drug":
            return [(("rare_drug",), 300_000)]
        case "plan-2026", _:
            return [(PLAN_KINDS, 150_000)]
        case "jian-anfu", kind:
            whole = {"TK": 60_000, "ZCX": 20_000 if child else 10_000, "JDLK": 30_000}.get(
                category, 50_000 if child else 30_000
            )
            limits = [(("inpatient", "outpatient_chronic"), whole)]
            if kind == "outpatient_chronic" and not claim.merged:
                limits.append((("outpatient_chronic",), 10_000 if category == "TK" else 3_000))
            return limits
        case "county-x", _:
            return [(("inpatient",), 20_000)]
        case "hebei-two-diseases", kind:
            own = 225 if kind == "hypertension_drugs" else 375
            return [((kind,), own), (("hypertension_drugs", "diabetes_drugs"), 600)]
    return []


def grant(policy: str, category: str, claim: Hand) -> tuple[int, int | None, int | None]:
    """The least and the most of one grant in yuan, and how many there are a year."""
    match policy, claim.kind, category:
        case "fugu-temporary", "living", _:
            return 0, 700 * claim.persons, 2
        case "fugu-temporary", "sudden" | "medical", _:
            return 0, 20_000, 2
        case "fugu-temporary", "education", _:
            return 1_000, 3_000, 2
        case "fugu-temporary", "other", _:
            return 0, 3_500, 2
        case "county-440", "premium", "DB":
            return 0, 100, 1
        case "county-440", "premium", _:
            return 0, None, 1
    return 0, None, None


def on_the_whole(rates: list[tuple[int, int]], self_pay: Fen) -> int:
    """The aid on a year's self-pay in hundredths of a fen: interval by interval."""
    total = 0
    for place, (begin, per_cent) in enumerate(rates):
        end = rates[place + 1][0] * 100 if place + 1 < len(rates) else self_pay
        total += max(0, min(self_pay, end) - begin * 100) * per_cent
    return total


@dataclass(frozen=True)
class Paid:
    claim: Hand
    fen: Fen


def one(policy: str, category: str, claim: Hand, age: int, reading: str, before: list[Paid]) -> Fen | None:
    """What one category gives; None where the policy has nothing for it."""
    child = age <= CHILD
    rates = steps(policy, category, claim.kind, child, reading)
    if rates is None:
        return None
    off = deducted(policy, category, claim.kind)
    together = shared_deductible(policy, claim.kind)
    earlier = sum(paid.claim.without(off) for paid in before if paid.claim.kind in together)
    raw = on_the_whole(rates, earlier + claim.without(off)) - on_the_whole(rates, earlier)
    fen = (raw + 50) // 100  # half up
    least, most, times = grant(policy, category, claim)
    if most is not None:
        fen = min(fen, most * 100)
    if fen < least * 100:
        return None
    if times is not None and sum(1 for paid in before if paid.fen and paid.claim.kind in together) >= times:
        return 0
    for kinds, limit in yearly(policy, category, claim, child):
        drawn = sum(paid.fen for paid in before if paid.claim.kind in kinds)
        fen = min(fen, max(0, limit * 100 - drawn))
    return min(fen, claim.without("BSMR"))


def year(policy: str, categories: tuple[str, ...], claims: list[Hand], age: int, reading: str) -> list[Fen]:
    """What is due for each claim of a year, the largest amount of all categories, once."""
    before: list[Paid] = []
    for claim in claims:
        found = [one(policy, category, claim, age, reading, before) for category in categories]
        before.append(Paid(claim, max((fen for fen in found if fen is not None), default=0)))
    return [paid.fen for paid in before]
