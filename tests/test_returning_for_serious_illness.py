"""Serious-illness insurance comes first (退回补报大病保险): the family is reminded every ten working days;
after 60 days a supervisor decides if the bureau claims for them (domain 2.13, 7.2 D33).
"""

from decimal import Decimal

import pytest

from workflow.store.models import Letter, Task

REASON = "已经三次上门通知，本人行动不便，家里没有人会办。"


@pytest.fixture
def case(case_at):
    """The county has just found that serious-illness insurance is still open."""
    return case_at("receive_settlement", serious_illness=Decimal(0), serious_illness_settled=False)


@pytest.fixture
def supervisor(county):
    return county.staff["sup-msb"]


def told_again(county, case):
    """How many reminders the family has got."""
    rows = county.rows(Letter, Letter.case_id == case.id)
    return sum(row.kind == "serious_illness_reminder" for row in rows)


def raised(case, limit):
    return [
        entry["vars"]["level"]
        for entry in case.entries
        if entry["type"] == "alarm_raised" and entry["vars"]["limit"] == limit
    ]


def wait(county, case, node, limit):
    """Let the clock of a limit run out and the worker see it."""
    county.clock.at = case.clock(limit).due_at
    county.night()
    assert set(case.open) == {node}


def waited_long(county, case):
    """The worker looks every ten working days until the 60 days are over."""
    for _ in range(5):
        if "receive_settlement" not in case.open:
            return
        county.clock.at = min(case.clock("D33").due_at, case.clock("M36").due_at)
        county.night()


def test_the_family_is_told_again_every_ten_working_days_and_nobody_is_late(county, case):
    begun, over = case.clock("D33").started_at, case.clock("M36").due_at
    for number in (1, 2, 3):
        wait(county, case, "receive_settlement", "D33")
        assert told_again(county, case) == number
        assert case.clock("D33").started_at == county.clock.at > begun
        assert case.clock("D33").due_at == case.task("receive_settlement").due_at > county.clock.at
    assert case.clock("M36").due_at == over, "the 60 days run on"
    assert case.state == "PAUSED_SERIOUS_ILLNESS"
    assert case.clock("D09").pauses[-1][1] is None


def test_the_window_is_warned_and_never_overdue(county, case):
    for _ in range(31):
        county.clock.forward(days=1)
        county.night()
    assert told_again(county, case) == 2
    assert raised(case, "D33") == ["warn", "warn2"] * 2, "each round anew"


def test_a_worker_that_was_down_reminds_once(county, case):
    county.clock.forward(days=40)
    county.night()
    assert told_again(county, case) == 1
    assert case.clock("D33").due_at > county.clock.at


def test_the_statement_comes_after_a_reminder_and_the_case_goes_on(county, case, clerk):
    wait(county, case, "receive_settlement", "D33")
    clerk.receives_settlement(case, serious_illness_amount="1234.56")
    assert set(case.open) == {"examine_file"}
    assert case.clock("D09").pauses[-1][1] is not None
    county.clock.forward(days=90)
    county.night()
    assert told_again(county, case) == 1 and raised(case, "M36") == []


def test_after_sixty_days_a_supervisor_may_let_the_bureau_claim(county, case, supervisor, county_handler):
    begun = case.clock("M36").started_at
    waited_long(county, case)
    assert set(case.open) == {"decide_claim"}
    assert 60 <= (county.clock.at - begun).days <= 62, "or the working day after"
    task = case.task("decide_claim")
    assert (task.role, task.org) == ("SUP", "360829-msb")
    supervisor.completes("decide_claim", case, claim_for_person="yes", claim_reason=REASON)
    assert set(case.open) == {"claim_settlement"} and case.state == "PAUSED_SERIOUS_ILLNESS"
    county_handler.completes("claim_settlement", case, serious_illness_amount="1234.56")
    assert set(case.open) == {"examine_file"}
    assert case.bills[0].serious_illness_settled and case.bills[0].serious_illness == Decimal("1234.56")
    assert case.clock("D09").pauses[-1][1] is not None


def test_a_worker_that_slept_through_both_finds_one_step(county, case):
    county.clock.forward(days=100)
    county.night()
    assert [task.node for task in county.rows(Task, Task.case_id == case.id, Task.done_at.is_(None))] == [
        "decide_claim"
    ]


def test_or_let_the_family_have_more_time(county, case, supervisor, clerk):
    waited_long(county, case)
    told = told_again(county, case)
    supervisor.completes("decide_claim", case, claim_for_person="no", claim_reason=REASON)
    assert set(case.open) == {"receive_settlement"}
    assert case.clock("M36").started_at == county.clock.at, "another 60 days"
    wait(county, case, "receive_settlement", "D33")
    assert told_again(county, case) == told + 1
    clerk.receives_settlement(case, serious_illness_amount="0")
    assert set(case.open) == {"examine_file"}


def test_whoever_finds_the_step_late_is_the_supervisor_who_does_not_decide(county, case):
    waited_long(county, case)
    county.clock.forward(days=30)
    county.night()
    assert raised(case, "M37")[:3] == ["warn", "warn2", "overdue"]
