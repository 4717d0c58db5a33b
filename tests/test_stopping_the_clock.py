"""Stopping a legal clock and letting it run on: domain 2.0 "Clock pauses", 2.10, 2.13."""

from datetime import date, datetime, timedelta

import pytest

from bpmn.text import Text
from workflow.deadlines import SHANGHAI, Calendar, Limit, Pause, Run, alarms, due, standing

CALENDAR = Calendar.packaged()
REASON = Text("大病保险未结清", "serious-illness insurance is not settled")
REVIEW = Limit("D03", 10, "wd", (), (), Text("村级评议", "village review"), "domain 7.2")
POSTING = Limit("D04", 7, "d", (), (), Text("公示", "posting"), "domain 7.2")
IDENTITY = Limit("D19", 24, "h", (), (), Text("入院资料", "admission papers"), "domain 7.2")


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def pause(start: str, end: str | None) -> Pause:
    return Pause(local(start), local(end) if end else None, REASON)


def review(*pauses: Pause) -> Run:
    return Run(REVIEW, local("10-09 09:04"), pauses)


EXAMPLE = review(pause("10-13 17:00", "11-12 10:00"))


def test_the_example_case_ends_on_23_november() -> None:
    """Three days used, 22 working days paused, day 4 on 13 November."""
    assert due(EXAMPLE, CALENDAR).day == date(2026, 11, 23)
    assert due(review(), CALENDAR).day == date(2026, 10, 22)
    used = [
        standing(EXAMPLE, CALENDAR, local(f"{day} 12:00")).used
        for day in ("10-13", "11-12", "11-13", "11-19")
    ]
    assert used == [3, 3, 4, 8]


