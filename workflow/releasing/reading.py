"""Versions and proposals as people read them: who, when, and how many cases live by each. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from workflow.errors import NotFound
from workflow.releasing.merging import changed
from workflow.rules import in_force, releases
from workflow.store.models import Account, Case, InForce, RulebookRelease, RuleProposal, table

Standing = Literal["in_force", "coming", "former"]
PROPOSAL, FORCE = table(RuleProposal), table(InForce)
_proposer, _decider = table(Account).alias(), table(Account).alias()


@dataclass(frozen=True, slots=True)
class Version:
    """A release. `running`: open cases that live by it; `proposal`: its number, None for the first."""

    id: int
    digest: str
    since: datetime
    released_at: datetime
    standing: Standing
    running: int
    proposal: int | None
    proposed_by: str
    released_by: str

    @property
    def short(self) -> str:
        return self.digest[:12]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal. `stale`: other rules were released since; `paths`: the files it changes in its base.

    `kept`: files of the program's update left out, because the office has changed them itself.
    """

    number: int
    digest: str
    base: str
    manifest: Mapping[str, str]
    base_manifest: Mapping[str, str]
    origin: str
    state: str
    note: str
    valid_from: date | None
    made_at: datetime
    proposer_id: int | None
    proposer: str
    proposed_at: datetime | None
    decider: str
    decided_at: datetime | None
    reason: str
    kept: tuple[str, ...]
    stale: bool

    @property
    def paths(self) -> list[str]:
        return changed(self.base_manifest, self.manifest)

    @property
    def open(self) -> bool:
        return self.state == "open"

    @property
    def short(self) -> str:
        return self.digest[:12]


def versions(conn: Connection, at: datetime) -> list[Version]:
    """All releases, the newest first."""
    counts = conn.execute(
        select(Case.rulebook, func.count()).where(Case.closed_at.is_(None)).group_by(Case.rulebook)
    )
    running = {digest: int(number) for digest, number in counts}
    now = in_force(releases(conn), at)
    rows = conn.execute(
        select(
            FORCE,
            _proposer.c.name.label("proposed_by"),
            _decider.c.name.label("released_by"),
        )
        .outerjoin(PROPOSAL, PROPOSAL.c.id == FORCE.c.proposal_id)
        .outerjoin(_proposer, _proposer.c.id == PROPOSAL.c.proposed_by)
        .outerjoin(_decider, _decider.c.id == PROPOSAL.c.decided_by)
        .order_by(FORCE.c.id.desc())
    )
    found, counted = [], set[str]()
    for row in rows:
        standing: Standing = "in_force" if row.id == now.id else "coming" if row.id > now.id else "former"
        # the same rules may have been released twice; their cases are counted once
        number = 0 if row.digest in counted else running.get(row.digest, 0)
        counted.add(row.digest)
        found.append(
            Version(
                row.id, row.digest, row.since, row.released_at, standing, number, row.proposal_id,
                row.proposed_by or "", row.released_by or "",
            )
        )  # fmt: skip
    return found


def proposals(conn: Connection, *, only_open: bool = False) -> list[Proposal]:
    """Proposals, the newest first."""
    chosen = [PROPOSAL.c.state == "open"] if only_open else []
    return _proposals(conn, *chosen)


def proposal(conn: Connection, number: int) -> Proposal:
    """One proposal.

    Raises:
        NotFound
    """
    found = _proposals(conn, PROPOSAL.c.id == number)
    if not found:
        raise NotFound()
    return found[0]


def _proposals(conn: Connection, *where: Any) -> list[Proposal]:
    newest = releases(conn)[-1].digest
    bases = table(RulebookRelease)
    rows = conn.execute(
        select(
            PROPOSAL,
            bases.c.manifest.label("base_manifest"),
            _proposer.c.name.label("proposer"),
            _decider.c.name.label("decider"),
        )
        .join(bases, bases.c.digest == PROPOSAL.c.base)
        .outerjoin(_proposer, _proposer.c.id == PROPOSAL.c.proposed_by)
        .outerjoin(_decider, _decider.c.id == PROPOSAL.c.decided_by)
        .where(*where)
        .order_by(PROPOSAL.c.id.desc())
    )
    return [
        Proposal(
            number=row.id,
            digest=row.digest,
            base=row.base,
            manifest=row.manifest,
            base_manifest=row.base_manifest,
            origin=row.origin,
            state=row.state,
            note=row.note,
            valid_from=row.valid_from,
            made_at=row.made_at,
            proposer_id=row.proposed_by,
            proposer=row.proposer or "",
            proposed_at=row.proposed_at,
            decider=row.decider or "",
            decided_at=row.decided_at,
            reason=row.reason or "",
            kept=tuple(row.kept),
            stale=row.state == "open" and row.base != newest,
        )
        for row in rows
    ]


def find_version(conn: Connection, given: str, at: datetime) -> str:
    """The digest that `current`, a digest or its beginning (six digits or more) means.

    Raises:
        NotFound: none, or several begin so.
    """
    known = releases(conn)
    if given == "current":
        return in_force(known, at).digest
    fits = {each.digest for each in known if len(given) >= 6 and each.digest.startswith(given)}
    if len(fits) != 1:
        raise NotFound()
    return fits.pop()
