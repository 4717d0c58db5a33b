"""The reason that somebody gives for looking at something, taking it away or erasing it; the log keeps it."""

from typing import Final

from bpmn import Text
from workflow.errors import AnswersRefused, FieldFault

SHORTEST: Final = 4
LONGEST: Final = 200


def reason_faults(given: str, field: str = "reason") -> list[FieldFault]:
    """What is wrong with it, beside the field that asks for it."""
    length = len(given.strip())
    if length >= SHORTEST:
        return []
    words = Text(
        f"理由只写了{length}个字，至少写{SHORTEST}个字",
        f"The reason has {length} characters; {SHORTEST} are the least",
    )
    return [FieldFault(field, words)]


def require_reason(given: str) -> str:
    """The reason as the log keeps it. Raises AnswersRefused when there is none."""
    if faults := reason_faults(given):
        raise AnswersRefused(faults)
    return given.strip()[:LONGEST]
