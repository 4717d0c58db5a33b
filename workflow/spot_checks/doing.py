"""Plan a spot check, draw it, record what was found in a case of it."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from audit import LOG, READS, SYSTEM_CHAIN, canonical, index
from audit.chain import LOGS
from audit.tables import audit_entry, audit_pending
from bpmn import Text
from workflow.cases.overseeing import names_of, told_too_much
from workflow.cases.refusing import log_system
from workflow.cases.work import Handler, Work
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.permissions import require
from workflow.spot_check_commands import DrawSpotCheck, PlanSpotCheck, RecordSheet
from workflow.spot_checks.drawing import (
    Drawn,
    canonical_frame,
    commitment,
    digest,
    draw,
    plan_digest,
    sample_digest,
    seed_of,
    sizes,
)
from workflow.spot_checks.framing import frame_of
from workflow.spot_checks.seeding import hook_of
from workflow.store.models import SpotCheck, SpotCheckSheet, table

PLAN, SHEET = table(SpotCheck), table(SpotCheckSheet)
KINDS: Final = ("quarterly", "special")
ANSWERS: Final = ("right", "wrong", "none")
LONGEST_REMARK, LONGEST_PERIOD = 500, 400
LONGEST_WAIT: Final = 366  # days
_HEX: Final = re.compile(r"[0-9a-f]{64}")


def plan(work: Work, command: PlanSpotCheck) -> Mapping[str, Any]:
    """Fix the frame and what the seed hangs on, before anybody can know it: a size of the log that it has not
    reached, or its first time record on or after a day to come.

    Raises:
        NotAllowed, AnswersRefused, StepImpossible: the log has no tree yet
    """
    require(work.actor, "run_spot_check")
    _check_plan(command, work.today)
    checks = work.house.spot_checks()
    figures = asdict(checks.quarterly if command.kind == "quarterly" else checks.special)
    figures = {name: value for name, value in figures.items() if isinstance(value, int)}
    special = command.kind == "special"
    frame = frame_of(work.conn, work.actor.org[:6], command.first, command.last, work.at, special=special)
    counts = sizes(frame)
    if not sum(counts.values()):
        words = Text("这段时间没有办结的案件，没有可抽的", "No case was closed in these days")
        raise AnswersRefused([FieldFault("first", words)])
    known = index.trees(work.conn).get(LOG)
    if known is None:
        raise StepImpossible(Text("日志还没有公开，不能制定计划。", "The log is not published yet."))
    number, origin = known
    size = 0 if command.on else _coming(work.conn, number) + checks.after
    content = canonical_frame(frame)
    facts: dict[str, object] = {
        "kind": command.kind, "first": command.first.isoformat(), "last": command.last.isoformat(),
        "figures": figures, "frame": digest(content), "strata": counts, "origin": origin, "size": size,
        "commitment": command.commitment, **({"on": command.on.isoformat()} if command.on else {}),
    }  # fmt: skip
    seq = log_system(work.house, work.conn, work.actor, "spot_check_planned", facts, work.at, work.request_id)
    plan_id = work.conn.scalar(
        insert(PLAN).returning(PLAN.c.id),
        {
            "kind": command.kind, "first": command.first, "last": command.last, "by_org": work.actor.org,
            "planned_at": work.at, "planned_by": work.actor.account_id, "seq": seq, "frame": content,
            "size": size, "draw_on": command.on,
        },
    )  # fmt: skip
    return {"number": str(plan_id), "seq": seq}


def _coming(conn: Connection, tree: int) -> int:
    """How many entries the log has with those that wait for their place, and the plan's own."""
    waiting = select(func.count()).select_from(audit_pending).where(audit_pending.c.log == LOGS[LOG])
    return index.size(conn, tree) + (conn.scalar(waiting) or 0) + 1


def draw_sample(work: Work, command: DrawSpotCheck) -> Mapping[str, Any]:
    """Draw; once it is drawn, the same again. Refused while the published log is not as far as the plan says.

    Raises:
        NotAllowed, NotFound, AnswersRefused (another word), StepImpossible
    """
    require(work.actor, "run_spot_check")
    row = _plan(work.conn, command.plan_id, work.actor.org)
    if row.drawn_seq is not None:
        return {"number": str(row.id), "seq": row.drawn_seq}
    facts = plan_facts(work.conn, row.seq)
    if commitment(command.word.strip()) != facts["commitment"]:
        words = Text("与制定计划时登记的口令不符", "This is not the word that the plan has committed to")
        raise AnswersRefused([FieldFault("word", words)])
    if digest(row.frame) != facts["frame"]:
        raise StepImpossible(
            Text("案件名单与计划登记的不符，不能抽取。", "The frame is not the one that the plan has fixed.")
        )
    hook = hook_of(work.house, work.conn, row.seq, facts)
    word = command.word.strip()
    seed = seed_of(facts["origin"], hook.size, hook.root, plan_digest(facts), word)
    sample = draw(seed, canonical.decode_strict(row.frame, len(row.frame)), facts["figures"])
    told: dict[str, object] = {
        "plan": row.seq, "root": hook.root, "word": word, "seed": seed.hex(), "sample": sample_digest(sample),
        "cases": len(sample), **({"size": hook.size} if row.draw_on else {}),
    }  # fmt: skip
    seq = log_system(work.house, work.conn, work.actor, "spot_check_drawn", told, work.at, work.request_id)
    work.conn.execute(
        update(PLAN)
        .where(PLAN.c.id == row.id)
        .values(drawn_at=work.at, drawn_seq=seq, seed=seed.hex(), word=word)
    )
    _keep_sample(work.conn, row.id, sample)
    return {"number": str(row.id), "seq": seq}


