"""Move a running case to another released rule book: the same steps stay open, with their dates and drafts.

Nothing of a case is lost or begun anew. Where the new rules have no place for it, it stays where it is and
the reasons are told. Clocks that run keep the length the old rules gave them; later ones are started by the
new.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select, update

from bpmn import Text
from workflow import engine
from workflow.cases.keeping import write_entry
from workflow.cases.places import state_of
from workflow.cases.work import CASE, Work
from workflow.commands import MigrateCase
from workflow.errors import MoveImpossible, StepImpossible
from workflow.house import House
from workflow.permissions import refusal, require
from workflow.register import kinship
from workflow.rules import Rules, releases
from workflow.store.models import Clock, Draft, InForce, RuleProposal, Task, table

TASK, CLOCK, DRAFT, PROPOSAL = table(Task), table(Clock), table(Draft), table(RuleProposal)
SAME: Mapping[str, Text] = {
    "role": Text("岗位", "the post"),
    "office": Text("承办单位", "the office"),
    "limit": Text("期限", "the limit"),
    "runs_on": Text("继续计时的期限", "the limits that run on"),
    "pauses": Text("停表的期限", "the limits that stand still"),
}
"""Properties of an open step that must be the same: whose it is, and which clocks run."""


@dataclass(frozen=True, slots=True)
class Known:
    """What has to be known of a case beside its row: the steps people have done, and open drafts.

    `drafts`: step → ids of the questions somebody has written something to.
    """

    done: frozenset[str]
    drafts: Mapping[int, frozenset[str]]
    clocks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """An open step of a case: what stays with it, and what is said or asked otherwise after the move.

    `due_at` is never moved. `renamed`: its name afterwards, None where it is the same; `drafts`: how many
    people have begun it; `asked` and `unasked`: the questions that come and go with the new form.
    """

    name: str
    due_at: datetime | None
    drafts: int = 0
    renamed: str | None = None
    asked: tuple[Text, ...] = ()
    unasked: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of one case: `reasons` why not, or none; `standing`: the open steps it stands at."""

    case_id: UUID
    number: str
    flow: str
    rulebook: str
    standing: tuple[Standing, ...]
    reasons: tuple[Text, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.standing)


def migrate_case(work: Work, command: MigrateCase) -> Mapping[str, Any]:
    """Move one case, whole or not at all.

    Raises:
        NotAllowed: by post or area, or SD-9 for whoever proposed these rules; MoveImpossible: every reason.
    """
    row = work.row
    relatives = kinship.relatives_of(work.conn, row.applicant_id)
    require(work.actor, "migrate_case", area=row.village, relatives_of=relatives, met=("second_person",))
    _require_released(work, command.to)
    if row.closed_at is not None:
        raise StepImpossible(
            Text("本案已经办结，不用换规则。", "The case is closed; it needs no other rules.")
        )
    if row.rulebook == command.to:
        raise StepImpossible(Text("本案已经在这个版本上。", "The case lives by these rules already."))
    new = work.house.rules(command.to)
    known = known_of(work.conn, [row.id])[row.id]
    step = moved(work.rules, new, row, known)
    state = state_of(step, new, row.flow) or row.state
    seq = row.seq + 1
    values = {"rulebook": new.digest, "engine": step.state, "state": state, "seq": seq}
    here = (CASE.c.id == row.id) & (CASE.c.seq == row.seq)
    if work.conn.execute(update(CASE).where(here).values(values)).rowcount != 1:
        raise RuntimeError("the case row moved although it was locked")
    for place in step.open:
        shown = {
            "name": place.name, "process": place.process, "form": place.properties.get("form"),
            "state": place.properties.get("state", ""),
        }  # fmt: skip
        open_task = (TASK.c.case_id == row.id) & (TASK.c.id == place.id) & TASK.c.done_at.is_(None)
        work.conn.execute(update(TASK).where(open_task).values(shown))
    started_before = (CLOCK.c.case_id == row.id) & CLOCK.c.rules.is_(None)
    work.conn.execute(update(CLOCK).where(started_before).values(rules=row.rulebook))
    work.notes.update({"from": row.rulebook, "to": new.digest, "kept": sorted(one.id for one in step.open)})
    work.case = row._replace(rulebook=new.digest)
    write_entry(
        work,
        seq,
        kind="case_migrated",
        frm=row.state,
        to=state,
        task=None,
        command={"name": "migrate", "state": hashlib.sha256(step.state).hexdigest()},
        extra={},
    )
    return {"case_id": row.id.hex, "number": row.number, "seq": seq}


