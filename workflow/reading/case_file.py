"""Everything a page about one case shows, read in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Date, bindparam, select, tuple_

from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.amounts import WARNINGS
from workflow.cases.kept_clocks import limits_of
from workflow.deadlines import SHANGHAI, Standing
from workflow.house import House
from workflow.reading.access import Access, access_to
from workflow.reading.case_row import read_case
from workflow.reading.diagrams import Visit
from workflow.reading.people import Applicant, applicant_of, nobody
from workflow.reading.repayments import (
    RecoveryView,
    SetOffView,
    advance_of,
    recovery_of,
    set_offs_of,
)
from workflow.reading.standings import ClockView, clock_view
from workflow.reading.ties import Link, WayView, links_of, way_of
from workflow.register.seating import sat_on
from workflow.rules import Rules
from workflow.store.models import (
    Account,
    Calculation,
    Claim,
    Clock,
    Letter,
    Objection,
    Organisation,
    Paper,
    Payment,
    Posting,
    Seat,
    Task,
    table,
)
from workflow.store.prepared import Prepared
from workflow.terms import Terms


@dataclass(frozen=True, slots=True)
class Place:
    """A step of the case: open or done. `holders` are the people on the seat that has to act."""

    id: int
    node: str
    process: str
    name: str
    kind: str
    role: Text
    role_code: str
    org: str
    org_name: str
    state: str
    form: str | None
    clock_id: int | None
    opened_at: datetime
    due_at: datetime | None
    paused: bool
    done_at: datetime | None
    done_by: str
    done_seq: int | None
    holders: tuple[str, ...]

    @property
    def open(self) -> bool:
        return self.done_at is None


@dataclass(frozen=True, slots=True)
class PaperView:
    id: int
    kind: str
    name: Text
    file_name: str
    sha256: str
    mime: str
    size: int
    uploaded_at: datetime
    uploaded_by: str

    @property
    def image(self) -> bool:
        return self.mime.startswith("image/")


@dataclass(frozen=True, slots=True)
class LetterView:
    id: int
    title: Text
    number: str
    issued_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Money:
    """The bills, the newest calculation with every line, what was paid, advanced, set off or is recovered.
    Account numbers masked.
    """

    claims: Sequence[Any]
    calculation: Any | None
    earlier: Sequence[Any]
    payments: Sequence[Any]
    advance: Any | None
    recovery: RecoveryView | None
    set_offs: Sequence[SetOffView]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case for one reader."""

    id: UUID
    number: str
    rules: Rules
    access: Access
    row: Any
    state: Text
    flow: str
    applicant: Applicant
    places: tuple[Place, ...]
    clocks: tuple[ClockView, ...]
    papers: tuple[PaperView, ...]
    letters: tuple[LetterView, ...]
    money: Money | None
    postings: Sequence[Any]
    objections: Sequence[Any]
    links: tuple[Link, ...]
    way: WayView | None

    def category(self, code: str) -> Text:
        """The name of a category as the policy set of this case has it."""
        return self.rules.terms[self.row.policy or ""].categories.get(code, Text(code, code))

    def warning(self, code: str) -> Text:
        """A remark of the calculation in words."""
        return WARNINGS.get(code, Text(code, code))

    @property
    def open(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.open)

    @property
    def visits(self) -> tuple[Visit, ...]:
        return tuple(Visit(p.process, p.node, p.state, p.opened_at, p.done_at, p.paused) for p in self.places)

    def clock_of(self, place: Place) -> ClockView | None:
        return next((clock for clock in self.clocks if clock.id == place.clock_id), None)

    @property
    def leading(self) -> Place | None:
        """The open place that a reader means by "now": somebody's work before a wait, the next due first."""
        waiting = sorted(
            self.open, key=lambda p: (p.kind != "user", p.due_at is None, p.due_at or p.opened_at)
        )
        return waiting[0] if waiting else None

    @property
    def standing(self) -> Standing | None:
        leading = self.leading
        clock = self.clock_of(leading) if leading else None
        return clock.standing if clock else None


_THIS = bindparam("case_id", type_=Task.case_id.type)
_POSTINGS = Prepared(
    select(Posting.id, Posting.number, Posting.posted_at, Posting.ends_at, Posting.taken_down_at)
    .where(Posting.case_id == _THIS)
    .order_by(Posting.id)
)
_OBJECTIONS = Prepared(
    select(Objection.id, Objection.received_at, Objection.result, Objection.seq)
    .where(Objection.case_id == _THIS)
    .order_by(Objection.id)
)
_PLACES = Prepared(
    select(table(Task), Organisation.name.label("org_name"), Account.name.label("doer"))
    .outerjoin(Organisation, Organisation.code == Task.org)
    .outerjoin(Account, Account.id == Task.done_account)
    .where(Task.case_id == _THIS)
    .order_by(Task.opened_at, Task.id)
)
_CLOCKS = Prepared(select(table(Clock)).where(Clock.case_id == _THIS).order_by(Clock.id))
_PAPERS = Prepared(
    select(table(Paper), Account.name.label("who"))
    .join(Account, Account.id == Paper.uploaded_by)
    .where(Paper.case_id == _THIS)
    .order_by(Paper.id)
)
_LETTERS = Prepared(
    select(Letter.id, Letter.kind, Letter.number, Letter.issued_at, Letter.delivered_at)
    .where(Letter.case_id == _THIS)
    .order_by(Letter.id.desc())
)
_CALCULATIONS = Prepared(
    select(table(Calculation)).where(Calculation.case_id == _THIS).order_by(Calculation.id.desc())
)
_PAYMENTS = Prepared(select(table(Payment)).where(Payment.case_id == _THIS).order_by(Payment.attempt))
_CLAIMS = Prepared(
    select(table(Claim)).where(Claim.case_id == bindparam("case")).order_by(Claim.settled_on, Claim.id)
)


