"""How much of one case a reader gets to see (domain 6.1, row `view_case`).

`R` sees what was written in the forms, `r` sees it as withheld. A shape narrows it further: for the
money offices the amounts, for the village meeting its agenda. Which papers belong to a shape is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, select

from workflow.actor import Actor
from workflow.cases import patients
from workflow.permissions import MATRIX, may, require
from workflow.register.matrix import Grant
from workflow.store.models import Task
from workflow.store.prepared import Prepared

PAPERS_OF_SHAPE: Final[Mapping[str, frozenset[str]]] = {
    "amounts": frozenset({"passbook", "bank_receipt", "settlement_statement", "invoice"}),
    "agenda": frozenset({"application_form", "review_record", "meeting_minutes", "photo_start", "photo_end"}),
    "list": frozenset(),
    "summary": frozenset(),
}


_STEPS = select(Task.id).where(Task.case_id == bindparam("case_id"))
_ARCHIVED = Prepared(select(exists(_STEPS.where(Task.node == "archive_case")).label("there")))
_OWN = Prepared(
    select(exists(_STEPS.where(Task.org == bindparam("org"), Task.role == bindparam("role"))).label("there"))
)


@dataclass(frozen=True, slots=True)
class Access:
    """What this reader may see of this case."""

    grant: Grant
    role: str

    @property
    def sealed(self) -> bool:
        """Whether what was written in the forms is shown (numbers of persons stay masked all the same)."""
        return not self.grant.masked

    @property
    def aid(self) -> bool:
        """Whether the case is about aid: of who asks for information neither category nor money matters."""
        return self.grant.action == "view_case"

    @property
    def whole(self) -> bool:
        """Whether no shape narrows the file to some of its parts."""
        return not self.grant.shapes & PAPERS_OF_SHAPE.keys()

    @property
    def letters(self) -> bool:
        """Whether letters are shown; the answer to a request for information says what was asked for."""
        return self.whole and (self.aid or self.sealed)

    @property
    def family(self) -> bool:
        """Whether household, address and income are shown: of cases about aid, unless a shape narrows it."""
        return self.aid and self.whole

    @property
    def objections(self) -> bool:
        """Whether the words of an objection are shown: to those who handle, decide or inspect it."""
        handles = may(self.role, "receive_objection") or may(self.role, "decide") or may(self.role, "survey")
        return self.sealed and handles is not None

    @property
    def money(self) -> bool:
        return self.aid and may(self.role, "view_calculation") is not None

    def paper(self, kind: str) -> bool:
        narrowed = [PAPERS_OF_SHAPE[shape] for shape in self.grant.shapes if shape in PAPERS_OF_SHAPE]
        return not narrowed or any(kind in kinds for kinds in narrowed)


def access_to(conn: Connection, actor: Actor, case: Any) -> Access:
    """Let the reader in, and say how far.

    Raises:
        NotAllowed: role, area, or a condition of the matrix that does not hold.
    """
    action = MATRIX.views.get(case.flow, "view_case")
    met = _met(conn, actor, case, action)
    return Access(require(actor, action, area=case.village, met=met), actor.role)


def _met(conn: Connection, actor: Actor, case: Any, action: str) -> set[str]:
    grant = may(actor.role, action)
    met: set[str] = set()
    if grant is None or not grant.conditions:
        return met
    if case.closed_at is not None or _ARCHIVED.scalar(conn, {"case_id": case.id}):
        met.add("closed")
    if _OWN.scalar(conn, {"case_id": case.id, "org": actor.org, "role": actor.role}):
        met.add("own_task")
    if "own_claim" in grant.conditions and patients.is_own(conn, actor.org, case.id):
        met.add("own_claim")
    return met