def _require_released(work: Work, digest: str) -> None:
    known = [each for each in releases(work.conn) if each.digest == digest]
    if not any(each.since <= work.house.now() for each in known):
        raise StepImpossible(
            Text("这个版本没有放行，或者还没有施行。", "These rules are not released, or not in force yet.")
        )
    if work.actor.account_id in proposers(work.conn, digest):
        raise refusal("SD-9")


def proposers(conn: Connection, digest: str) -> frozenset[int | None]:
    """The accounts that have put these rules forward: they move no case to them (SD-9)."""
    return frozenset(
        conn.scalars(
            select(PROPOSAL.c.proposed_by)
            .join(InForce, InForce.proposal_id == PROPOSAL.c.id)
            .where(InForce.digest == digest)
        )
    )


def moved(old: Rules, new: Rules, row: Any, known: Known) -> engine.Step:
    """The case on the new rules. Pure.

    Raises:
        MoveImpossible: every reason.
    """
    reasons: list[Text] = []
    if (row.policy or "") not in new.terms:
        reasons.append(Text(f"新版本没有政策“{row.policy}”", f"the new version has no policy {row.policy}"))
    try:
        step = engine.migrate(old.model, new.model, bytes(row.engine), new.rulebook, known.done)
    except engine.MoveRefused as refused:
        raise MoveImpossible([*reasons, *refused.reasons]) from refused
    before = {place.id: place for place in engine.migrate(old.model, old.model, bytes(row.engine)).open}
    for place in step.open:
        reasons += _differences(before[place.id], place)
        reasons += _lost_words(old, new, before[place.id], place, known.drafts.get(place.id, frozenset()))
    reasons += _unknown_roles(old, new, row, known.clocks)
    if reasons:
        raise MoveImpossible(reasons)
    return step


def _differences(before: engine.Open, after: engine.Open) -> Iterator[Text]:
    for key, name in SAME.items():
        was, now = before.properties.get(key, ""), after.properties.get(key, "")
        if was != now:
            yield Text(
                f"“{before.name}”的{name.zh}由{was or '无'}变为{now or '无'}",
                f"at “{before.name}” {name.en} has changed from {was or 'none'} to {now or 'none'}",
            )


def _lost_words(
    old: Rules, new: Rules, before: engine.Open, after: engine.Open, written: Collection[str]
) -> Iterator[Text]:
    """A draft must find its questions again: nothing that somebody has typed is lost."""
    form = new.rulebook.forms.get(after.properties.get("form", ""))
    asked = {field.id for field in form.fields} if form else set()
    former = old.rulebook.forms.get(before.properties.get("form", ""))
    for field in former.fields if former else ():
        if field.id in written and field.id not in asked:
            yield Text(
                f"“{before.name}”的草稿里填了“{field.label.zh}”，新表单没有这一项",
                f"the draft of “{before.name}” answers “{field.label.en}”, which the new form does not ask",
            )


def _unknown_roles(old: Rules, new: Rules, row: Any, clocks: Collection[str]) -> Iterator[Text]:
    """Whom a running clock will warn must still be there."""
    limits = old.terms[row.policy or ""].limits
    roles = {code.partition("@")[0] for limit in clocks if limit in limits for code in limits[limit].escalate}
    for role in sorted(roles - new.rulebook.roles.keys()):
        yield Text(f"新版本没有岗位{role}，期限提醒无人接收", f"the new version has no post {role} to warn")


