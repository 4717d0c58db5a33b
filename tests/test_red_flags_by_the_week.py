"""Red flags of the week: limits, refusals, hospitals, readers, departments; and due dates that were moved."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import CASE, OTHER, Facts

from workflow.flags.checking import rules_of

THIRD = "e" * 32
TOWNSHIP, VILLAGE = "360829100000", "360829100001"
FLOW = "ma_ordinary_county"


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(tmp_path)


def cases_of(facts: Facts, rule: str, part: str) -> list[str]:
    return sorted(one.case_id.hex for one in facts.flags(rule, part) if one.case_id)


def granted(facts: Facts, case: str, day: str, aid: int, **more: Any) -> None:
    row = {"flow": "ta_temporary", "household_id": 1, "township": TOWNSHIP, **more}
    facts.add("cases", case_id=case, approved_at=f"{day} 10:00:00", approved_seq=20, aid_fen=aid, **row)


@pytest.mark.parametrize(
    ("day", "aid", "flagged"),
    [("2026-05-01", 150001, [OTHER]), ("2026-05-02", 150001, []), ("2026-05-01", 150000, []),
     ("2026-05-01", 300001, [])],
)  # fmt: skip
def test_two_delegated_grants_within_thirty_days_above_the_limit_together(
    facts: Facts, day: str, aid: int, flagged: list[str]
) -> None:
    granted(facts, CASE, "2026-04-01", 150000)
    granted(facts, OTHER, day, aid)
    granted(facts, THIRD, "2026-04-01", 250000, household_id=2)
    assert cases_of(facts, "RF-25", "split") == flagged


@pytest.mark.parametrize(("near", "of", "flagged"), [(3, 20, 1), (2, 20, 0), (3, 19, 0)])
def test_many_grants_of_a_township_just_below_the_limit(
    facts: Facts, near: int, of: int, flagged: int
) -> None:
    for number in range(of):
        granted(
            facts, f"{number:032x}", "2026-04-01", 299000 if number < near else 100000, household_id=number
        )
    assert len(facts.flags("RF-25", "just_below")) == flagged


def refused(facts: Facts, case: str, **more: Any) -> None:
    row = {"flow": FLOW, "decided_state": "REFUSED", "decided_at": "2026-11-15 10:00:00", "decided_seq": 20,
           "refusal_reason": "R01", "number": case[:4], "applicant_id": 1, "village": VILLAGE,
           **more}  # fmt: skip
    facts.add("cases", case_id=case, **row)


def test_a_refusal_says_why(facts: Facts) -> None:
    refused(facts, CASE, refusal_reason=None)
    refused(facts, OTHER)
    assert cases_of(facts, "RF-29", "no_reason") == [CASE]


def test_a_refusal_has_its_letter_within_a_week(facts: Facts) -> None:
    refused(facts, CASE)  # eight days ago
    refused(facts, OTHER)
    facts.add("letter", case_id=OTHER, kind="refusal_decision")
    refused(facts, THIRD, decided_at="2026-11-16 10:00:00")
    assert cases_of(facts, "RF-29", "no_letter") == [CASE]


def test_a_refusal_for_the_deductible_rests_on_a_calculation(facts: Facts) -> None:
    refused(facts, CASE, refusal_reason="R02")
    facts.add("calc", case_id=CASE, seq=21)
    refused(facts, OTHER, refusal_reason="R02")
    facts.add("calc", case_id=OTHER, seq=20)
    refused(facts, THIRD, refusal_reason="R06")
    assert cases_of(facts, "RF-29", "no_calculation") == [CASE]


@pytest.mark.parametrize(("refusals", "of", "flagged"), [(8, 12, 1), (4, 12, 0), (4, 4, 0)])
def test_a_village_that_refuses_far_more_than_the_county(
    facts: Facts, refusals: int, of: int, flagged: int
) -> None:
    for number in range(of + 60):
        here, state = number < of, "REFUSED" if number < refusals or number >= of + 54 else "APPROVED"
        village = VILLAGE if here else f"36082910{number % 20:02}99"
        facts.add("cases", case_id=f"{number:032x}", flow=FLOW, decided_state=state, village=village)
    assert [one.subject for one in facts.flags("RF-29", "village_rate")] == [VILLAGE] * flagged


@pytest.mark.parametrize(("digest", "flagged"), [("old", [OTHER]), ("new", [])])
def test_approved_after_a_refusal_on_the_same_papers(facts: Facts, digest: str, flagged: list[str]) -> None:
    refused(facts, CASE)
    facts.add("paper", case_id=CASE, kind="diagnosis", sha256="old", seq=0)
    facts.add(
        "cases", case_id=OTHER, flow=FLOW, applicant_id=1, approved_at="2026-11-20 10:00:00", approved_seq=30
    )
    facts.add("paper", case_id=OTHER, kind="diagnosis", sha256=digest, seq=0)
    facts.add("paper", case_id=OTHER, kind="photo_start", sha256="own", seq=9)  # the office's own
    assert cases_of(facts, "RF-29", "no_new_evidence") == flagged


def bill(facts: Facts, number: int, case: str | None, **more: Any) -> None:
    row = {"hospital": "县医院", "kind": "inpatient", "person_id": number, "total_fen": 1000 + number,
           "out_fen": 100,
           "basic_fen": 1, "admitted_on": "2026-03-01", "discharged_on": "2026-03-10",
           "settled_on": "2026-03-20", **more}  # fmt: skip
    facts.add("claim", claim_id=number, case_id=case, **row)


@pytest.mark.parametrize(("out", "others", "flagged"), [(900, 40, [CASE]), (130, 40, []), (900, 28, [])])
def test_far_more_outside_the_catalogue_than_the_county(
    facts: Facts, out: int, others: int, flagged: list[str]
) -> None:
    for number in range(others):
        bill(facts, number, None, total_fen=1000, out_fen=80 + 40 * (number % 2))
    bill(facts, 99, CASE, total_fen=1000, out_fen=out)
    assert cases_of(facts, "RF-30", "out_of_catalogue") == flagged


def test_a_stay_that_was_split_and_one_of_no_day(facts: Facts) -> None:
    bill(facts, 1, None, person_id=1)
    bill(facts, 2, CASE, person_id=1, admitted_on="2026-03-11", discharged_on="2026-03-12")
    bill(facts, 3, OTHER, person_id=1, admitted_on="2026-03-14", discharged_on="2026-03-14")
    bill(
        facts, 4, THIRD, person_id=1, admitted_on="2026-03-11", discharged_on="2026-03-12", hospital="市医院"
    )
    assert cases_of(facts, "RF-30", "split_stay") == [CASE]
    assert cases_of(facts, "RF-30", "no_day") == [OTHER]


@pytest.mark.parametrize(("persons", "flagged"), [(6, 6), (5, 0)])
def test_the_same_costs_of_more_than_five_persons_on_one_day(
    facts: Facts, persons: int, flagged: int
) -> None:
    for number in range(persons):
        bill(facts, number, f"{number:032x}", total_fen=5000, kind="chronic", inpatient=0)
        bill(facts, 100 + number, f"{number:032x}", total_fen=5000, person_id=number)
    assert len(facts.flags("RF-30", "same_costs")) == flagged


@pytest.mark.parametrize(("views", "flagged"), [(31, 1), (30, 0)])
def test_more_than_thirty_unmasked_views_a_day(facts: Facts, views: int, flagged: int) -> None:
    for number in range(views):
        facts.add(
            "reading", actor_id=5, what=("full_id", "account")[number % 2], at=f"2026-11-02 10:00:{number:02}"
        )
        facts.add("reading", actor_id=6, what="case", at=f"2026-11-02 10:00:{number:02}")
    assert [one.evidence["actor_id"] for one in facts.flags("RF-32", "views")] == [5] * flagged


def test_somebody_of_another_township_looks_at_a_case(facts: Facts) -> None:
    for case in (CASE, OTHER, THIRD):
        facts.add("cases", case_id=case, township=TOWNSHIP)
    read = {"chain": "case", "actor_id": 5, "what": "case", "at": "2026-11-02 10:00:00"}
    facts.add("reading", case_id=CASE, org="360829101000", **read)
    facts.add("reading", case_id=OTHER, org="360829100000", **read)
    facts.add("reading", case_id=OTHER, org="360829-msb", **read)
    facts.add("reading", case_id=OTHER, org="360829000000", **read)
    facts.add("reading", case_id=THIRD, org="360829101000", **read)
    facts.add("task", case_id=THIRD, task_id=1, done_by=5)
    assert cases_of(facts, "RF-32", "elsewhere") == [CASE]


def test_an_export_of_more_than_two_hundred_rows(facts: Facts) -> None:
    facts.add("export", actor_id=5, at="2026-11-02 10:00:00", seq=1, cases=201)
    facts.add("export", actor_id=6, at="2026-11-02 10:00:00", seq=2, cases=200)
    assert [one.evidence["actor_id"] for one in facts.flags("RF-32", "export")] == [5]


def test_a_premium_that_was_subsidised_twice_or_after_death(facts: Facts) -> None:
    for number, (case, person, day) in enumerate(
        (
            (OTHER, 1, "2026-02-01"),
            (CASE, 1, "2026-03-01"),
            (THIRD, 2, "2025-12-31"),
            (THIRD, 2, "2026-01-01"),
        )
    ):
        bill(facts, number, case, kind="premium", person_id=person, settled_on=day)
    facts.add("person", person_id=1, died_on="2026-02-28").add("person", person_id=2, died_on="2026-01-01")
    assert cases_of(facts, "RF-33", "twice") == [CASE]
    assert cases_of(facts, "RF-33", "dead") == [CASE]


def parts(facts: Facts, case: str, *granted: int | None, before: int = 500) -> None:
    facts.add("cases", case_id=case, last_seq=9)
    for place, given in enumerate(granted):
        facts.add("department_part", case_id=case, place=place, office="msb", proposed_fen=500,
                  before_fen=before * place, granted_fen=given)  # fmt: skip


def test_less_than_the_best_plan_and_another_order(facts: Facts) -> None:
    parts(facts, CASE, 500, 399)
    parts(facts, OTHER, 500, 400)
    parts(facts, THIRD, 300, None)
    parts(facts, "f" * 32, 500, 500, before=0)
    assert cases_of(facts, "RF-34", "below_plan") == [CASE]
    assert cases_of(facts, "RF-34", "order") == ["f" * 32]


def test_an_extension_has_its_letter(facts: Facts) -> None:
    for case, letter in ((CASE, "approval_decision"), (OTHER, "extension_notice")):
        facts.add("event", case_id=case, seq=7, type="deadline_extended")
        facts.add("letter", case_id=case, seq=7, kind=letter)
    facts.add("event", case_id=THIRD, seq=7, type="deadline_recalculated")  # a new calendar
    assert cases_of(facts, "RF-35", "no_letter") == [CASE]


def test_a_due_date_that_was_moved_past_the_log(facts: Facts) -> None:
    for number, (case, due, stopped) in enumerate(
        ((CASE, "20", None), (OTHER, "19", None), (THIRD, "20", "x"))
    ):
        facts.add("clock", case_id=case, clock_id=number, limit_id="D09", logged_due_at="2026-11-19 00:00:00",
                  due_at=f"2026-11-{due} 00:00:00", stopped_at=stopped)  # fmt: skip
        facts.add(
            "task", case_id=case, task_id=1, node="decide", clock_id=number, due_at="2026-11-19 00:00:00"
        )
    assert cases_of(facts, "RF-35", "clock") == [CASE]
    assert cases_of(facts, "RF-35", "task") == [CASE]


@pytest.mark.parametrize(("late", "of", "flagged"), [(6, 20, ["year 2025"]), (5, 20, []), (6, 19, [])])
def test_a_quarter_of_the_years_grants_in_its_last_weeks(
    facts: Facts, late: int, of: int, flagged: list[str]
) -> None:
    for number in range(of):
        granted(facts, f"{number:032x}", "2025-12-04" if number < late else "2025-12-03", 100)
    now = datetime.fromisoformat("2026-01-05 09:00:00+08:00")
    assert [one.subject[:9] for one in facts.flags("RF-36", "rush", now=now)] == flagged
    assert facts.flags("RF-36", now=datetime.fromisoformat("2025-12-30 09:00:00+08:00")) == []


@pytest.mark.parametrize(("late", "of", "flagged"), [(2, 4, [VILLAGE]), (1, 4, []), (2, 3, [])])
def test_a_village_whose_grants_come_at_the_turn_of_the_year(
    facts: Facts, late: int, of: int, flagged: list[str]
) -> None:
    for number in range(of):
        day = "2025-12-04" if number < late else "2025-12-03"
        granted(facts, f"{number:032x}", day, 100, village=VILLAGE)
    now = datetime.fromisoformat("2026-01-05 09:00:00+08:00")
    assert [one.village for one in facts.flags("RF-36", "village", now=now)] == flagged


def test_the_last_weeks_before_the_spring_festival(facts: Facts) -> None:
    for number in range(20):
        granted(facts, f"{number:032x}", "2026-02-13" if number < 6 else "2025-06-03", 100)
    found = facts.flags("RF-36", "rush", now=datetime.fromisoformat("2026-03-02 09:00:00+08:00"))
    assert [(one.evidence["kind"], one.evidence["at_last"]) for one in found] == [("festival", 6)]


@pytest.mark.parametrize(("cases", "other", "flagged"), [(11, 6, ["M"]), (10, 6, []), (11, 5, ["L"])])
def test_many_filed_for_others_in_a_week_and_paid_to_other_accounts(
    facts: Facts, cases: int, other: int, flagged: list[str]
) -> None:
    for number in range(cases):
        case, day = f"{number:032x}", 2 + number % 7
        facts.add("cases", case_id=case, opened_by=5, opened_role="GRID", township=TOWNSHIP,
                  opened_at=f"2026-11-0{day} 10:00:00")  # fmt: skip
        held = "household" if number < other else "applicant"
        facts.add("payment", case_id=case, purpose="aid", attempt=1, holder_is=held)
    assert [one.severity for one in facts.flags("RF-40")] == flagged


@pytest.mark.parametrize("rule", ["RF-37", "RF-38"])
def test_what_cannot_be_computed_says_why(rule: str) -> None:
    found = rules_of().rules[rule]
    assert found.parts == () and found.missing is not None and found.missing.zh and found.missing.en
