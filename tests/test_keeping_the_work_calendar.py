"""救助工作日历: what each office does on which day, on the page and on paper."""

from datetime import date

import pytest
from pages.desks import at_the_desk
from small_county import OTHER_TOWNSHIP, TOWNSHIP
from sqlalchemy import event

from workflow.deadlines import SHANGHAI
from workflow.reading.work_calendar import Office, entries, offices, weeks
from workflow.store.models import Posting

MSB, FINANCE, HOSPITAL = "360829-msb", "360829-finance", "360829-hospital"


def of(county, office, first, last):
    """(day, Chinese name) of everything an office has to do."""
    with county.house.reader.connect() as conn:
        found = entries(
            county.house, conn, Office(office, ""), date.fromisoformat(first), date.fromisoformat(last)
        )
    return [(f"{entry.day:%m-%d}", entry.name.zh) for entry in found]


def test_the_bureau_s_december(county):
    assert of(county, MSB, "2026-12-01", "2026-12-31") == [
        ("12-01", "审核拨付慢性病救助"),
        ("12-07", "按月交叉比对高额费用人员"),
        ("12-31", "当月慢性病救助卡申请审定完毕"),
        ("12-31", "审核拨付慢性病救助"),
        ("12-31", "年度联合检查"),
        ("12-31", "召开联席会议"),
    ]


def test_each_kind_of_office_has_its_own(county):
    assert of(county, HOSPITAL, "2026-10-01", "2026-10-31") == [
        ("10-10", "报送慢性病花名册和月报"),
        ("10-27", "与定点医院清算"),
    ]
    assert of(county, TOWNSHIP, "2026-05-01", "2026-05-31") == [("05-29", "报送本季度临时救助档案")]
    assert ("02-28", "慢性病救助配套资金到位") in of(county, FINANCE, "2026-02-01", "2026-02-28")
    assert of(county, "360829-trade_union", "2026-11-01", "2026-11-30") == []


def test_payment_counts_from_the_day_of_the_report(county):
    """15 working days after 10 September, past the mid-autumn and national holidays (domain 7.1)."""
    assert ("10-08", "审核拨付慢性病救助") in of(county, FINANCE, "2026-10-01", "2026-10-31")


def test_what_has_come_about_is_published_within_twenty_working_days(county):
    """20 working days after the meeting of 30 September, past the national holidays (D39, domain 2.23)."""
    assert ("11-03", "主动公开联席会议议定的政策信息") in of(county, MSB, "2026-11-01", "2026-11-30")
    january = of(county, MSB, "2027-01-01", "2027-01-31")
    assert "主动公开年度联合检查结果" in [name for _, name in january]


def test_what_falls_into_a_year_without_calendar_is_provisional(county):
    with county.house.reader.connect() as conn:
        found = entries(county.house, conn, Office(MSB, ""), date(2026, 12, 1), date(2027, 1, 31))
    assert {entry.day.year for entry in found if entry.provisional} == {2027}
    assert all(entry.provisional for entry in found if entry.day.year == 2027)


def test_a_posting_that_ends_stands_on_its_last_day_without_a_name(county, case_at):
    case = case_at("public_notice")
    ends = county.rows(Posting, Posting.case_id == case.id)[0].ends_at.astimezone(SHANGHAI)
    (found,) = [row for row in of(county, TOWNSHIP, "2026-03-01", "2026-03-31") if "公示期满" in row[1]]
    assert ends.hour == 0 and found[0] == f"{date.fromordinal(ends.toordinal() - 1):%m-%d}"
    assert found[1].endswith("评议公示期满（1户）")
    assert not [row for row in of(county, OTHER_TOWNSHIP, "2026-03-01", "2026-03-31") if "公示" in row[1]]


