"""Bars as inline SVG, worked out here so that the page needs no script and no style of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 520, 190
LEFT, BOTTOM, TOP = 34, 150, 24
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """In the units of the drawing; `kind` is its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`axis`: (y, number) of each line across; `labels`: (x, words) below the groups."""

    bars: Sequence[Bar]
    axis: Sequence[tuple[float, int]]
    labels: Sequence[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = BOTTOM


def step_for(most: int) -> int:
    """The distance of the lines across: 1, 2, 5, 10, 20, … so that four or five of them reach `most`."""
    ten = 1
    while True:
        for step in _STEPS:
            if step * ten * 5 >= most:
                return step * ten
        ten *= 10


def chart(labels: Sequence[str], groups: Sequence[Sequence[tuple[str, int, int]]]) -> Chart:
    """Groups of bars, each bar as (kind, place, number); two on one place of a group overlap."""
    most = max((number for group in groups for _, _, number in group), default=0)
    step = step_for(most)
    top = step * max(1, -(-most // step))
    room = (WIDTH - LEFT) / max(1, len(groups))
    wide = room * 0.36

    def high(number: int) -> float:
        return round((BOTTOM - TOP) * number / top, 1)

    bars = [
        Bar(round(LEFT + room * (at + 0.12) + place * (wide + 1), 1), BOTTOM - high(number), round(wide, 1),
            high(number), kind)
        for at, group in enumerate(groups)
        for kind, place, number in group
        if number
    ]  # fmt: skip
    axis = [(BOTTOM - high(number), number) for number in range(0, top + 1, step)]
    centre = [(round(LEFT + room * (at + 0.5), 1), label) for at, label in enumerate(labels)]
    return Chart(bars, axis, centre)
