"""Which cases of a frame are drawn. Pure, and small enough to be repeated by hand.

A frame is {"always": {stratum: [case, …]}, "townships": {stratum: {village: {"urban": [case, …],
"rural": [case, …]}}}}: 32 hex digits for a case, in a special inspection one for a household. Figures are
those of bpmn/spot_checks.toml, as the plan's log entry has them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from audit import canonical

DOMAIN: Final = "mingjian/spot-check/v1"
LARGEST_FRAME: Final = 64 * 1024 * 1024
Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """`place` counts from 1 in the order of the sample."""

    place: int
    stratum: str
    case: str


def canonical_frame(frame: Frame) -> bytes:
    return canonical.encode(frame, LARGEST_FRAME)


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def plan_digest(facts: Mapping[str, Any]) -> str:
    """Of the `vars` of the plan's entry."""
    return digest(canonical.encode(facts))


def commitment(word: str) -> str:
    """What the plan says of the word before anybody else knows it."""
    return digest(word.encode())


def seed_of(origin: str, size: int, root: str, plan: str, word: str) -> bytes:
    """`root`: base64, as checkpoints have it; `plan`: see `plan_digest`."""
    return sha256(f"{DOMAIN}\n{origin}\n{size}\n{root}\n{plan}\n{word}\n".encode()).digest()


def draw(seed: bytes, frame: Frame, figures: Mapping[str, Any]) -> tuple[Drawn, ...]:
    """The sample, in order. `figures`: those of a quarterly check (percent, least) or of a special one
    (villages, households, urban, rural).
    """
    chosen: list[tuple[str, str]] = []
    for stratum, cases in sorted(frame["always"].items()):
        chosen += [(stratum, case) for case in ranked(seed, stratum, cases)]
    for stratum, villages in sorted(frame["townships"].items()):
        if "percent" in figures:
            cases = ranked(seed, stratum, _all(villages.values()))
            chosen += [(stratum, case) for case in cases[: _share(len(cases), figures)]]
        else:
            chosen += [(stratum, case) for case in _households(seed, stratum, villages, figures)]
    return tuple(Drawn(place, *each) for place, each in enumerate(chosen, 1))


def ranked(seed: bytes, stratum: str, names: Iterable[str]) -> list[str]:
    """In the order of SHA-256(seed ‖ stratum ‖ NUL ‖ name)."""
    return sorted(names, key=lambda name: sha256(seed + f"{stratum}\0{name}".encode()).digest())


def sample_digest(sample: Sequence[Drawn]) -> str:
    """SHA-256 of the lines `stratum case`, in order."""
    return digest("".join(f"{one.stratum} {one.case}\n" for one in sample).encode())


def sizes(frame: Frame) -> dict[str, int]:
    """Stratum → how many cases it has."""
    townships = {stratum: len(_all(villages.values())) for stratum, villages in frame["townships"].items()}
    return {**{stratum: len(cases) for stratum, cases in frame["always"].items()}, **townships}


def _all(villages: Iterable[Mapping[str, Sequence[str]]]) -> list[str]:
    return [case for village in villages for kind in ("urban", "rural") for case in village[kind]]


def _share(number: int, figures: Mapping[str, Any]) -> int:
    """The share, rounded up, not below the least, not above all there are."""
    wanted: int = max(figures["least"], -(-number * figures["percent"] // 100))
    return min(number, wanted)


def _households(
    seed: bytes, stratum: str, villages: Mapping[str, Mapping[str, Sequence[str]]], figures: Mapping[str, Any]
) -> list[str]:
    """Villages first, then the households of each; what one kind lacks the other fills up."""
    found: list[str] = []
    for village in ranked(seed, stratum, villages)[: figures["villages"]]:
        kinds = {kind: ranked(seed, stratum, villages[village][kind]) for kind in ("urban", "rural")}
        taken = [case for kind, cases in kinds.items() for case in cases[: figures[kind]]]
        left = [case for kind, cases in kinds.items() for case in cases[figures[kind] :]]
        found += taken + ranked(seed, stratum, left)[: figures["households"] - len(taken)]
    return found
