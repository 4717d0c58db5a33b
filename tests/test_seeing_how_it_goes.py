"""Trends of twelve months, how long steps take, and who has too much: counted by hand beside it."""

from datetime import datetime, timedelta

import pytest
from pages.desks import at_the_desk
from sqlalchemy import update

from web.charts import chart, step_for
from workflow.deadlines import SHANGHAI, Calendar, Limit, Pause, Run, spent
from workflow.errors import NotAllowed
from workflow.reading.durations import durations, ranked
from workflow.reading.trends import cases_of, months, trends
from workflow.reading.workload import workload
from workflow.store import transaction
from workflow.store.models import Case, Task


def reads(county, login, what, *more):
    with county.house.reader.connect() as conn:
        return what(conn, county.staff[login].actor, *more)


def test_months_are_those_of_shanghai():
    span = months(datetime(2026, 2, 28, 16, 30, tzinfo=SHANGHAI).astimezone())
    assert [each.code for each in span][::11] == ["2025-03", "2026-02"] and len(span) == 12
    late_in_london = datetime(2026, 2, 28, 23, 30, tzinfo=SHANGHAI) + timedelta(hours=1)
    assert months(late_in_london)[-1].code == "2026-03"


@pytest.fixture
def three_months(county, case_at):
    """One withdrawn in time, one withdrawn after a step was late, one that is open."""
    county.clock.to("2026-01-12")
    well, badly, still = case_at("check_papers"), case_at("check_papers"), case_at("check_papers")
    county.clock.to("2026-01-14")
    county.staff["vlia1"].withdraws(well)
    county.clock.to("2026-02-03")
    county.staff["twin1"].checks_papers(badly, acceptance="accept")
    county.clock.to("2026-03-02")
    county.staff["vlia1"].withdraws(badly)
    return well, badly, still


def test_every_number_of_a_month_opens_its_cases(county, three_months):
    well, badly, _ = three_months
    series = reads(county, "sup-msb", trends, county.clock.at)
    told = {each.code: (each.opened, each.ended, each.late) for each in series if each.opened or each.ended}
    assert told == {"2026-01": (3, 1, 0), "2026-03": (0, 1, 1)}
    book = county.house.rules().rulebook
    for each in series:
        for what in ("opened", "ended", "late"):
            with county.house.reader.connect() as conn:
                listed = cases_of(conn, book, county.staff["sup-msb"].actor, each, what)
            assert len(listed.lines) == listed.total == getattr(each, what)
    page = at_the_desk(county, "sup-msb").opens("/supervise/trends?month=2026-03&what=late")
    assert [link for link in page.links() if str(badly.id) in link]
    assert not [link for link in page.links() if str(well.id) in link]


def test_another_township_has_trends_of_its_own(county, three_months):
    assert sum(each.opened for each in reads(county, "sup2", trends, county.clock.at)) == 0


def test_who_sees_only_the_own_seat_sees_no_trends(county):
    with pytest.raises(NotAllowed):
        reads(county, "twin1", trends, county.clock.at)
    clerk = at_the_desk(county, "twin1")
    assert clerk.opens("/supervise/trends").status == 403
    assert not [link for link in clerk.opens("/supervise").links() if "trends" in link]


def test_a_step_is_measured_in_the_days_of_its_limit(county, three_months):
    since = months(county.clock.at)[0].begin
    with county.house.reader.connect() as conn:
        found = durations(county.house, conn, county.staff["sup-msb"].actor, since, county.clock.at)
    deciding = next(each for each in found if each.limit == "D01")
    assert (deciding.unit, deciding.shortest, deciding.longest) == ("wd", 5, 5)
    # 12 to 14 January: two working days; 12 January to 3 February: sixteen of this year's calendar
    assert (deciding.number, deciding.median, deciding.p90, deciding.late) == (2, 2, 16, 1)


