"""The 2027 notice comes while cases run: two people release it, provisional limits become firm."""

from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from house_templates import another_process

import audit
from workflow.calendar_commands import RejectCalendar, ReleaseCalendar
from workflow.calendars import missing_year, read_table
from workflow.cli import mingjian
from workflow.deadlines import SHANGHAI, Calendar, CalendarRefused
from workflow.demo.staff import PASSWORD
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.recounting import SETTLED_AFTER, recount
from workflow.store.models import CalendarProposal, CalendarYear, Clock, Posting, Task, Timer

OFF_2027 = (
    ["2027-01-01", "2027-04-05", "2027-05-01", "2027-05-03", "2027-06-09", "2027-09-15"]
    + [f"2027-02-{day:02d}" for day in range(5, 12)]
    + [f"2027-10-{day:02d}" for day in range(1, 8)]
)
NOTICE = [*(f"{day},休,假日" for day in OFF_2027), "2027-01-04,休,元旦"]
SOURCE = "国办发明电〔2026〕9号"


def table(*rows: str) -> bytes:
    return "\n".join(["日期,类型,名称", *rows]).encode()


def put_forward(county, login="adm", content=None, source=SOURCE) -> int:
    command = read_table(county.house, content or table(*NOTICE), "2027.csv", source)
    return int(county.staff[login].does(command).number)


def release(county, number: int, login="capr") -> int:
    """The second person releases; what the command line then does, and the worker again later."""
    county.staff[login].does(ReleaseCalendar(number))
    return recount(county.house)


def of_system(county, kind):
    with county.house.reader.connect() as conn:
        chain = audit.entries(conn, audit.SYSTEM_CHAIN)
        return [each.entry for each in chain if each.entry["type"] == kind]


def test_a_limit_into_the_new_year_is_provisional_until_the_notice_is_there(county, case_at):
    county.clock.to("2026-12-28")
    case = case_at("check_papers")
    before = case.clock("D01")
    assert before.provisional

    moved = release(county, put_forward(county))

    after = case.clock("D01")
    assert moved >= 1 and not after.provisional
    assert after.due_at > before.due_at, (
        "4 January was a working day by the weekdays, and is none by the notice"
    )
    open_tasks = [row for row in county.rows(Task, Task.case_id == case.id) if row.clock_id == after.id]
    assert {row.due_at for row in open_tasks if row.done_at is None} <= {after.due_at}
    assert 2027 in {row.year for row in county.rows(CalendarYear)}


def test_the_log_names_both_people_and_every_limit_that_moved(county, case_at):
    county.clock.to("2026-12-28")
    case = case_at("check_papers")
    release(county, put_forward(county))
    moved = [entry for entry in case.entries if entry["type"] == "deadline_recalculated"]
    assert moved and all(set(entry["vars"]) == {"limit", "due", "before", "reason", "why"} for entry in moved)
    assert moved[0]["vars"]["why"].startswith("时限：决定是否受理，5个工作日（D01，依据：")
    (released,) = of_system(county, "calendar_released")
    adm, capr = county.staff["adm"].actor.account_id, county.staff["capr"].actor.account_id
    assert released["vars"]["year"] == 2027
    assert (released["vars"]["proposed_by"], released["vars"]["released_by"]) == (adm, capr)
    assert of_system(county, "calendar_proposed")[0]["vars"]["years"] == [2027]


def test_nobody_releases_what_he_has_put_forward_himself(county):
    number = put_forward(county)
    with pytest.raises(NotAllowed) as refused:
        county.staff["adm"].does(ReleaseCalendar(number))
    assert refused.value.rule == "SD-9"
    for login in ("chnd", "sup-msb", "insp", "twin1"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(ReleaseCalendar(number))
    assert 2027 not in county.house.calendar().years
    with pytest.raises(NotAllowed):
        put_forward(county, "capr")


def test_a_table_is_decided_once(county):
    number = put_forward(county)
    county.staff["capr"].does(RejectCalendar(number))
    assert [row.state for row in county.rows(CalendarProposal)] == ["rejected"]
    for command in (ReleaseCalendar(number), RejectCalendar(number)):
        with pytest.raises(StepImpossible):
            county.staff["capr"].does(command)
    mine = put_forward(county)
    county.staff["adm"].does(RejectCalendar(mine))
    assert county.rows(CalendarProposal)[-1].state == "withdrawn"
    with pytest.raises(NotFound):
        county.staff["capr"].does(ReleaseCalendar(999))


def test_a_table_names_where_it_comes_from(county):
    with pytest.raises(AnswersRefused):
        put_forward(county, source=" ")


def test_a_wrong_row_leaves_the_old_calendar_in_force(county):
    with pytest.raises(CalendarRefused) as refused:
        put_forward(county, content=table("2027-01-01,休,元旦", "2027-13-01,休,不存在的一天"))
    assert any("第3行" in fault.element for fault in refused.value.faults)
    assert 2027 not in {row.year for row in county.rows(CalendarYear)}
    assert county.house.calendar().covered_until == date(2026, 12, 31)


def test_a_calendar_with_a_gap_is_refused(county):
    with pytest.raises(CalendarRefused) as refused:
        put_forward(county, content=table(*(row.replace("2027-", "2028-") for row in NOTICE)))
    assert any("缺口" in fault.reason.zh for fault in refused.value.faults)


def test_a_table_that_fits_no_more_when_it_is_released_is_refused_then(county):
    """Two tables for the same year: the second corrects a year that is covered by then, if it is sound."""
    first, second = put_forward(county), put_forward(county, content=table(*NOTICE, "2027-01-09,班,元旦"))
    release(county, first)
    release(county, second)
    assert county.house.calendar().is_make_up(date(2027, 1, 9))


def test_limits_that_do_not_move_write_nothing(county, case_at):
    county.clock.at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC).astimezone(SHANGHAI)
    case = case_at("check_papers")
    before = len(case.entries)
    assert release(county, put_forward(county)) == 0
    assert len(case.entries) == before


