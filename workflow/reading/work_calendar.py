"""救助工作日历: what an office has to do on which day: its duties, postings that end, steps that fall due.

Counts and places only: no case and no person is named, so the same entries go to the page, the print and the
calendars of telephones.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, or_, select

from bpmn import Text
from workflow.actor import Actor
from workflow.cases.ways import ORDINARY
from workflow.deadlines import SHANGHAI, Calendar, Limit
from workflow.deadlines.words import length
from workflow.duties.rules import TOWNSHIP, Duty, duties_of
from workflow.duties.turns import turns
from workflow.errors import NotAllowed, NotFound
from workflow.house import House
from workflow.permissions import kind_of, oversees, require
from workflow.register.one_bill import policy_today
from workflow.rules import Rules
from workflow.store.models import Case, Clock, Organisation, Posting, Task
from workflow.terms import Terms

MOMENT: Final = timedelta(microseconds=1)
LISTS: Final[Mapping[int, Text]] = {
    1: Text("评议公示", "village review"),
    2: Text("审核公示", "township audit"),
    3: Text("审批公示", "county decision"),
    4: Text("初审公示", "first check"),
}
COUNTY_LIST: Final = 3


@dataclass(frozen=True, slots=True)
class Office:
    """A township or an office of the county."""

    code: str
    name: str

    @property
    def kind(self) -> str:
        """As `bpmn/duties.toml` names it."""
        kind = kind_of(self.code)
        return TOWNSHIP if kind == "government" else kind


@dataclass(frozen=True, slots=True)
class Entry:
    """Something of one day. `uid` stays when the day moves; `told`: the rule and its source, or empty;
    `warned`: when the first warning comes; `provisional`: counted with a year whose notice is missing.
    """

    uid: str
    day: date
    name: Text
    told: Text
    warned: date | None = None
    provisional: bool = False


def offices(house: House, conn: Connection, actor: Actor, today: date) -> list[Office]:
    """The offices whose calendar this reader may see, his own first.

    Raises:
        NotAllowed
    """
    grant = require(actor, "view_work_calendar", met={"own_office"})
    own = own_office(actor.org)
    kinds = {kind for duty in duties_of(house.rules().rulebook).values() for kind in duty.offices}
    rows = conn.execute(
        select(Organisation.code, Organisation.name, Organisation.level, Organisation.kind)
        .where(
            Organisation.code.startswith(actor.org[:6]),
            or_(Organisation.level == TOWNSHIP, Organisation.kind.in_(kinds), Organisation.code == own),
            or_(Organisation.valid_to.is_(None), Organisation.valid_to >= today),
        )
        .order_by(Organisation.level, Organisation.code)
    ).all()
    found = [Office(row.code, row.name) for row in rows]
    if "own_office" in grant.conditions:
        found = [office for office in found if office.code == own]
    elif actor.org.isdigit() and not actor.org.endswith("000000"):
        found = [office for office in found if oversees(actor.org, office.code)]
    return sorted(found, key=lambda office: office.code != own)


def own_office(org: str) -> str:
    """The office whose calendar is one's own: of a village its township."""
    return f"{org[:9]}000" if org.isdigit() and not org.endswith("000") else org


