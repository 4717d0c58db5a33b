"""Write what a step has brought: places, clocks, timers, the case row and its log entry, together.

The hot path of the product. Statements are prepared once; rows that did not change are not touched.
"""

import hashlib
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from audit import Draft, append, head
from workflow import amounts
from workflow.actor import Actor
from workflow.cases import clocks as clockwork
from workflow.cases import statements as sql
from workflow.cases.kept_clocks import keep_clocks
from workflow.cases.places import office_of, state_of
from workflow.cases.work import Standing, Work
from workflow.engine import KERNEL, Open, Step


def standing(work: Work) -> Standing:
    """Where the case stood when the command came."""
    if work.standing is None:
        rows = sql.STANDING.all(work.conn, {"case_id": work.row.id})
        work.standing = Standing(
            {row.id: row for row in rows if row.due_at is None},
            {row.id: row.due_at for row in rows if row.due_at is not None},
        )
    return work.standing


def keep_step(
    work: Work,
    step: Step,
    clocks: Sequence[clockwork.Ticking],
    *,
    kind: str,
    command: Mapping[str, Any],
    task: Mapping[str, Any] | None,
    done: int | None = None,
    new: bool = False,
) -> dict[str, Any]:
    """Write a step whole. `done` is the task the actor has completed; `new` a case just opened.

    Returns:
        the answer to remember for the request: case_id, number, seq.
    """
    row, at = work.row, work.at
    seq = row.seq + 1
    state = state_of(step, work.rules, row.flow) or row.state
    moved = clockwork.after_step(
        clocks, step.open, work.terms.limits, work.rules.pause_reasons, at, work.since
    )
    if not new:
        _move_case(work, step, seq, state)
    clock_ids = keep_clocks(work, clocks, moved)
    before = Standing({}, {}) if new else standing(work)
    _keep_places(work, step.open, clock_ids, seq, done, before.places.keys())
    _keep_timers(work, step, before.timers)
    write_entry(
        work,
        seq,
        kind=kind,
        frm=None if new else row.state,
        to=state,
        task=task,
        command={**command, "state": hashlib.sha256(step.state).hexdigest()},
        extra={"dues": dict(step.dues)} if step.dues else {},
    )
    return {"case_id": row.id.hex, "number": row.number, "seq": seq}


