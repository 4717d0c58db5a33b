"""The server's clock is set back or far ahead while the worker runs: nothing is lost, nothing doubled."""

from datetime import timedelta

import pytest

from workflow.alerts.watching import HELD_FOR, ClockWatch
from workflow.jobs import Worker
from workflow.store.models import Alarm, InboxMessage, Timer

LEVELS = ["warn", "warn2", "overdue", "second", "third"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Running:
    """A worker, with the wall clock of the county and a steady one that nobody can set."""

    def __init__(self, county) -> None:
        self.county, self.steady = county, 0.0
        self.worker = Worker(county.house)
        self.worker.watch = ClockWatch(county.clock, lambda: self.steady)
        self.rounds()

    def passes(self, span, jump=timedelta(0)) -> None:
        """Time goes by; somebody sets the clock by `jump` meanwhile."""
        self.steady += span.total_seconds()
        self.county.clock.at += span + jump
        self.rounds()

    def rounds(self) -> None:
        while self.worker.round():
            pass


@pytest.fixture
def running(county):
    return Running(county)


@pytest.fixture
def case(case_at):
    return case_at("audit_file")


def raised(case):
    """Level by level, as the log has them."""
    told = [entry["vars"]["level"] for entry in case.entries if entry["type"] == "alarm_raised"]
    kept = [row.level for row in case.county.rows(Alarm, Alarm.case_id == case.id)]
    assert kept == told
    return told


def days(running, number) -> None:
    for _ in range(number * 2):
        running.passes(HOUR * 12)


def test_without_anybody_touching_it_each_warning_comes_once_and_in_order(case, running):
    days(running, 20)
    assert raised(case) == LEVELS


@pytest.mark.parametrize("when", [1, 5, 9])
def test_set_back_two_hours_every_warning_still_comes_once_and_in_order(case, running, when):
    days(running, when)
    before = raised(case)
    running.passes(timedelta(minutes=1), jump=HOUR * -2)
    assert raised(case) == before, "what has been said is not said again"
    days(running, 20)
    assert raised(case) == LEVELS
    (entry,) = case.county.rows(InboxMessage, InboxMessage.kind == "time_jump", InboxMessage.role == "SUP")[
        :1
    ]
    assert entry.params["seconds"] == -7200


def test_set_ahead_forty_days_and_put_right_nothing_was_said_too_early(case, running):
    running.passes(timedelta(minutes=1), jump=DAY * 40)
    running.passes(HELD_FOR / 2)
    assert raised(case) == [], "held: nobody is warned of a day that has not come"
    running.passes(timedelta(minutes=1), jump=DAY * -40)
    days(running, 20)
    assert raised(case) == LEVELS


def test_forty_days_that_have_really_gone_by_are_made_up_for_in_order(case, running):
    """A server that slept or was down: all five come, once, one after the other, after ten minutes."""
    running.passes(timedelta(minutes=1), jump=DAY * 40)
    assert raised(case) == []
    running.passes(HELD_FOR)
    assert raised(case) == LEVELS
    days(running, 3)
    assert raised(case) == LEVELS


def test_a_posting_is_not_taken_down_by_a_clock_set_ahead(county, case_at, running):
    """It cannot be hung up again; so its timer waits as the warnings do."""
    case = case_at("public_notice")
    running.passes(timedelta(minutes=1), jump=DAY * 40)
    assert "public_notice" in case.open and len(county.rows(Timer, Timer.case_id == case.id)) == 1
    running.passes(timedelta(minutes=5), jump=DAY * -40)
    assert "public_notice" in case.open
    days(running, 10)
    assert set(case.open) == {"confirm_posting_village"}
    ends = [entry for entry in case.entries if entry["type"] == "timer_fired"]
    assert len(ends) == 1


def test_the_log_stays_in_order_when_the_clock_is_set_back(case, running):
    """Recorded times never go backwards; what the clock said stands beside them."""
    days(running, 4)
    running.passes(timedelta(minutes=1), jump=HOUR * -2)
    days(running, 4)
    times = [entry["at_recorded"] for entry in case.entries]
    assert times == sorted(times)
