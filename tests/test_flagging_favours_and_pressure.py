"""Red flags of favours and pressure, each with a case that raises it and one just on the other side."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import CASE, OTHER, Facts
from flagged import flagged, severities, working_day
from small_county import OTHER_TOWNSHIP, TOWNSHIP, CaseFile, SmallCounty

from workflow.commands import FileRelative
from workflow.runs import early_warning
from workflow.store.models import Account, Case, Person, Seat

ONE = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
"""The rules are asked of the facts, which are SQLite on either database; test_building_the_facts has both."""
CaseAt = Callable[..., CaseFile]
TEMPORARY = {"grant_kind": "living", "requested": "3500.00", "persons": 4}
COPIES = {"deliver_village_files": {"copies": 2, "passbook_copies": 3}}


@ONE
@pytest.mark.parametrize(("paper", "found"), [("2026-03-10", ["M"]), ("2026-03-11", [])])
def test_an_application_that_lay_about_for_more_than_two_working_days(
    county: SmallCounty, paper: str, found: list[str]
) -> None:
    county.clock.to("2026-03-13")
    person, bills = county.household()
    county.staff["twin1"].files(person, bills, paper_date=paper)
    assert severities(county, "RF-04") == found


def warned(county: SmallCounty) -> CaseFile:
    county.household(total=Decimal(90000))
    early_warning(county.house, county.clock.at)
    return county.case(county.rows(Case)[0].id)


@ONE
@pytest.mark.parametrize(("days", "open_", "late"), [(5, [], []), (6, ["H"], ["M"])])
def test_an_alert_without_a_visit_after_five_working_days(
    county: SmallCounty, days: int, open_: list[str], late: list[str]
) -> None:
    case = warned(county)
    county.clock.to(working_day(county, county.today, days))
    assert severities(county, "RF-06") == open_
    county.drive(case, "register_inclusion", {"check_alert": {"alert_result": "qualifies"}})
    assert severities(county, "RF-06") == late


@ONE
@pytest.mark.parametrize(("days", "open_", "late"), [(10, [], []), (11, ["H"], ["M"])])
def test_a_household_that_qualifies_and_is_not_included_in_ten_working_days(
    county: SmallCounty, days: int, open_: list[str], late: list[str]
) -> None:
    case = warned(county)
    county.drive(case, "register_inclusion", {"check_alert": {"alert_result": "qualifies"}})
    county.clock.to(working_day(county, county.today, days))
    assert severities(county, "RF-06", "not_included") == open_
    county.drive(case, "end", {})
    assert severities(county, "RF-06", "not_included") == late


def files_spouse(county: SmallCounty, login: str, person: int) -> None:
    """An officer files the applicant's spouse as a sibling."""
    home = county.rows(Person, Person.id == person)[0].household_id
    spouse = county.rows(Person, Person.household_id == home, Person.relation == "spouse")[0]
    officer = county.colleague(login) if login == "trev1" else county.staff[login]
    officer.does(FileRelative(officer.actor.account_id, spouse.name, spouse.id_number, "sibling"))


def parts(county: SmallCounty) -> list[tuple[str, str]]:
    return sorted((found.part, found.severity) for found in flagged(county, "RF-07"))


@ONE
@pytest.mark.parametrize(
    ("filed_at", "found"),
    [
        ("audit_file", []),  # in time: the county visits
        ("sign_decision", [("no_county_visit", "H")]),
        ("deliver_letter", [("filed_late", "H")]),
    ],
)
def test_a_relative_filed_in_time_is_visited_by_the_county_and_otherwise_flagged(
    county: SmallCounty, case_at: CaseAt, filed_at: str, found: list[tuple[str, str]]
) -> None:
    case = case_at(filed_at)
    county.clock.forward(minutes=30)
    files_spouse(county, "trev1", case.row.applicant_id)
    county.clock.forward(minutes=30)
    county.drive(case, "recheck_payment", {})
    assert parts(county) == found


@ONE
def test_a_relative_who_worked_on_the_case_before_filing(county: SmallCounty, case_at: CaseAt) -> None:
    case = case_at("give_opinion")
    files_spouse(county, "trev1", case.row.applicant_id)
    assert flagged(county, "RF-07", "acted") == []
    files_spouse(county, "twin1", case.row.applicant_id)
    [found] = flagged(county, "RF-07", "acted")
    assert found.evidence["relative_id"] == county.staff["twin1"].actor.account_id


@ONE
@pytest.mark.parametrize(
    ("login", "org", "found"),
    [("chnd", None, ["H"]), ("sup1", TOWNSHIP, ["M"]), ("sup2", OTHER_TOWNSHIP, [])],
)
def test_a_telephone_that_is_an_officers_own(
    county: SmallCounty, case_at: CaseAt, login: str, org: str | None, found: list[str]
) -> None:
    case = case_at("recheck_file")
    officer = county.staff[login].actor
    assert org is None or officer.org == org
    phone = county.rows(Person, Person.id == case.row.applicant_id)[0].phone
    county.correct(Account, Account.id == officer.account_id, phone=phone)
    assert severities(county, "RF-07", "not_filed") == found


@ONE
def test_relatives_aided_more_than_twice_as_often_as_others(county: SmallCounty) -> None:
    people = [county.household()[0] for _ in range(10)]
    for person in people[:5]:
        case = county.staff["vlia1"].asks("ta_temporary", person, policy="fugu-temporary", **TEMPORARY)
        county.drive(
            case, "deliver_letter", {"approve_temporary": {"temporary_approval": "approve"}, **COPIES}
        )
    for person in people[:2]:
        files_spouse(county, "trev1", person)
    assert flagged(county, "RF-08") == []  # 2 of 5 against 2 of 10: exactly twice
    county.household()
    [found] = flagged(county, "RF-08", "share")
    assert (found.case_id, found.evidence["ratio"], found.severity) == (None, 2.2, "M")