def case_file(house: House, conn: Connection, actor: Actor, case_id: UUID, now: datetime) -> CaseFile:
    """Read a case for one reader. What was erased is left out.

    Raises:
        NotFound, NotAllowed
    """
    row = read_case(conn, case_id)
    access, whole = access_to(conn, actor, row), row.erased_at is None
    rules = house.rules(row.rulebook)
    book, terms = rules.rulebook, rules.terms[row.policy or ""]
    state = book.states[row.state].name if row.state in book.states else Text(row.state, row.state)
    return CaseFile(
        id=row.id,
        number=row.number,
        rules=rules,
        access=access,
        row=row,
        state=state,
        flow=rules.model.flows[row.flow].name,
        applicant=applicant_of(conn, terms.categories, row, today(now)) if whole else nobody(row.person),
        places=places_of(conn, rules, row, now),
        clocks=clocks_of(house, conn, row, terms, now),
        papers=papers_of(conn, rules, row.id, access) if whole else (),
        letters=letters_of(conn, rules, row.id) if whole else (),
        money=money_of(conn, book, row) if access.money else None,
        postings=_POSTINGS.all(conn, {"case_id": row.id}),
        objections=_OBJECTIONS.all(conn, {"case_id": row.id}),
        links=links_of(conn, rules, row.id),
        way=way_of(rules, row.way),
    )


def today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def places_of(conn: Connection, rules: Rules, row: Any, now: datetime) -> tuple[Place, ...]:
    """All places in the order they were opened; names of people in one query each."""
    rows = _PLACES.all(conn, {"case_id": row.id})
    people = holders(conn, {(each.org, each.role) for each in rows if each.done_at is None}, today(now))
    roles = rules.rulebook.roles
    return tuple(
        Place(
            id=each.id, node=each.node, process=each.process, name=each.name, kind=each.kind,
            role=roles[each.role].name if each.role in roles else Text(each.role, each.role),
            role_code=each.role, org=each.org, org_name=each.org_name or each.org, state=each.state,
            form=each.form, clock_id=each.clock_id, opened_at=each.opened_at, due_at=each.due_at,
            paused=each.paused, done_at=each.done_at, done_by=each.doer or "", done_seq=each.done_seq,
            holders=people.get((each.org, each.role), ()) if each.kind == "user" else (),
        )
        for each in rows
    )  # fmt: skip


_HOLDERS = (
    select(Seat.org, Seat.role, Account.name)
    .join(Account, Account.id == Seat.account_id)
    .where(
        tuple_(Seat.org, Seat.role).in_(bindparam("seats", expanding=True)),
        *sat_on(bindparam("day", type_=Date())),
        Account.active,
    )
    .order_by(Seat.id)
)


def holders(
    conn: Connection, seats: set[tuple[str, str]], day: date
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(organisation, role) → the people who act there that day; of a seat on leave the substitute."""
    if not seats:
        return {}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for org, role, name in conn.execute(_HOLDERS, {"seats": sorted(seats), "day": day}):
        found[org, role] = (*found.get((org, role), ()), name)
    return found


def clocks_of(
    house: House, conn: Connection, case: Any, terms: Terms, now: datetime
) -> tuple[ClockView, ...]:
    """The case's clocks: the running ones explained, the next due first; then those that have stopped."""
    rows = _CLOCKS.all(conn, {"case_id": case.id})
    running = sorted((row for row in rows if row.stopped_at is None), key=lambda row: row.due_at)
    stopped = [row for row in rows if row.stopped_at is not None]
    return tuple(
        clock_view(house, row, limits_of(house, row, case.policy, terms), now, tell=row.stopped_at is None)
        for row in (*running, *stopped)
    )


def papers_of(conn: Connection, rules: Rules, case_id: UUID, access: Access) -> tuple[PaperView, ...]:
    """The papers this reader may open, the newest last."""
    rows = _PAPERS.all(conn, {"case_id": case_id})
    kinds = rules.rulebook.papers
    return tuple(
        PaperView(
            row.id, row.kind, kinds[row.kind].name if row.kind in kinds else Text(row.kind, row.kind),
            row.name, row.sha256, row.mime, row.size, row.uploaded_at, row.who,
        )
        for row in rows
        if access.paper(row.kind)
    )  # fmt: skip


def letters_of(conn: Connection, rules: Rules, case_id: UUID) -> tuple[LetterView, ...]:
    rows = _LETTERS.all(conn, {"case_id": case_id})
    letters = rules.rulebook.letters
    return tuple(
        LetterView(
            row.id, letters[row.kind].title if row.kind in letters else Text(row.kind, row.kind),
            row.number, row.issued_at, row.delivered_at,
        )
        for row in rows
    )  # fmt: skip


def money_of(conn: Connection, book: Rulebook, row: Any) -> Money:
    calculations = _CALCULATIONS.all(conn, {"case_id": row.id})
    return Money(
        claims=() if row.erased_at is not None else _CLAIMS.all(conn, {"case": row.id.hex}),
        calculation=calculations[0] if calculations else None,
        earlier=calculations[1:],
        payments=_PAYMENTS.all(conn, {"case_id": row.id}),
        advance=advance_of(conn, row),
        recovery=recovery_of(conn, book, row),
        set_offs=set_offs_of(conn, row.id),
    )