def record(work: Work, command: RecordSheet) -> Mapping[str, Any]:
    """Keep what was found; a later sheet replaces an earlier one, and both stand in the log of reads.

    Raises:
        NotAllowed, NotFound, AnswersRefused
    """
    require(work.actor, "make_finding", work.row.village)
    require(work.actor, "run_spot_check")
    plan_row = _plan(work.conn, command.plan_id, work.actor.org)
    row = work.conn.execute(
        select(SHEET).where(SHEET.c.plan_id == plan_row.id, SHEET.c.case_id == work.row.id)
    ).one_or_none()
    if row is None:
        raise NotFound()
    items = work.house.spot_checks().sheet
    faults = [
        FieldFault(name, Text("没有选，选好再提交", "Choose one"))
        for name in items
        if command.answers.get(name) not in ANSWERS
    ]
    remark = command.remark.strip()
    if len(remark) > LONGEST_REMARK:
        faults.append(FieldFault("remark", Text("说明最多500字", "At most 500 characters")))
    names = names_of(work.conn, [work.row.applicant_id])
    faults += told_too_much("remark", {"remark": remark}, names, money=True)
    if faults:
        raise AnswersRefused(faults)
    answers = {name: command.answers[name] for name in items}
    facts: dict[str, object] = {"plan": plan_row.seq, "case": work.row.id.hex, "answers": answers}
    seq = log_system(
        work.house, work.conn, work.actor, "spot_check_recorded", facts, work.at, work.request_id,
        {"remark": remark} if remark else {}, log=READS,
    )  # fmt: skip
    work.conn.execute(
        update(SHEET)
        .where(SHEET.c.id == row.id)
        .values(answers=answers, recorded_at=work.at, recorded_by=work.actor.account_id, recorded_seq=seq)
    )
    return {"case_id": work.row.id.hex, "number": str(plan_row.id), "seq": seq}


HANDLERS: Mapping[type, Handler] = {PlanSpotCheck: plan, DrawSpotCheck: draw_sample, RecordSheet: record}


def plan_facts(conn: Connection, seq: int) -> dict[str, Any]:
    """What the log says of a plan. Raises NotFound where entry `seq` is none."""
    facts = _facts_of(conn, seq, "spot_check_planned")
    if facts is None:
        raise NotFound()
    return facts


def drawn_facts(conn: Connection, seq: int) -> dict[str, Any]:
    """What the log says of a draw; nothing where entry `seq` is none."""
    return _facts_of(conn, seq, "spot_check_drawn") or {}


def _facts_of(conn: Connection, seq: int, kind: str) -> dict[str, Any] | None:
    """The `vars` of an entry of the system's chain; None where there is none of that kind."""
    content = conn.scalar(
        select(audit_entry.c.bytes).where(audit_entry.c.chain == SYSTEM_CHAIN, audit_entry.c.seq == seq)
    )
    entry = canonical.decode_strict(content) if content else {}
    facts: dict[str, Any] | None = entry["vars"] if entry.get("type") == kind else None
    return facts


def _plan(conn: Connection, plan_id: int, org: str) -> Any:
    row = conn.execute(select(PLAN).where(PLAN.c.id == plan_id).with_for_update()).one_or_none()
    if row is None or row.by_org != org:
        raise NotFound()
    return row


def _keep_sample(conn: Connection, plan_id: int, sample: tuple[Drawn, ...]) -> None:
    if sample:
        conn.execute(
            insert(SHEET),
            [
                {
                    "plan_id": plan_id, "case_id": UUID(one.case), "place": one.place,
                    "stratum": one.stratum, "answers": {},
                }
                for one in sample
            ],
        )  # fmt: skip


def _check_plan(command: PlanSpotCheck, today: date) -> None:
    faults = []
    if command.kind not in KINDS:
        faults.append(FieldFault("kind", Text("请选抽查的种类", "Choose the kind")))
    if command.last < command.first:
        faults.append(FieldFault("last", Text("结束的日子早于开始的", "It ends before it begins")))
    elif (command.last - command.first).days > LONGEST_PERIOD:
        faults.append(FieldFault("last", Text("最长400天", "At most 400 days")))
    if command.last > today:
        faults.append(FieldFault("last", Text("这一天还没有到", "This day has not come yet")))
    if command.on is not None and not today < command.on <= today + timedelta(days=LONGEST_WAIT):
        faults.append(
            FieldFault("on", Text("应是明天起一年以内的一天", "A day from tomorrow on, within a year"))
        )
    if not _HEX.fullmatch(command.commitment):
        faults.append(FieldFault("word", Text("口令的指纹应为64位十六进制", "64 hexadecimal digits")))
    if faults:
        raise AnswersRefused(faults)
