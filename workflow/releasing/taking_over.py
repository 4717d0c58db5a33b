"""The rule book that comes with the program meets the one in force.

In a new database there is nothing to protect: it holds at once. Afterwards a changed one is only put
forward, with the office's own changes kept, and waits for two people; and that only once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

import bpmn
from audit import SYSTEM_CHAIN, Draft, Vault, append_next
from bpmn import Fault, RulebookError
from workflow.actor import SYSTEM
from workflow.engine import KERNEL
from workflow.releasing.checking import examine, faults_against_the_past, manifest_of
from workflow.releasing.merging import Merged, merge
from workflow.releasing.telling import proposed_facts
from workflow.rules import (
    Release,
    Shelf,
    files_of,
    keep_files,
    one_at_a_time,
    put_in_force,
    ready,
    releases,
)
from workflow.rules import manifest_of as released_manifest
from workflow.store import transaction
from workflow.store.models import RulebookRelease, RuleProposal, table

PROPOSAL = table(RuleProposal)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """`refused`: faults of an update that cannot even be put forward; `waiting`: number of its proposal."""

    refused: tuple[Fault, ...] = ()
    waiting: int | None = None


def take_over(
    engine: Engine, reader: Engine, shelf: Shelf, vault: Vault, files: Mapping[str, bytes], at: datetime
) -> TakenOver:
    """Compare the program's rule book with the one in force and do what is described above.

    Raises:
        RulebookError, ModelRefused, PolicyRefused: it is broken and nothing is in force yet.
    """
    manifest = manifest_of(files)
    with reader.connect() as conn:
        known = releases(conn)
        if not known:
            return _begin(engine, shelf, vault, files, at)
        if _settled(conn, known, bpmn.digest_of(manifest)):
            return TakenOver(waiting=_waiting(conn, known[-1]))
        newest = known[-1]
        ours = released_manifest(conn, newest.digest)
        merged = merge(_origin(conn, newest.packaged), manifest, ours)
        if bpmn.digest_of(merged.manifest) == newest.digest:
            return TakenOver()
        try:
            here = files_of(conn, ours)
        except RulebookError as altered:
            return TakenOver(refused=tuple(altered.faults))
        changed = {
            path: files[path] if manifest.get(path) == sha else here[path]
            for path, sha in merged.manifest.items()
        }
        faults = (*examine(changed).faults, *faults_against_the_past(conn, changed, ours, "program"))
        if faults:
            return TakenOver(refused=faults)
    with transaction(engine) as conn:
        one_at_a_time(conn)
        known = releases(conn)
        if known[-1] == newest and not _settled(conn, known, bpmn.digest_of(manifest)):
            keep_files(conn, changed.values())
            _put_forward(vault, conn, newest, ours, merged, manifest, at)
        return TakenOver(waiting=_waiting(conn, known[-1]))


def _begin(engine: Engine, shelf: Shelf, vault: Vault, files: Mapping[str, bytes], at: datetime) -> TakenOver:
    """The first rule book of a database."""
    rules = ready(files)
    with transaction(engine) as conn:
        one_at_a_time(conn)
        if not releases(conn):
            keep_files(conn, files.values())
            seq = _log(vault, conn, "rules_released", {"digest": rules.digest}, rules.digest, at)
            manifest = rules.rulebook.manifest
            put_in_force(conn, manifest, at=at, since=at, packaged=rules.digest, seq=seq)
    shelf.put(rules)
    return TakenOver()


def _settled(conn: Connection, known: list[Release], digest: str) -> bool:
    """Whether this rule book of the program needs nothing more: it holds, held, was decided on or waits."""
    if known[-1].packaged == digest:
        return True
    if conn.scalar(select(RulebookRelease.digest).where(RulebookRelease.digest == digest)) is not None:
        return True
    made = conn.execute(
        select(PROPOSAL.c.state, PROPOSAL.c.base).where(
            PROPOSAL.c.packaged == digest, PROPOSAL.c.origin == "program"
        )
    ).all()
    return any(row.state in {"released", "rejected"} for row in made) or any(
        row.state == "open" and row.base == known[-1].digest for row in made
    )


def _waiting(conn: Connection, newest: Release) -> int | None:
    return conn.scalar(
        select(PROPOSAL.c.id).where(
            PROPOSAL.c.origin == "program", PROPOSAL.c.state == "open", PROPOSAL.c.base == newest.digest
        )
    )


def _put_forward(
    vault: Vault,
    conn: Connection,
    newest: Release,
    ours: Mapping[str, str],
    merged: Merged,
    manifest: Mapping[str, str],
    at: datetime,
) -> None:
    """Keep the update as a proposal that nobody stands for yet, in the place of an older one."""
    digest = bpmn.digest_of(merged.manifest)
    older = select(PROPOSAL.c.id).where(PROPOSAL.c.origin == "program", PROPOSAL.c.state == "open")
    replaced = conn.scalar(older)
    if replaced is not None:
        conn.execute(
            update(PROPOSAL).where(PROPOSAL.c.id == replaced).values(state="replaced", decided_at=at)
        )
    row: dict[str, Any] = {
        "digest": digest, "base": newest.digest, "manifest": merged.manifest, "origin": "program",
        "packaged": bpmn.digest_of(manifest), "program": dict(manifest), "kept": list(merged.both),
        "note": "", "valid_from": None, "state": "open", "made_at": at, "replaces": replaced,
    }  # fmt: skip
    number = int(conn.scalar(insert(PROPOSAL).returning(PROPOSAL.c.id), row) or 0)
    facts = proposed_facts(number, digest, ours, merged.manifest, newest.digest, "program")
    if replaced is not None:
        facts["replaces"] = replaced
    _log(vault, conn, "rules_proposed", facts, newest.digest, at)


def _origin(conn: Connection, packaged: str) -> dict[str, str]:
    """The program's own rule book that the version in force goes back to."""
    released = conn.scalar(select(RulebookRelease.manifest).where(RulebookRelease.digest == packaged))
    if released is not None:
        return dict(released)
    made = select(PROPOSAL.c.program).where(PROPOSAL.c.packaged == packaged, PROPOSAL.c.program.is_not(None))
    return dict(conn.scalars(made).first() or {})


def _log(vault: Vault, conn: Connection, kind: str, facts: dict[str, object], rule: str, at: datetime) -> int:
    draft = Draft(
        type=kind,
        vars=facts,
        frm=None,
        to=None,
        actor={"id": SYSTEM.account_id, "role": SYSTEM.role, "org": SYSTEM.org, "on_behalf": None},
        task=None,
        at_claimed=at,
        rule=rule,
        command={"name": "none"},
        kernel=KERNEL,
        request=None,
    )
    return append_next(conn, vault, SYSTEM_CHAIN, draft, at).seq
