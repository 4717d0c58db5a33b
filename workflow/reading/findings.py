"""检查问题 as the two sides read them: the list, and one of them with all that was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, case, func, select
from sqlalchemy.orm import aliased

from audit import READS, SYSTEM_CHAIN, chain_of
from bpmn import Text
from workflow.actor import Actor
from workflow.deadlines import Limit
from workflow.errors import NotFound
from workflow.findings.keeping import limit_for
from workflow.findings.offices import answers_for, of_office
from workflow.findings.states import MOVES, OVER, OWED, STATES, UNSENT, State, possible
from workflow.house import House
from workflow.permissions import may, refusal, require
from workflow.reading.case_row import shown_name
from workflow.reading.paging import page_of
from workflow.reading.pinning import events_of
from workflow.reading.timeline import Event
from workflow.register import kinship
from workflow.store.models import Account, Case, Finding, FindingMove, Organisation, Paper, Person, table

PAGE: Final = 50
GROUPS: Final[Mapping[str, frozenset[State]]] = {
    "draft": frozenset({"drafted"}),
    "owed": OWED,
    "answered": frozenset({"answered"}),
    "accepted": frozenset({"accepted"}),
    "over": OVER,
}
NAMES: Final[Mapping[str, Text]] = {
    "all": Text("没有办结的", "Not over"),
    "draft": Text("草稿", "Drafts"),
    "owed": Text("等答复", "Answer owed"),
    "answered": Text("等核查", "Answered"),
    "accepted": Text("等回头看", "Re-look due"),
    "over": Text("已办结", "Over"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in a list. `due`: the instant from which the answer is late, where one is owed."""

    id: int
    case_id: UUID
    number: str
    person: str
    entry: int
    office: str
    flag: str
    state: State
    since: datetime
    due: datetime | None
    relook_on: date | None
    late: bool

    @property
    def name(self) -> Text:
        return STATES[self.state]

    @property
    def sign(self) -> str:
        """ok, warn, late or pause: the colour and sign of where it stands."""
        if self.late:
            return "late"
        return {"drafted": "pause", "answered": "ok", "discarded": "pause", "closed": "pause"}.get(
            self.state, "warn"
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list; `counts`: of every group."""

    lines: Sequence[Line]
    counts: Mapping[str, int]
    group: str
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Said:
    """One move with its words: (question, what was written)."""

    move: int
    name: Text
    at: datetime
    person: str
    office: str
    hidden: bool
    entry: int
    words: Sequence[tuple[Text, str]]
    papers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Told:
    """One finding whole. `moves`: what this reader may do now. `answers`: written so far, for the form."""

    line: Line
    village: str
    org: str
    history: Sequence[Said]
    cited: Sequence[Event]
    papers: Sequence[Any]
    moves: frozenset[str]
    draft: Mapping[str, str]
    evidence: Mapping[str, Any]
    limit: Limit
    erased: bool


_ROWS = (
    select(
        Finding.__table__,
        Case.number,
        Case.village,
        Case.applicant_id,
        Case.rulebook,
        Case.policy,
        Case.erased_at,
        shown_name,
        Organisation.name.label("office"),
    )
    .join(Case, Case.id == Finding.case_id)
    .join(Person, Person.id == Case.applicant_id)
    .join(Organisation, Organisation.code == Finding.org)
)


def followed(conn: Connection, actor: Actor, group: str, page: int, now: datetime) -> Found:
    """What the actor's inspection office has found; AUD reads those of the county. Raises NotAllowed."""
    require(actor, "view_findings")
    mine = Finding.by_org == actor.org
    if may(actor.role, "make_finding") is None:
        mine = Finding.by_org.startswith(actor.org[:6], autoescape=True) & Finding.state.not_in(UNSENT)
    return _list(conn, mine, group, page, now)


def owed(conn: Connection, actor: Actor, group: str, page: int, now: datetime) -> Found:
    """What was sent to the offices that the actor speaks for."""
    return _list(conn, of_office(actor) & Finding.state.not_in(UNSENT), group, page, now)


def of_case(conn: Connection, actor: Actor, case_id: UUID, now: datetime) -> Sequence[Line]:
    """What the actor's inspection office has found in one case."""
    mine = (Finding.case_id == case_id, Finding.by_org == actor.org)
    return [_line(row, now) for row in conn.execute(_ROWS.where(*mine).order_by(Finding.id))]


def told(house: House, conn: Connection, actor: Actor, number: int, now: datetime) -> Told:
    """One finding for one reader.

    Raises:
        NotFound (for the office too what was not sent), NotAllowed
    """
    row = conn.execute(_ROWS.where(Finding.id == number)).one_or_none()
    if row is None:
        raise NotFound()
    inspects = may(actor.role, "make_finding") is not None
    _let_in(conn, actor, row)
    moves = conn.execute(_moves(number, hidden=inspects)).all()
    opened = {one.id: _opened(house, conn, one) for one in moves} if row.erased_at is None else {}
    drafts = [one for one in moves if one.move == "draft"]
    return Told(
        line=_line(row, now),
        village=row.village,
        org=row.org,
        history=[_said(house, one, opened.get(one.id, {})) for one in moves],
        cited=_cited(house, conn, row),
        papers=_papers(conn, row),
        moves=_possible(actor, row),
        draft={name: str(value) for name, value in opened.get(drafts[-1].id, {}).items()} if drafts else {},
        evidence=row.evidence,
        limit=limit_for(house, row.policy),
        erased=row.erased_at is not None,
    )


def paper_of(conn: Connection, actor: Actor, number: int, move: int, place: int) -> Mapping[str, Any]:
    """A paper that came with a move. Raises NotFound, NotAllowed."""
    row = conn.execute(_ROWS.where(Finding.id == number)).one_or_none()
    if row is None:
        raise NotFound()
    _let_in(conn, actor, row)
    papers = conn.scalar(
        select(FindingMove.papers).where(FindingMove.id == move, FindingMove.finding_id == number)
    )
    if papers is None or not 0 <= place < len(papers):
        raise NotFound()
    found: Mapping[str, Any] = {**papers[place], "case": row.case_id}
    return found


def _let_in(conn: Connection, actor: Actor, row: Any) -> None:
    if may(actor.role, "make_finding") is not None:
        require(actor, "make_finding", row.village)
        if row.by_org != actor.org:
            raise refusal("area")
    elif may(actor.role, "view_findings") is not None:
        if row.state in UNSENT:
            raise NotFound()
        if actor.org[:6] != row.org[:6]:
            raise refusal("area")
    else:
        relatives = kinship.relatives_of(conn, row.applicant_id)
        require(actor, "answer_finding", row.village, relatives_of=relatives)
        if row.state in UNSENT:
            raise NotFound()
        if not answers_for(actor, row.org):
            raise refusal("area")


def _possible(actor: Actor, row: Any) -> frozenset[str]:
    if may(actor.role, "make_finding") is not None:
        side = "inspection"
    elif may(actor.role, "answer_finding") is not None:
        side = "office"
    else:
        return frozenset()
    return frozenset(name for name, move in MOVES.items() if move.side == side and possible(row.state, name))


def _list(conn: Connection, mine: ColumnElement[bool], group: str, page: int, now: datetime) -> Found:
    counted = conn.execute(select(Finding.state, func.count()).where(mine).group_by(Finding.state)).all()
    counts = {
        name: sum(number for state, number in counted if state in states) for name, states in GROUPS.items()
    }
    counts["all"] = sum(number for state, number in counted if state not in OVER)
    group = group if group in counts else "all"
    within = Finding.state.in_(GROUPS[group]) if group in GROUPS else Finding.state.not_in(OVER)
    at = page_of(counts[group], page, PAGE)
    owes = case((Finding.state.in_(OWED), 0), else_=1)
    rows = conn.execute(
        _ROWS.where(mine, within)
        .order_by(owes, Finding.answer_by, Finding.id.desc())
        .limit(PAGE)
        .offset(at.skip)
    )
    return Found([_line(row, now) for row in rows], counts, group, at.number, at.pages)


def _line(row: Any, now: datetime) -> Line:
    owes = row.state in OWED
    relook_late = row.state == "accepted" and row.relook_on is not None and row.next_alarm is None
    return Line(
        row.id, row.case_id, row.number, row.person, row.entry, row.office, row.flag, row.state,
        row.sent_at or row.drafted_at, row.answer_by if owes else None,
        row.relook_on if row.state == "accepted" else None,
        relook_late or (owes and row.answer_by <= now),
    )  # fmt: skip


def _moves(number: int, *, hidden: bool) -> Any:
    person, office = aliased(Account), aliased(Organisation)
    wanted = [FindingMove.finding_id == number]
    if not hidden:
        wanted.append(FindingMove.hidden.is_(False))
    return (
        select(FindingMove.__table__, person.name.label("person"), office.name.label("office"))
        .join(person, person.id == FindingMove.by)
        .join(office, office.code == FindingMove.org)
        .where(*wanted)
        .order_by(FindingMove.id)
    )


def _opened(house: House, conn: Connection, move: Any) -> Mapping[str, Any]:
    chain = chain_of(SYSTEM_CHAIN, READS) if move.hidden else SYSTEM_CHAIN
    return house.vault.open(conn, chain, move.seq)


def _said(house: House, move: Any, opened: Mapping[str, Any]) -> Said:
    how = MOVES[move.move]
    asked = how.form or ("finding" if move.move == "send" else None)
    form = house.rules().rulebook.forms[asked] if asked else None
    words = [
        (field.label, str(opened[field.id]))
        for field in (form.fields if form else ())
        if opened.get(field.id)
    ]
    return Said(
        move.id, how.words, move.at, move.person, move.office, move.hidden, move.seq, words, move.papers
    )


def _cited(house: House, conn: Connection, row: Any) -> Sequence[Event]:
    """The entry it is pinned to, then the others."""
    wanted = [row.entry, *(one for one in row.evidence["entries"] if one != row.entry)]
    return events_of(house, conn, row.case_id, row.rulebook, wanted)


def _papers(conn: Connection, row: Any) -> Sequence[Any]:
    papers = table(Paper)
    wanted = papers.c.id.in_(row.evidence["papers"])
    return conn.execute(select(papers).where(wanted, papers.c.case_id == row.case_id)).all()
