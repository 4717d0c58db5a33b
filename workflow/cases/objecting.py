"""Anybody may object to a posting while it hangs, with or without a name (domain 2.10)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from bpmn import Text
from workflow import engine
from workflow.cases.keeping import keep_entry
from workflow.cases.receiving import receive
from workflow.cases.work import Work
from workflow.cases.working import task_of
from workflow.commands import ReceiveObjection
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.store.models import Objection, Posting, table

PAUSED = "PAUSED_OBJECTION"
SHORTEST, LONGEST = 10, 2000
POSTED_AT = {"process": "sub_posting", "node": "public_notice"}


def receive_objection(work: Work, command: ReceiveObjection) -> Mapping[str, Any]:
    """Stop the posting's clock and give the objection to the township for registration. One that comes
    while another is being checked joins it: both get the same result.

    The words and the person are sealed: only handler, approver and inspector may open them.

    Raises:
        NotFound, StepImpossible (the posting has ended), AnswersRefused
    """
    case_id = work.conn.scalar(select(Posting.case_id).where(Posting.id == command.posting_id))
    if case_id is None:
        raise NotFound()
    work.lock(case_id)
    posting = work.conn.execute(select(table(Posting)).where(Posting.id == command.posting_id)).one()
    being_checked = work.row.state == PAUSED  # the days of the posting stand still
    over = work.at >= posting.ends_at and not being_checked
    if posting.taken_down_at is not None or over:
        raise StepImpossible(
            Text("公示期已满，不能再提异议。", "The posting has ended; objections are closed.")
        )
    text = command.text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise AnswersRefused(
            [
                FieldFault(
                    "text",
                    Text(
                        f"写了{len(text)}个字。异议内容{SHORTEST}到{LONGEST}个字。",
                        f"{len(text)} characters. An objection has {SHORTEST} to {LONGEST}.",
                    ),
                )
            ]
        )
    named = bool(command.name.strip())
    work.conn.execute(
        insert(Objection),
        {
            "case_id": work.row.id,
            "posting_id": posting.id,
            "received_at": work.at,
            "channel": command.channel,
            "named": named,
            "seq": work.row.seq + 1,
        },
    )
    work.sealed.update(objection_text=text, objector=command.name.strip(), contact=command.contact.strip())
    work.notes.update(channel=command.channel, named=named)
    if being_checked:
        return keep_entry(work, kind="objection_received", command={"name": "none"})
    work.notes.update(answers={"objection_named": named})
    event = engine.Message("objection_received", {"objection_named": named})
    return receive(work, event, event.name, task_of(work, POSTED_AT["process"], POSTED_AT["node"]))
