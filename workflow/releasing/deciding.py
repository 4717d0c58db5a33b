"""The acts on a changed rule book: propose, adopt, release, reject, withdraw (domain 6.1 "policy", SD-9).

Handlers of `workflow.handle`. All of them follow each other, so that a proposal is decided once and a release
never builds on rules that another release has just replaced.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, NoReturn

from sqlalchemy import insert, select, update

from bpmn import RulebookError, Text, digest_of
from workflow.actor import Actor
from workflow.cases.refusing import log_system
from workflow.cases.work import Work
from workflow.commands import (
    AdoptProposal,
    ProposeRules,
    RejectProposal,
    ReleaseProposal,
    WithdrawProposal,
)
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, NotFound, RulesRefused, StepImpossible
from workflow.permissions import may, refusal, require
from workflow.releasing.checking import examine, faults_against_the_past
from workflow.releasing.telling import proposed_facts
from workflow.rules import Release, files_of, manifest_of, one_at_a_time, put_in_force, releases
from workflow.store.models import RuleProposal, table

PROPOSAL = table(RuleProposal)
LONGEST_NOTE = 200
SHORTEST_REASON = 4
DONE: Mapping[str, Text] = {
    "released": Text("已经放行", "has been released"),
    "rejected": Text("已经退回", "has been rejected"),
    "withdrawn": Text("已经撤回", "has been withdrawn"),
    "replaced": Text("已经被后一个提案取代", "has been replaced by a later one"),
}


def propose(work: Work, command: ProposeRules) -> Mapping[str, Any]:
    """Keep a changed rule book as a proposal, after checking all of it.

    Returns:
        the number of the proposal, as `number`.

    Raises:
        NotAllowed; RulesRefused: every fault; AnswersRefused: nothing changed, or words too long;
        StepImpossible: the base is no longer the newest version, or somebody proposed the same.
    """
    require(work.actor, "propose_policy")
    if len(command.note) > LONGEST_NOTE:
        _wrong(
            "note",
            f"说明写了{len(command.note)}字，最多{LONGEST_NOTE}字",
            f"The note has {len(command.note)} characters; {LONGEST_NOTE} are the most",
        )
    if command.valid_from is not None and command.valid_from < work.today:
        _wrong("valid_from", "施行日期不能早于今天", "The rules cannot begin to hold before today")
    one_at_a_time(work.conn)
    newest = releases(work.conn)[-1]
    _require_newest(command.base, newest)
    digest, base = digest_of(command.manifest), manifest_of(work.conn, newest.digest)
    if digest == newest.digest:
        _wrong("files", "和现行版本完全一样，没有要改的", "This is the version in force; nothing is changed")
    if command.replaces is not None:
        own = _open(work, command.replaces)
        _require_own(work.actor, own)
        _settle(work, own, "replaced")
    twin = select(PROPOSAL.c.id).where(PROPOSAL.c.digest == digest, PROPOSAL.c.state == "open")
    if (known := work.conn.scalar(twin)) is not None:
        raise StepImpossible(
            Text(f"第{known}号提案已经提出同样的修改。", f"Proposal {known} puts the same forward already.")
        )
    _require_sound(work, command.manifest, base)
    row: dict[str, Any] = {
        "digest": digest, "base": newest.digest, "manifest": dict(command.manifest), "origin": "office",
        "packaged": newest.packaged, "program": None, "kept": [], "note": command.note.strip(),
        "valid_from": command.valid_from, "state": "open", "made_at": work.at,
        "proposed_by": work.actor.account_id, "proposed_at": work.at, "replaces": command.replaces,
    }  # fmt: skip
    number = int(work.conn.scalar(insert(PROPOSAL).returning(PROPOSAL.c.id), row) or 0)
    facts = proposed_facts(number, digest, base, command.manifest, newest.digest, "office")
    if command.valid_from is not None:
        facts["from"] = command.valid_from.isoformat()
    if command.replaces is not None:
        facts["replaces"] = command.replaces
    sealed = {"note": row["note"]} if row["note"] else {}
    log_system(work.house, work.conn, work.actor, "rules_proposed", facts, work.at, work.request_id, sealed)
    return {"number": str(number)}


def adopt(work: Work, command: AdoptProposal) -> Mapping[str, Any]:
    """Stand for the program's update as if one had proposed it."""
    if may(work.actor.role, "load_policy") is None:
        require(work.actor, "propose_policy")
    one_at_a_time(work.conn)
    row = _open(work, command.proposal_id)
    _require_newest(row.base, releases(work.conn)[-1])
    if row.origin != "program" or row.proposed_by is not None:
        raise StepImpossible(
            Text(f"第{row.id}号提案已经有人提出，不用再认领。", f"Proposal {row.id} has a proposer already.")
        )
    values = {"proposed_by": work.actor.account_id, "proposed_at": work.at}
    work.conn.execute(update(PROPOSAL).where(PROPOSAL.c.id == row.id).values(values))
    _log(work, "rules_adopted", row)
    return {"number": str(row.id)}


