"""政府信息依申请公开: what its letters say, opened from the vault (domain 2.23, F23)."""

from datetime import date, datetime, time
from typing import Any, Final

from bpmn import FlowRow
from workflow.cases.sealed import sealed_at, sealed_of
from workflow.cases.work import Work
from workflow.deadlines import SHANGHAI
from workflow.engine import Step
from workflow.forms import Answers

FLOW: Final = "disclosure"
PREPARED, CORRECTED = "prepare_answer", "receive_correction"
FORM, GROUND = "disclosure_proposal", "disclosure_ground"


def count_from_the_day_told(work: Work, row: FlowRow, answers: Answers) -> None:
    """Limits that run from a day of the form (`counts_from` in flows.toml), such as that of the receipt."""
    for limit, field in row.counts_from.items():
        told = answers.values[field]
        day = told if isinstance(told, date) else date.fromisoformat(str(told))
        work.since[limit] = datetime.combine(day, time(), SHANGHAI)


def said(work: Work, step: Step) -> dict[str, Any]:
    """What letters about a request for information can say; empty for other cases.

    What is asked for is the applicant's own wording, after a correction the corrected one.
    """
    if work.row.flow != FLOW:
        return {}
    now, prepared = work.sealed, sealed_of(work, PREPARED)
    corrected = sealed_of(work, CORRECTED).get("corrected_words")
    choices = work.rules.rulebook.forms[FORM].field(GROUND).choices
    ground = next((one.label.zh for one in choices if one.id == step.variables.get(GROUND)), None)
    return {
        "requested": corrected or sealed_at(work, 0).get("requested"),
        "disclosed_text": now.get("disclosed_text") or prepared.get("disclosed_text"),
        "withheld": prepared.get("withheld"),
        "disclosure_ground": ground,
        "disclosure_reasons": prepared.get("disclosure_reasons"),
        "search_text": prepared.get("search_text"),
        "held_by": prepared.get("held_by"),
        "correction_wanted": now.get("correction_wanted"),
    }
