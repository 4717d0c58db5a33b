"""救助工作日历: a month of an office on the screen, on paper, and as a calendar to subscribe to."""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import pdf
from web.access import needs, public
from web.here import asked_month, current_actor, house, now, request_key
from web.language import local, t
from web.limits import reading_a_calendar
from web.security import code_of
from workflow.calendar_commands import EndSubscription, SubscribeCalendar
from workflow.calendars import missing_year
from workflow.deadlines import Calendar, months_later
from workflow.duties import subscribing
from workflow.duties.icalendar import icalendar
from workflow.errors import NotFound
from workflow.handle import handle
from workflow.reading import work_calendar
from workflow.reading.work_calendar import Entry, Office

bp = Blueprint("calendar", __name__, url_prefix="/calendar")
AHEAD: Final = timedelta(days=400)
"""How far a subscribed calendar looks: every yearly duty is in it once."""


@dataclass(frozen=True, slots=True)
class Month:
    """What one page shows. `missing`: years with provisional dates on it, or that should be there by now."""

    first: date
    last: date
    office: Office
    offices: list[Office]
    entries: list[Entry]
    calendar: Calendar
    feed: str | None
    missing: list[int]

    @property
    def weeks(self) -> list[list[tuple[date, list[Entry]]]]:
        return work_calendar.weeks(self.first, self.entries)

    @property
    def before(self) -> str:
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        return f"{self.last + timedelta(days=1):%Y-%m}"


def _asked() -> Month:
    """The month and the office that the address names; today's and the reader's own where it does not.

    Raises:
        NotAllowed, NotFound
    """
    actor, today = current_actor(), local(now()).date()
    first = asked_month(today.replace(day=1))
    last = months_later(first, 1) - timedelta(days=1)
    calendar = house().calendar()
    with house().reader.connect() as connection:
        all_offices = work_calendar.offices(house(), connection, actor, today)
        office = work_calendar.chosen(all_offices, request.args.get("office", ""))
        found = work_calendar.entries(house(), connection, office, first, last)
        number = subscribing.feed_of(connection, actor.seat_id)
    missing = set(years_missing(entry.day for entry in found))
    late = missing_year(calendar, today)
    return Month(
        first,
        last,
        office,
        all_offices,
        found,
        calendar,
        None if number is None else _address(number),
        sorted(missing | ({late} if late else set())),
    )


@bp.get("")
@needs("view_work_calendar")
def index() -> ResponseReturnValue:
    return render_template("calendar/index.html", month=_asked(), today=local(now()).date())


@bp.get("/month.pdf")
@needs("view_work_calendar")
def paper() -> Response:
    """The month's list on paper."""
    month = _asked()
    body = render_template("calendar/paper.html", month=month)
    title = t("救助工作日历", "Work calendar")
    content = pdf.pdf_of(body, title=title, language=t("zh-CN", "en"))
    return pdf.response(content, f"{month.first:%Y-%m}.pdf")


@bp.post("/subscription")
@needs("view_work_calendar")
def subscribe() -> ResponseReturnValue:
    """A new address for the seat; the old one reads nothing any more."""
    handle(house(), current_actor(), SubscribeCalendar(), at=now(), request_id=request_key())
    flash(t("订阅地址已生成", "The address is ready"))
    return redirect(f"{url_for('.index')}#subscription", 303)


@bp.post("/subscription/end")
@needs("view_work_calendar")
def end_subscription() -> ResponseReturnValue:
    handle(house(), current_actor(), EndSubscription(), at=now(), request_id=request_key())
    flash(
        t("订阅已停用，原来的地址打不开了", "The subscription has ended; its address reads nothing any more")
    )
    return redirect(f"{url_for('.index')}#subscription", 303)


@bp.app_template_global()
def years_missing(days: Iterable[date | datetime]) -> list[int]:
    """The years of some last days (or of the instants after them) whose notice is not in the calendar yet."""
    ends = (local(day - timedelta(microseconds=1)) if isinstance(day, datetime) else day for day in days)
    return sorted({end.year for end in ends} - house().calendar().years)


def _token(number: int) -> str:
    """What nobody can guess: a code over the number of the address, made with the key of this house."""
    return base64.urlsafe_b64encode(code_of(f"calendar feed {number}")[:24]).decode()


def _address(number: int) -> str:
    return url_for("calendar.feed", number=number, token=_token(number), _external=True)


@bp.get("/feeds/<int:number>/<token>.ics")
@public
@reading_a_calendar
def feed(number: int, token: str) -> Response:
    """The calendar of a seat's office for whoever holds the address: calendars cannot sign in.

    Raises:
        NotFound: a wrong code, or the address or the seat has ended; all look the same.
    """
    if not hmac.compare_digest(token.encode(), _token(number).encode()):
        raise NotFound()
    today = local(now()).date()
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    with house().reader.connect() as connection:
        reader = subscribing.reader_of(connection, number, now())
        if reader is None:
            raise NotFound()
        seen = work_calendar.offices(house(), connection, reader, today)
        office = work_calendar.chosen(seen, "")
        found = work_calendar.entries(house(), connection, office, first, today + AHEAD)
    text = icalendar(f"救助工作日历 {office.name}", found, now())
    return Response(text, content_type="text/calendar; charset=utf-8")
