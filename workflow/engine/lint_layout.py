"""Layout rules: a diagram is drawn to be read by people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from bpmn.faults import Fault
from workflow.engine.lint_drawing import CONTAINERS, Box, Drawing, Point

SLACK = 1.0
"""Pixels by which things may touch without overlapping."""
LEAN = 60.0
"""Pixels by which a step may stand left of the one before it, as in a column."""
CHINESE = 0x2E80
"""From here on letters are as wide as they are high."""
LABEL, LINE = 90.0, 13.2
"""Pixels at which the viewer breaks a label, and how far its lines are apart."""


def check(drawing: Drawing) -> Iterator[Fault]:
    """Everything drawn, nothing on top of anything else."""
    missing = list(_undrawn(drawing))
    yield from missing
    if not missing:
        yield from _overlapping(drawing)
        yield from _outside_lanes(drawing)
        yield from _loose_ends(drawing)
        yield from _crossing(drawing)
        yield from _running_through(drawing)
        yield from _covered_labels(drawing)
        yield from _backwards(drawing)
        yield from _bent(drawing)


def _undrawn(drawing: Drawing) -> Iterator[Fault]:
    for node in drawing.nodes:
        box = drawing.shapes.get(node)
        if box is None or box.width <= 0 or box.height <= 0:
            yield drawing.fault(node, "没有画出来", "it is not drawn: no shape with a size")
    for lane in drawing.lanes:
        if lane not in drawing.shapes:
            yield drawing.fault(lane, "泳道没有画出来", "the lane is not drawn")
    for flow in drawing.flows:
        if len(drawing.lines.get(flow.id, ())) < 2:
            yield drawing.fault(flow.id, "连线没有画出来", "the flow is not drawn: no line")


def _related(drawing: Drawing, one: str, other: str) -> bool:
    """Boundary event and its host, or a sub-process and what lies in it."""
    first, second = drawing.nodes[one], drawing.nodes[other]
    return (
        first.element.get("attachedToRef") == other
        or second.element.get("attachedToRef") == one
        or _inside(drawing, one, other)
        or _inside(drawing, other, one)
    )


def _inside(drawing: Drawing, inner: str, outer: str) -> bool:
    scope = drawing.nodes[inner].scope
    while scope in drawing.nodes:
        if scope == outer:
            return True
        scope = drawing.nodes[scope].scope
    return False


def _overlapping(drawing: Drawing) -> Iterator[Fault]:
    for one, other in combinations(drawing.nodes, 2):
        if drawing.shapes[one].overlaps(drawing.shapes[other]) and not _related(drawing, one, other):
            yield drawing.fault(one, f"与“{other}”重叠", f"overlaps {other}")


def _outside_lanes(drawing: Drawing) -> Iterator[Fault]:
    for lane, (name, members) in drawing.lanes.items():
        for node in members & drawing.nodes.keys():
            box = drawing.shapes[node]
            if drawing.nodes[node].tag != "boundaryEvent" and not drawing.shapes[lane].holds(box):
                yield drawing.fault(node, f"不在所属泳道“{name}”之内", f"does not lie inside its lane {name}")


def _loose_ends(drawing: Drawing) -> Iterator[Fault]:
    for flow in drawing.flows:
        line = drawing.lines[flow.id]
        for node, point in ((flow.source, line[0]), (flow.target, line[-1])):
            box = drawing.shapes.get(node)
            if box is not None and not _touches(box, point):
                yield drawing.fault(flow.id, f"没有连到“{node}”", f"the line does not reach {node}")


def _touches(box: Box, point: Point, near: float = 3.0) -> bool:
    return box.x - near <= point[0] <= box.right + near and box.y - near <= point[1] <= box.bottom + near


def _crossing(drawing: Drawing) -> Iterator[Fault]:
    for one, other in combinations(drawing.flows, 2):
        shared = {one.source, one.target} & {other.source, other.target}
        first, second = drawing.lines[one.id], drawing.lines[other.id]
        ends = {first[0], first[-1]} & {second[0], second[-1]} if shared else set()
        if any(
            meet(start, end, begin, finish, ends)
            for start, end in pairwise(first)
            for begin, finish in pairwise(second)
        ):
            yield drawing.fault(one.id, f"与“{other.id}”交叉或重合", f"crosses or covers {other.id}")


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _between(a: Point, b: Point, c: Point) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def meet(a: Point, b: Point, c: Point, d: Point, allowed: set[Point]) -> bool:
    """Whether segments a–b and c–d share a point that is not in `allowed`."""
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    on_line = [
        point
        for side, point, (start, end) in zip(
            sides, (c, d, a, b), ((a, b), (a, b), (c, d), (c, d)), strict=True
        )
        if side == 0 and _between(start, end, point)
    ]
    return any(point not in allowed for point in on_line)


def _running_through(drawing: Drawing) -> Iterator[Fault]:
    for flow in drawing.flows:
        for node in drawing.nodes:
            if node in (flow.source, flow.target) or _inside_or_host(drawing, flow.source, flow.target, node):
                continue
            if runs_through(drawing.lines[flow.id], drawing.shapes[node]):
                yield drawing.fault(flow.id, f"穿过“{node}”", f"runs through {node}")


def _inside_or_host(drawing: Drawing, source: str, target: str, node: str) -> bool:
    ends = [end for end in (source, target) if end in drawing.nodes]
    return any(_related(drawing, end, node) for end in ends) and (
        drawing.nodes[node].tag in CONTAINERS or drawing.nodes[node].tag != "boundaryEvent"
    )


def runs_through(line: tuple[Point, ...], box: Box) -> bool:
    """Whether a line of straight pieces enters the inside of a box (by more than the slack)."""
    return any(_enters(start, end, box) for start, end in pairwise(line))


def _enters(start: Point, end: Point, box: Box) -> bool:
    """Clip the segment by the four sides of the shrunken box (Liang and Barsky); is a piece left?"""
    low, high = 0.0, 1.0
    sides = (
        (start[0], end[0], box.x + SLACK, box.right - SLACK),
        (start[1], end[1], box.y + SLACK, box.bottom - SLACK),
    )
    for begin, finish, least, most in sides:
        step = finish - begin
        if step == 0:
            if not least < begin < most:
                return False
            continue
        near, far = sorted(((least - begin) / step, (most - begin) / step))
        low, high = max(low, near), min(high, far)
    return low < high


def _as_drawn(name: str, box: Box) -> Box:
    """Where the viewer puts the words of a label: from the top of their place, in its middle, broken."""
    lines, width, widest = 1, 0.0, 0.0
    for letter in name:
        step = 11.0 if ord(letter) >= CHINESE else 7.0
        if width + step > LABEL:
            lines, width = lines + 1, 0.0
        width += step
        widest = max(widest, width)
    return Box(box.x + (box.width - widest) / 2, box.y, widest, lines * LINE)


def _covered_labels(drawing: Drawing) -> Iterator[Fault]:
    names = {node.id: node.name for node in drawing.nodes.values()}
    names |= {flow.id: flow.name for flow in drawing.flows}
    labels = [
        (owner, _as_drawn(names[owner], box)) for owner, box in drawing.labels.items() if owner in names
    ]
    for (one, box), (other, second) in combinations(labels, 2):
        if box.overlaps(second, SLACK):
            yield drawing.fault(one, f"文字与“{other}”的文字重叠", f"its label overlaps the label of {other}")
    for owner, box in labels:
        for node, shape in drawing.shapes.items():
            if (
                node in drawing.nodes
                and drawing.nodes[node].tag not in CONTAINERS
                and box.overlaps(shape, SLACK)
            ):
                yield drawing.fault(owner, f"文字压在“{node}”上", f"its label lies on {node}")
        for flow in drawing.flows:
            if runs_through(drawing.lines[flow.id], box):
                yield drawing.fault(
                    owner, f"文字压在连线“{flow.id}”上", f"its label lies on the line {flow.id}"
                )


def _backwards(drawing: Drawing) -> Iterator[Fault]:
    """From left to right: only a loop leads back. What an event on a border sets off may turn round."""
    starts = list(drawing.of("startEvent"))
    ordinary = _following(drawing, [node.id for node in starts])
    for flow in drawing.flows:
        if flow.source not in ordinary or flow.target not in drawing.nodes:
            continue
        back = _middle(drawing, flow.target) < _middle(drawing, flow.source) - LEAN
        if back and flow.source not in _following(drawing, [flow.target], borders=True):
            yield drawing.fault(
                flow.id, "从右往左画，又不是循环", "it leads back from right to left and is no loop"
            )
    for node in starts:
        beside = (other.id for other in drawing.nodes.values() if other.scope == node.scope)
        if any(_middle(drawing, other) < _middle(drawing, node.id) for other in beside):
            yield drawing.fault(node.id, "开始事件应在最左边", "the start stands leftmost")


def _middle(drawing: Drawing, node: str) -> float:
    box = drawing.shapes[node]
    return (box.x + box.right) / 2


def _following(drawing: Drawing, nodes: Sequence[str], *, borders: bool = False) -> set[str]:
    """These steps and all that may follow them; with `borders` by the events on their borders, too."""
    events = list(drawing.of("boundaryEvent")) if borders else []
    seen: set[str] = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if node not in seen and node in drawing.nodes:
            seen.add(node)
            todo += [flow.target for flow in drawing.outgoing[node]]
            todo += [event.id for event in events if event.element.get("attachedToRef") == node]
    return seen


def _bent(drawing: Drawing) -> Iterator[Fault]:
    """The way through steps that follow each other in one lane, with no other way in or out, is straight.

    Which of several ways is the happy one, a diagram does not say; where nothing branches there is one only.
    """
    lane = {member: name for name, (_, members) in drawing.lanes.items() for member in members}
    for flow in drawing.flows:
        if flow.source not in drawing.nodes or flow.target not in drawing.nodes:
            continue  # told elsewhere
        alone = len(drawing.outgoing[flow.source]) == 1 and len(drawing.incoming[flow.target]) == 1
        beside = drawing.nodes[flow.source].tag == "boundaryEvent" or drawing.attached.get(flow.source)
        if not alone or beside or lane.get(flow.source) != lane.get(flow.target):
            continue
        line = drawing.lines[flow.id]
        if not any(max(axis) - min(axis) <= SLACK for axis in zip(*line, strict=True)):
            yield drawing.fault(
                flow.id, "直接相连的环节没有画成直线", "steps that follow each other are not in line"
            )
