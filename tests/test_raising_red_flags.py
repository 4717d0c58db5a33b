"""Each red flag with a case that raises it and one that nearly does."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import CASE, OTHER, Facts

from workflow.flags.running import id_of


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(tmp_path)


def standing(facts: Facts, opened: str, last: str | None = None, **task: Any) -> Facts:
    """A case at a step of the county (10 working days), open since `opened`."""
    state = task.pop("case_state", "COUNTY_DECISION")
    facts.add(
        "cases",
        state=state,
        case_id=CASE,
        accepted_at=opened,
        last_staff_at=last or opened,
        last_staff_seq=3,
        paused=0,
    )
    values = {"kind": "user", "opened_at": opened, "paused": 0, "limit_amount": 10, "limit_unit": "wd"}
    return facts.add("task", case_id=CASE, task_id=9, node="decide", **{**values, **task})


def test_a_case_nobody_works_on_for_longer_than_its_limit_is_flagged(facts: Facts) -> None:
    found = standing(facts, "2026-11-06 09:00:00").flags("RF-01")  # 11 working days
    assert [(one.case_id and one.case_id.hex, one.severity, one.evidence["used"]) for one in found] == [
        (CASE, "M", 11)
    ]


def test_twice_the_limit_is_high(facts: Facts) -> None:
    assert [one.severity for one in standing(facts, "2026-10-23 09:00:00").flags("RF-01")] == ["H"]


@pytest.mark.parametrize(
    "task",
    [
        {"paused": 1},
        {"done_at": "2026-11-20 09:00:00"},
        {"kind": "wait"},
        {"case_state": "PAUSED_SERIOUS_ILLNESS"},
    ],
)
def test_a_step_that_stands_still_or_is_done_is_not_idle(facts: Facts, task: dict[str, Any]) -> None:
    assert standing(facts, "2026-10-12 09:00:00", **task).flags("RF-01") == []


def test_the_last_day_of_the_limit_and_recent_work_are_no_idleness(facts: Facts) -> None:
    assert standing(facts, "2026-11-09 09:00:00").flags("RF-01") == []


def test_somebody_worked_on_it_lately(facts: Facts) -> None:
    assert standing(facts, "2026-10-09 09:00:00", last="2026-11-20 09:00:00").flags("RF-01") == []


def done(facts: Facts, number: int, by: int, hours: float, due: str = "2026-12-01 00:00:00") -> None:
    begun = datetime(2026, 11, 2, 9)
    facts.add(
        "task", case_id=f"{number:032x}", task_id=1, node="audit_file", name="审核申请材料", done_by=by,
        done_seq=4, opened_at=f"{begun}", done_at=f"{begun + timedelta(hours=hours)}", due_at=due, paused=0,
        clock_id=number,
    )  # fmt: skip
    facts.add("clock", clock_id=number, started_at="2026-11-02 09:00:00", due_at=due)


def test_steps_done_after_their_due_time_are_late_and_the_latest_is_shown(facts: Facts) -> None:
    done(facts, 1, by=5, hours=30, due="2026-11-03 00:00:00")
    late = {
        "case_id": f"{1:032x}",
        "paused": 0,
        "done_by": 6,
        "done_seq": 9,
        "done_at": "2026-11-09 09:00:00",
    }
    facts.add("task", task_id=2, node="decide", due_at="2026-11-06 00:00:00", **late)
    done(facts, 2, by=5, hours=30)
    [found] = facts.flags("RF-02", "late")
    assert (found.evidence["late_steps"], found.evidence["done_by"], found.evidence["seq"]) == (2, 6, 9)
    assert facts.flags("RF-02", "slow") == []


def test_twenty_slow_steps_make_a_slow_officer(facts: Facts) -> None:
    for number in range(60):
        done(facts, number, by=1 if number < 40 else 2, hours=10 if number < 40 else 25)
    slow = facts.flags("RF-02", "slow")
    assert [(one.case_id, one.evidence["done_by"], one.evidence["number_of"]) for one in slow] == [
        (None, 2, 20)
    ]


def test_nineteen_slow_steps_do_not(facts: Facts) -> None:
    for number in range(59):
        done(facts, number, by=1 if number < 40 else 2, hours=10 if number < 40 else 25)
    assert facts.flags("RF-02", "slow") == []


def test_always_in_the_last_tenth_of_the_limit(facts: Facts) -> None:
    for number in range(40):
        late = number < 16 or number >= 35
        done(facts, number, by=number // 20, hours=95 if late else 10, due="2026-11-06 13:00:00")
    found = facts.flags("RF-02", "last_minute")
    assert [(one.evidence["done_by"], one.evidence["at_last"]) for one in found] == [(0, 16)]


def test_a_second_return_for_papers_breaks_the_rule_of_one_time(facts: Facts) -> None:
    facts.add("cases", case_id=CASE, returns=2).add("cases", case_id=OTHER, returns=1)
    assert [one.case_id and one.case_id.hex for one in facts.flags("RF-03")] == [CASE]


def pause(facts: Facts, case: str, days: int, reason: str = "等候申请人补正材料", **more: Any) -> None:
    row = {"clock_id": 1, "limit_id": "D09", "place": 1, "from_at": "2026-09-02 09:00:00", "seq": 8, **more}
    facts.add("pause", case_id=case, paused_wd=days, reason=reason, **row)


def test_more_than_fifteen_working_days_of_standstill(facts: Facts) -> None:
    pause(facts, CASE, 9)
    pause(facts, CASE, 9, limit_id="D05")  # the same standstill of another clock counts once
    pause(facts, CASE, 7, from_at="2026-10-09 09:00:00")
    pause(facts, OTHER, 15)
    pause(facts, OTHER, 9, "公示期间不计入办理期限", from_at="2026-10-09 09:00:00")
    found = facts.flags("RF-03", "total")
    assert [(one.case_id and one.case_id.hex, one.evidence["paused_wd"]) for one in found] == [(CASE, 16)]


def test_a_clock_stopped_on_its_last_day(facts: Facts) -> None:
    pause(facts, CASE, 3, due_before_at="2026-09-04 00:00:00")  # ends with 3 September
    pause(facts, OTHER, 3, due_before_at="2026-09-05 00:00:00")
    assert [one.case_id and one.case_id.hex for one in facts.flags("RF-03", "just_before")] == [CASE]


def decision(facts: Facts, case: str, opened: str, at: str, by: int = 3) -> None:
    facts.add("task", case_id=case, task_id=1, node="decide", act="decide", done_by=by, opened_at=opened,
              done_at=at, done_seq=5)  # fmt: skip
    facts.add("event", case_id=case, seq=5, act="decide", actor_id=by, claimed_at=at, org="360829-msb")


def test_a_decision_within_two_minutes_of_opening_the_file(facts: Facts) -> None:
    decision(facts, CASE, "2026-11-02 09:00:00", "2026-11-03 10:01:59")
    facts.add("reading", case_id=CASE, actor_id=3, what="task", at="2026-11-03 10:00:00")
    decision(facts, OTHER, "2026-11-02 09:00:00", "2026-11-03 10:02:00")
    facts.add("reading", case_id=OTHER, actor_id=3, what="task", at="2026-11-03 10:00:00")
    assert [one.evidence["took"] for one in facts.flags("RF-09", "fast")] == [119]


@pytest.mark.parametrize(("number", "flagged"), [(20, 20), (19, 0)])
def test_twenty_decisions_in_ten_minutes(facts: Facts, number: int, flagged: int) -> None:
    for place in range(number):
        at = datetime(2026, 11, 3, 10) + timedelta(seconds=30 * place)
        decision(facts, f"{place:032x}", "2026-11-02 09:00:00", f"{at}")
    assert len(facts.flags("RF-09", "many")) == flagged


@pytest.mark.parametrize(("agreed", "of", "flagged"), [(30, 30, 1), (29, 29, 0), (30, 31, 0)])
def test_a_township_that_agrees_to_everything(facts: Facts, agreed: int, of: int, flagged: int) -> None:
    for number in range(of):
        answer = "qualified" if number < agreed else "not_qualified"
        facts.add("event", case_id=f"{number:032x}", seq=1, act="opinion", org="360829101",
                  answers=f'{{"opinion":"{answer}"}}', claimed_at="2026-11-03 10:00:00")  # fmt: skip
    assert len(facts.flags("RF-09", "all_agreed")) == flagged


def test_the_same_words_in_three_surveys(facts: Facts) -> None:
    for number in range(3):
        facts.add("visit", case_id=f"{number:032x}", seq=4, kind="survey", text_digest="same")
    for number in range(2):
        facts.add("visit", case_id=f"{9 + number:032x}", seq=4, kind="survey", text_digest="twice")
    assert len(facts.flags("RF-09", "same_words")) == 3


def test_a_photo_used_for_two_postings_is_high(facts: Facts) -> None:
    facts.add(
        "posting", case_id=CASE, posting_id=1, photo_start="aa", photo_end="bb", post_seq=3, confirm_seq=6
    )
    facts.add(
        "posting", case_id=OTHER, posting_id=2, photo_start="cc", photo_end="aa", post_seq=3, confirm_seq=6
    )
    facts.add(
        "posting", case_id="e" * 32, posting_id=3, photo_start="dd", photo_end="dd", post_seq=3, confirm_seq=6
    )
    found = facts.flags("RF-09", "same_photo")
    assert {(one.case_id and one.case_id.hex, one.severity) for one in found} == {(CASE, "H"), (OTHER, "H")}


def test_minutes_of_one_meeting_may_serve_several_cases_but_not_two_meetings(facts: Facts) -> None:
    for case, day, digest in (
        (CASE, "01", "x"),
        (OTHER, "01", "x"),
        ("e" * 32, "01", "y"),
        ("f" * 32, "02", "y"),
    ):
        facts.add("cases", case_id=case, village="360829100001")
        facts.add("meeting", case_id=case, seq=4, held_on=f"2026-11-{day}", minutes_digest=digest)
    assert {one.subject for one in facts.flags("RF-09", "same_minutes")} == {"y"}


def bill(facts: Facts, number: int, case: str | None, **more: Any) -> None:
    row = {"hospital": "县医院", "invoice_hash": f"i{number}", "inpatient": 1, "person_id": 1, **more}
    facts.add("claim", claim_id=number, case_id=case, **row)


def test_an_invoice_claimed_twice_and_one_of_another_hospital(facts: Facts) -> None:
    bill(facts, 1, CASE, invoice_hash="same")
    bill(facts, 2, OTHER, invoice_hash="same")
    bill(facts, 3, "e" * 32, invoice_hash="same", hospital="省医院")
    found = facts.flags("RF-12", "invoice")
    assert {(one.case_id and one.case_id.hex, one.evidence["other_case_id"]) for one in found} == {
        (CASE, OTHER),
        (OTHER, CASE),
    }


def test_stays_that_overlap_and_a_transfer_on_one_day(facts: Facts) -> None:
    bill(facts, 1, CASE, admitted_on="2026-03-01", discharged_on="2026-03-10")
    bill(facts, 2, OTHER, hospital="省医院", admitted_on="2026-03-10", discharged_on="2026-03-20")
    assert facts.flags("RF-12", "stays") == []
    bill(facts, 3, None, hospital="市医院", admitted_on="2026-03-09", discharged_on="2026-03-12")
    assert {one.case_id and one.case_id.hex for one in facts.flags("RF-12", "stays")} == {CASE, OTHER}


def test_a_third_temporary_grant_in_a_year(facts: Facts) -> None:
    for number, day in enumerate(("2025-12-30", "2026-01-05", "2026-05-05", "2026-09-05")):
        facts.add(
            "cases",
            case_id=f"{number:032x}",
            flow="ta_temporary",
            applicant_id=1,
            approved_at=f"{day} 10:00:00",
        )
    found = facts.flags("RF-12", "temporary")
    assert [one.evidence["approved_at"] for one in found] == ["2026-09-05 10:00:00"]


def applicant(facts: Facts, case: str, person: int, **more: Any) -> None:
    facts.add("cases", case_id=case, applicant_id=person, household_id=person)
    facts.add("person", person_id=person, household_id=person, id_valid=more.pop("id_valid", 1), **more)


def test_a_wrong_identity_number_and_treatment_after_death(facts: Facts) -> None:
    applicant(facts, CASE, 1, id_valid=0)
    applicant(facts, OTHER, 2, died_on="2026-03-05")
    bill(facts, 1, OTHER, person_id=2, admitted_on="2026-03-06")
    bill(facts, 2, OTHER, person_id=2, admitted_on="2026-03-05")
    assert [one.case_id and one.case_id.hex for one in facts.flags("RF-15", "id_number")] == [CASE]
    assert [one.subject for one in facts.flags("RF-15", "after_death")] == ["claim 1"]


def test_money_to_a_stranger_and_to_a_member_of_the_household(facts: Facts) -> None:
    applicant(facts, CASE, 1)
    applicant(facts, OTHER, 2)
    facts.add("payment", case_id=CASE, attempt=1, purpose="aid", holder_is="other", account_hash="a")
    facts.add("payment", case_id=OTHER, attempt=1, purpose="aid", holder_is="household", account_hash="b")
    assert [one.case_id and one.case_id.hex for one in facts.flags("RF-15", "holder")] == [CASE]


def test_an_account_changed_to_another_holder_just_before_the_payment_is_high(facts: Facts) -> None:
    for case, holder, ordered in ((CASE, "h2", "04"), (OTHER, "h1", "05"), ("e" * 32, "h2", "06")):
        facts.add("payment", case_id=case, attempt=1, holder_hash="h1", status="returned", order_seq=5)
        facts.add("account_change", case_id=case, seq=8, at="2026-11-02 10:00:00", holder_hash=holder)
        facts.add(
            "payment",
            case_id=case,
            attempt=2,
            holder_hash=holder,
            ordered_at=f"2026-11-{ordered} 10:00:00",
            order_seq=9,
        )
    found = facts.flags("RF-15", "changed")
    assert {(one.case_id and one.case_id.hex, one.severity) for one in found} == {(CASE, "H"), (OTHER, "M")}


@pytest.mark.parametrize(("households", "flagged"), [(3, 3), (2, 0)])
def test_one_account_or_telephone_for_three_households(facts: Facts, households: int, flagged: int) -> None:
    for number in range(households):
        applicant(facts, f"{number:032x}", number + 1, account_hash="a", phone_hash="p")
    assert len(facts.flags("RF-15", "shared_account")) == flagged
    assert len(facts.flags("RF-15", "shared_phone")) == flagged


def paid(facts: Facts, case: str, credited: str | None, **more: Any) -> None:
    row = {
        "flow": "ma_ordinary_county",
        "approved_at": "2026-10-09 10:00:00",
        "approved_seq": 20,
        "aid_fen": 1,
        **more,
    }
    facts.add("cases", case_id=case, **row)
    if credited:
        facts.add(
            "payment",
            case_id=case,
            attempt=1,
            purpose="aid",
            status="credited",
            credited_on=credited,
            settled_seq=25,
        )


def test_money_that_comes_after_fifteen_working_days(facts: Facts) -> None:
    paid(facts, CASE, "2026-10-30")  # 9 to 30 October: 16 working days
    paid(facts, OTHER, "2026-10-29")
    assert [(one.evidence["used"], one.severity) for one in facts.flags("RF-18")] == [(16, "M")]


def test_money_that_has_not_come_at_all_and_standstill(facts: Facts) -> None:
    paid(facts, CASE, None)
    paid(facts, OTHER, None, closed_at="2026-11-01 10:00:00")
    paid(facts, "e" * 32, "2026-10-30")
    facts.add("clock", case_id="e" * 32, limit_id="D11", paused_wd=1)
    assert [(one.case_id and one.case_id.hex, one.severity) for one in facts.flags("RF-18")] == [(CASE, "H")]


def test_a_returned_payment_is_sent_again_within_five_working_days(facts: Facts) -> None:
    for case, again in ((CASE, "2026-11-10"), (OTHER, "2026-11-09")):
        facts.add("cases", case_id=case)
        facts.add(
            "payment",
            case_id=case,
            attempt=1,
            status="returned",
            settled_at="2026-11-02 10:00:00",
            settled_seq=9,
        )
        facts.add("payment", case_id=case, attempt=2, status="ordered", ordered_at=f"{again} 10:00:00")
    found = facts.flags("RF-18", "returned")
    assert [(one.case_id and one.case_id.hex, one.evidence["used"]) for one in found] == [(CASE, 6)]


def step(
    facts: Facts,
    case: str,
    number: int,
    node: str,
    by: int,
    act: str | None = None,
    not_by: str | None = None,
) -> None:
    facts.add(
        "task",
        case_id=case,
        task_id=number,
        node=node,
        act=act,
        done_by=by,
        done_seq=number,
        not_by=not_by,
        name=node,
    )


def test_one_person_in_two_steps_the_diagram_keeps_apart(facts: Facts) -> None:
    step(facts, CASE, 1, "post_review_result", 7)
    step(facts, CASE, 2, "confirm_posting_village", 7, not_by=" post_review_result ")
    step(facts, OTHER, 1, "post_review_result", 7)
    step(facts, OTHER, 2, "confirm_posting_village", 8, not_by=" post_review_result ")
    assert [one.case_id and one.case_id.hex for one in facts.flags("RF-24", "kept_apart")] == [CASE]


def test_one_person_who_accepts_and_pays(facts: Facts) -> None:
    step(facts, CASE, 1, "check_papers", 7, "accept")
    step(facts, CASE, 2, "pay", 7, "pay")
    step(facts, OTHER, 1, "give_opinion", 7, "opinion")
    step(facts, OTHER, 2, "sign_opinion", 7, "opinion_sign")
    assert [one.case_id and one.case_id.hex for one in facts.flags("RF-24", "stages")] == [CASE]


def test_an_account_used_while_its_owner_is_on_leave(facts: Facts) -> None:
    facts.add("leave", seat_id=1, account_id=7, org="360829100001", role="VLIA", first_on="2026-11-02",
              last_on="2026-11-06", substitute_id=8)  # fmt: skip
    for seq, (by, on_behalf, day) in enumerate(((7, None, "06"), (7, None, "07"), (8, 1, "06"))):
        facts.add("event", case_id=CASE, seq=seq, actor_id=by, on_behalf=on_behalf, role="VLIA",
                  org="360829100", claimed_at=f"2026-11-{day} 10:00:00")  # fmt: skip
    assert [one.subject for one in facts.flags("RF-24", "on_leave")] == ["entry 0"]


def test_an_attempt_at_both_steps_is_flagged_and_one_in_another_area_is_not(facts: Facts) -> None:
    for seq, (case, rule) in enumerate(((CASE, "SD-1"), (CASE, "SD-1"), (OTHER, "area"), (None, "SD-9"))):
        facts.add("refusal", seq=seq, case_id=case, actor_id=7, rule=rule, at=f"2026-11-0{seq + 1} 10:00:00")
    [found] = facts.flags("RF-24", "attempted")
    assert (found.case_id and found.case_id.hex, found.severity, found.evidence["number_of"]) == (
        CASE,
        "M",
        2,
    )


def test_a_fault_in_a_chain_and_a_paper_that_differs(facts: Facts) -> None:
    facts.add("chain_fault", case_id=CASE, log="cases", seq=4, fault="hash")
    facts.add("paper", case_id=CASE, paper_id=1, as_sealed=0).add(
        "paper", case_id=CASE, paper_id=2, as_sealed=1
    )
    facts.add("paper", case_id=OTHER, paper_id=3, as_sealed=None)
    assert {one.subject for one in facts.flags("RF-31")} == {"cases 4 hash", "paper 1"}


def test_a_flag_is_called_by_what_it_flags_alone(facts: Facts) -> None:
    found = standing(facts, "2026-11-06 09:00:00").flags("RF-01")
    later = facts.flags("RF-01", now=datetime.fromisoformat("2026-12-07 09:00:00+08:00"))
    assert found[0].id == later[0].id == id_of("RF-01", "idle", CASE, "decide#9")
    assert found[0].evidence["used"] != later[0].evidence["used"]
