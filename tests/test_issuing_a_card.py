"""F20: the chronic-disease card, decided within the month (domain 2.20, D23)."""

from collections.abc import Callable

import pytest
from walked import Case, nodes_of

from workflow.errors import AnswersRefused
from workflow.store.models import ChronicCard, Clock

FLOW = "chronic_card"
ASKED = {"disease_list": "chronic", "certificate_from": "county_public"}


def issued() -> Case:
    case = Case(FLOW, **ASKED).does("examine_card", card_examined="qualified")
    case.does("decide_card", card_decision="approve").goes("deliver_letter")
    assert case.step.ended == "end_card_issued" and case.letters == ["card_notice"]
    return case


def refused() -> Case:
    case = Case(FLOW, **ASKED).does("examine_card", card_examined="not_qualified")
    case.does("decide_card", card_decision="refuse").goes("deliver_letter")
    assert case.step.ended == "end_card_refused" and case.letters == ["card_refusal"]
    return case


STORIES: list[Callable[[], Case]] = [issued, refused]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open


def test_the_stories_pass_every_node_of_its_own_diagram() -> None:
    passed = {node for story in STORIES for node in story().passed}
    assert {node for node in nodes_of(FLOW) if node.startswith(f"{FLOW}.")} - passed == set()


@pytest.fixture
def card(county):
    person, _ = county.household()
    return county.staff["twin1"].asks(FLOW, person, disease="高血压三级", **ASKED)


def test_a_card_is_decided_within_the_month_and_stands_in_the_register(card, county):
    clock = county.rows(Clock, Clock.case_id == card.id)[0]
    assert (clock.limit_id, clock.due_at.month) == ("D23", clock.started_at.month)
    plan = {"decide_card": {"card_decision": "approve", "card_until": "2027-03-01"}}
    county.drive(card, "end", {"examine_card": {"card_hospital": "安福县人民医院"}, **plan})
    row = county.rows(ChronicCard)[0]
    assert (row.hospital, row.valid_to.isoformat()) == ("安福县人民医院", "2027-03-01")
    assert card.letters["card_notice"].fields["card_number"] == row.number


def test_the_name_of_the_disease_is_nowhere_in_clear(card):
    assert "高血压" not in str(card.entries[0])
    assert "disease" in card.entries[0]["commit"]


def test_who_does_not_qualify_gets_no_card(card, county, approver):
    county.drive(card, "decide_card", {"examine_card": {"card_examined": "not_qualified"}})
    with pytest.raises(AnswersRefused) as refusal:
        approver.completes("decide_card", card, card_decision="approve", card_until="2027-03-01")
    assert "card_decision" in {fault.field for fault in refusal.value.faults}


@pytest.mark.parametrize("answers", [{"certificate_on": "2025-11-20"}, {"certificate_from": "other"}])
def test_the_certificate_is_fresh_and_from_a_public_hospital(county, answers):
    person, _ = county.household()
    with pytest.raises(AnswersRefused) as refusal:
        county.staff["twin1"].asks(FLOW, person, **{**ASKED, **answers})
    assert [fault.field for fault in refusal.value.faults] == list(answers)