def release(work: Work, command: ReleaseProposal) -> Mapping[str, Any]:
    """Put a proposal into force, from now or from its date on; new cases live by it.

    Raises:
        NotAllowed: SD-9, the proposer cannot release; StepImpossible: decided already, nobody stands for it,
            or the rules have changed since it was made; RulesRefused: the stored files no longer pass.
    """
    require(work.actor, "release_policy", met=("second_person",))
    one_at_a_time(work.conn)
    row = _known(work, command.proposal_id)
    _require_second(work.actor, row)
    _require_open(row)
    if row.proposed_by is None:
        raise StepImpossible(
            Text(
                "程序更新要先由一人认领，再由另一人放行。",
                "An update of the program is first adopted by one person, then released by another.",
            )
        )
    newest = releases(work.conn)[-1]
    _require_newest(row.base, newest)
    _require_sound(work, row.manifest, manifest_of(work.conn, newest.digest), row.origin)
    since = work.at
    if row.valid_from is not None:
        since = max(since, datetime.combine(row.valid_from, time(), SHANGHAI))
    _settle(work, row, "released")
    facts = {
        "digest": row.digest, "previous": newest.digest, "proposal": row.id, "from": since.isoformat(),
        "proposed_by": row.proposed_by, "released_by": work.actor.account_id,
    }  # fmt: skip
    seq = log_system(work.house, work.conn, work.actor, "rules_released", facts, work.at, work.request_id)
    put_in_force(
        work.conn,
        row.manifest,
        at=work.at,
        since=since,
        packaged=row.packaged,
        seq=seq,
        proposal=row.id,
    )
    return {"number": str(row.id)}


def reject(work: Work, command: RejectProposal) -> Mapping[str, Any]:
    """Send a proposal back with a reason; the reason is sealed in the log."""
    require(work.actor, "release_policy", met=("second_person",))
    one_at_a_time(work.conn)
    row = _known(work, command.proposal_id)
    _require_second(work.actor, row)
    _require_open(row)
    reason = command.reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_NOTE:
        _wrong(
            "reason",
            f"退回理由写{SHORTEST_REASON}到{LONGEST_NOTE}字，现在是{len(reason)}字",
            f"A reason has {SHORTEST_REASON} to {LONGEST_NOTE} characters; this one has {len(reason)}",
        )
    _settle(work, row, "rejected", reason)
    _log(work, "rules_rejected", row, {"reason": reason})
    return {"number": str(row.id)}


def withdraw(work: Work, command: WithdrawProposal) -> Mapping[str, Any]:
    """Take back what one has put forward oneself."""
    if may(work.actor.role, "load_policy") is None:
        require(work.actor, "propose_policy")
    one_at_a_time(work.conn)
    row = _open(work, command.proposal_id)
    _require_own(work.actor, row)
    _settle(work, row, "withdrawn")
    _log(work, "rules_withdrawn", row)
    return {"number": str(row.id)}


def _known(work: Work, number: int) -> Any:
    row = work.conn.execute(select(PROPOSAL).where(PROPOSAL.c.id == number)).first()
    if row is None:
        raise NotFound()
    return row


def _open(work: Work, number: int) -> Any:
    row = _known(work, number)
    _require_open(row)
    return row


def _require_open(row: Any) -> None:
    if row.state != "open":
        done = DONE[row.state]
        raise StepImpossible(Text(f"第{row.id}号提案{done.zh}。", f"Proposal {row.id} {done.en}."))


def _require_second(actor: Actor, row: Any) -> None:
    if actor.account_id == row.proposed_by:
        raise refusal("SD-9")


def _require_own(actor: Actor, row: Any) -> None:
    if actor.account_id != row.proposed_by:
        raise StepImpossible(
            Text("只有提出的人可以撤回或者改写。", "Only whoever proposed it can withdraw or rewrite it.")
        )


def _require_newest(base: str, newest: Release) -> None:
    if base != newest.digest:
        raise StepImpossible(
            Text(
                "提出以后又放行了新的规则，这个提案已不是在最新版本上改的。请在最新版本上重新提出。",
                "Other rules have been released since; this proposal was not made from the newest version. "
                "Propose it anew on the newest one.",
            )
        )


def _require_sound(
    work: Work, manifest: Mapping[str, str], base: Mapping[str, str], origin: str = "office"
) -> None:
    """Raises RulesRefused with every fault, also when the stored files are not those proposed."""
    try:
        files = files_of(work.conn, manifest)
    except RulebookError as altered:
        raise RulesRefused(altered.faults) from altered
    found = examine(files)
    faults = [*found.faults, *faults_against_the_past(work.conn, files, base, origin)]
    if faults:
        raise RulesRefused(faults)


def _settle(work: Work, row: Any, state: str, reason: str | None = None) -> None:
    values = {
        "state": state, "decided_by": work.actor.account_id, "decided_at": work.at, "reason": reason,
    }  # fmt: skip
    work.conn.execute(update(PROPOSAL).where(PROPOSAL.c.id == row.id).values(values))


def _log(work: Work, kind: str, row: Any, sealed: Mapping[str, str] | None = None) -> None:
    facts: dict[str, object] = {"digest": row.digest, "proposal": row.id}
    log_system(work.house, work.conn, work.actor, kind, facts, work.at, work.request_id, sealed or {})


def _wrong(field: str, zh: str, en: str) -> NoReturn:
    raise AnswersRefused.at(field, zh, en)
