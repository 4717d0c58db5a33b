"""What a diagram's service tasks do: letters, postings, money. All rows of the same transaction.

Nothing leaves the house from here: what must leave goes to the outbox.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import bindparam, func, select, update

from workflow.cases import (
    advances,
    automatic,
    cards,
    letters,
    paying,
    postings,
    recoveries,
    remedies,
    rosters,
    setting_off,
)
from workflow.cases import clocks as clockwork
from workflow.cases.work import Work
from workflow.engine import Effect, Step
from workflow.store.models import Letter, Objection, table
from workflow.store.prepared import Prepared

Clocks = Sequence[clockwork.Ticking]
Doer = Callable[[Work, Effect, Step, Clocks], None]

LETTER = table(Letter)
_newest = (
    select(func.max(LETTER.c.id))
    .where(
        LETTER.c.case_id == bindparam("case"),
        LETTER.c.delivered_at.is_(None),
        LETTER.c.kind.not_in([letters.EXTENSION, bindparam("extension")]),  # go out beside the steps
    )
    .scalar_subquery()
)
_DELIVERED = Prepared(
    update(LETTER)
    .where(LETTER.c.id == _newest)
    .values(delivered_at=bindparam("at"), delivery=bindparam("how"))
)


def follow(work: Work, step: Step, clocks: Clocks) -> None:
    """Do every effect of a step in its order and name them in the log entry."""
    for effect in step.effects:
        DOERS[effect.operator](work, effect, step, clocks)
    if work.letters:
        work.notes["letters"] = list(work.letters)
    if step.effects:
        work.notes["effects"] = [
            " ".join([effect.operator, *(str(value) for value in effect.params.values())])
            for effect in step.effects
        ]


def issue_letter(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    letters.issue(work, str(effect.params["letter"]), step)


def letter_delivered(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The newest letter of the case not yet delivered has reached the applicant."""
    how = str(step.variables.get("method", "")) or None
    own = letters.extension_of(work.row.flow)
    _DELIVERED.change(work.conn, {"case": work.row.id, "extension": own, "at": work.at, "how": how})


def publish_posting(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    ends_at = clockwork.due_by((), work.terms.limits, work.calendar, work.at, "D04")
    postings.publish(work, int(str(effect.params["posting"])), ends_at)


def end_posting(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    postings.take_down(work)


def objection_closed(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    result = str(step.variables["objection_result"])
    work.conn.execute(
        update(Objection)
        .where(Objection.case_id == work.row.id, Objection.result.is_(None))
        .values(result=result)
    )
    if result == "unfounded":
        postings.extend(work, clockwork.due_by(clocks, work.terms.limits, work.calendar, work.at, "D04"))


def case_archived(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The file is built by the worker: letters as PDF, papers, entries, catalogue (F16)."""
    paying.send(work, "archive_file", {})


DOERS: Mapping[str, Doer] = {
    "issue_letter": issue_letter,
    "letter_delivered": letter_delivered,
    "publish_posting": publish_posting,
    "end_posting": end_posting,
    "objection_closed": objection_closed,
    "order_payment": paying.order_payment,
    "set_off": setting_off.make,
    "payment_returned": paying.payment_returned,
    "payment_credited": paying.payment_credited,
    "case_archived": case_archived,
    "advance_asked": advances.asked,
    "advance_granted": advances.granted,
    "advance_ordered": advances.ordered,
    "advance_credited": advances.credited,
    "advance_settled": advances.settled,
    "open_recovery": advances.recover,
    "recovery_opened": recoveries.opened,
    "recovery_decided": recoveries.decided,
    "recovery_closed": recoveries.closed,
    "original_rests": remedies.original_rests,
    "original_resumes": remedies.original_resumes,
    "decision_reopened": remedies.decision_reopened,
    "end_category": rosters.end_category,
    "category_moved": rosters.category_moved,
    "card_issued": cards.card_issued,
    "plan_kept": automatic.plan_kept,
    "plan_granted": automatic.plan_granted,
    "alert_included": automatic.alert_included,
}
