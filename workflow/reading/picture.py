"""A diagram as a drawing of its own file: boxes, lines and words with their places, for a page that can fetch
nothing. Where a case stands is laid over it by whoever shows it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot, isfinite
from typing import Any, Final

from lxml import etree

from workflow.reading.diagrams import DC, DI

WAY: Final = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
EM: Final = 11.0
"""Height of the letters, in the pixels of the drawing."""
LEADING: Final = 13.0
BAND: Final = 30.0
"""Width of the strip in which the name of a lane stands, upright on its end."""
NARROW: Final = 0.56  # width of a Latin letter or a digit, in em
EDGE: Final = 12.0
READABLE: Final = 1_400.0
"""So much of a drawing fits across a sheet of A4 that lies on its side, with words one can read."""
OVERLAP: Final = 130.0
"""What two strips have in common: a little more than a step is wide, so that each step is whole in one."""
_OPENING: Final = frozenset("（《“")
_CLOSING: Final = frozenset("）》”？！。，、；：")
_EVENTS: Final = frozenset({"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent"})


@dataclass(frozen=True, slots=True)
class Box:
    """x and y of the upper left corner, y downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text, centred on its place; `upright` ones are turned to read upwards."""

    x: float
    y: float
    text: str
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """`kind` is the tag of its element; `sign` what stands in an event: timer, message, signal, terminate."""

    id: str
    kind: str
    box: Box
    words: Sequence[Words]
    sign: str


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence flow: the points it runs through, and the three of its head."""

    points: Sequence[tuple[float, float]]
    head: Sequence[tuple[float, float]]
    words: Sequence[Words]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything of one diagram. `frame`: what has to be in view."""

    frame: Box
    shapes: Sequence[Shape]
    ways: Sequence[Way]

    def box(self, element: str) -> Box | None:
        """Where an element stands; None for one that is not drawn."""
        return next((shape.box for shape in self.shapes if shape.id == element), None)


@dataclass(frozen=True, slots=True)
class Strip:
    """A piece of a drawing for a sheet of paper. `names`: where the lanes' names stand, to be shown again
    before a piece that does not begin with them.
    """

    part: Box
    names: Box | None

    @property
    def width(self) -> float:
        return self.part.width + (self.names.width if self.names else 0)


def strips(drawing: Picture) -> list[Strip]:
    """The drawing from left to right in pieces that can be read on paper; one that is narrow is one piece."""
    frame = drawing.frame
    lanes = [shape.box.x for shape in drawing.shapes if shape.kind in ("participant", "lane")]
    names = Box(frame.x, frame.y, max(lanes) + BAND - frame.x, frame.height) if lanes else None
    again = OVERLAP + (names.width if names else 0)
    number = 1 + max(0, ceil((frame.width - READABLE) / (READABLE - again)))
    wide = (frame.width + (number - 1) * again) / number
    found = [Strip(Box(frame.x, frame.y, wide, frame.height), None)]
    for place in range(1, number):
        left = frame.x + wide + (place - 1) * (wide - again) - OVERLAP
        part = Box(round(left, 1), frame.y, round(wide - again + OVERLAP, 1), frame.height)
        found.append(Strip(part, names))
    return found


def picture(content: bytes) -> Picture:
    """The drawing in a diagram's file. What has no place or none that is a number is left out."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    known = {str(item.get("id")): item for item in root.iter() if isinstance(item.tag, str)}
    shapes = tuple(_shapes(root, known))
    ways = tuple(_ways(root, known))
    return Picture(_frame(shapes, ways), shapes, ways)