def test_steps_that_fall_due_are_counted_for_the_office_that_holds_them(county, case_at):
    case = case_at("archive_case")
    step = case.open["archive_case"]
    day = f"{(step.due_at.astimezone(SHANGHAI).toordinal() - 1)}"
    mine = of(county, step.org, "2026-03-01", "2026-12-31")
    assert (f"{date.fromordinal(int(day)):%m-%d}", "立卷归档到期（1件）") in mine


def test_a_township_and_a_department_see_their_own_page_only(county):
    def seen(login):
        with county.house.reader.connect() as conn:
            found = offices(county.house, conn, county.staff[login].actor, county.today)
        return [office.code for office in found]

    assert seen("vlia1") == seen("twin1") == seen("sup1") == [TOWNSHIP]
    assert seen("fin1") == [FINANCE]
    everybody = seen("chnd")
    assert everybody[0] == MSB and {TOWNSHIP, OTHER_TOWNSHIP, FINANCE, HOSPITAL} <= set(everybody)
    assert set(seen("insp")) >= set(everybody)
    page = at_the_desk(county, "twin1").opens(f"/calendar?office={OTHER_TOWNSHIP}")
    assert page.status == 404


def test_a_month_is_whole_weeks_from_monday():
    rows = weeks(date(2026, 2, 1), [])
    assert (rows[0][0][0], rows[-1][-1][0], len(rows)) == (date(2026, 1, 26), date(2026, 3, 1), 5)


def test_the_page_is_a_table_and_a_list(county):
    county.clock.to("2026-10-12")
    page = at_the_desk(county, "chnd").opens("/calendar")
    assert page.status == 200 and page.heading.startswith("2026年10月")
    (grid,) = page.tree.xpath("//table[contains(@class, 'mj-yc')]")
    assert grid.xpath("./caption") and len(grid.xpath(".//thead//th[@scope='col']")) == 7
    (today,) = grid.xpath(".//td[@aria-current='date']")
    assert today.xpath("string(.//time)") == "10月12日"
    made_up = grid.xpath(".//td[.//time[@datetime='2026-10-10']]")[0].text_content()
    assert "班" in made_up and "国庆节" in made_up
    assert "与定点医院清算" in grid.xpath(".//td[.//time[@datetime='2026-10-27']]")[0].text_content()
    assert "季度结束后15个工作日内（D24，依据：domain 7.2 D24）" in page.words
    assert "收到月报后15个工作日内（D22，" in page.words
    assert "10月19日" in page.tree.xpath("//table[contains(@class, 'mj-table--cards')]")[0].text_content()


def test_other_months_and_offices_are_a_link_and_a_form_away(county):
    visitor = at_the_desk(county, "chnd")
    page = visitor.opens("/calendar?month=2026-12")
    following = page.tree.xpath("//a[@rel='next']/@href")[0]
    assert visitor.opens(following).heading.startswith("2027年1月")
    picked = visitor.opens(f"/calendar?office={TOWNSHIP}&month=2026-05")
    assert "报送本季度临时救助档案" in picked.words
    assert visitor.opens("/calendar?month=2026-13").status == 200, "an odd month is today's"


@pytest.mark.parametrize(("day", "said"), [("2026-10-31", False), ("2026-11-02", True)])
def test_from_november_on_the_page_misses_the_next_year(county, day, said):
    county.clock.to(day)
    page = at_the_desk(county, "twin1").opens("/calendar")
    assert ("2027年的放假安排还没有录入" in page.words) is said


def test_the_month_on_paper(county):
    visitor = at_the_desk(county, "twin1")
    answer = visitor.client.get("/calendar/month.pdf?month=2026-05")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF-")


def test_a_month_costs_the_same_queries_however_much_is_in_it(county, case_at):
    asked = []
    event.listen(county.house.reader, "before_cursor_execute", lambda *args: asked.append(args[2]))

    for _ in range(2):
        case_at("public_notice")
        asked.clear()
        of(county, TOWNSHIP, "2026-03-01", "2026-03-31")
        assert len([each for each in asked if "posting" in each or "clock" in each]) == 2
