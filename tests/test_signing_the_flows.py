"""流程一览: what the office signs, one page for each flow."""

import pytest
from pages.houses import staffed_house
from pages.visiting import Visitor

import bpmn
from web.app import create_app
from workflow.reading.flows import below, sheets


@pytest.fixture(scope="module")
def clerk():
    house = staffed_house()
    visitor = Visitor(create_app(house))
    visitor.signs_in("trev1")
    yield visitor
    house.close()


def test_every_diagram_stands_in_the_list(clerk):
    page = clerk.opens("/flows")
    assert page.status == 200
    for process in sheets(bpmn.load()):
        assert f"/flows/{process}" in page.text, process


def test_a_flow_shows_its_steps_with_role_limit_and_what_keeps_people_apart(clerk):
    page = clerk.opens("/flows/sub_objection")
    assert page.status == 200
    for told in ("核查异议", "入户调查人员", "D27", "审核人", "data-diagram"):
        assert told in page.text, told


def test_in_english_steps_and_organisations_are_named_in_english(clerk):
    clerk.client.set_cookie("mj_language", "en")
    page = clerk.opens("/flows/sub_card").tree
    clerk.client.set_cookie("mj_language", "zh")
    steps = page.xpath("string(//ol[contains(@class, 'mj-flow__steps')])")  # the drawing is in Chinese
    assert "county medical security bureau" in steps and "opening the case" in steps
    assert "card_requested" not in steps and "审查申卡材料" not in steps


def test_letters_that_a_script_chooses_are_listed():
    letters = sheets(bpmn.load())["ma_auto_parallel"].letters
    assert "终止免申即享办理确认书" in {each.zh for each in letters}


def test_the_flows_it_calls_follow_each_once():
    found = sheets(bpmn.load())
    order = [sheet.process for sheet in below(found, "ma_ordinary_county")]
    assert order[0] == "ma_ordinary_county" and len(order) == len(set(order))
    assert {"sub_posting", "sub_objection", "sub_payment"} <= set(order)


def test_the_diagram_is_the_one_in_force_and_an_unknown_flow_is_not_found(clerk):
    drawing = clerk.client.get("/flows/sub_objection.bpmn")
    assert drawing.status_code == 200 and drawing.data == bpmn.load().files["flows/sub_objection.bpmn"]
    assert clerk.opens("/flows/nothing").status == 404