def chosen(seen: Sequence[Office], code: str) -> Office:
    """One office of those a reader may see, the first unless named.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    for office in seen:
        if code in ("", office.code):
            return office
    raise NotFound()


def entries(house: House, conn: Connection, office: Office, first: date, last: date) -> list[Entry]:
    """Everything of an office from the day `first` to the day `last`, in order."""
    rules, calendar = house.rules(), house.calendar()
    duties = duties_of(rules.rulebook)
    found = [
        *_duties(rules, duties, calendar, office, first, last),
        *_postings(conn, calendar, office, first, last),
        *_steps(conn, duties, calendar, office, first, last),
    ]
    return sorted(found, key=lambda entry: (entry.day, entry.uid))


def _duties(
    rules: Rules,
    duties: Mapping[str, Duty],
    calendar: Calendar,
    office: Office,
    first: date,
    last: date,
) -> Iterator[Entry]:
    for duty in duties.values():
        if office.kind not in duty.offices:
            continue
        limits = terms_for(rules, duty, office, first).limits
        told = _rule(limits[duty.limit])
        for turn in turns(duty, duties, limits, calendar, first, last):
            uid = f"{duty.id}-{turn.period}-{office.code}"
            yield Entry(uid, turn.due.day, duty.name, told, turn.warned, turn.due.provisional)


def _rule(limit: Limit) -> Text:
    """The rule of a limit as its explanation words it."""
    if limit.on is not None:
        words = limit.on.words
    else:
        span = length(limit.amount, limit.unit)
        words = Text(f"{limit.event.zh}后{span.zh}内", f"within {span.en}: {limit.event.en}")
    return Text(
        f"{words.zh}（{limit.id}，依据：{limit.source}）", f"{words.en} ({limit.id}, source: {limit.source})"
    )


def terms_for(rules: Rules, duty: Duty, office: Office, day: date) -> Terms:
    """The terms of the policy set by which the county does the duty's flow on that day; the shared ones
    where none is in force.
    """
    number = rules.rulebook.limits[duty.limit].flow
    ways = [row.id for row in rules.rulebook.flows.values() if row.number == number]
    place = office.code if office.code.isdigit() else f"{office.code[:6]}000000"
    for way in (*ways, ORDINARY):
        try:
            return rules.terms[policy_today(rules.policies, day, place, way)]
        except NotAllowed:
            continue
    return rules.terms[""]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


def _within(column: Any, first: date, last: date) -> ColumnElement[bool]:
    """Whether an end lies in the days: the end of a day is the midnight after it."""
    inside: ColumnElement[bool] = (column > _midnight(first)) & (
        column <= _midnight(last + timedelta(days=1))
    )
    return inside


def _last_day(end: datetime) -> date:
    return (end - MOMENT).astimezone(SHANGHAI).date()


def _postings(
    conn: Connection, calendar: Calendar, office: Office, first: date, last: date
) -> Iterator[Entry]:
    """The postings that end, by village and list; for the bureau its own list by township."""
    if office.kind == TOWNSHIP:
        place, mine = Case.village, Case.township == office.code
    elif office.kind == "msb":
        place = Case.township
        mine = (Case.county == f"{office.code[:6]}000000") & (Posting.number == COUNTY_LIST)
    else:
        return
    rows = conn.execute(
        select(place.label("place"), Organisation.name, Posting.number, Posting.posted_at, Posting.ends_at)
        .join(Case, Case.id == Posting.case_id)
        .join(Organisation, Organisation.code == place)
        .where(
            mine,
            _within(Posting.ends_at, first, last),
            or_(Posting.taken_down_at.is_(None), Posting.taken_down_at >= Posting.ends_at),
        )
    ).all()
    counted = Counter(
        (row.place, row.name, row.number, row.posted_at.astimezone(SHANGHAI).date(), _last_day(row.ends_at))
        for row in rows
    )
    for (code, name, number, posted, day), households in counted.items():
        kind = LISTS[number]
        yield Entry(
            f"posting-{code}-{number}-{posted}-{office.code}",
            day,
            Text(f"{name}{kind.zh}期满（{households}户）", f"{name}: posting ends, {kind.en} ({households})"),
            Text("期满后由另一人到现场确认", "somebody else confirms it on the spot"),
            provisional=calendar.provisional(day),
        )


def _steps(
    conn: Connection, duties: Mapping[str, Duty], calendar: Calendar, office: Office, first: date, last: date
) -> Iterator[Entry]:
    """How many open steps of the office fall due, for the limits that the work calendar follows."""
    followed = {duty.limit: duty for duty in duties.values() if duty.cases}
    mine = Task.org == office.code
    if office.kind == TOWNSHIP:
        mine = (Task.org >= office.code) & (Task.org < f"{int(office.code) + 1000:012}")
    rows = conn.execute(
        select(Clock.limit_id, Task.due_at, func.count().label("number"))
        .join(Task, Task.clock_id == Clock.id)
        .where(mine, Task.done_at.is_(None), Clock.limit_id.in_(followed), _within(Task.due_at, first, last))
        .group_by(Clock.limit_id, Task.due_at)
    ).all()
    counted: Counter[tuple[str, date]] = Counter()
    for row in rows:
        counted[row.limit_id, _last_day(row.due_at)] += row.number
    for (limit, day), number in counted.items():
        duty = followed[limit]
        yield Entry(
            f"{duty.id}-{day}-{office.code}",
            day,
            Text(f"{duty.name.zh}到期（{number}件）", f"{duty.name.en}: due ({number})"),
            Text("", ""),
            provisional=calendar.provisional(day),
        )


def weeks(first: date, found: Sequence[Entry]) -> list[list[tuple[date, list[Entry]]]]:
    """The month of `first` in whole weeks from Monday, each day with its entries."""
    by_day: dict[date, list[Entry]] = {}
    for entry in found:
        by_day.setdefault(entry.day, []).append(entry)
    start = first - timedelta(days=first.weekday())
    days = [start + timedelta(days=number) for number in range(42)]
    rows = [[(day, by_day.get(day, [])) for day in days[place : place + 7]] for place in range(0, 42, 7)]
    return [row for row in rows if any((day.year, day.month) == (first.year, first.month) for day, _ in row)]
