"""Which cases an export is about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, select

from audit import canonical
from audit.tables import audit_entry
from workflow.actor import Actor
from workflow.cases.keeping import told_office
from workflow.deadlines import SHANGHAI
from workflow.reading.cases import visible
from workflow.store.models import Case

_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is given has to hold. `since` and `until`: days of the registration, both included."""

    since: date | None = None
    until: date | None = None
    flow: str = ""
    township: str = ""
    numbers: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """For the log: only what was given; a township as the log names it."""
        given = {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "flow": self.flow,
            "township": told_office(self.township),
            "numbers": list(self.numbers),
        }
        return {name: value for name, value in given.items() if value}

    def where(self, actor: Actor) -> list[ColumnElement[bool]]:
        """Of the cases this reader may list."""
        found = [visible(actor)]
        if self.since:
            found.append(Case.opened_at >= _midnight(self.since))
        if self.until:
            found.append(Case.opened_at < _midnight(self.until + timedelta(days=1)))
        if self.flow:
            found.append(Case.flow == self.flow)
        if self.township:
            found.append(Case.township == self.township)
        if self.numbers:
            found.append(Case.number.in_(self.numbers))
        return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cases of a selection that were there at a time, as a subquery of their ids."""

    ids: Select[UUID]

    @classmethod
    def of(cls, selection: Selection, actor: Actor, at: datetime) -> "Chosen":
        return cls(select(Case.id).where(*selection.where(actor), Case.opened_at <= at))

    def count(self, conn: Connection) -> int:
        return conn.scalar(select(func.count()).select_from(self.ids.subquery())) or 0

    def entries(self, conn: Connection) -> Iterator[tuple[Any, dict[str, Any]]]:
        """(row of the case, entry) in order, case after case, as a stream."""
        rows = conn.execute(
            select(
                Case.id, Case.number, Case.flow, Case.rulebook, Case.township, Case.state, Case.outcome,
                Case.aid, Case.category, Case.applicant_id, audit_entry.c.bytes,
            )
            .join(audit_entry, audit_entry.c.chain == Case.id)
            .where(Case.id.in_(self.ids))
            .order_by(Case.opened_at, Case.id, audit_entry.c.seq),
            execution_options={"stream_results": True, "yield_per": _STEP},
        )  # fmt: skip
        for row in rows:
            yield row, canonical.decode_strict(row.bytes)
