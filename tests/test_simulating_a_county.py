"""A county lives some months with officers who are slow, away and forgetful, with substitutes and extensions;
a judge counts every alert after.
"""

import json
import re
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import pairwise, product

import pytest
from click.testing import CliRunner
from small_county import SetClock, SmallCounty
from sqlalchemy import delete, insert, select, update

import bpmn
from workflow.cli import mingjian
from workflow.deadlines import SHANGHAI, Calendar, Extension, Pause, Run, alarm_times, alarms, due, limits_of
from workflow.demo.stories import STORIES
from workflow.house import open_house
from workflow.simulation import command, counting
from workflow.simulation.judge import judge
from workflow.simulation.punctuality import punctuality
from workflow.simulation.verdict import Round
from workflow.simulation.year import Plan, live
from workflow.store import transaction
from workflow.store.models import CalendarDay, Case, CaseLink, InboxMessage, Letter, Seat, table

TOLD = {
    "objection_unfounded", "filed", "filing_waits", "filing_stopped", "died", "stuck_at_township",
    "approved_in_the_township", "rescued_first", "apply_free", "exit", "reviewed_and_kept", "temporary",
    "card",
}  # fmt: skip
PLAN = Plan(
    len(TOLD), townships=1, villages=2, first=date(2026, 2, 2), last=date(2026, 5, 15), seed=3,
    hours=(time(0, 5), time(16, 31)), stories=tuple(story for story in STORIES if story.id in TOLD),
    killed=(0.3,), together=(0.6,),
)  # fmt: skip

LONG_AGO = date(2025, 1, 1)
OF_CASES = {"same_day", "month_end", "year"}
"""How the limits end that run in cases; the others belong to the duties of offices."""


def quietly(done, of):
    pass


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_limit_warns_when_and_whom_it_must_and_the_judge_would_see_if_not(request, tmp_path, kind):
    """One test on purpose: the months are lived once per database."""
    url = None if kind == "sqlite" else request.getfixturevalue("postgres").fresh_database()
    now = SetClock()
    house = open_house(url, tmp_path / "home", now=now)
    try:
        lived = live(house, PLAN, now, quietly)
        verdict = judge(house, lived.rounds, PLAN.end, quietly)
        assert not verdict.faults
        assert verdict.cases >= PLAN.cases and verdict.limits > 50
        assert set(verdict.raised) == {"warn", "warn2", "overdue", "second", "third"}
        assert verdict.raised["overdue"] == verdict.overdue > 5
        assert verdict.extended == lived.extended > 2 and verdict.stood_in > 2 and lived.leaves > 2
        assert verdict.handed_over > 2
        county = SmallCounty(house, now)
        every_kind_of_case_was_there(county)
        the_workers_had_a_hard_time(lived.rounds)
        who_stood_in_was_told(county)
        punctuality_is_told_step_by_step(house)
        the_judge_sees(house, lived.rounds)
    finally:
        house.close()


def every_kind_of_case_was_there(county):
    assert {case.flow for case in county.rows(Case)} >= {
        "ma_ordinary_county", "ma_basic_check_filing", "ma_township_approval", "ma_green_channel",
        "ma_auto_parallel", "roster_exit", "roster_review", "ta_temporary", "chronic_card",
    }  # fmt: skip
    assert all(link.kind in {"recovery", "reopening"} for link in county.rows(CaseLink))


def the_workers_had_a_hard_time(rounds):
    assert [one.whole for one in rounds].count(False) == 1, "one was killed"
    gaps = [later.at - one.at for one, later in pairwise(rounds)]
    assert max(gaps) > timedelta(days=7), "for a week there was none"
    assert len({one.at for one in rounds}) == len(rounds)


