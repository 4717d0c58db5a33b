"""Linting the layout: a diagram is drawn so that people can read it."""

import re
from pathlib import Path

import pytest

from workflow.engine.lint import lint
from workflow.engine.lint_drawing import Box
from workflow.engine.lint_layout import meet, runs_through

HERE = Path(__file__).parent / "linted"
CLEAN = {file.name: file.read_bytes() for file in HERE.glob("*.bpmn")}


def moved(element: str, **to: float) -> dict[str, bytes]:
    """The clean diagrams with the shape of one element set elsewhere."""
    text = CLEAN["tiny.bpmn"].decode()
    start = text.index(f'bpmnElement="{element}"')
    head, tail = text[:start], text[start:]
    for key, value in to.items():
        tail = re.sub(f' {key}="[^"]*"', f' {key}="{value}"', tail, count=1)
    return {**CLEAN, "tiny.bpmn": (head + tail).encode()}


def redrawn(flow: str, *points: tuple[float, float]) -> dict[str, bytes]:
    line = "".join(f'<di:waypoint x="{x}" y="{y}" />' for x, y in points)
    pattern = f'(<bpmndi:BPMNEdge id="{flow}_edge" bpmnElement="{flow}">).*?(</bpmndi:BPMNEdge>)'
    text, count = re.subn(pattern, rf"\1{line}\2", CLEAN["tiny.bpmn"].decode(), flags=re.DOTALL)
    assert count == 1
    return {**CLEAN, "tiny.bpmn": text.encode()}


def told(files: dict[str, bytes], element: str, words: str) -> bool:
    faults = lint(files)
    return any(fault.element == element and words in fault.reason.en for fault in faults)


def box(element: str) -> Box:
    found = re.search(
        rf'bpmnElement="{element}".*?<dc:Bounds x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"',
        CLEAN["tiny.bpmn"].decode(),
        re.DOTALL,
    )
    assert found
    return Box(*map(float, found.groups()))


@pytest.mark.parametrize("element", ["ask", "issue_to_deliver", "tiny_county"])
def test_everything_is_drawn(element: str) -> None:
    text = CLEAN["tiny.bpmn"].decode().replace(f'bpmnElement="{element}"', 'bpmnElement="other"')
    assert told({**CLEAN, "tiny.bpmn": text.encode()}, element, "drawn")


def test_a_shape_without_size_is_not_drawn() -> None:
    assert told(moved("ask", width=0), "ask", "not drawn")


def test_shapes_do_not_overlap() -> None:
    ask = box("ask")
    assert told(moved("prepare", x=ask.x - 20), "prepare", "overlaps ask")


def test_a_node_stands_inside_its_lane() -> None:
    assert told(moved("end_yes", y=box("tiny_county").y + 10), "end_yes", "inside its lane")


def test_lines_reach_what_they_connect() -> None:
    issue, deliver = box("issue"), box("deliver")
    middle = issue.y + issue.height / 2
    files = redrawn("issue_to_deliver", (issue.right, middle), (deliver.x - 10, middle))
    assert told(files, "issue_to_deliver", "does not reach deliver")


def test_steps_that_follow_each_other_stand_in_line() -> None:
    prepare, ask = box("prepare"), box("ask")
    high, low, between = prepare.y + 20, ask.y + 60, (prepare.right + ask.x) / 2
    bent = redrawn("prepare_to_ask", (prepare.right, high), (between, high), (between, low), (ask.x, low))
    assert told(bent, "prepare_to_ask", "not in line")


def test_lines_do_not_cross() -> None:
    ask, ok = box("ask"), box("gw_ok")
    far, deep = ok.right + 20, box("end_no").y + 20
    line = [
        (ask.right, ask.y + 40),
        (ask.right + 5, ask.y + 40),
        (ask.right + 5, deep - 10),
        (far, deep - 10),
    ]
    assert told(redrawn("ask_to_gw_ok", *line, (far, ok.y + 25)), "ask_to_gw_ok", "crosses")