def wrapped(text: str, width: float) -> list[str]:
    """The text in lines of at most `width` pixels; Latin words stay whole where they fit, Chinese breaks
    anywhere.
    """
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _wide(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """What stays together: a Latin word, and a letter with the signs that may not end or begin a line."""
    piece = ""
    for letter in text:
        joins = letter in _CLOSING or piece[-1:] in _OPENING or (_latin(letter) and _latin(piece[-1:]))
        if piece and not joins:
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.strip() != ""


def _wide(text: str) -> float:
    return sum(EM * (NARROW if letter.isascii() else 1.0) for letter in text)


def _shapes(root: Any, known: dict[str, Any]) -> Iterator[Shape]:
    for shape in root.iter(f"{DI}BPMNShape"):
        element, box = known.get(shape.get("bpmnElement")), _box(shape.find(f"{DC}Bounds"))
        if element is None or box is None:
            continue
        kind = etree.QName(element).localname
        yield Shape(element.get("id"), kind, box, _named(shape, element, kind, box), _sign(element))


def _named(shape: Any, element: Any, kind: str, box: Box) -> Sequence[Words]:
    name = element.get("name") or ""
    if kind in ("lane", "participant"):
        rows = wrapped(name, box.height - 8)[:2]
        first = box.x + BAND / 2 - (len(rows) - 1) * LEADING / 2
        return [Words(first + n * LEADING, box.middle[1], row, upright=True) for n, row in enumerate(rows)]
    if kind.endswith("Gateway") or kind in _EVENTS:
        return _label(shape, name)
    rows = wrapped(name, box.width - 16)
    return _stacked(rows, box.middle[0], box.middle[1] - len(rows) * LEADING / 2)


def _label(shape: Any, name: str) -> Sequence[Words]:
    box = _box(shape.find(f"{DI}BPMNLabel/{DC}Bounds"))
    if box is None or not name:
        return ()
    return _stacked(wrapped(name, max(box.width, 4 * EM) + 2), box.middle[0], box.y)


def _stacked(rows: Sequence[str], x: float, top: float) -> Sequence[Words]:
    return [Words(x, top + (n + 0.5) * LEADING, row) for n, row in enumerate(rows)]


def _sign(element: Any) -> str:
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name.endswith("EventDefinition"):
            return name.removesuffix("EventDefinition")
    return ""


def _ways(root: Any, known: dict[str, Any]) -> Iterator[Way]:
    for edge in root.iter(f"{DI}BPMNEdge"):
        element = known.get(edge.get("bpmnElement"))
        points = [point for each in edge.iter(WAY) if (point := _point(each)) is not None]
        if element is not None and len(points) > 1:
            yield Way(points, _head(points), _label(edge, element.get("name") or ""))


def _head(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """An arrow's head at the end of the last piece that has a length."""
    for (x, y), (to_x, to_y) in reversed(list(pairwise(points))):
        length = hypot(to_x - x, to_y - y)
        if length:
            along, aside = (to_x - x) / length, (to_y - y) / length
            back_x, back_y = to_x - 9 * along, to_y - 9 * aside
            return [
                (to_x, to_y),
                (round(back_x - 4 * aside, 1), round(back_y + 4 * along, 1)),
                (round(back_x + 4 * aside, 1), round(back_y - 4 * along, 1)),
            ]
    return ()


def _frame(shapes: Sequence[Shape], ways: Sequence[Way]) -> Box:
    corners = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in (s.box for s in shapes)]
    corners += [(x, y, x, y) for way in ways for x, y in way.points]
    written: list[Shape | Way] = [*shapes, *ways]
    for words in (one for drawn in written for one in drawn.words if not one.upright):
        half = _wide(words.text) / 2
        corners.append((words.x - half, words.y - EM, words.x + half, words.y + EM))
    if not corners:
        return Box(0, 0, 1, 1)
    left, top = min(one[0] for one in corners) - EDGE, min(one[1] for one in corners) - EDGE
    right, bottom = max(one[2] for one in corners) + EDGE, max(one[3] for one in corners) + EDGE
    return Box(round(left), round(top), round(right - left), round(bottom - top))


def _box(bounds: Any) -> Box | None:
    found = [_number(bounds, key) for key in ("x", "y", "width", "height")] if bounds is not None else [None]
    return None if None in found else Box(*(one for one in found if one is not None))


def _point(each: Any) -> tuple[float, float] | None:
    x, y = _number(each, "x"), _number(each, "y")
    return None if x is None or y is None else (x, y)


def _number(element: Any, key: str) -> float | None:
    try:
        found = float(element.get(key, ""))
    except ValueError:
        return None
    return found if isfinite(found) else None
