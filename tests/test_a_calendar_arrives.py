"""The 2027 notice comes while cases run: provisional limits become firm, and the log says which moved."""

from datetime import UTC, date, datetime, timedelta

import pytest

import audit
from workflow.calendars import import_calendar
from workflow.deadlines import SHANGHAI, CalendarRefused
from workflow.store.models import CalendarYear, Clock, Posting, Task, Timer

OFF_2027 = (
    ["2027-01-01", "2027-04-05", "2027-05-01", "2027-05-03", "2027-06-09", "2027-09-15"]
    + [f"2027-02-{day:02d}" for day in range(5, 12)]
    + [f"2027-10-{day:02d}" for day in range(1, 8)]
)


def table(tmp_path, rows):
    file = tmp_path / "2027.csv"
    lines = ["日期,类型,名称", *rows]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def notice(tmp_path, *extra):
    return table(tmp_path, [*(f"{day},休,假日" for day in OFF_2027), "2027-01-04,休,元旦", *extra])


def test_a_limit_into_the_new_year_is_provisional_until_the_notice_is_there(county, case_at, tmp_path):
    county.clock.to("2026-12-28")
    case = case_at("check_papers")
    (before,) = county.rows(Clock, Clock.case_id == case.id, Clock.limit_id == "D01")
    assert before.provisional

    done = import_calendar(county.house, notice(tmp_path), "国办发明电〔2026〕9号")

    (after,) = county.rows(Clock, Clock.case_id == case.id, Clock.limit_id == "D01")
    assert done.years == (2027,) and done.moved >= 1
    assert not after.provisional
    assert after.due_at > before.due_at, (
        "4 January was a working day by the weekdays, and is none by the notice"
    )
    open_tasks = [row for row in county.rows(Task, Task.case_id == case.id) if row.clock_id == after.id]
    assert {row.due_at for row in open_tasks if row.done_at is None} <= {after.due_at}


def test_the_log_names_the_calendar_and_every_limit_that_moved(county, case_at, tmp_path):
    county.clock.to("2026-12-28")
    case = case_at("check_papers")
    import_calendar(county.house, notice(tmp_path), "国办发明电〔2026〕9号")
    with county.house.reader.connect() as conn:
        moved = [e.entry for e in audit.entries(conn, case.id) if e.entry["type"] == "deadline_recalculated"]
        released = [e.entry for e in audit.entries(conn, audit.SYSTEM_CHAIN)]
    assert moved and all(set(entry["vars"]) == {"limit", "due", "before", "reason", "why"} for entry in moved)
    assert moved[0]["vars"]["why"].startswith("时限：决定是否受理，5个工作日（D01，依据：")
    assert {"year": 2027} in [entry["vars"] for entry in released if entry["type"] == "calendar_released"]


def test_a_wrong_row_leaves_the_old_calendar_in_force(county, tmp_path):
    file = table(tmp_path, ["2027-01-01,休,元旦", "2027-13-01,休,不存在的一天"])
    with pytest.raises(CalendarRefused) as refused:
        import_calendar(county.house, file, "x")
    assert any("第3行" in fault.element for fault in refused.value.faults)
    assert 2027 not in {row.year for row in county.rows(CalendarYear)}
    assert county.house.calendar().covered_until == date(2026, 12, 31)


def test_limits_that_do_not_move_write_nothing(county, case_at, tmp_path):
    county.clock.at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC).astimezone(SHANGHAI)
    case = case_at("check_papers")
    before = len(case.entries)
    done = import_calendar(county.house, notice(tmp_path), "国办发明电〔2026〕9号")
    assert done.moved == 0 and len(case.entries) == before


def test_a_timer_that_waits_in_the_diagram_moves_with_the_calendar(county, case_at, tmp_path):
    """A posting that would end on 4 January hangs until the day after it, and comes down then."""
    county.clock.to("2026-12-28")
    case = case_at("public_notice")
    posted = county.rows(Posting, Posting.case_id == case.id)[0]
    assert posted.ends_at == datetime(2027, 1, 4, 16, tzinfo=UTC)

    import_calendar(county.house, notice(tmp_path), "国办发明电〔2026〕9号")

    moved = datetime(2027, 1, 5, 16, tzinfo=UTC)
    assert case.open["public_notice"].due_at == moved
    assert county.rows(Timer, Timer.case_id == case.id)[0].due_at == moved
    assert county.rows(Posting, Posting.case_id == case.id)[0].ends_at == moved
    county.clock.at = moved - timedelta(minutes=1)
    assert county.night().timers == 0
    county.clock.at = moved
    assert county.night().timers == 1 and set(case.open) == {"confirm_posting_village"}
