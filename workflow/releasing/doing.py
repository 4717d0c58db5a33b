"""What a person does about the rules, from the page or the command line: checks first, then the command."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from uuid import uuid4

from sqlalchemy import select

from bpmn import Fault, RulebookError, Text
from workflow.actor import Actor
from workflow.commands import AdoptProposal, ProposeRules, RejectProposal, ReleaseProposal, WithdrawProposal
from workflow.errors import NotFound, RulesRefused, StepImpossible
from workflow.handle import handle
from workflow.house import House, take_over
from workflow.permissions import may
from workflow.releasing.checking import examine, manifest_of
from workflow.releasing.merging import merge
from workflow.rules import files_of, keep_files, releases
from workflow.rules import manifest_of as released_manifest
from workflow.store import transaction
from workflow.store.models import RuleProposal

Decision = AdoptProposal | ReleaseProposal | RejectProposal | WithdrawProposal


def newest_files(house: House) -> tuple[str, dict[str, bytes]]:
    """Digest and files of the newest released version: what a change is made from."""
    with house.reader.connect() as conn:
        newest = releases(conn)[-1].digest
        return newest, files_of(conn, released_manifest(conn, newest))


def propose(
    house: House,
    actor: Actor,
    files: Mapping[str, bytes],
    *,
    base: str,
    note: str = "",
    valid_from: date | None = None,
    replaces: int | None = None,
    request_id: str | None = None,
) -> int:
    """Check a whole changed rule book and put it forward; the number of the proposal.

    Raises:
        RulesRefused, and what `workflow.releasing.deciding.propose` raises.
    """
    if may(actor.role, "propose_policy") is not None:  # who may not is refused, and logged, by the command
        found = examine(files)  # outside the transaction: it takes its time
        if found.faults:
            raise RulesRefused(found.faults)
        with transaction(house.engine) as conn:
            keep_files(conn, files.values())
    command = ProposeRules(base, manifest_of(files), note, valid_from, replaces)
    outcome = handle(house, actor, command, at=house.now(), request_id=request_id or uuid4().hex)
    return int(outcome.number)


def decide(house: House, actor: Actor, command: Decision, *, request_id: str | None = None) -> None:
    """Adopt, release, reject or withdraw. After a release the program's own update is looked at anew."""
    if isinstance(command, ReleaseProposal):
        _examine_ahead(house, command.proposal_id)
    handle(house, actor, command, at=house.now(), request_id=request_id or uuid4().hex)
    house.shelf.forget_releases()
    if isinstance(command, ReleaseProposal | RejectProposal):
        take_over(house)


def _examine_ahead(house: House, number: int) -> None:
    """The release examines the files again in its transaction, and finds it done: nobody waits for it.
    Files that are not there any more are told, and logged, by the release.
    """
    with house.reader.connect() as conn, suppress(RulebookError):
        manifest = conn.scalar(select(RuleProposal.manifest).where(RuleProposal.id == number))
        if manifest is not None:
            examine(files_of(conn, manifest))


def rebase(house: House, actor: Actor, number: int, *, request_id: str | None = None) -> int:
    """Put one's own proposal forward anew, its changes done to the newest version; the new number.

    Raises:
        NotFound; StepImpossible: it is made from the newest version; RulesRefused: a file that the newest
            version has changed as well; what `propose` raises.
    """
    with house.reader.connect() as conn:
        row = conn.execute(select(RuleProposal.__table__).where(RuleProposal.id == number)).first()
        if row is None:
            raise NotFound()
        newest = releases(conn)[-1].digest
        if row.base == newest:
            told = Text("这个提案已经在最新版本上。", "This proposal is made from the newest version.")
            raise StepImpossible(told)
        ours = released_manifest(conn, newest)
        merged = merge(released_manifest(conn, row.base), row.manifest, ours)
        if merged.both:
            told = Text(
                "新版本也改了这个文件；请在新版本上重新改它",
                "the newest version has changed this file as well; make your change to that one",
            )
            raise RulesRefused([Fault(path, "-", told) for path in merged.both])
        files = files_of(conn, merged.manifest)
    return propose(
        house,
        actor,
        files,
        base=newest,
        note=row.note,
        valid_from=row.valid_from,
        replaces=number,
        request_id=request_id,
    )
