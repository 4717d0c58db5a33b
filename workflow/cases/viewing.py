"""Looking at what is masked, and taking a case's evidence away, leave a trace (domain 6.1, notes)."""

from collections.abc import Mapping
from typing import Any

from workflow.cases.keeping import keep_entry
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
    work.notes["what"] = command.what
    if command.reason:
        work.sealed["reason"] = command.reason
    kind = "file_exported" if command.what == "bundle" else "file_read"
    return keep_entry(work, kind=kind, command={"name": "log_reading"})


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
        {"reason": command.reason},
    )  # fmt: skip
    return {"seq": seq}
