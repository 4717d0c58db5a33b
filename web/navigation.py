"""What stands in the head of every page: only what the reader's seat may open."""

from collections.abc import Sized
from dataclasses import dataclass

from flask import Flask, current_app, g, request

from bpmn.text import Text
from web.access import PUBLIC, SIGNED_IN, allowed, permission_of
from web.addresses import ADDRESSES
from web.here import current_actor, house, member, now
from web.sessions import SeatView
from workflow.cases.county import County, county_of
from workflow.permissions import may
from workflow.reading import inbox
from workflow.reading.case_file import today
from workflow.reading.leaves import Waiting, waiting
from workflow.register.seating import is_away

ENTRIES = (
    ("work.index", Text("待办", "My work")),
    ("case.index", Text("案卷", "Cases")),
    ("supervise.index", Text("督办", "Deadlines")),
    ("calendar.index", Text("日历", "Calendar")),
    ("inspect.index", Text("核查", "Inspection")),
    ("indicators.index", Text("指标", "Figures")),
    ("inbox.index", Text("消息", "Messages")),
    ("posting.index", Text("公示", "Postings")),
    ("policy.index", Text("政策", "Rules")),
    ("flows.index", Text("流程", "Flows")),
    ("erasure.index", Text("信息删除", "Erasures")),
    ("staff.index", Text("人员岗位", "Seats")),
)

PARTS = {
    "pressing": "supervise",
    "overseen": "supervise",
    "conformance": "inspect",
    "findings": "inspect",
    "flags": "inspect",
    "evaluation": "indicators",
    "reports": "indicators",
    "spot_checks": "inspect",
    "searching": "inspect",
    "replaying": "inspect",
    "mining": "inspect",
    "moving": "policy",
}
"""Pages that belong to an entry of another part."""

ONLY_READ = {"staff": ("manage_accounts", "inspect")}
"""Who has not this action only reads the part, and finds it within that other one."""


@dataclass(frozen=True, slots=True)
class Link:
    address: str
    name: Text
    here: bool
    count: int | None


def links() -> list[Link]:
    person = member()
    if person is None or person.seat is None:
        return []
    found = []
    role, address = person.seat.role, current_app.extensions[ADDRESSES]
    part = (request.endpoint or "").partition(".")[0]
    inside = {one: other for one, (action, other) in ONLY_READ.items() if may(role, action) is None}
    part = (PARTS | inside).get(part, part)
    for endpoint, name in ENTRIES:
        permission, of = permission_of(endpoint), endpoint.partition(".")[0]
        if permission is None or (permission not in {PUBLIC, SIGNED_IN} and may(role, permission) is None):
            continue
        if of in inside:
            continue
        here = part == of
        found.append(Link(address(endpoint), name, here, unread() if endpoint == "inbox.index" else None))
    return found


def unread() -> int:
    """How many lines of the seat's inbox nobody has read yet."""
    if "unread" not in g:
        with house().reader.connect() as connection:
            g.unread = inbox.unread(connection, current_actor())
    return int(g.unread)


def covered() -> list[tuple[SeatView, Waiting]]:
    """The seats the reader stands in for and does not sit on now, with what lies there (SD-10)."""
    person = member()
    seats = [seat for seat in person.seats if seat.stands_for and seat != person.seat] if person else []
    if not seats:
        return []
    with house().reader.connect() as connection:
        found = waiting(connection, [seat.id for seat in seats])
    return [(seat, found[seat.id]) for seat in seats]


def away() -> bool:
    """Whether the reader's own seat is on leave today: the substitute acts, not the holder."""
    with house().reader.connect() as connection:
        return is_away(connection, current_actor(), today(now()))


def office() -> County:
    """What public pages say about the county: names, telephones, box (bpmn/county.toml)."""
    return county_of(house().rules().rulebook)


def has(endpoint: str) -> bool:
    """Whether there is such a page, for links between parts."""
    return endpoint in current_app.view_functions


def counted(rows: Sized, most: int) -> str:
    """How many a list holds; "50+" where it was cut off there."""
    return f"{len(rows)}+" if len(rows) >= most else str(len(rows))


def install(app: Flask) -> None:
    app.add_template_filter(counted)
    app.jinja_env.globals.update(
        navigation=links,
        office=office,
        member=member,
        allowed=allowed,
        has_page=has,
        covered=covered,
        away=away,
    )