def who_stood_in_was_told(county):
    """Nobody sits on the seat of the township's supervisor in the second half."""
    vacant = county.rows(Seat, Seat.valid_to.is_not(None), Seat.substitute_for.is_(None))
    assert [seat.role for seat in vacant] == ["SUP"]
    lines = county.rows(InboxMessage, InboxMessage.kind == "deadline", InboxMessage.role == "SUP")
    left = datetime.combine(vacant[0].valid_to, time.max, SHANGHAI)
    first = [line for line in lines if line.params["level"] == "warn" and line.params["limit"] == "D05"]
    assert any(line.org == "360829-msb" for line in first if line.at > left)
    assert all(line.org == vacant[0].org for line in first if line.at <= left)


def punctuality_is_told_step_by_step(house):
    with house.reader.connect() as conn:
        steps = {step.node: step for step in punctuality(conn, PLAN.end)}
    assert steps["audit_file"].open_late >= 1, "one case is stuck there"
    assert all(0 <= step.late <= step.done and step.open_late <= step.open for step in steps.values())
    assert all(step.median_hours <= step.p90_hours and 0 <= step.on_time <= 1 for step in steps.values())


def the_judge_sees(house, rounds):
    """What is too much, too little, too late, out of order or told to others: each is named."""

    def faults():
        return [fault.what.en for fault in judge(house, rounds, PLAN.end, quietly).faults]

    down = [one.at for one, later in pairwise(rounds) if later.at - one.at > timedelta(7)]
    more = sorted([*rounds, *(Round(at + timedelta(days=5)) for at in down)], key=lambda one: one.at)
    missed = judge(house, more, PLAN.end, quietly).faults
    assert missed and all("had to be raised" in fault.what.en for fault in missed[:1])
    line = table(InboxMessage)
    with house.reader.connect() as conn:
        row = (
            conn.execute(select(line).where(line.c.kind == "deadline").order_by(line.c.id)).first()._asdict()
        )
    with transaction(house.engine) as conn:
        conn.execute(insert(line), {**row, "id": 1_000_000})
    assert ["too often" in fault for fault in faults()] == [True]
    with transaction(house.engine) as conn:
        conn.execute(delete(line).where(line.c.id.in_([row["id"], 1_000_000])))
    assert ["was not told" in fault for fault in faults()] == [True]
    with transaction(house.engine) as conn:
        conn.execute(insert(line), row)
    extending_and_standing_in_are_seen(house, faults)
    with transaction(house.engine) as conn:
        day = update(CalendarDay).where(CalendarDay.day == date(2026, 2, 28))
        assert conn.execute(day.values(working=False)).rowcount == 1
    assert faults(), "a make-up Saturday is no rest day"


def extending_and_standing_in_are_seen(house, faults):
    """A substitute who is not told, a stranger who is, a letter with another day: nothing else is wrong."""
    seat, letter = table(Seat), table(Letter)
    stands = seat.c.substitute_for.is_not(None)
    with transaction(house.engine) as conn:
        before = conn.execute(select(seat.c.id, seat.c.valid_from, seat.c.valid_to).where(stands)).all()
        conn.execute(update(seat).where(stands).values(valid_from=LONG_AGO, valid_to=LONG_AGO))
    found = faults()
    assert found and all("who stood in" in fault for fault in found)
    with transaction(house.engine) as conn:
        conn.execute(update(seat).where(stands).values(valid_from=PLAN.first, valid_to=PLAN.last))
    found = faults()
    assert found and all("who did not stand in" in fault for fault in found)
    with transaction(house.engine) as conn:
        for row in before:
            conn.execute(update(seat).where(seat.c.id == row.id).values(row._asdict()))
        one = conn.execute(select(letter).where(letter.c.kind == "extension_notice")).first()
        wrong = {**one.fields, "extended_until": one.fields["extended_from"]}
        conn.execute(update(letter).where(letter.c.id == one.id).values(fields=wrong))
    assert ["letters of extension" in fault for fault in faults()] == [True]
    with transaction(house.engine) as conn:
        conn.execute(update(letter).where(letter.c.id == one.id).values(fields=one.fields))


# --- the counting of the judge


