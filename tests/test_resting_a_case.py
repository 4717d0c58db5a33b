"""A case rests while it is contested elsewhere, and goes on where it stood (domain 2.26, C-12)."""

import pytest

from workflow.commands import PauseCase, ResumeCase
from workflow.errors import NotAllowed, StepImpossible
from workflow.handle import handle

WHY = {"pause_reason": "review", "pause_note": "复核申请已受理，编号2026-0009。"}
GOES_ON = {"resume_note": "复核维持原决定，编号2026-0009。"}


def test_every_clock_stands_and_runs_on(case_at, approver, county, clock, reviewer):
    case = case_at("audit_file")
    due = case.open["audit_file"].due_at
    approver.does(PauseCase(case.id, WHY))
    assert case.state == "PAUSED_CASE"
    assert case.open["audit_file"].paused
    clock.forward(days=14)
    with pytest.raises(StepImpossible, match="stands still"):
        reviewer.audits_file(case)
    approver.does(ResumeCase(case.id, GOES_ON))
    assert case.state == "TOWNSHIP_CHECK"
    assert case.open["audit_file"].due_at > due
    reviewer.audits_file(case)
    county.drive(case, "end", {})
    assert case.row.outcome == "approved"
    kinds = [entry["type"] for entry in case.entries]
    assert kinds.count("case_paused") == kinds.count("case_resumed") == 1


def test_the_words_are_sealed_and_the_reason_stands_in_clear(case_at, approver):
    case = case_at("audit_file")
    approver.does(PauseCase(case.id, WHY))
    entry = case.entries[-1]
    assert entry["vars"]["answers"] == {"pause_reason": "review"}
    assert "pause_note" in entry["commit"]


def test_only_who_decides_in_the_county_lets_a_case_rest(case_at, county):
    case = case_at("audit_file")
    for login, rule in (("chnd", "role"), ("sup-msb", "role"), ("insp", "SD-8")):
        with pytest.raises(NotAllowed) as refused:
            county.staff[login].does(PauseCase(case.id, WHY))
        assert refused.value.rule == rule
    assert not case.open["audit_file"].paused


def test_it_rests_once_and_goes_on_once(case_at, approver):
    case = case_at("audit_file")
    with pytest.raises(StepImpossible):
        approver.does(ResumeCase(case.id, GOES_ON))
    approver.does(PauseCase(case.id, WHY))
    with pytest.raises(StepImpossible):
        approver.does(PauseCase(case.id, WHY))


def test_a_posting_that_ends_meanwhile_comes_down_and_the_case_still_rests(case_at, approver, county, clock):
    case = case_at("public_notice")
    approver.does(PauseCase(case.id, WHY))
    clock.forward(days=30)
    county.night()
    assert all(posting.taken_down_at for posting in case.postings)
    assert case.state == "PAUSED_CASE"
    assert case.open["confirm_posting_village"].paused
    approver.does(ResumeCase(case.id, GOES_ON))
    assert not case.open["confirm_posting_village"].paused
    county.drive(case, "end", {})
    assert case.row.outcome == "approved"


def test_a_twice_sent_request_rests_the_case_once(case_at, approver, clock):
    case = case_at("audit_file")
    first, second = (
        handle(case.county.house, approver.actor, PauseCase(case.id, WHY), at=clock.at, request_id="a" * 32)
        for _ in range(2)
    )
    assert (first.repeated, second.repeated) == (False, True)