@pytest.mark.parametrize("kept", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_several_pauses_add_up_in_any_order(kept: tuple[int, ...]) -> None:
    stops = [
        pause("10-12 09:00", "10-14 09:00"),
        pause("10-16 09:00", "10-20 09:00"),
        pause("10-20 10:00", "10-21 09:00"),
    ]
    run = review(*(stops[place] for place in kept))
    # Day 1 = 10-10, 2 = 10-12, 3 = 10-15, 4 = 10-16, 5 = 10-22 … 10 = 10-29.
    assert due(run, CALENDAR).day == date(2026, 10, 29)


def test_overlapping_pauses_count_once() -> None:
    apart = due(review(pause("10-12 09:00", "10-20 09:00")), CALENDAR)
    assert (
        due(review(pause("10-12 09:00", "10-16 09:00"), pause("10-14 09:00", "10-20 09:00")), CALENDAR)
        == apart
    )


def test_a_pause_within_one_day_changes_nothing() -> None:
    assert due(review(pause("10-13 09:00", "10-13 17:00")), CALENDAR).day == date(2026, 10, 22)


def test_a_clock_of_the_machine_set_back_does_no_harm() -> None:
    assert due(review(pause("10-13 09:00", "10-12 23:00")), CALENDAR).day == date(2026, 10, 22)
    backwards = Run(IDENTITY, local("02-14 23:30"), (pause("02-15 01:00", "02-15 00:00"),))
    assert due(backwards, CALENDAR).at == local("02-15 23:30")


def test_a_pause_over_a_weekend_costs_nothing() -> None:
    assert due(review(pause("10-16 17:00", "10-18 09:00")), CALENDAR).day == date(2026, 10, 22)


def test_a_pause_on_the_first_day_keeps_the_whole_limit() -> None:
    run = review(pause("10-09 10:00", "10-12 09:00"))
    assert due(run, CALENDAR).day == date(2026, 10, 26)


def test_a_pause_before_the_start_only_covers_what_lies_after_it() -> None:
    assert due(review(pause("10-08 10:00", "10-12 09:00")), CALENDAR).day == date(2026, 10, 26)
    assert due(review(pause("10-01 10:00", "10-09 09:00")), CALENDAR).day == date(2026, 10, 22)


def test_whoever_is_stopped_on_the_last_day_gets_it_back() -> None:
    run = review(pause("10-22 11:00", "11-12 10:00"))
    assert due(run, CALENDAR).day == date(2026, 11, 13)
    assert standing(run, CALENDAR, local("11-13 17:00")).status == "due_soon"
    again = review(pause("10-22 11:00", "11-12 10:00"), pause("11-13 11:00", "11-20 10:00"))
    assert due(again, CALENDAR).day == date(2026, 11, 23)


def test_a_pause_after_the_end_does_not_undo_the_delay() -> None:
    run = review(pause("10-23 09:00", "11-12 10:00"))
    assert due(run, CALENDAR).day == date(2026, 10, 22)
    assert standing(run, CALENDAR, local("11-12 12:00")).late_by == 1, "paused days are not days of delay"
    assert standing(run, CALENDAR, local("11-16 12:00")).late_by == 3


def test_while_the_clock_stands_nothing_warns_and_nothing_is_late() -> None:
    run = review(pause("10-13 17:00", None))
    found = standing(run, CALENDAR, local("12-30 12:00"))
    assert (found.status, found.used, found.remaining, found.late_by) == ("paused", 3, 7, 0)
    assert alarms(run, CALENDAR) == ()
    assert due(run, CALENDAR).day == date(2026, 10, 22), "as if it ran on at once"


def test_a_delay_from_before_the_pause_stays_visible() -> None:
    found = standing(review(pause("10-26 09:00", None)), CALENDAR, local("12-30 12:00"))
    assert (found.status, found.late_by) == ("paused", 2)


def test_the_past_is_told_by_what_was_known_then() -> None:
    at_the_time = standing(EXAMPLE, CALENDAR, local("11-01 12:00"))
    assert (at_the_time.status, at_the_time.used) == ("paused", 3)
    before = standing(EXAMPLE, CALENDAR, local("10-13 16:00"))
    assert (before.status, before.due.day) == ("on_time", date(2026, 10, 22))


def test_the_earliest_open_pause_is_the_one_that_stopped_it() -> None:
    run = review(pause("10-14 09:00", None), pause("10-12 09:00", None))
    assert run.standing_since == pause("10-12 09:00", None)
    assert standing(run, CALENDAR, local("10-20 09:00")).used == 2
    early = review(pause("10-01 09:00", None))
    assert standing(early, CALENDAR, local("10-20 09:00")).used == 0


class TestAnObjectionDuringAPosting:
    """Domain 2.10: unfounded: the remaining days run on; founded: a new posting, the full 7 days."""

    def posting(self, *pauses: Pause) -> Run:
        return Run(POSTING, local("11-19 15:00"), pauses)

    def test_undisturbed(self) -> None:
        assert due(self.posting(), CALENDAR).day == date(2026, 11, 26)

    def test_the_remaining_days_run_on(self) -> None:
        run = self.posting(pause("11-22 09:00", "11-30 09:00"))
        assert standing(run, CALENDAR, local("11-25 09:00")).remaining == 4
        assert due(run, CALENDAR).day == date(2026, 12, 4), "days 4 to 7 are 1 to 4 December"

    def test_a_last_day_on_a_weekend_moves_on(self) -> None:
        run = self.posting(pause("11-22 09:00", "12-01 09:00"))
        assert due(run, CALENDAR).day == date(2026, 12, 7), "day 7 = Saturday 5 December"

    def test_an_objection_on_the_last_day(self) -> None:
        run = self.posting(pause("11-26 09:00", "11-30 09:00"))
        assert due(run, CALENDAR).day == date(2026, 12, 1)

    def test_an_objection_while_the_end_waits_for_a_working_day(self) -> None:
        run = Run(POSTING, local("11-14 09:00"), (pause("11-22 09:00", "11-25 09:00"),))
        assert due(run, CALENDAR).day == date(2026, 11, 26), "day 7 = Saturday 21 November"


def test_hours_stand_for_as_long_as_the_pause() -> None:
    run = Run(
        IDENTITY,
        local("02-14 23:30"),
        (pause("02-15 01:00", "02-15 03:00"), pause("02-15 02:00", "02-15 04:00")),
    )
    assert due(run, CALENDAR).at == local("02-16 02:30")
    now = standing(run, CALENDAR, local("02-15 05:31"))
    assert (now.used, now.remaining, now.status) == (3, 21, "on_time")
    assert standing(run, CALENDAR, local("02-15 03:30")).status == "paused"
    assert standing(run, CALENDAR, local("02-14 22:00")).used == 0


def test_a_pause_after_the_hours_are_over_changes_nothing() -> None:
    run = Run(IDENTITY, local("02-14 23:30"), (pause("02-16 01:00", "02-16 03:00"),))
    assert due(run, CALENDAR).at == local("02-15 23:30")
    assert standing(run, CALENDAR, local("02-15 23:30") + timedelta(minutes=61)).late_by == 2