def known_of(conn: Connection, cases: Sequence[UUID]) -> dict[UUID, Known]:
    """What `moved` has to know of each case, in three queries."""
    done: dict[UUID, set[str]] = {case: set() for case in cases}
    written: dict[UUID, dict[int, frozenset[str]]] = {case: {} for case in cases}
    running: dict[UUID, set[str]] = {case: set() for case in cases}
    people = (TASK.c.case_id.in_(cases)) & TASK.c.done_account.is_not(None)
    for case, node in conn.execute(select(TASK.c.case_id, TASK.c.node).where(people).distinct()):
        done[case].add(node)
    drafts = select(DRAFT.c.case_id, DRAFT.c.task_id, DRAFT.c["values"]).where(DRAFT.c.case_id.in_(cases))
    for case, task, values in conn.execute(drafts):
        answered = frozenset(name for name, value in values.get("answers", {}).items() if value)
        written[case][task] = written[case].get(task, frozenset()) | answered
    going = (CLOCK.c.case_id.in_(cases)) & CLOCK.c.stopped_at.is_(None)
    for case, limit in conn.execute(select(CLOCK.c.case_id, CLOCK.c.limit_id).where(going)):
        running[case].add(limit)
    return {case: Known(frozenset(done[case]), written[case], frozenset(running[case])) for case in cases}


BATCH = 200


def previews(house: House, cases: Sequence[UUID], to: str) -> Iterator[Preview]:
    """What moving each of these cases would come to. Reads only.

    Raises:
        NotFound: the rule book was never released.
    """
    new = house.rules(to)
    for start in range(0, len(cases), BATCH):
        batch = cases[start : start + BATCH]
        with house.reader.connect() as conn:
            rows = {row.id: row for row in conn.execute(select(CASE).where(CASE.c.id.in_(batch)))}
            known = known_of(conn, batch)
            tasks: dict[UUID, list[Any]] = {case: [] for case in batch}
            for task in conn.execute(_open_steps(batch)):
                tasks[task.case_id].append(task)
        for case in batch:
            yield _preview(house, new, rows[case], known[case], tasks[case])


def _open_steps(cases: Sequence[UUID]) -> Select[Any]:
    """Each open step with its due time and how many people have begun it."""
    begun = (DRAFT.c.case_id == TASK.c.case_id) & (DRAFT.c.task_id == TASK.c.id)
    drafts = select(func.count()).select_from(DRAFT).where(begun).scalar_subquery()
    return (
        select(TASK.c.case_id, TASK.c.id, TASK.c.name, TASK.c.form, TASK.c.due_at, drafts.label("drafts"))
        .where(TASK.c.case_id.in_(cases), TASK.c.done_at.is_(None))
        .order_by(TASK.c.id)
    )


def _preview(house: House, new: Rules, row: Any, known: Known, tasks: Sequence[Any]) -> Preview:
    after: Mapping[int, engine.Open] = {}
    reasons: tuple[Text, ...] = ()
    old = new
    if row.closed_at is not None:
        reasons = (Text("已经办结", "closed"),)
    elif row.rulebook == new.digest:
        reasons = (Text("已经在这个版本上", "lives by these rules already"),)
    else:
        old = house.rules(row.rulebook)
        try:
            after = {place.id: place for place in moved(old, new, row, known).open}
        except MoveImpossible as refused:
            reasons = refused.reasons
    standing = tuple(_standing(old, new, task, after.get(task.id)) for task in tasks)
    return Preview(row.id, row.number, row.flow, row.rulebook, standing, reasons)


def _standing(old: Rules, new: Rules, task: Any, after: engine.Open | None) -> Standing:
    if after is None:
        return Standing(task.name, task.due_at, task.drafts)
    was, becomes = _questions(old, task.form), _questions(new, after.properties.get("form"))
    return Standing(
        task.name,
        task.due_at,
        task.drafts,
        renamed=after.name if after.name != task.name else None,
        asked=tuple(label for name, label in becomes.items() if name not in was),
        unasked=tuple(label for name, label in was.items() if name not in becomes),
    )


def _questions(rules: Rules, form: str | None) -> Mapping[str, Text]:
    found = rules.rulebook.forms.get(form or "")
    return {field.id: field.label for field in found.fields} if found else {}