@pytest.fixture(scope="module")
def days():
    return counting.Days({day: kind.working for day, kind in Calendar.packaged().days.items()})


def due_of(amount, unit, start, days):
    row = {"amount": amount, "unit": unit, "escalate": ["SUP@msb"], "name": {"zh": "甲", "en": "a"}}
    limit = limits_of({"D09": {**row, "source": "domain 7.1"}})["D09"]
    begun = datetime.fromisoformat(f"2026-{start}").replace(tzinfo=SHANGHAI)
    found = dict(counting.alarms(limit, begun, [], days))["overdue"].astimezone(SHANGHAI)
    return (found if unit == "h" else found - timedelta(days=1)).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("09-18", 7, "wd", "09-29"), ("09-24", 7, "wd", "10-12"), ("02-09", 7, "wd", "02-25"),
        ("02-13", 7, "wd", "03-02"), ("02-14", 5, "wd", "02-28"), ("04-30", 5, "wd", "05-11"),
        ("09-28", 20, "wd", "10-30"), ("11-23", 20, "wd", "12-21"), ("09-24", 7, "d", "10-08"),
        ("11-16", 7, "d", "11-23"), ("02-08", 7, "d", "02-24"), ("02-14 23:30", 24, "h", "02-15 23:30"),
    ],
)  # fmt: skip
def test_the_judge_counts_the_examples_of_the_specification(start, amount, unit, due, days):
    assert due_of(amount, unit, start, days).startswith(due)


def test_two_ways_of_counting_agree_on_every_limit_of_a_case_at_any_start_with_pauses(days):
    """The product's arithmetic and the judge's walk from day to day, over a year."""
    calendar, compared = Calendar.packaged(), 0
    limits = limits_of(bpmn.load()).values()
    of_cases = [limit for limit in limits if limit.on is None or limit.on.kind in OF_CASES]
    for number, limit in enumerate(of_cases):
        for week in range(0, 44, 4):
            start = datetime(2026, 1, 5, 8 + week % 12, number % 60, tzinfo=SHANGHAI) + timedelta(weeks=week)
            stood = [(start + timedelta(days=1, hours=3), start + timedelta(days=1 + number % 9, hours=5))]
            for pauses, longer in product(([], stood), {0, limit.extension}):
                extension = Extension(start, longer) if longer else None
                stops = tuple(Pause(since, until, limit.name) for since, until in pauses)
                run = Run(limit, start, stops, extension)
                if longer and due(run, calendar).day > date(2026, 12, 20):
                    continue  # the judge counts within the year alone
                assert counting.alarms(limit, start, pauses, days, longer) == list(alarms(run, calendar)), run
                assert counting.end(limit, start, pauses, days, longer)[1] == due(run, calendar).at, run
                compared += 1
    assert compared > 2_000


# --- the command


@pytest.fixture
def a_short_year(monkeypatch):
    short = partial(
        Plan, townships=1, villages=2, last=date(2026, 2, 14), hours=(time(0, 5),), killed=(), together=(),
        stories=tuple(story for story in STORIES if story.id in {"stuck_in_village", "card"}),
    )  # fmt: skip
    monkeypatch.setattr(command, "Plan", short)


def test_the_command_names_the_first_fault_and_ends_with_one(a_short_year, monkeypatch):
    """The product tells those above a working day too late: the judge finds it."""
    monkeypatch.setattr(alarm_times, "SECOND_ESCALATION", 3)
    done = CliRunner().invoke(mingjian, ["simulate", "--cases", "2", "--json", "-"])
    assert done.exit_code == 1, done.output
    assert re.search(r"✘ 2026-000\d [DM]\d\d: second", done.output)
    start = done.output.index("{\n")
    told = json.JSONDecoder().raw_decode(done.output[start:])[0]
    assert told["cases"] == 2 and told["verdict"]["faults"]
    assert {step["node"] for step in told["steps"]} >= {"enquire"}