def test_a_timer_that_waits_in_the_diagram_moves_with_the_calendar(county, case_at):
    """A posting that would end on 4 January hangs until the day after it, and comes down then."""
    county.clock.to("2026-12-28")
    case = case_at("public_notice")
    posted = county.rows(Posting, Posting.case_id == case.id)[0]
    assert posted.ends_at == datetime(2027, 1, 4, 16, tzinfo=UTC)

    release(county, put_forward(county))

    moved = datetime(2027, 1, 5, 16, tzinfo=UTC)
    assert case.open["public_notice"].due_at == moved
    assert county.rows(Timer, Timer.case_id == case.id)[0].due_at == moved
    assert county.rows(Posting, Posting.case_id == case.id)[0].ends_at == moved
    county.clock.at = moved - timedelta(minutes=1)
    assert county.night().timers == 0
    county.clock.at = moved
    assert county.night().timers == 1 and set(case.open) == {"confirm_posting_village"}


def test_a_warning_moves_with_the_calendar_though_the_end_does_not(county, case_at):
    """Wednesday and Saturday of a week change places: the sixth day moves, the tenth does not."""
    county.clock.to("2026-11-02")
    case = case_at("enquire")
    before = case.clock("D03")
    swapped = table("2026-11-04,休,调休", "2026-11-07,班,调休")
    release(county, put_forward(county, content=swapped))
    after = case.clock("D03")
    assert (after.due_at, after.next_alarm_at != before.next_alarm_at) == (before.due_at, False)
    swapped = table("2026-11-10,休,调休", "2026-11-14,班,调休")
    release(county, put_forward(county, content=swapped))
    assert (
        case.clock("D03").due_at == before.due_at and case.clock("D03").next_alarm_at > before.next_alarm_at
    )


def test_the_worker_counts_anew_when_every_process_has_seen_the_table(county, case_at, clock):
    """Also for a page that released it and did not wait, and for a process that still had the old table."""
    clock.to("2026-12-28")
    case = case_at("check_papers")
    number = put_forward(county)
    with another_process(county) as other:
        assert 2027 not in other.calendar().years
        county.staff["capr"].does(ReleaseCalendar(number))
        assert county.night().recounted == 0, "not yet: a process may still have the old table"
        clock.at += SETTLED_AFTER
        assert county.night().recounted > 0
        assert not case.clock("D01").provisional
        assert county.night().recounted == 0
        other._calendar_until = 0.0  # its five seconds are over
        assert 2027 in other.calendar().years


def test_from_november_on_the_next_year_is_missed():
    calendar = Calendar.packaged()
    assert missing_year(calendar, date(2026, 10, 31)) is None
    assert missing_year(calendar, date(2026, 11, 1)) == 2027
    assert missing_year(calendar, date(2027, 3, 1)) == 2027


def test_the_same_from_the_command_line(county, tmp_path):
    file = tmp_path / "2027.csv"
    file.write_bytes(table(*NOTICE))
    url = county.house.engine.url.render_as_string(hide_password=False)

    def runs(*words, password=PASSWORD):
        base = ["--database", url, "--home", str(county.house.home), "calendar"]
        found = CliRunner().invoke(mingjian, [*base, *words], input=f"{password}\n")
        return found.exit_code, found.output

    code, text = runs("propose", str(file), "--source", SOURCE, "--as", "adm")
    assert code == 0 and "第1号" in text
    assert "#1  2027" in runs("status")[1]
    assert runs("release", "1", "--as", "capr", password="wrong")[0] == 1
    code, text = runs("release", "1", "--as", "capr")
    assert code == 0 and "已放行" in text
    assert "2004–2027" in runs("status")[1]
    file.write_bytes(table("2028-13-01,休,甲"))
    code, text = runs("propose", str(file), "--source", SOURCE, "--as", "adm")
    assert code == 1 and "第2行" in text
    file.write_bytes(table("2027-01-09,班,元旦"))
    runs("propose", str(file), "--source", SOURCE, "--as", "adm")
    assert runs("reject", "2", "--as", "capr")[0] == 0
    assert county.rows(Clock) == []
