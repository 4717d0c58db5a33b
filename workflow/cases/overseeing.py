"""What all commands of a supervisor share: the open step, who may press it, and clean words."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, or_, select

from bpmn import Text
from workflow import forms
from workflow.cases.work import Work
from workflow.cases.working import what_happened
from workflow.commands import Raw
from workflow.errors import AnswersRefused, FieldFault, NotFound, Stale
from workflow.permissions import require_overseer
from workflow.register import kinship
from workflow.register.masking import KINDS, leaks_in
from workflow.store.models import Person, Task, table

TASK = table(Task)
_MONEY = re.compile(r"\d[\d,，.]*\s*[十百千万亿]?\s*元|[¥￥]\s*\d")


def open_step(work: Work, task_id: int) -> Any:
    """One open step of the locked case, a person's work.

    Raises:
        NotFound, Stale (it has been done).
    """
    row = work.conn.execute(
        select(TASK).where(TASK.c.case_id == work.row.id, TASK.c.id == task_id)
    ).one_or_none()
    if row is None or row.kind != "user":
        raise NotFound()
    if row.done_at is not None:
        raise Stale(what_happened(work, row))
    return row


def let_press(work: Work, action: str, office: str) -> None:
    """Only a supervisor who answers for the office, and who is no relative of the applicant."""
    require_overseer(
        work.actor,
        action,
        office,
        work.row.village,
        relatives_of=kinship.relatives_of(work.conn, work.row.applicant_id),
    )


def read_answers(work: Work, form: str, raw: Raw, *words: str) -> forms.Answers:
    """The answers to a supervisor's form, as the rules in force ask it: it is no part of the case's flow.

    What stands in `words` goes to others, so it is looked through.

    Raises:
        AnswersRefused
    """
    answers = forms.check(work.house.rules().rulebook.forms[form], raw, {}, today=work.today)
    names = names_of(work.conn, [work.row.applicant_id])
    faults = [fault for field in words for fault in told_too_much(field, answers.values, names)]
    if faults:
        raise AnswersRefused(faults)
    return answers


def told_too_much(
    field: str, values: Mapping[str, Any], names: Collection[str], *, money: bool = False
) -> list[FieldFault]:
    """A message holds no name, illness, number or amount (domain 7.2, alert delivery). `money`: amounts may
    be named, where the text does not leave the house.
    """
    text = str(values.get(field) or "")
    found = [KINDS[leak.kind] for leak in leaks_in(text)]
    if not money and _MONEY.search(text):
        found.append(Text("金额", "an amount"))
    if any(name in text for name in names):
        found.append(Text("申请人或家人的姓名", "the name of the applicant or of a relative"))
    return [
        FieldFault(
            field, Text(f"这段话里有{kind.zh}，删去后再提交", f"This text holds {kind.en}; take it out")
        )
        for kind in found
    ]


def names_of(conn: Connection, applicants: Collection[int]) -> frozenset[str]:
    """The names of these applicants and of everybody in their households; one question."""
    homes = select(Person.household_id).where(Person.id.in_(applicants), Person.household_id.is_not(None))
    members = or_(Person.id.in_(applicants), Person.household_id.in_(homes))
    return frozenset(conn.scalars(select(Person.name).where(members)))
