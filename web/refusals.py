"""Somebody tried what they may not: that is a fact, and it goes into the log of reads and refusals.

A refused command has been written down by `workflow.handle` itself; a refused address (a page of another
area, a page of another seat) is written down here.
"""

from types import TracebackType

from flask import request

from web.here import current_actor, house, member, now, request_id
from workflow.cases.refusing import log_refusal
from workflow.errors import NotAllowed

HANDLE = "workflow.handle"


def write_down(error: NotAllowed) -> bool:
    """Log a refusal, unless it came out of a command and stands there already. Says whether it stands."""
    if member() is None:
        return False
    if not _passed(error.__traceback__, HANDLE):
        case_id = (request.view_args or {}).get("case_id")
        facts = {"action": str(request.endpoint), "status": error.status, "detail": error.rule}
        log_refusal(house(), current_actor(), case_id, facts, now(), request_id())
    return True


def _passed(trace: TracebackType | None, module: str) -> bool:
    """Whether the error came through a module."""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            return True
        trace = trace.tb_next
    return False
