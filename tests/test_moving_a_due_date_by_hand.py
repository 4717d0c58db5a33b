"""RF-35: `mingjian audit verify` finds a due date altered in the database, and none that the log explains."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update
from test_a_calendar_arrives import NOTICE, put_forward, table
from test_pressing_late_work import extend

from workflow.calendar_commands import ReleaseCalendar
from workflow.cli import mingjian
from workflow.due_dates import altered
from workflow.recounting import SETTLED_AFTER
from workflow.store import transaction
from workflow.store.models import CalendarProposal, Clock, Posting, Task, Timer

WEEK = timedelta(days=7)


def found(county):
    with county.house.reader.connect() as conn:
        return [(one.number, one.limit, one.what.zh) for one in altered(county.house, conn)]


def alter(county, model, *where, **values):
    with transaction(county.house.engine) as conn:
        conn.execute(update(model).where(*where).values(**values))


def verify(county, *options):
    url = county.house.engine.url.render_as_string(hide_password=False)
    base = ["--database", url, "--home", str(county.house.home), "audit", "verify"]
    return CliRunner().invoke(mingjian, [*base, *options])


def test_nothing_is_found_in_a_case_that_paused_was_extended_and_went_on(case_at, county, supervisor, clock):
    incomplete = {
        "acceptance": "incomplete",
        "missing": ["passbook"],
        "missing_note": "存折复印件",
        "help_offered": "none",
    }
    case = case_at("receive_supplement", {"check_papers": incomplete})
    supervisor.does(extend(case, "D02", extension_units="5"))
    clock.forward(days=3)
    county.night()
    county.drive(case, "public_notice", {})
    assert found(county) == []
    county.drive(case, "examine_file", {})
    assert found(county) == []


def test_a_clock_put_off_by_a_week_is_found_and_named(case_at, county):
    case = case_at("audit_file")
    before = case.clock("D05")
    alter(county, Clock, Clock.id == before.id, due_at=before.due_at + WEEK)
    alter(county, Task, Task.clock_id == before.id, due_at=before.due_at + WEEK)
    told = found(county)
    assert {row[:2] for row in told} == {(case.row.number, "D05")}
    assert "日志里没有这个时间" in told[0][2]
    shown = verify(county)
    assert shown.exit_code == 1 and f"✘ {case.row.number} D05：数据库里的到期时间是" in shown.output
    listed = json.loads(verify(county, "--json").stdout)["due_dates"]
    assert {(row["case"], row["limit"]) for row in listed} == {(case.row.number, "D05")}


def test_the_open_step_alone_is_found_too(case_at, county):
    """The worklist shows the step's copy of the date."""
    case = case_at("audit_file")
    row = case.open["audit_file"]
    alter(county, Task, Task.case_id == case.id, Task.id == row.id, due_at=row.due_at + WEEK)
    ((number, limit, what),) = found(county)
    assert (number, limit) == (case.row.number, "D05") and "环节" in what


def test_a_step_that_was_late_cannot_be_made_punctual_afterwards(case_at, county):
    case = case_at("examine_file")
    done = case.task("audit_file")
    assert done.done_at is not None
    alter(county, Task, Task.case_id == case.id, Task.id == done.id, due_at=done.due_at + WEEK)
    assert [row[:2] for row in found(county)] == [(case.row.number, "D05")]
    stopped = case.clock("D05")
    alter(county, Clock, Clock.id == stopped.id, due_at=stopped.due_at + WEEK)
    assert len(found(county)) == 2


@pytest.mark.parametrize("column", ["started_at", "next_alarm_at"])
def test_neither_the_start_nor_the_next_warning_is_moved_unseen(case_at, county, column):
    case = case_at("audit_file")
    row = case.clock("D05")
    alter(county, Clock, Clock.id == row.id, **{column: getattr(row, column) + WEEK})
    ((number, limit, _),) = found(county)
    assert (number, limit) == (case.row.number, "D05")


def test_a_warning_that_was_silenced_is_found(case_at, county):
    case = case_at("audit_file")
    alter(county, Clock, Clock.id == case.clock("D05").id, next_alarm_at=None)
    ((_, _, what),) = found(county)
    assert what.startswith("数据库里的下一次提醒是—，按时限应是")


def test_a_posting_is_neither_shortened_nor_prolonged_unseen(case_at, county):
    case = case_at("public_notice")
    hanging = county.rows(Posting, Posting.case_id == case.id)[-1]
    assert found(county) == []
    for ends_at in (hanging.ends_at - WEEK, hanging.ends_at + WEEK):
        alter(county, Posting, Posting.id == hanging.id, ends_at=ends_at)
        ((number, limit, what),) = found(county)
        assert (number, limit) == (case.row.number, "D04") and what.startswith("第1次公示")


def test_a_timer_moved_or_taken_away_is_found(case_at, county):
    case = case_at("public_notice")
    (timer,) = county.rows(Timer, Timer.case_id == case.id)
    alter(county, Timer, Timer.case_id == case.id, due_at=timer.due_at + WEEK)
    ((number, limit, what),) = found(county)
    assert (number, limit) == (case.row.number, "timer") and what.startswith("数据库里的定时是")
    with transaction(county.house.engine) as conn:
        conn.execute(delete(Timer).where(Timer.case_id == case.id))
    assert [row[2][:9] for row in found(county)] == ["数据库里的定时是—"]


def test_a_new_calendar_is_no_manual_change(case_at, county, clock):
    """Until the recount is over both ends are right; then the log has the new one."""
    clock.to("2026-12-28")
    case = case_at("check_papers")
    before = case.clock("D01").due_at
    county.staff["capr"].does(ReleaseCalendar(put_forward(county, content=table(*NOTICE))))
    assert found(county) == []
    clock.at += SETTLED_AFTER
    county.night()
    assert county.rows(CalendarProposal)[0].recounted_at is not None
    assert case.clock("D01").due_at > before and found(county) == []


def test_a_sound_county_is_told_so(county, case_at):
    case_at("check_papers")
    shown = verify(county)
    assert shown.exit_code == 0 and "✔ 到期时间都与日志一致。" in shown.output
