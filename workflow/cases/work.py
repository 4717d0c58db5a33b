"""What one command carries through its steps: the transaction, the actor, the locked case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select

from audit import Attachment
from workflow.actor import SYSTEM, Actor
from workflow.deadlines import SHANGHAI, Calendar
from workflow.errors import NotFound
from workflow.house import House
from workflow.register.kinship import filed_by
from workflow.rules import Rules
from workflow.store.models import Case, Person, Receipt, table
from workflow.store.prepared import Prepared
from workflow.terms import Terms

CASE = table(Case)
_LOCKED = Prepared(
    # `related`: whether the one who acts has filed the applicant, or somebody of the household, as a relative
    select(
        CASE,
        Person.id_number,
        Person.household_id,
        filed_by(bindparam("account_id"), Person).label("related"),
    )
    .join(table(Person), Person.id == CASE.c.applicant_id)
    .where(CASE.c.id == bindparam("case_id"))
    .with_for_update(of=CASE)
)


_WANT = Prepared(insert(table(Receipt)), "case_id", "seq")


class Standing(NamedTuple):
    """The open places of a case as rows, and when its timers are due, both by the number of their task."""

    places: Mapping[int, Any]
    timers: Mapping[int, datetime]


@dataclass(slots=True)
class Work:
    """One command on its way. `sealed`, `attach` and `notes` gather what the log entry will hold:
    personal values (committed to, kept in the vault), digests of papers, and facts in clear. `terms`:
    limits and categories as the policy set of the case has them. `since`: limit → the time it counts
    from, where that is not the time of the step. `standing`: once somebody has asked for it.
    """

    house: House
    conn: Connection
    actor: Actor
    at: datetime
    request_id: str
    case: Any = None
    standing: Standing | None = None
    rules: Rules = field(init=False)
    terms: Terms = field(init=False)
    sealed: dict[str, Any] = field(default_factory=dict)
    attach: list[Attachment] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    receipted: bool = False
    letters: list[str] = field(default_factory=list)
    since: dict[str, datetime] = field(default_factory=dict)
    handlers: "Mapping[type, Handler]" = field(default_factory=dict)
    elsewhere: list[Mapping[str, Any]] = field(default_factory=list)
    typed: Mapping[str, Any] = field(default_factory=dict)
    today: date = field(init=False)

    def __post_init__(self) -> None:
        self.today = self.at.astimezone(SHANGHAI).date()

    def want_receipt(self) -> None:
        """The entry that this command writes needs a receipt: it decides, or it pays."""
        if not self.receipted:
            _WANT.change(self.conn, {"case_id": self.row.id, "seq": self.row.seq + 1})
            self.receipted = True

    def command(self, command: Any) -> Mapping[str, Any]:
        """Give the system's own command to another case, as a part of this one: both happen or none."""
        other = Work(self.house, self.conn, SYSTEM, self.at, self.request_id, handlers=self.handlers)
        case_id = getattr(command, "case_id", None)
        if case_id is not None:
            other.lock(case_id)
        response = self.handlers[type(command)](other, command)
        self.elsewhere += [response, *other.elsewhere]
        return response

    @property
    def calendar(self) -> Calendar:
        return self.house.calendar()

    @property
    def row(self) -> Any:
        if self.case is None:
            raise RuntimeError("no case has been locked for this command")
        return self.case

    def lock(self, case_id: UUID) -> Any:
        """Take the case for this transaction, with the rule book it lives by.

        Raises:
            NotFound: there is no such case.
        """
        self.case = _LOCKED.first(self.conn, {"case_id": case_id, "account_id": self.actor.account_id})
        if self.case is None:
            raise NotFound()
        self.standing = None
        self.rules = self.house.rules(self.case.rulebook)
        self.terms = self.rules.terms[self.case.policy or ""]
        return self.case


Handler = Callable[[Work, Any], Mapping[str, Any]]
