"""改派: a step is offered to exactly those who could do it, by the very rules that let them do it."""

import pytest

from workflow.errors import NotAllowed
from workflow.supervisor_commands import Reassign

MSB = "360829-msb"


def hand_over(county, case, node, seat, by="sup-msb"):
    command = Reassign(case.id, case.task(node).id, seat.actor.seat_id, {"reassign_reason": "load"})
    return county.staff[by].does(command)


@pytest.fixture
def card(county):
    """A card was asked for at the county's own window."""
    person, _ = county.household()
    asked = {"disease": "高血压三级", "disease_list": "chronic", "certificate_from": "county_public"}
    return county.staff["chnd"].asks("chronic_card", person, **asked)


def test_a_step_is_not_handed_to_whoever_opened_the_case_where_that_keeps_them_from_it(card, county):
    """`not_by` names the start event: whoever asked for the card does not examine it."""
    colleague = county.colleague("chnd")
    hand_over(county, card, "examine_card", colleague)
    with pytest.raises(NotAllowed) as refused:
        hand_over(county, card, "examine_card", county.staff["chnd"])
    assert refused.value.rule == "SD-1" and county.staff["chnd"].actor.name in refused.value.message.zh
    with pytest.raises(NotAllowed):
        county.staff["chnd"].completes("examine_card", card)
    colleague.completes("examine_card", card)


def test_a_review_is_not_handed_to_whoever_acted_in_the_case_it_is_about(case_at, county):
    """`apart` of the diagram: SD-6 holds for the one who is chosen as for the one who acts."""
    case = county.drive(case_at("decide"), "end", {"decide": {"decision": "refuse"}})
    review = county.staff["twin1"].opens("appeal", case, remedy="review")
    acted = county.second_seat("chnd", "REVW", MSB)
    fresh = county.colleague("revw")
    with pytest.raises(NotAllowed) as refused:
        hand_over(county, review, "accept_appeal", acted)
    assert refused.value.rule == "SD-6"
    hand_over(county, review, "accept_appeal", fresh)
    fresh.completes("accept_appeal", review, appeal_acceptance="accept", rest_case=False)
