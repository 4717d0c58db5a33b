"""F06: aid without an application, every department at the same time (domain 2.6)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from departments import FEDERATION, departments_decide, the_person_lets_it_be
from rule_changes import released
from sqlalchemy import update
from walked import Case, unpassed

from workflow.cases.calculating import decided_bills
from workflow.cases.recomputing import due_for
from workflow.replay import replay
from workflow.runs import apply_free, early_warning
from workflow.store import transaction
from workflow.store.models import Case as CaseRow
from workflow.store.models import Clock, DepartmentPart, Household, table

FLOW = "ma_auto_parallel"
OWN = {FLOW, "sub_auto_decision", "sub_departments", "sub_auto_closing"}
PLAN = {"departments": ["msb", "disabled", "veterans"], "shares": [420_000, 92_000, 500_000]}


def triggered() -> Case:
    case = Case(FLOW, **PLAN, trigger_source="settled_claims")
    assert case.open == ["decide_part"] * 3, "all departments at the same time"
    assert {task.properties["office"] for task in case.step.open} == set(PLAN["departments"])
    return case


def decided(*granted: int) -> Case:
    case = triggered()
    for fen in granted:
        case.does("decide_part", part_decision="approve" if fen else "refuse", granted_fen=fen)
    return case


def all_agree() -> Case:
    case = decided(420_000, 92_000, 500_000).goes("tell_person").waits()
    assert case.known("aid_fen") == 1_012_000
    case.goes("recheck_payment", "pay", "confirm_credit", "archive_case")
    assert case.step.ended == "end_auto_paid"
    return case


def one_refuses_and_nothing_of_the_others_is_lost() -> Case:
    case = decided(420_000, 0, 500_000).goes("tell_person").waits()
    assert case.known("aid_fen") == 920_000
    return case.goes("recheck_payment", "pay", "confirm_credit", "archive_case")


def all_refuse() -> Case:
    case = decided(0, 0, 0).goes("deliver_letter", "archive_case")
    assert case.step.ended == "end_auto_refused" and case.letters == ["auto_refused"]
    return case


def by_application() -> Case:
    case = decided(420_000, 0, 0).goes("tell_person", "await_auto_refusal")
    assert case.open == ["explain_commitment"]
    case.does("explain_commitment", commitment="declines").does("check_papers", acceptance="refuse")
    case.goes("deliver_letter", "archive_case")
    assert case.step.ended == "end_auto_not_accepted"
    return case


def applied_and_withdrawn() -> Case:
    case = decided(420_000, 0, 0).goes("tell_person", "await_auto_refusal")
    case.does("explain_commitment", commitment="declines").goes("check_papers", "enquire")
    case.does("record_review", votes_yes=2).goes("sign_review")
    return case.does("tell_review_result", after_review="withdraw")


def dies_while_applying() -> Case:
    case = decided(420_000, 0, 0).goes("tell_person", "await_auto_refusal")
    case.does("explain_commitment", commitment="signs", adults=1)
    return case.hears("applicant_died").goes("verify_death")


def does_not_want_the_aid() -> Case:
    case = triggered().hears("withdrawn")
    assert case.step.ended == "end_auto_withdrawn" and case.letters == ["auto_withdrawn"]
    return case


def rests_and_a_death_is_false() -> Case:
    case = triggered().signals("case_paused").signals("case_resumed").hears("applicant_died")
    case.does("verify_death", death_confirmed=False)
    for fen in (420_000, 92_000, 500_000):
        case.does("decide_part", part_decision="approve", granted_fen=fen)
    case.goes("tell_person").waits().signals("case_paused").signals("case_resumed")
    case.hears("applicant_died").goes("verify_death")
    assert case.step.ended == "end_died_auto" and not any("pay" in effect for effect in case.effects)
    return case


STORIES: list[Callable[[], Case]] = [
    all_agree, one_refuses_and_nothing_of_the_others_is_lost, all_refuse, by_application,
    applied_and_withdrawn, dies_while_applying, does_not_want_the_aid, rests_and_a_death_is_false,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, OWN, FLOW) == set()


def replay_of(county, case):
    with county.house.reader.connect() as conn:
        return replay(county.house, conn, case.id).difference


def test_a_settled_bill_of_somebody_on_a_roster_is_aided_without_an_application(county):
    county.household()
    county.household(category="YBZP")
    county.household(category=None)
    found = apply_free(county.house, county.clock.at)
    assert found.opened == 1, "impoverished by illness always applies"
    assert apply_free(county.house, county.clock.at).opened == 0, "what was found once is not opened again"
    case = county.case(county.rows(CaseRow)[0].id)
    assert (case.row.flow, case.row.aid) == (FLOW, None)
    assert set(case.open) == {"decide_part"}
    clock = county.rows(Clock, Clock.case_id == case.id, Clock.limit_id == "D15")[0]
    county.drive(case, "tell_person", {"decide_part": {"part_decision": "approve"}})
    assert case.row.aid == Decimal("4875.00")
    assert case.seals_its_sheets()
    county.staff["twin1"].completes("tell_person", case, right_told=True)
    county.clock.forward(days=9)
    county.night()
    county.drive(case, "end", {})
    assert case.row.outcome == "approved" and case.payments[-1].status == "credited"
    ended = county.rows(Clock, Clock.case_id == case.id, Clock.limit_id == "D15")
    assert [row.id for row in ended] == [clock.id], "one clock from the trigger to the money"
    assert case.bills[0].aid_paid == Decimal("4875.00")


def test_a_bill_that_fits_no_rule_goes_to_a_person_and_stops_nobody_else(county):
    _, (strange,) = county.household(kind="hypertension_drugs")
    county.household()
    found = apply_free(county.house, county.clock.at)
    assert (found.looked_at, found.opened, found.nothing_due) == (2, 1, 0)
    (refused,) = found.refused
    assert refused[0] == strange and "不含" in refused[1].zh


@pytest.fixture
def shared(county):
    """A case of which medical assistance and the federation each give a part, both asked."""
    released(county, {**county.house.rules().rulebook.files, **FEDERATION})
    county.household()
    assert apply_free(county.house, county.clock.at).opened == 1
    return county.case(county.rows(CaseRow)[0].id)


def test_whoever_has_died_is_paid_nothing(county):
    """A death that is told while departments decide ends the case before the money goes (RF-16)."""
    county.household()
    apply_free(county.house, county.clock.at)
    case = county.case(county.rows(CaseRow)[0].id)
    county.drive(case, "tell_person", {"decide_part": {"part_decision": "approve"}})
    county.staff["vlia1"].reports_death(case)
    assert case.state == "PAUSED_DEATH" and case.open["tell_person"].paused
    county.staff["twin1"].completes("verify_death", case, death_confirmed=True)
    assert (case.state, case.row.outcome) == ("TERMINATED_DEATH", "died") and case.payments == []
    assert replay_of(county, case) is None


def test_whoever_does_not_want_it_is_told_of_no_application_that_they_never_made(county):
    county.household()
    apply_free(county.house, county.clock.at)
    case = county.case(county.rows(CaseRow)[0].id)
    county.staff["vlia1"].withdraws(case)
    assert (case.state, case.payments) == ("WITHDRAWN", [])
    assert set(case.letters) == {"auto_withdrawn"}
    assert case.letters["auto_withdrawn"].fields["case_number"] == case.row.number
    told = " ".join(
        each.text.zh for each in county.house.rules().rulebook.letters["auto_withdrawn"].paragraphs
    )
    assert "撤回" not in told and "可以随时提出申请" in told
    assert replay_of(county, case) is None


def parts(case):
    rows = case.county.rows(DepartmentPart, DepartmentPart.case_id == case.id)
    figures = [(row.proposed, row.before, row.granted) for row in rows]
    return [(row.office, *(str(figure) for figure in each)) for row, each in zip(rows, figures, strict=True)]


def the_money_arrives(case):
    case.county.drive(case, "end", {})
    assert case.payments[-1].status == "credited"
    return case.bills[0]


def test_only_the_part_of_medical_assistance_counts_in_its_limits(shared, county):
    departments_decide(shared, msb="approve", disabled="approve")
    assert parts(shared) == [
        ("disabled", "4000.00", "0.00", "4000.00"),
        ("msb", "1875.00", "4000.00", "1875.00"),
    ]
    assert shared.row.aid == Decimal("5875.00"), "the person gets both"
    the_person_lets_it_be(shared)
    person = shared.row.applicant_id
    with county.house.reader.connect() as conn:
        (on_its_way,) = decided_bills(conn, person)
    bill = the_money_arrives(shared)
    assert (bill.aid_paid, bill.aided_otherwise, bill.aided_before) == (
        Decimal("1875"),
        Decimal(4000),
        Decimal(4000),
    )
    with county.house.reader.connect() as conn:
        (paid,) = decided_bills(conn, person)
        assert due_for(county.house, conn, shared.row) == shared.payments[-1].amount
    assert (on_its_way.aid, on_its_way.bill) == (paid.aid, paid.bill), "the same before and after the payment"
    assert paid.aid == Decimal("1875.00")


def test_what_one_department_refuses_is_left_out_whoever_answers_first(shared, county):
    departments_decide(shared, msb="refuse", disabled="approve")
    assert [granted for *_, granted in parts(shared)] == ["4000.00", "0.00"]
    assert shared.row.aid == Decimal("4000.00") and shared.seals_its_sheets()
    sheet = shared.calculations[-1].sheet[0]
    assert sheet["medical_assistance"] == {"aid": "0.00", "otherwise": "4000.00", "before": "4000.00"}
    the_person_lets_it_be(shared)
    bill = the_money_arrives(shared)
    assert (bill.aid_paid, bill.aided_otherwise) == (Decimal(0), Decimal(4000))


@pytest.mark.parametrize(("income", "warned"), [(5_300, 1), (5_400, 0)])
def test_a_burden_is_what_all_departments_have_left(shared, county, income, warned):
    """Of 8,000 yuan both give 5,875: the rest is 2,125, and the line is 40 % of the income."""
    departments_decide(shared, msb="approve", disabled="approve")
    the_person_lets_it_be(shared)
    the_money_arrives(shared)
    bill = shared.bills[0]
    with transaction(county.house.engine) as conn:
        conn.execute(update(table(Household)).values(income=income + bill.out_of_catalogue / Decimal("0.4")))
    assert early_warning(county.house, county.clock.at).opened == warned


def test_what_is_decided_again_keeps_what_the_others_have_given(shared, county):
    departments_decide(shared, msb="approve", disabled="approve")
    the_person_lets_it_be(shared)
    the_money_arrives(shared)
    review = county.staff["twin1"].opens("appeal", shared, remedy="review")
    county.drive(review, "end", {"review_case": {"review_result": "redo"}})
    again = county.drive(county.linked(shared, "reopening"), "end", {})
    assert again.row.aid == Decimal("1875.00"), "medical assistance alone, after the others"
    assert not again.payments, "it has been paid"
    with county.house.reader.connect() as conn:
        assert due_for(county.house, conn, again.row) == Decimal("5875.00")
    (bill,) = again.bills
    assert (bill.aid_paid, bill.aided_otherwise, bill.aided_before) == (
        Decimal("1875"),
        Decimal(4000),
        Decimal(4000),
    )
