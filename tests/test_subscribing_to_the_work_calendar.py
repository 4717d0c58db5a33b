"""The work calendar in the calendars of telephones: RFC 5545, an address that can be taken back."""

import re
from datetime import UTC, date, datetime

import pytest
from pages.desks import at_the_desk
from pages.visiting import Visitor
from small_county import TOWNSHIP
from sqlalchemy import update
from test_a_calendar_arrives import NOTICE, put_forward, release, table

import audit
from bpmn import Text
from web import create_app
from workflow.duties.icalendar import icalendar
from workflow.reading.work_calendar import Entry
from workflow.store import transaction
from workflow.store.models import Account, CalendarFeed, Seat

AT = datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC)
NAME = Text("公布上季度资金使用；救助对象, 第一\\二批\n" + "很长的名称" * 20, "publication")


def entry(**changes):
    plain = {"uid": "x-2026-Q4", "day": date(2027, 1, 22), "name": NAME, "told": Text("依据：D37", "source")}
    return Entry(**{**plain, **changes})


def unfolded(text: str) -> list[str]:
    """Content lines, after what RFC 5545 3.1 asks of each: CRLF, at most 75 octets, whole characters."""
    assert text.endswith("\r\n") and not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    lines = text.encode().split(b"\r\n")[:-1]
    assert all(0 < len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()  # no character is torn apart
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def parsed(text: str) -> list[dict[str, str]]:
    """The events, each as property → value, of an object whose parts open and close in order."""
    open_parts, events = [], []
    for line in unfolded(text):
        match = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[A-Z0-9-]+)*):(.*)", line)
        assert match, line
        name, value = match[1] + match[2], match[3]
        if name == "BEGIN":
            open_parts.append(value)
            if value == "VEVENT":
                events.append({})
        elif name == "END":
            assert open_parts.pop() == value
        elif open_parts[-1] == "VEVENT":
            assert name not in events[-1], f"{name} twice"
            events[-1][name] = value
        elif open_parts[-1] == "VALARM":
            events[-1][f"VALARM.{name}"] = value
    assert not open_parts
    return events


def test_an_event_is_a_whole_day_with_everything_it_must_have() -> None:
    text = icalendar("救助工作日历", [entry(warned=date(2027, 1, 18))], AT)
    assert unfolded(text)[:4] == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Mingjian//Work calendar//ZH", "CALSCALE:GREGORIAN",
    ]  # fmt: skip
    (event,) = parsed(text)
    assert event["UID"] == "x-2026-Q4@mingjian" and event["DTSTAMP"] == "20261126T010203Z"
    assert (event["DTSTART;VALUE=DATE"], event["DTEND;VALUE=DATE"]) == ("20270122", "20270123")
    assert event["TRANSP"] == "TRANSPARENT"
    assert event["VALARM.TRIGGER"] == "-P4D" and event["VALARM.ACTION"] == "DISPLAY"


def test_text_is_escaped_and_folded_between_characters() -> None:
    (event,) = parsed(icalendar("甲", [entry()], AT))
    plain = (
        event["SUMMARY"].replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    )
    assert plain == NAME.zh and "\\," in event["SUMMARY"] and "\\\\" in event["SUMMARY"]


def test_a_provisional_day_says_so() -> None:
    firm, tentative = parsed(icalendar("甲", [entry(), entry(provisional=True)], AT))
    assert (firm["STATUS"], tentative["STATUS"]) == ("CONFIRMED", "TENTATIVE")
    assert "暂定日期" in tentative["DESCRIPTION"] and "暂定" not in firm["DESCRIPTION"]


def subscribed(county, login="twin1"):
    """The visitor, and the path of the address the page shows."""
    visitor = at_the_desk(county, login)
    page = visitor.submits(visitor.opens("/calendar"), "/calendar/subscription")
    address = page.tree.xpath("string(//input[@id='feed']/@value)")
    assert address.startswith("http://localhost/calendar/feeds/")
    return visitor, address.removeprefix("http://localhost")


def read(county, path):
    """As a telephone reads it: without an account."""
    return Visitor(create_app(county.house, clock=county.clock, testing=True)).client.get(path)


def kinds(county):
    with county.house.reader.connect() as conn:
        return [stored.entry["type"] for stored in audit.entries(conn, audit.SYSTEM_CHAIN)]


def test_whoever_has_the_address_reads_the_office_s_year(county, case_at):
    case = case_at("public_notice")
    _, path = subscribed(county)
    answer = read(county, path)
    assert answer.status_code == 200 and answer.content_type == "text/calendar; charset=utf-8"
    text = answer.get_data(as_text=True)
    events = parsed(text)
    names = [event["SUMMARY"] for event in events]
    assert "报送本季度临时救助档案" in names and any("评议公示期满" in name for name in names)
    assert len({event["UID"] for event in events}) == len(events)
    assert all(event["DTSTAMP"] == f"{county.clock.at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for event in events)
    assert case.row.number not in text and "欧阳" not in text
    assert "calendar_subscribed" in kinds(county)


def test_a_uid_stays_when_the_day_moves(county):
    """The clearing of the last quarter lies in a year whose notice is still to come."""
    county.clock.to("2026-12-01")
    _, path = subscribed(county, "chnd")

    def clearing():
        events = parsed(read(county, path).get_data(as_text=True))
        return {e["UID"]: e for e in events}["hospital_clearing-2026-Q4-360829-msb@mingjian"]

    before = clearing()
    release(county, put_forward(county, content=table(*NOTICE)))
    after = clearing()
    assert (before["STATUS"], after["STATUS"]) == ("TENTATIVE", "CONFIRMED")
    assert after["DTSTART;VALUE=DATE"] > before["DTSTART;VALUE=DATE"]


def test_a_guessed_or_changed_code_reads_nothing(county):
    _, path = subscribed(county)
    number = county.rows(CalendarFeed)[0].id
    code = path.split("/")[-1].removesuffix(".ics")
    assert len(code) == 32, "192 bits"
    for wrong in (f"{number}/{code[::-1]}", f"{number + 1}/{code}", f"{number}/{code[:-1]}"):
        assert read(county, f"/calendar/feeds/{wrong}.ics").status_code == 404


def test_an_address_taken_back_reads_nothing_any_more(county):
    visitor, first = subscribed(county)
    page = visitor.submits(visitor.opens("/calendar"), "/calendar/subscription")
    second = page.tree.xpath("string(//input[@id='feed']/@value)").removeprefix("http://localhost")
    assert (
        second != first and read(county, first).status_code == 404 and read(county, second).status_code == 200
    )
    page = visitor.submits(page, "/calendar/subscription/end")
    assert not page.tree.xpath("//input[@id='feed']")
    assert read(county, second).status_code == 404
    assert kinds(county)[-1] == "calendar_subscription_ended"


@pytest.mark.parametrize("what", ["seat", "account"])
def test_the_address_ends_with_the_seat_and_with_the_account(county, what):
    _, path = subscribed(county)
    assert read(county, path).status_code == 200
    actor = county.staff["twin1"].actor
    ends = (
        update(Seat).where(Seat.id == actor.seat_id).values(valid_to=date(2026, 3, 1))
        if what == "seat"
        else update(Account).where(Account.id == actor.account_id).values(active=False)
    )
    with transaction(county.house.engine) as conn:
        conn.execute(ends)
    assert read(county, path).status_code == 404


def test_nobody_reads_another_office_by_it(county):
    _, path = subscribed(county)
    text = read(county, f"{path}?office=360829-msb").get_data(as_text=True)
    assert "360829-msb" not in text and TOWNSHIP in text
