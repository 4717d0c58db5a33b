"""Filling in forms: what is asked now, and whether the answers will do."""

from workflow.errors import AnswersRefused, FieldFault
from workflow.forms.checking import Answers, Raw, check, visible
from workflow.forms.conditions import require_sound
from workflow.forms.values import Value, tell

__all__ = [
    "Answers",
    "AnswersRefused",
    "FieldFault",
    "Raw",
    "Value",
    "check",
    "require_sound",
    "tell",
    "visible",
]