@ONE
@pytest.mark.parametrize(("chair", "flags"), [("曾桂兰", 1), ("曾桂花", 0)])
def test_a_review_chaired_by_the_household_itself_and_by_a_namesake(
    county: SmallCounty, case_at: CaseAt, chair: str, flags: int
) -> None:
    case_at("sign_review", {"record_review": {"chair": chair}})
    assert len(flagged(county, "RF-08", "chair")) == flags


@ONE
@pytest.mark.parametrize(
    ("days", "remedy", "flags"), [(10, "petition", 1), (11, "petition", 0), (10, "review", 0)]
)
def test_approved_within_ten_working_days_of_a_petition_after_a_refusal(
    county: SmallCounty, case_at: CaseAt, days: int, remedy: str, flags: int
) -> None:
    refused = county.drive(case_at("decide"), "end", {"decide": {"decision": "refuse"}})
    again = county.staff["twin1"].files(refused.row.applicant_id, (county.bill(refused.row.applicant_id),))
    county.drive(again, "sign_decision", {})
    county.staff["twin1"].opens("appeal", refused, remedy=remedy)
    county.clock.to(working_day(county, county.today, days))
    county.drive(again, "deliver_letter", {})
    found = flagged(county, "RF-10")
    assert len(found) == flags
    for flag in found:
        assert (flag.case_id, flag.evidence["negative_case_id"]) == (again.id, refused.id.hex)
        assert (flag.severity, flag.evidence["used"]) == ("H", 10)


@ONE
def test_a_petition_alone_flags_no_approval(county: SmallCounty, case_at: CaseAt) -> None:
    first = case_at("archive_case")
    again = county.staff["twin1"].files(first.row.applicant_id, (county.bill(first.row.applicant_id),))
    county.drive(again, "sign_decision", {})
    county.staff["twin1"].opens("appeal", first, remedy="petition")
    county.drive(again, "deliver_letter", {})
    assert flagged(county, "RF-10") == []


@pytest.mark.parametrize(("note", "flags"), [(True, 1), (False, 0)])
def test_money_paid_on_a_leaders_note_is_always_listed(county: SmallCounty, note: bool, flags: int) -> None:
    case = county.staff["vlia1"].asks(
        "ta_temporary", county.household()[0], policy="fugu-temporary", **TEMPORARY
    )
    plan = {"give_temporary_opinion": {"leader_note": note}, **COPIES}
    county.drive(case, "confirm_credit", {**plan, "approve_temporary": {"temporary_approval": "approve"}})
    assert len(flagged(county, "RF-11")) == flags


@ONE
@pytest.mark.parametrize(("brought", "flags"), [("leader_note", 1), ("repeated", 0)])
def test_money_ordered_after_a_petition_that_came_with_a_note(
    county: SmallCounty, case_at: CaseAt, brought: str, flags: int
) -> None:
    case = case_at("deliver_letter")
    petition = county.staff["twin1"].opens("appeal", case, remedy="petition")
    county.drive(petition, "deliver_letter", {"answer_petition": {"petition_pressure": brought}})
    county.clock.forward(hours=1)
    county.drive(case, "confirm_credit", {})
    found = flagged(county, "RF-11", "leader_note")
    assert [(one.case_id, one.evidence["other_id"]) for one in found] == [(case.id, petition.id.hex)] * flags


@pytest.mark.parametrize(
    ("case", "flags"),
    [
        ({"category": "DB", "aid_fen": 5000}, 0),
        ({"category": "QT", "aid_fen": 5000}, 1),
        ({"category": "DB", "aid_fen": 5001}, 1),
    ],
)
def test_after_a_petition_the_category_of_others_and_more_than_was_computed(
    tmp_path: Path, case: dict[str, Any], flags: int
) -> None:
    """By hand: the program itself grants what was computed."""
    facts = Facts(tmp_path)
    facts.add("cases", case_id=OTHER, household_id=1, decided_state="APPROVED")
    facts.add("pressure", case_id=OTHER, kind="petition", at="2026-11-02 09:00:00", other_id="e" * 32)
    approved = {"approved_at": "2026-11-04 09:00:00", "approved_seq": 9}
    facts.add("cases", case_id=CASE, household_id=1, decided_state="APPROVED", **approved, **case)
    facts.add("calc", calc_id=1, case_id=CASE, seq=5, at="2026-11-03 09:00:00", aid_fen=5000, newest=1)
    assert len(facts.flags("RF-10")) == flags


@ONE
@pytest.mark.parametrize(("before", "flags"), [(0, 0), (1, 1)])
def test_a_decision_by_somebody_whose_seat_had_ended(
    county: SmallCounty, case_at: CaseAt, before: int, flags: int
) -> None:
    case = case_at("sign_decision")
    signer = county.staff["capr"].actor
    on: date = county.today
    county.drive(case, "deliver_letter", {})
    decided = county.rows(Case, Case.id == case.id)[0]
    assert decided.state == "APPROVED"
    county.correct(Seat, Seat.id == signer.seat_id, valid_to=on - timedelta(days=before))
    assert (
        len([one for one in flagged(county, "RF-11", "outside") if one.evidence["node"] == "sign_decision"])
        == flags
    )
