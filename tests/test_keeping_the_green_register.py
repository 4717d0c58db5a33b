"""绿色通道登记簿: every request stands there, and every figure opens what it counts (domain 2.4)."""

import io
from datetime import timedelta

import openpyxl
import pytest
from pages.desks import at_the_desk
from rescuing import asks, checked, granted, recovery_of, until

SQLITE = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture
def hospital(county):
    return county.staff["hosp"]


@pytest.fixture
def request_of(county, hospital):
    """`request_of(how)`: a new patient for whom the hospital asks."""

    def asked(**answers):
        return asks(hospital, county.household()[0], **answers)

    return asked


def recovered(county, request_of):
    """An advance of 3,000.00 that a refusal brings back: 1,000.00 of it has come so far."""
    case = granted(checked(request_of()))
    refused = {"give_opinion": {"opinion": "not_qualified", "opinion_reason": "R06"}}
    until(case, "archive_case", **refused, decide={"decision": "refuse"})
    recovery = recovery_of(case)
    plan = {
        "state_facts": {"due": "0.00"},
        "review_recovery": {"due": "0.00"},
        "decide_recovery": {"recovery": "recover", "suspected_crime": False, "penalty": "none"},
        "agree_payback": {"payback": "at_once", "pay_on": county.today + timedelta(days=30)},
    }
    county.drive(recovery, "record_repayment", plan)
    county.staff["fin2"].completes("record_repayment", recovery, repaid="1000.00")
    return case


def test_every_figure_opens_the_requests_it_counts(county, request_of):
    """On both databases: sums are whole fen."""
    back = recovered(county, request_of)
    open_one = granted(checked(request_of()), "2000.01", "payment")
    refused = request_of(papers=())
    page = at_the_desk(county, "insp").opens("/green-channel")
    assert page.status == 200
    for case in (back, open_one, refused):
        assert case.row.number in page.words
    assert "5,000.01元" in page.words and "已追回 1,000.00元" in page.words
    assert "还应退 2,000.00元" in page.words
    counted = {"advanced": [back, open_one], "open": [open_one], "settled": [back], "recovery": [back]}
    for shown, expected in counted.items():
        listed = at_the_desk(county, "insp").opens(f"/green-channel?s={shown}").words
        found = [case.row.number for case in (back, open_one, refused) if case.row.number in listed]
        assert found == [case.row.number for case in expected], shown


@SQLITE
def test_papers_that_have_not_come_in_time_are_marked(county, request_of, clock):
    case = granted(checked(request_of()))
    until(case, "receive_full_papers")
    assert "0件" in late(county)
    clock.forward(days=15)
    assert case.row.number in late(county) and "超期" in late(county)


def late(county):
    return at_the_desk(county, "sup-msb").opens("/green-channel?s=late").words


@SQLITE
def test_the_spreadsheet_has_numbers_and_days_and_no_names(county, hospital, request_of):
    hospital_name = "=HYPERLINK(1)县医院"
    case = granted(checked(request_of(hospital=hospital_name)), "2000.01")
    content = at_the_desk(county, "capr").client.get("/green-channel/register.xlsx").data
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows())
    heads = [cell.value for cell in rows[1]]
    line = dict(zip(heads, rows[2], strict=True))
    assert line["案件编号"].value == case.row.number
    assert line["先行救助（元）"].value == 2000.01
    assert line["批准时间"].value == county.clock.at.replace(tzinfo=None)
    assert (line["医院"].value, line["医院"].data_type) == (hospital_name, "s"), "text, no formula"
    assert not any("欧阳" in str(cell.value) for row in rows for cell in row)


@SQLITE
@pytest.mark.parametrize(
    ("login", "status"),
    [("insp", 200), ("chnd", 200), ("fin1", 200), ("vlia1", 403), ("hosp", 403), ("adm", 403)],
)
def test_who_grants_pays_or_watches_may_see_it(county, login, status):
    for address in ("/green-channel", "/green-channel/register.xlsx"):
        assert at_the_desk(county, login).opens(address).status == status


@SQLITE
def test_the_case_page_tells_the_advance_and_the_recovery_what_has_come(county, request_of):
    case = recovered(county, request_of)
    told = at_the_desk(county, "chnd").opens(f"/cases/{case.id}").words
    for words in ("按中期账单测算", "向医院担保", "最多可先行救助", "多付部分转入追回"):
        assert words in told
    recovery = recovery_of(case)
    told = at_the_desk(county, "chnd").opens(f"/cases/{recovery.id}").words
    for words in ("还应退", "2,000.00元", "退款计划", "财政专户，回单", case.row.number):
        assert words in told
