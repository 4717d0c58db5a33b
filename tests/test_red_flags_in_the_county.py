"""Red flags of cases that were worked through by the offices, on both databases."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from small_county import VILLAGE, SmallCounty
from sqlalchemy import insert

from workflow.commands import LogReading
from workflow.demo.staff import REPRESENTATIVES
from workflow.facts import build, open_facts
from workflow.flags.checking import rules_of
from workflow.flags.running import ask
from workflow.store import transaction
from workflow.store.models import Claim, Clock, Payment, Representative

RULES = [f"RF-{n}" for n in (19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 30, 32, 33, 34, 35, 36, 39, 40)]


def found(county: SmallCounty) -> set[tuple[str, str, str]]:
    """Rule, part and severity of everything these rules find now."""
    build(county.house, county.clock.at)
    answers = ask(county.house, rules_of(), RULES, county.clock.at)
    assert [answer.fault for answer in answers.values() if answer.fault] == []
    return {
        (one.rule, one.part, one.severity) for answer in answers.values() for one in answer.found.values()
    }


@pytest.mark.parametrize("category", ["DB", "DBBY"])
def test_an_honest_case_from_application_to_archive_raises_none_of_them(
    county: SmallCounty, category: str
) -> None:
    person, bills = county.household(category=category)
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "archive_case", {})
    assert found(county) == set()


def test_the_facts_tell_the_pool_a_bill_was_counted_in_and_the_postings_a_policy_asks_for(
    county: SmallCounty,
) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "archive_case", {})
    build(county.house, county.clock.at)
    with open_facts(county.house.home) as facts:
        counted = (
            "SELECT DISTINCT pool, kind, limit_fen, limit_before_fen, serious_fen, merged FROM calc_bill"
        )
        assert facts.execute(counted).fetchall() == [("general", "inpatient", 15_000_000, 0, 100_000, 0)]
        owed = "SELECT policy, group_concat(number) FROM policy_posting GROUP BY policy"
        postings = dict(facts.execute(owed).fetchall())
    assert (postings["plan-2026"], postings["jian-anfu"]) == ("1,2,3", "2")


def test_a_survey_by_one_and_a_stay_no_insurance_paid_for(county: SmallCounty) -> None:
    person, bills = county.household(category="DBBY", basic=Decimal(0), serious_illness=Decimal(0))
    case = county.staff["twin1"].files(person, bills)
    alone = {"second_investigator": county.staff["tinv1"].actor.name}
    county.drive(case, "decide", {"survey_household": alone})
    assert found(county) == {("RF-20", "no_insurance", "H"), ("RF-23", "alone", "H")}


def test_a_wife_who_signs_the_review_and_a_list_that_was_torn_down(county: SmallCounty) -> None:
    with transaction(county.house.engine) as conn:
        row = {"village": VILLAGE, "name": "曾桂兰", "valid_from": date(2025, 1, 1)}
        conn.execute(insert(Representative), row)
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    torn = {"stayed": False, "interruption": "三月二十日夜里被风吹落，第二天一早补贴。"}
    signed = {"signers": "、".join((*REPRESENTATIVES[:16], "曾桂兰"))}
    county.drive(case, "audit_file", {"record_review": signed, "confirm_posting_village": torn})
    assert found(county) == {("RF-22", "own_family", "H"), ("RF-21", "interrupted", "M")}


def test_what_comes_after_the_payment(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "archive_case", {})
    county.correct(Claim, Claim.id == bills[0], serious_illness=Decimal("1000.01"))
    county.correct(Payment, Payment.case_id == case.id, amount=Decimal("4874.99"))
    assert found(county) == {("RF-27", "not_again", "H"), ("RF-19", "amount", "H")}


def test_a_due_date_that_is_put_off_by_hand(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "give_opinion", {})
    assert found(county) == set()
    running = Clock.case_id == case.id, Clock.stopped_at.is_(None)
    due = county.rows(Clock, *running)[-1].due_at
    county.correct(Clock, *running, due_at=due + timedelta(days=1))
    assert ("RF-35", "clock", "H") in found(county)


def test_refused_and_approved_again_on_the_same_papers(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    refusal = {"decide": {"decision": "refuse"}}
    county.drive(case, "archive_case", refusal)
    assert case.row.outcome == "refused"
    assert found(county) == set()
    again = county.staff["twin1"].files(person, (county.bill(person),))
    county.drive(again, "archive_case", {})
    assert found(county) == {("RF-29", "no_new_evidence", "M")}


def test_the_thirty_first_look_at_an_identity_number_in_a_day(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "decide", {})
    looks = LogReading(case.id, "full_id", "核对身份")
    for _ in range(30):
        county.staff["capr"].does(looks)
    assert found(county) == set()
    county.staff["capr"].does(looks)
    assert found(county) == {("RF-32", "views", "M")}
