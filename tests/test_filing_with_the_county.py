"""F02: the township checks first, the county files (domain 2.2), with the commitment of F05 (domain 2.5)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from walked import Case, unpassed

from workflow.commands import FileRelative
from workflow.errors import AnswersRefused, NotAllowed
from workflow.store.models import Clock, Person

FLOW = "ma_basic_check_filing"
SIGNED = {"commitment": "signs"}
FILED = {
    "filing": "file", "aid_fen": 487_500, "warnings": [], "serious_illness_settled": True,
    "duplicate_found": False, "way_reasons": [],
}  # fmt: skip
QUALIFIED = {"opinion": "qualified", "aid_fen": 487_500, "warnings": [], "relative_case": False}
COUNTY = ["examine_file", "recheck_file", "decide", "post_decision_proposal", "D04", "confirm_posting_county"]
AFTER = ["deliver_letter", "recheck_payment", "pay", "confirm_credit", "archive_case"]


def committed(**answers: object) -> Case:
    case = Case(FLOW).does("explain_commitment", **SIGNED).does("record_authorisation")
    return case.does("query_data", query_result="consistent", **answers)


def checked(**opinion: object) -> Case:
    case = committed().goes("check_papers").does("check_basic", in_doubt=False)
    return case.does("give_basic_opinion", **QUALIFIED | opinion).goes("sign_basic_opinion")


def posted(case: Case | None = None) -> Case:
    return (case or checked()).goes("post_review_result", "D04", "confirm_posting_village")


def filed_at_once() -> Case:
    case = posted().does("file_with_county", **FILED).goes(*AFTER)
    assert case.step.ended == "end_archived_filing"
    assert "filing_decision" in case.letters and "approval_decision" not in case.letters
    return case


def conflict_leads_to_a_visit() -> Case:
    case = Case(FLOW).does("explain_commitment", **SIGNED).does("record_authorisation")
    case.does("query_data", query_result="conflict").goes("check_papers").does("check_basic", in_doubt=False)
    assert case.open == ["survey_household"] and case.step.open[0].properties["limit"] == "D06"
    case.goes("survey_household").does("give_basic_opinion", **QUALIFIED).goes("sign_basic_opinion")
    return posted(case).does("file_with_county", **FILED).goes(*AFTER)


def who_does_not_sign_takes_the_ordinary_way() -> Case:
    case = Case(FLOW).does("explain_commitment", commitment="declines").goes("check_papers")
    case.goes(
        "enquire", "record_review", "sign_review", "post_review_result", "D04", "confirm_posting_village"
    )
    case.goes("audit_file", "give_opinion", "sign_opinion", "post_audit_opinion", "D04")
    case.goes("confirm_posting_township", *COUNTY, "sign_decision", *AFTER)
    assert case.letters[-1] == "approval_decision"
    return case


def stopped_with_a_reason() -> Case:
    case = posted().does("file_with_county", **FILED | {"filing": "stop"})
    assert case.open == ["examine_file"]
    return case.goes(*COUNTY, "sign_decision", *AFTER)


def the_table_of_ways_stops_it() -> Case:
    case = posted().does("file_with_county", **FILED | {"way_reasons": ["over_threshold"]})
    assert case.open == ["examine_file"]
    return (
        case.goes("examine_file", "recheck_file")
        .does("decide", decision="refuse")
        .goes("sign_decision", "deliver_letter", "archive_case")
    )


def insurance_still_open() -> Case:
    case = posted().does("file_with_county", **FILED | {"serious_illness_settled": False})
    assert case.open == ["receive_settlement"]
    return case.goes("receive_settlement").does("file_with_county", **FILED).goes(*AFTER)


def not_qualified_goes_to_the_county() -> Case:
    case = checked(opinion="not_qualified")
    assert case.open == ["examine_file"]
    return case.hears("withdrawn")


def nothing_to_pay_is_never_filed() -> Case:
    case = checked(aid_fen=0)
    assert case.open == ["examine_file"]
    return case.hears("applicant_died").goes("verify_death")


def founded_objection() -> Case:
    case = checked().goes("post_review_result").hears("objection_received").goes("register_objection")
    case.does("recheck_objection", objection_result="founded")
    assert case.open == ["check_basic"]
    case.signals("case_paused").signals("case_resumed")
    case.does("check_basic", in_doubt=True).goes("survey_household")
    case.does("give_basic_opinion", **QUALIFIED).goes("sign_basic_opinion")
    return posted(case).does("file_with_county", **FILED).goes(*AFTER)


def not_accepted() -> Case:
    return committed().does("check_papers", acceptance="refuse").goes("deliver_letter", "archive_case")


def death_reported_after_the_filing() -> Case:
    case = posted().does("file_with_county", **FILED).hears("applicant_died")
    case.does("verify_death", death_confirmed=False).signals("case_paused").signals("case_resumed")
    return case.goes(*AFTER)


STORIES: list[Callable[[], Case]] = [
    filed_at_once, conflict_leads_to_a_visit, who_does_not_sign_takes_the_ordinary_way, stopped_with_a_reason,
    the_table_of_ways_stops_it, insurance_still_open, not_qualified_goes_to_the_county, not_accepted,
    nothing_to_pay_is_never_filed, founded_objection, death_reported_after_the_filing,
]  # fmt: skip
OWN = {FLOW, "ma_basic_check_examination", "sub_commitment", "sub_basic_check", "sub_filing"}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, OWN, FLOW) == set()


# Through the services: which way a case takes, and why.


def test_an_application_takes_the_usual_way_of_its_policy(county, village_liaison):
    case = village_liaison.files(*county.household(), flow="")
    assert (case.row.flow, case.row.way["reasons"]) == (FLOW, [])
    assert set(case.open) == {"explain_commitment"}


def test_a_sum_above_the_threshold_takes_the_ordinary_way_and_says_why(county, village_liaison):
    bill = {"total": Decimal(300000), "basic": Decimal(100000)}
    case = village_liaison.files(*county.household(**bill), flow="")
    assert case.row.flow == "ma_ordinary_county"
    assert case.row.way == {"flow": "ma_ordinary_county", "usual": FLOW, "reasons": ["over_threshold"]}
    assert case.entries[0]["vars"]["way"]["reasons"] == ["over_threshold"]


def test_nobody_asks_for_less_than_the_table_demands(county, village_liaison):
    case = village_liaison.files(*county.household(category="YBZP"), flow=FLOW)
    assert case.row.flow == "ma_ordinary_county"
    assert "first_time_ybzp" in case.row.way["reasons"]


def test_the_ordinary_way_may_always_be_asked_for(county, village_liaison):
    assert village_liaison.files(*county.household()).row.flow == "ma_ordinary_county"


def test_a_refusal_closes_the_usual_way_for_twelve_months_to_the_day(county, village_liaison):
    """29 February lies between, so twelve months are 366 days."""
    person, claims = county.household()
    county.clock.to("2026-12-01")
    refusal = {"decide": {"decision": "refuse", "refusal_reason": "R02"}}
    refused = county.drive(village_liaison.files(person, claims), "archive_case", refusal)
    county.clock.to("2027-03-01")
    county.drive(refused, "end", {})
    assert refused.row.outcome == "refused"
    for day, reasons in (("2028-03-01", ["refused_before"]), ("2028-03-02", [])):
        county.clock.to(day)
        bill = county.bill(person, settled_on=county.today)
        case = village_liaison.files(person, (bill,), flow="")
        assert case.row.way["reasons"] == reasons


@pytest.fixture
def filing(county, village_liaison):
    """`filing("sign_basic_opinion")`: a case on this way, driven to that step."""

    def driven(node: str, **household):
        plan = {"query_data": {"query_result": "consistent"}, "check_basic": {"in_doubt": False}}
        case = village_liaison.files(*county.household(**household), flow="")
        return county.drive(case, node, plan)

    return driven


def test_an_ordinary_case_is_filed_and_paid(filing, county):
    case = filing("file_with_county")
    assert case.state == "FILED"
    clock = county.rows(Clock, Clock.case_id == case.id, Clock.limit_id == "D08")[0]
    assert clock.due_at.date() <= date.fromordinal(clock.started_at.date().toordinal() + 1)
    county.drive(case, "end", {"file_with_county": {"filing": "file"}})
    assert case.row.outcome == "approved"
    letter = case.letters["filing_decision"].fields
    assert letter["legal_basis"] and letter["aid"] == "4875.00"
    assert case.payments[-1].status == "credited"


def test_every_adult_of_the_household_authorises_the_query(filing, clerk):
    case = filing("record_authorisation")
    with pytest.raises(AnswersRefused) as refused:
        clerk.completes("record_authorisation", case, adults=3, adults_authorised=2)
    assert [fault.field for fault in refused.value.faults] == ["adults_authorised"]
    clerk.completes("record_authorisation", case, adults=3, adults_authorised=3)


def test_a_relative_filed_meanwhile_stops_the_filing(filing, county, county_handler):
    case = filing("file_with_county")
    approver = county.staff["capr"]
    applicant = county.rows(Person, Person.id == case.row.applicant_id)[0]
    member = county.rows(Person, Person.household_id == applicant.household_id)[-1]
    approver.does(FileRelative(approver.actor.account_id, member.name, member.id_number, "child"))
    county_handler.completes("file_with_county", case, filing="file")
    assert "filing_decision" not in case.letters


def test_the_one_who_checked_neither_signs_nor_files(filing, county):
    case = filing("sign_basic_opinion")
    second = county.second_seat("trev1", "TLEAD", case.row.township)
    with pytest.raises(NotAllowed) as refused:
        second.completes("sign_basic_opinion", case)
    assert refused.value.rule == "SD-1"
