"""Taking in an application: papers handed in, completed once, accepted or not (domain 2.1, steps 1 and 2)."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from small_county import SHANGHAI
from sqlalchemy import event

from audit.driver import Driver
from workflow.errors import AnswersRefused, NotAllowed, NotFound
from workflow.store.models import Case

MISSING = {
    "acceptance": "incomplete",
    "missing": ["passbook", "invoice"],
    "missing_note": "存折复印件\n住院发票原件",
    "help_offered": "none",
}
UNPROVEN = "通知补正的两件材料到期没有交来，现有材料不能证明费用。"
NOT_MEDICAL = "申请的是生活用品和交通费用，不是医疗费用。"


def day_of(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).date().isoformat()


def faults(refused: pytest.ExceptionInfo[AnswersRefused]) -> set[str]:
    return {fault.field for fault in refused.value.faults}


def test_many_bills_are_read_and_taken_with_as_many_queries_as_one(county, village_liaison, monkeypatch):
    told: list[str] = []
    run = Driver.run

    def counting(driver, sql, values):
        told.append(sql)
        run(driver, sql, values)

    monkeypatch.setattr(Driver, "run", counting)
    event.listen(county.house.engine, "before_cursor_execute", lambda c, cursor, sql, *rest: told.append(sql))

    def queries(bills: int) -> int:
        person, first = county.household()
        claims = (*first, *(county.bill(person) for _ in range(bills - 1)))
        told.clear()
        case = village_liaison.files(person, claims)
        asked = sum("claim" in sql for sql in told)
        assert {bill.id for bill in case.bills} == set(claims)
        return asked

    assert queries(6) == queries(1) > 1


def test_a_new_case_has_the_id_that_the_house_gives_it(county, village_liaison, monkeypatch):
    given = UUID("12345678-1234-4234-8234-123456789abc")
    monkeypatch.setattr(county.house, "new_id", lambda: given)
    assert village_liaison.files(*county.household()).id == given


def test_papers_handed_in_at_the_village_are_passed_on_before_the_limit_of_acceptance_runs(
    county, village_liaison, clock
):
    case = village_liaison.files(*county.household())
    assert case.state == "SUBMITTED"
    assert set(case.open) == {"pass_on_papers"}
    clock.to("2026-03-03")
    village_liaison.passes_on_papers(case)
    assert case.open["check_papers"].due_at == datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
    assert case.clock("D01").started_at == clock.at
    assert case.clock("M01").stopped_at == clock.at


def test_papers_handed_in_at_the_township_go_straight_to_the_window(county, clerk):
    case = clerk.files(*county.household())
    assert set(case.open) == {"check_papers"}
    assert case.entries[0]["vars"]["start"]["filed_by"] == "township"


def test_numbers_follow_each_other_without_gaps(county, clerk):
    person, bills = county.household()
    first = clerk.files(person, bills)
    with pytest.raises(AnswersRefused):
        clerk.files(person, bills)
    second = clerk.files(*county.household())
    assert (first.row.number, second.row.number) == ("2026-0001", "2026-0002")


def test_an_accepted_application_gets_its_notice_and_goes_to_the_village(case_at, clerk, clock):
    case = case_at("check_papers")
    clerk.checks_papers(case, acceptance="accept")
    assert case.state == "VILLAGE_REVIEW"
    notice = case.letters["acceptance_notice"]
    assert notice.fields["name"] == "欧阳福根"
    assert notice.fields["case_number"] == case.row.number
    assert notice.issued_at == clock.at
    assert case.clock("D01").stopped_at == clock.at
    assert case.clock("D03").stopped_at is None


def test_the_supplement_notice_lists_everything_and_stops_the_clock_of_acceptance(case_at, clerk, clock):
    case = case_at("check_papers")
    clock.to("2026-03-04")
    clerk.checks_papers(case, **MISSING)
    assert case.state == "RETURNED_FOR_PAPERS"
    assert case.letters["supplement_notice"].fields["missing"] == ["存折复印件", "住院发票原件"]
    assert case.clock("D01").pauses[-1][1] is None
    assert case.clock("D01").next_alarm_at is None
    assert day_of(case.open["receive_supplement"].due_at) == "2026-03-19"  # ten working days, until midnight


def test_supplemented_papers_are_checked_in_the_days_that_were_left(case_at, clerk, clock):
    case = case_at("check_papers")
    clock.to("2026-03-04")
    clerk.checks_papers(case, **MISSING)
    clock.to("2026-03-12")
    clerk.receives_supplement(case, received=["passbook", "invoice"])
    assert case.state == "SUBMITTED"
    assert day_of(case.open["check_papers"].due_at) == "2026-03-18"  # two days used, three left
    clerk.checks_papers(case, acceptance="accept")
    assert case.state == "VILLAGE_REVIEW"


def test_papers_are_asked_for_only_once(case_at, clerk):
    case = case_at("check_papers")
    clerk.checks_papers(case, **MISSING)
    clerk.receives_supplement(case, received=["passbook"])
    with pytest.raises(AnswersRefused) as refused:
        clerk.checks_papers(case, **MISSING)
    assert "acceptance" in faults(refused)
    assert set(case.open) == {"check_papers"}


def test_when_nothing_comes_in_ten_working_days_the_window_decides_on_what_is_there(
    case_at, county, clerk, clock
):
    case = case_at("check_papers")
    clerk.checks_papers(case, **MISSING)
    clock.to("2026-03-16", "23:59")
    assert county.night().timers == 0
    clock.to("2026-03-17", "00:00")
    assert county.night().timers == 1
    assert set(case.open) == {"check_papers"}
    assert case.entries[-1]["type"] == "timer_fired"
    clerk.checks_papers(case, acceptance="not_accept", refusal_code="R07", refusal_facts=UNPROVEN)
    letter = case.letters["refusal_to_accept"]
    assert letter.fields["reason_code"] == "R07"
    assert case.row.outcome == "not_accepted"
    assert case.state == "NOT_ACCEPTED"


def test_an_application_outside_the_programme_is_not_accepted_and_the_reason_is_delivered(
    case_at, county, clerk
):
    case = case_at("check_papers")
    with pytest.raises(AnswersRefused) as refused:
        clerk.checks_papers(case, acceptance="not_accept", refusal_code="")
    assert faults(refused) == {"refusal_code"}
    clerk.checks_papers(case, acceptance="not_accept", refusal_code="R11", refusal_facts=NOT_MEDICAL)
    assert set(case.open) == {"deliver_letter"}
    county.drive(case, "end", {})
    assert (case.state, case.row.outcome) == ("ARCHIVED", "not_accepted")
    assert set(case.letters) == {"refusal_to_accept"}


def test_a_bill_is_used_in_one_application_only(county, clerk, village_liaison):
    person, bills = county.household()
    clerk.files(person, bills)
    with pytest.raises(AnswersRefused, match="once") as refused:
        village_liaison.files(person, bills)
    assert faults(refused) == {"claims"}
    assert len(county.rows(Case)) == 1


def test_a_bill_of_an_application_that_was_not_accepted_may_be_handed_in_again(case_at, county, clerk):
    person, bills = county.household()
    first = clerk.files(person, bills)
    clerk.checks_papers(first, acceptance="not_accept", refusal_code="R07", refusal_facts=UNPROVEN)
    with pytest.raises(AnswersRefused):  # the refusal is not yet delivered, the case still runs
        clerk.files(person, bills)
    county.drive(first, "end", {})
    second = clerk.files(person, bills)
    assert [bill.id for bill in second.bills] == list(bills)


def test_an_application_needs_a_bill(county, clerk):
    person, _ = county.household()
    with pytest.raises(AnswersRefused) as refused:
        clerk.files(person, ())
    assert faults(refused) == {"claims"}


def test_the_bill_of_somebody_else_is_not_found(county, clerk):
    person, _ = county.household()
    _, bills = county.household()
    with pytest.raises(NotFound):
        clerk.files(person, bills)
    with pytest.raises(NotFound):
        clerk.files(person, (999_999,))
    with pytest.raises(NotFound):
        clerk.files(999_999, bills)


def test_an_application_is_filed_where_the_household_lives(county):
    household = county.household()
    for login in ("vlia2", "twin2"):
        with pytest.raises(NotAllowed) as refused:
            county.staff[login].files(*household)
        assert refused.value.rule == "area"
    with pytest.raises(NotAllowed) as refused:
        county.staff["chnd"].files(*household)
    assert refused.value.rule == "role"


def test_every_wrong_answer_is_told_at_once(county, clerk):
    with pytest.raises(AnswersRefused) as refused:
        clerk.files(*county.household(), paper_date="2026-03-03", phone="12", main_reason="没钱")
    assert faults(refused) == {"paper_date", "phone", "main_reason"}
    assert not county.rows(Case)


def test_nobody_without_a_category_is_turned_away_before_the_economy_check(county, clerk):
    poor = clerk.files(*county.household(category=None))
    held = clerk.files(*county.household(category="DB"))
    assert poor.entries[0]["vars"]["start"]["low_income"] is True
    assert held.entries[0]["vars"]["start"]["low_income"] is False
    assert held.entries[0]["vars"]["start"]["category"] == "DB"


def test_several_bills_make_one_application(county, clerk):
    person, bills = county.household()
    second = county.bill(person, total=Decimal(12000), basic=Decimal(6000))
    case = clerk.files(person, (*bills, second))
    assert len(case.bills) == 2
