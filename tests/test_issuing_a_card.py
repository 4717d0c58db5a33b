"""F20: the chronic-disease card, decided within the month (domain 2.20, D23)."""

from collections.abc import Callable

import pytest
from walked import Case, unpassed

from workflow.commands import PauseCase, ResumeCase
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


def withdrawn() -> Case:
    case = Case(FLOW, **ASKED).does("examine_card", card_examined="qualified").hears("withdrawn")
    assert case.step.ended == "end_withdrawn_card" and case.letters == ["withdrawal_confirmation"]
    return case


def rests_and_a_death_is_false() -> Case:
    case = Case(FLOW, **ASKED).signals("case_paused").signals("case_resumed").hears("applicant_died")
    case.does("verify_death", death_confirmed=False).does("examine_card", card_examined="qualified")
    case.does("decide_card", card_decision="approve").signals("case_paused").signals("case_resumed")
    case.hears("applicant_died").goes("verify_death")
    assert case.step.ended == "end_died_card"
    return case


STORIES: list[Callable[[], Case]] = [issued, refused, withdrawn, rests_and_a_death_is_false]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, {FLOW, "sub_card"}, FLOW) == set()


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


def test_an_application_for_a_card_is_taken_back_or_rests_or_ends_with_the_death(county, card):
    """The side states belong to every flow of a person (domain 2.0)."""
    staff = county.staff
    staff["capr"].does(
        PauseCase(card.id, {"pause_reason": "review", "pause_note": "信访事项正在核实，先停一停。"})
    )
    assert card.state == "PAUSED_CASE" and card.open["examine_card"].paused
    staff["capr"].does(ResumeCase(card.id, {"resume_note": "信访事项已经答复本人。"}))
    staff["vlia1"].withdraws(card)
    assert (card.state, card.row.outcome) == ("WITHDRAWN", "withdrawn") and not card.open
    person, _ = county.household()
    other = staff["twin1"].asks(FLOW, person, disease="高血压三级", **ASKED)
    staff["vlia1"].reports_death(other)
    staff["twin1"].completes("verify_death", other, death_confirmed=True)
    assert (other.state, other.row.outcome) == ("TERMINATED_DEATH", "died")
    assert county.rows(ChronicCard) == [], "nobody who has died or gone has a card"