def test_lines_do_not_cover_each_other() -> None:
    split, join = box("split_work"), box("join_work")
    line = [(split.right, split.y + 25), (join.x, split.y + 25)]
    assert told(redrawn("split_work_to_take_down", *line), "split_work_to_tell", "covers")


def test_lines_do_not_run_through_a_shape() -> None:
    begun, ask = box("begun"), box("ask")
    middle = begun.y + 18
    files = redrawn("begun_to_prepare", (begun.right, middle), (ask.x + 10, middle))
    assert told(files, "begun_to_prepare", "runs through ask")


def test_labels_lie_on_nothing() -> None:
    text = CLEAN["tiny.bpmn"].decode()
    ask = box("ask")
    label = r'(bpmnElement="gw_ok".*?<bpmndi:BPMNLabel>\s*<dc:Bounds) x="[^"]*" y="[^"]*"'
    text = re.sub(label, rf'\1 x="{ask.x + 5}" y="{ask.y + 5}"', text, count=1, flags=re.DOTALL)
    assert told({**CLEAN, "tiny.bpmn": text.encode()}, "gw_ok", "lies on ask")


def test_words_that_need_two_lines_do_not_run_into_what_stands_below_them() -> None:
    text = CLEAN["tiny.bpmn"].decode().replace('name="是否准予？"', 'name="是否准予先行救助这位患者？"')
    assert told({**CLEAN, "tiny.bpmn": text.encode()}, "gw_ok", "lies on gw_ok")


def test_a_label_does_not_lie_on_a_line() -> None:
    text = CLEAN["tiny.bpmn"].decode()
    issue = box("issue")
    label = r'(bpmnElement="end_no".*?<bpmndi:BPMNLabel>\s*<dc:Bounds) x="[^"]*" y="[^"]*"'
    text = re.sub(label, rf'\1 x="{issue.right + 2}" y="{issue.y + 33}"', text, count=1, flags=re.DOTALL)
    assert told({**CLEAN, "tiny.bpmn": text.encode()}, "end_no", "on the line issue_to_deliver")


def test_a_number_that_is_none_is_found_as_a_bad_shape() -> None:
    text = CLEAN["tiny.bpmn"].decode()
    text = re.sub(r'(bpmnElement="ask".*?width=)"[^"]*"', r'\1"wide"', text, count=1, flags=re.DOTALL)
    assert told({**CLEAN, "tiny.bpmn": text.encode()}, "ask", "not drawn")


@pytest.mark.parametrize(
    ("first", "second", "crosses"),
    [
        (((0, 0), (10, 10)), ((0, 10), (10, 0)), True),
        (((0, 0), (10, 0)), ((5, 0), (5, 10)), True),
        (((0, 0), (10, 0)), ((3, 0), (7, 0)), True),
        (((0, 0), (10, 0)), ((0, 5), (10, 5)), False),
        (((0, 0), (10, 0)), ((12, -5), (12, 5)), False),
    ],
)
def test_when_two_lines_meet(
    first: tuple[tuple[float, float], tuple[float, float]],
    second: tuple[tuple[float, float], tuple[float, float]],
    crosses: bool,
) -> None:
    assert meet(*first, *second, set()) is crosses
    assert meet(*second, *first, set()) is crosses


def test_lines_may_share_the_corner_of_a_common_node() -> None:
    assert not meet((0, 0), (10, 0), (10, 0), (10, 10), {(10, 0)})


def test_a_slanted_line_may_pass_beside_a_shape() -> None:
    shape = Box(10, 10, 10, 10)
    assert not runs_through(((0, 10), (10, 0)), shape)
    assert runs_through(((0, 0), (30, 30)), shape)


def test_a_diagram_reads_from_left_to_right() -> None:
    assert told(moved("deliver", x=10), "issue_to_deliver", "from right to left")
    assert told(moved("begun", x=2000), "begun", "leftmost")
