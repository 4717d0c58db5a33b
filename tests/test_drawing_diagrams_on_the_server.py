"""The drawing of a diagram without a viewer: everything in its place, in view, with all its words."""

from itertools import combinations

import pytest

from bpmn import packaged_files
from workflow.reading.picture import READABLE, Box, picture, strips, wrapped

FLOWS = {name: content for name, content in packaged_files().items() if name.endswith(".bpmn")}


@pytest.mark.parametrize("file", sorted(FLOWS))
def test_every_diagram_is_drawn_whole_and_in_view(file: str) -> None:
    found = picture(FLOWS[file])
    assert len(found.shapes) == FLOWS[file].count(b"<bpmndi:BPMNShape ")
    assert len(found.ways) == FLOWS[file].count(b"<bpmndi:BPMNEdge ")
    frame = found.frame
    for shape in found.shapes:
        assert frame.x < shape.box.x and shape.box.x + shape.box.width < frame.x + frame.width
        assert frame.y < shape.box.y and shape.box.y + shape.box.height < frame.y + frame.height
        steps = shape.kind.endswith("Task") or shape.kind == "callActivity"
        for words in shape.words if steps else ():
            assert shape.box.y < words.y < shape.box.y + shape.box.height, words.text
    assert all(len(way.head) == 3 and way.head[0] == way.points[-1] for way in found.ways)


@pytest.mark.parametrize("file", sorted(FLOWS))
def test_on_paper_every_step_is_whole_in_a_piece_that_can_be_read(file: str) -> None:
    drawing = picture(FLOWS[file])
    pieces = strips(drawing)
    assert all(piece.width <= READABLE + 1 for piece in pieces)
    for shape in drawing.shapes:
        if shape.kind not in ("participant", "lane", "group", "textAnnotation"):
            left, right = shape.box.x, shape.box.x + shape.box.width
            assert any(p.part.x <= left and right <= p.part.x + p.part.width for p in pieces), shape.id
    assert all(piece.names is not None for piece in pieces[1:]), "the lanes are named again"


def test_names_are_broken_where_they_may_be() -> None:
    assert wrapped("县级审核确认并出具意见", 56) == ["县级审核确", "认并出具意", "见"]
    assert wrapped("是否受理？", 45) == ["是否受", "理？"], "a sign that closes begins no line"
    assert wrapped("公示评议结果（第一榜）", 78) == ["公示评议结果", "（第一榜）"]
    assert wrapped("Approve the aid", 56) == ["Approve", "the aid"]
    assert wrapped("", 60) == wrapped("  ", 60) == []


def test_what_has_no_place_is_left_out_and_the_rest_is_drawn() -> None:
    file = FLOWS["flows/sub_posting.bpmn"]
    whole = picture(file)
    place = file.index(b"<dc:Bounds ")
    broken = picture(file[:place] + file[place:].replace(b' x="', b' x="nan" y2="', 1))
    assert len(broken.shapes) == len(whole.shapes) - 1
    assert all(one.box != other.box for one, other in combinations(broken.shapes, 2))
    assert picture(b"<a/>").frame == Box(0, 0, 1, 1)
