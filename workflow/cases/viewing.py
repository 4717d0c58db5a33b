"""Looking at what is masked, and taking a case's evidence away, leave a trace (domain 6.1, notes): an entry
beside the case in the log of reads, with the reason sealed.
"""

from collections.abc import Mapping
from typing import Any

from audit import READS
from workflow.cases.refusing import log_system
from workflow.cases.work import Work
from workflow.commands import LogExport, LogReading
from workflow.permissions import require

ACTIONS = {
    "full_id": "view_full_id",
    "account": "view_account",
    "entries": "replay",
    "objector": "view_objector",
    "bundle": "export_case",
}


def log_reading(work: Work, command: LogReading) -> Mapping[str, Any]:
    """Note that the actor has seen an unmasked value or, as inspector, the whole case, or takes it away."""
    met = {"reason"} if command.reason else set()
    require(work.actor, ACTIONS[command.what], area=work.row.village, met=met)
    kind = "file_exported" if command.what == "bundle" else "file_read"
    sealed = {"reason": command.reason} if command.reason else {}
    seq = log_system(
        work.house, work.conn, work.actor, kind, {"what": command.what}, work.at, work.request_id, sealed,
        case=work.row.id, log=READS,
    )  # fmt: skip
    return {"case_id": work.row.id.hex, "number": work.row.number, "seq": seq}


def log_export(work: Work, command: LogExport) -> Mapping[str, Any]:
    """Note that the actor takes the histories of many cases away. How many stands in clear (domain RF-32)."""
    require(work.actor, "export_log", met={"reason"} if command.reason else set())
    facts: dict[str, object] = {
        "what": command.what,
        "count": command.count,
        "anonymous": command.anonymous,
        "selection": dict(command.selection),
    }
    seq = log_system(
        work.house, work.conn, work.actor, "file_exported", facts, work.at, work.request_id,
        {"reason": command.reason}, log=READS,
    )  # fmt: skip
    return {"seq": seq}
