"""Looking at what is masked, and taking a case's evidence away, leave a trace (domain 6.1, notes)."""

from collections.abc import Mapping
from typing import Any

from workflow.cases.keeping import keep_entry
from workflow.cases.work import Work
from workflow.commands import LogReading
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