def keep_entry(
    work: Work, *, kind: str, command: Mapping[str, Any], task: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write an entry that changes no step: a paper added, a warning raised, a reading."""
    row = work.row
    seq = row.seq + 1
    _require_one(sql.COUNT_ENTRY.change(work.conn, {"b_id": row.id, "b_seq": row.seq, "seq": seq}))
    write_entry(work, seq, kind=kind, frm=row.state, to=row.state, task=task, command=command, extra={})
    return {"case_id": row.id.hex, "number": row.number, "seq": seq}


def write_entry(
    work: Work,
    seq: int,
    *,
    kind: str,
    frm: str | None,
    to: str,
    task: Mapping[str, Any] | None,
    command: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> None:
    """Append entry `seq` to the case's chain; the case row has been moved to it."""
    draft = Draft(
        type=kind,
        frm=frm,
        to=to,
        actor=actor_of(work.actor),
        task=task,
        at_claimed=work.at,
        vars={**work.notes, **extra},
        rule=work.row.rulebook,
        command=dict(command),
        kernel=KERNEL,
        request=work.request_id,
        attach=work.attach,
        sealed=work.sealed,
    )
    last = head(work.conn, work.row.id)
    append(work.conn, work.house.vault, work.row.id, seq, last.leaf, draft, last.recorded(work.house.now()))


def told_office(org: str) -> str:
    """An office as the log names it: of a village only its township."""
    return org[:9] if org.isdigit() else org


def actor_of(actor: Actor) -> dict[str, Any]:
    """The actor as the log names it: numbers and codes, never a name; of a village only its township
    (with few people in it, a village's code says too much: audit-log, "Entry").
    """
    org = told_office(actor.org)
    return {"id": actor.account_id, "role": actor.role, "org": org, "on_behalf": actor.on_behalf}


def _require_one(moved: int) -> None:
    if moved != 1:
        raise RuntimeError("the case row moved although it was locked")


def _move_case(work: Work, step: Step, seq: int, state: str) -> None:
    row = work.row
    variables = step.variables
    aid = variables.get("aid_fen")
    moved = {"b_id": row.id, "b_seq": row.seq, "engine": step.state, "seq": seq, "state": state}
    found = {
        "outcome": _outcome(work, step) or row.outcome,
        "closed_at": work.at if step.ended else None,
        "aid": row.aid if aid is None else amounts.yuan(aid),
        "category": variables.get("aid_category") or row.category,
    }
    if all(value == getattr(row, name) for name, value in found.items()):
        _require_one(sql.MOVE_ON.change(work.conn, moved))
    else:
        _require_one(sql.MOVE_CASE.change(work.conn, {**moved, **found}))


def _outcome(work: Work, step: Step) -> str | None:
    """How the case came out: what the end event says, before it what the flow has decided."""
    said = None
    if step.ended is not None:
        said = work.rules.model.node(work.row.flow, step.ended).properties.get("outcome")
    return said or step.variables.get("outcome")


def _keep_places(
    work: Work,
    places: Sequence[Open],
    clocks: Mapping[str, dict[str, Any]],
    seq: int,
    done: int | None,
    known: Set[int],
) -> None:
    case_id = work.row.id
    now_open = {place.id: place for place in places}
    for task_id in known - now_open.keys():
        mine = task_id == done
        sql.CLOSE.change(
            work.conn,
            {
                "b_case": case_id,
                "b_task": task_id,
                "done_at": work.at,
                "done_account": work.actor.account_id if mine and work.actor.account_id else None,
                "done_seat": work.actor.seat_id if mine and work.actor.seat_id else None,
                "done_seq": seq,
            },
        )
    for limit in clocks.values():
        if limit["moved"]:
            sql.RETIME.change(
                work.conn,
                {
                    "b_case": case_id,
                    "b_clock": limit["clock_id"],
                    "due_at": limit["due_at"],
                    "warn_at": limit["warn_at"],
                    "paused": limit["paused"],
                },
            )
    for task_id, place in now_open.items():
        if task_id not in known:
            sql.PLACE.change(work.conn, _place(work, place, clocks))


def _place(work: Work, place: Open, clocks: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    properties = place.properties
    role = properties.get("role", "")
    shown = clocks.get(properties.get("limit", ""), {})
    return {
        "case_id": work.row.id,
        "id": place.id,
        "node": place.node,
        "process": place.process,
        "kind": place.kind,
        "name": place.name,
        "role": role,
        "org": office_of(role, work.row, work.rules.rulebook, properties.get("office", "")),
        "village": work.row.village,
        "form": properties.get("form"),
        "state": properties.get("state", ""),
        "clock_id": shown.get("clock_id"),
        "opened_at": work.at,
        "warn_at": shown.get("warn_at"),
        "due_at": shown.get("due_at"),
        "paused": shown.get("paused", False),
    }


def _keep_timers(work: Work, step: Step, known: Mapping[int, datetime]) -> None:
    case_id = work.row.id
    wanted = {timer.task: timer for timer in step.timers}
    for task_id in known.keys() - wanted.keys():
        sql.DROP_TIMER.change(work.conn, {"b_case": case_id, "b_task": task_id})
    for task_id, timer in wanted.items():
        if known.get(task_id, timer.due) != timer.due:
            sql.MOVE_TIMER.change(work.conn, {"b_case": case_id, "b_task": task_id, "due_at": timer.due})
        if task_id not in known:
            sql.NEW_TIMER.change(work.conn, {"case_id": case_id, "task_id": task_id, "due_at": timer.due})
