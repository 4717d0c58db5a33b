"""The work calendar as an iCalendar object (RFC 5545), for telephones and mail programs. Pure.

All-day events. A UID stays while its day moves, so a calendar that is read again moves the event and does
not double it. Nothing of a person stands in it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from workflow.reading.work_calendar import Entry

LONGEST: Final = 75
"""Octets of a line without its end (RFC 5545, 3.1)."""
PRODUCT: Final = "-//Mingjian//Work calendar//ZH"
PROVISIONAL: Final = "暂定日期：这一年的放假安排还没有录入，录入后可能改变。"


def icalendar(name: str, entries: Iterable[Entry], at: datetime) -> str:
    """The whole object with CRLF line ends. `name`: of the calendar; `at`: when it is made, aware."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for entry in entries:
        lines += _event(entry, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(entry: Entry, stamp: str) -> Iterator[str]:
    told = [entry.told.zh] if entry.told.zh else []
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}@mingjian"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{_date(entry.day)}"
    yield f"DTEND;VALUE=DATE:{_date(entry.day + timedelta(days=1))}"
    yield f"SUMMARY:{_text(entry.name.zh)}"
    if entry.provisional:
        told.append(PROVISIONAL)
    if told:
        yield f"DESCRIPTION:{_text(chr(10).join(told))}"
    yield f"STATUS:{'TENTATIVE' if entry.provisional else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    if entry.warned is not None and entry.warned < entry.day:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(entry.name.zh)}"
        yield f"TRIGGER:-P{(entry.day - entry.warned).days}D"
        yield "END:VALARM"
    yield "END:VEVENT"


def _date(day: date) -> str:
    return f"{day:%Y%m%d}"


def _text(value: str) -> str:
    """A text value (3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(plain, written)
    return value


def _folded(line: str) -> Iterator[str]:
    """The line in parts of at most 75 octets, no character torn apart; further parts begin with a space."""
    part, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > LONGEST:
            yield part
            part, size = " ", 1
        part += character
        size += octets
    yield part