def test_every_figure_of_a_limit_opens_its_cases(county, three_months):
    desk = at_the_desk(county, "sup-msb")
    addresses = [link for link in desk.opens("/supervise/trends").links() if "limit=D01" in link]
    late, ended = sorted(addresses, key=len, reverse=True)
    assert "what=late" in late and "what" not in ended
    numbers = {case.number for case in county.rows(Case)}
    assert len([number for number in numbers if number in desk.opens(ended).words]) == 2
    assert len([number for number in numbers if number in desk.opens(late).words]) == 1
    assert at_the_desk(county, "sup2").opens(ended).words.count("360829") == 0, "another township's"


def test_a_posting_that_hung_to_its_end_is_nobodys_delay(county, case_at):
    case_at("audit_file")
    since = months(county.clock.at)[0].begin
    with county.house.reader.connect() as conn:
        found = durations(county.house, conn, county.staff["sup-msb"].actor, since, county.clock.at)
    assert found and "D04" not in {each.limit for each in found}


def test_days_on_which_the_clock_stood_are_not_spent():
    limit = Limit("X", 5, "wd", (), (), None, "")
    begin = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    stood = Pause(begin + timedelta(days=1), begin + timedelta(days=3), None)
    calendar = Calendar.packaged()
    assert spent(Run(limit, begin), calendar, begin + timedelta(days=10)) == 8
    assert spent(Run(limit, begin, (stood,)), calendar, begin + timedelta(days=10)) == 6
    open_end = Pause(begin + timedelta(days=1), None, None)
    assert spent(Run(limit, begin, (open_end,)), calendar, begin + timedelta(days=10)) == 1


@pytest.mark.parametrize(
    ("values", "middle", "ninety"),
    [([7], 7, 7), ([1, 2], 1, 2), ([1, 2, 3], 2, 3), ([*range(1, 21)], 10, 18)],
)
def test_a_percentile_is_a_value_that_occurred(values, middle, ninety):
    assert (ranked(values, 50), ranked(values, 90)) == (middle, ninety)


def lies_with(county, case, seat=None):
    """The step waits at the desk of the two investigators, or was handed to one of them."""
    with transaction(county.house.engine) as conn:
        mine = update(Task).where(Task.case_id == case.id, Task.done_at.is_(None))
        conn.execute(mine.values(role="TINV", assigned_seat=seat))


def test_what_waits_at_a_desk_is_shared_and_what_was_handed_over_is_not(county, case_at):
    one, other = county.staff["tinv1"].actor, county.staff["tinv1b"].actor
    for seat in (one.seat_id, None, None):
        lies_with(county, case_at("check_papers"), seat)
    with county.house.reader.connect() as conn:
        loads = workload(county.house, conn, county.staff["sup-msb"].actor, county.clock.at)
    assert {load.name: load.open for load in loads} == {one.name: 2, other.name: 1}
    assert not any(load.too_much for load in loads), "a few steps are not too much"


def test_more_than_twice_the_middle_of_the_post_is_too_much(county, case_at):
    busy = county.staff["tinv1"].actor
    for _ in range(5):
        lies_with(county, case_at("check_papers"), busy.seat_id)
    page = at_the_desk(county, "sup-msb").opens("/supervise/trends")
    marked = page.tree.xpath("//tr[.//*[contains(@class, 'mj-status--warn')]]/th/a/text()")
    assert marked == [busy.name]


def test_bars_stand_on_the_axis_and_reach_their_number():
    drawn = chart(["1月", "2月"], [[("opened", 0, 8)], [("ended", 1, 4), ("late", 1, 0)]])
    high, low = drawn.bars
    assert high.y + high.height == low.y + low.height == drawn.base and high.height == 2 * low.height
    assert [number for _, number in drawn.axis] == [0, 2, 4, 6, 8]
    assert [step_for(most) for most in (0, 5, 6, 30, 1000)] == [1, 1, 2, 10, 200]
    assert chart([], []).bars == []


def test_a_case_of_another_office_is_in_no_list(county, three_months):
    assert county.rows(Case)
    series = reads(county, "sup2", trends, county.clock.at)
    with county.house.reader.connect() as conn:
        book = county.house.rules().rulebook
        assert cases_of(conn, book, county.staff["sup2"].actor, series[9], "opened").total == 0
