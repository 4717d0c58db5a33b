"""An inspector concludes: justified, explained or false alarm (domain 5.3). It goes to the log of
reads, which the office does not see, and writes nothing into a case (SD-8).
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import insert, select, update

import audit
from audit import READS
from bpmn import Text
from workflow.cases.refusing import log_system
from workflow.cases.work import Handler, Work
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.flag_commands import ConcludeFlag
from workflow.permissions import require
from workflow.reasons import LONGEST, reason_faults
from workflow.store.models import Flag, FlagConclusion, table

FLAG = table(Flag)
CONCLUDED: Final = audit.declare("flag_concluded", needs=["flag", "rule", "conclusion"], may=["case"])
CONCLUSIONS: Final[Mapping[str, Text]] = {
    "justified": Text("属实", "Justified"),
    "explained": Text("已说明", "Explained"),
    "false_alarm": Text("误报", "False alarm"),
}
MEANING: Final[Mapping[str, Text]] = {
    "justified": Text("确有问题，需要跟进", "there is something wrong, to be followed up"),
    "explained": Text("情况属实，但有正当原因", "it is so, and there is a good reason"),
    "false_alarm": Text("规则判断错误，没有这回事", "the rule is wrong, it is not so"),
}


def conclude(work: Work, command: ConcludeFlag) -> Mapping[str, Any]:
    """Write the conclusion down, the reason sealed.

    Raises:
        NotAllowed; NotFound: there is no such flag; AnswersRefused: no such conclusion, or no reason.
    """
    require(work.actor, "conclude_flag")
    row = work.conn.execute(select(FLAG).where(FLAG.c.id == command.flag_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound()
    reason = command.reason.strip()[:LONGEST]
    faults = list(reason_faults(reason))
    if command.conclusion not in CONCLUSIONS:
        faults.insert(0, FieldFault("conclusion", Text("请选择结论", "Choose a conclusion")))
    if faults:
        raise AnswersRefused(faults)
    facts: dict[str, object] = {"flag": row.id, "rule": row.rule, "conclusion": command.conclusion}
    if row.case_id is not None:
        facts["case"] = row.case_id.hex
    seq = log_system(
        work.house, work.conn, work.actor, CONCLUDED.name, facts, work.at, work.request_id,
        {"reason": reason},
        log=READS,
    )  # fmt: skip
    work.conn.execute(
        insert(FlagConclusion),
        {"flag_id": row.id, "conclusion": command.conclusion, "at": work.at,
         "account_id": work.actor.account_id, "seq": seq},
    )  # fmt: skip
    work.conn.execute(
        update(FLAG)
        .where(FLAG.c.id == row.id)
        .values(
            conclusion=command.conclusion,
            concluded_at=work.at,
            concluded_by=work.actor.account_id,
            concluded_evidence=row.evidence_digest,
        )
    )
    return {"number": row.id, "seq": seq}


HANDLERS: Mapping[type, Handler] = {ConcludeFlag: conclude}
