"""Whether a spot check is what its plan has fixed: all of it repeated from the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

import audit
from audit import SYSTEM_CHAIN, canonical
from bpmn import Text
from workflow.errors import NotFound, StepImpossible
from workflow.house import House
from workflow.spot_checks.doing import PLAN, SHEET, drawn_facts, plan_facts
from workflow.spot_checks.drawing import (
    Drawn,
    commitment,
    digest,
    draw,
    plan_digest,
    sample_digest,
    seed_of,
    sizes,
)
from workflow.spot_checks.seeding import hook_of


@dataclass(frozen=True, slots=True)
class Verified:
    """`facts`: of the plan's entry; `sample`: as it comes out now; `faults`: what does not agree."""

    facts: dict[str, Any]
    sample: Sequence[Drawn]
    faults: Sequence[Text]
    drawn: bool

    @property
    def ok(self) -> bool:
        return not self.faults


def verify_plan(house: House, conn: Connection, plan_id: int) -> Verified:
    """Repeat the draw of a plan from the entries of the log and the published tree.

    Raises:
        NotFound: there is no such plan, or no such entry
    """
    row = conn.execute(select(PLAN).where(PLAN.c.id == plan_id)).one_or_none()
    if row is None:
        raise NotFound()
    facts, faults = plan_facts(conn, row.seq), []
    if not audit.verify(conn, house.vault, chain=SYSTEM_CHAIN).ok:
        faults.append(Text("系统日志的链有误。", "The system chain of the log is broken."))
    said = {"kind": row.kind, "first": row.first.isoformat(), "last": row.last.isoformat(), "size": row.size}
    said["on"] = row.draw_on and row.draw_on.isoformat()
    if any(facts.get(name) != value for name, value in said.items()):
        faults.append(Text("计划与日志登记的不符。", "The plan is not the one in the log."))
    if digest(row.frame) != facts["frame"]:
        faults.append(Text("案件名单与计划登记的不符。", "The frame is not the one that the plan has fixed."))
        return Verified(facts, (), faults, row.drawn_seq is not None)
    frame = canonical.decode_strict(row.frame, len(row.frame))
    if sizes(frame) != facts["strata"]:
        faults.append(Text("各层件数与计划登记的不符。", "The strata have other sizes than in the plan."))
    if row.drawn_seq is None:
        return Verified(facts, (), faults, drawn=False)
    try:
        sample = _repeated(house, conn, row, facts, frame, faults)
    except StepImpossible as refused:
        faults.append(refused.message)
        sample = ()
    return Verified(facts, sample, faults, drawn=True)


def _repeated(
    house: House, conn: Connection, row: Any, facts: dict[str, Any], frame: Any, faults: list[Text]
) -> tuple[Drawn, ...]:
    entry = drawn_facts(conn, row.drawn_seq)
    if entry.get("plan") != row.seq or row.drawn_seq <= row.seq:
        faults.append(Text("抽取记录不是这份计划的。", "The entry of the draw belongs to another plan."))
    word = str(entry.get("word", ""))
    if commitment(word) != facts["commitment"]:
        faults.append(Text("口令与计划登记的不符。", "The word is not the one the plan committed to."))
    hook = hook_of(house, conn, row.seq, facts)
    if hook.root != entry.get("root") or hook.size != entry.get("size", facts["size"]):
        faults.append(Text("日志在那个位置的根与抽取时的不同。", "The log's root at that size is another."))
    seed = seed_of(facts["origin"], hook.size, hook.root, plan_digest(facts), word)
    if seed.hex() != entry.get("seed"):
        faults.append(Text("种子不符。", "The seed is another."))
    sample = draw(seed, frame, facts["figures"])
    if sample_digest(sample) != entry.get("sample"):
        faults.append(Text("重新抽取的结果与日志登记的不同。", "The sample is not the one in the log."))
    kept = conn.execute(select(SHEET).where(SHEET.c.plan_id == row.id).order_by(SHEET.c.place))
    if tuple(Drawn(one.place, one.stratum, one.case_id.hex) for one in kept) != sample:
        faults.append(Text("登记的抽查名单与抽取的结果不同。", "The sheets are not those of the sample."))
    return sample
