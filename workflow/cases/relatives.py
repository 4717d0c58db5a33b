"""近亲属备案: whoever handles cases files the near relatives (domain 6.2)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from bpmn import Text
from workflow.cases.work import CASE, Work
from workflow.commands import FileRelative
from workflow.errors import NotAllowed
from workflow.register import kinship
from workflow.store.models import Person


def file_relative(work: Work, command: FileRelative) -> Mapping[str, Any]:
    """File one relative of the actor; open cases of that person's household are marked at once.

    Raises:
        NotAllowed: for another person's account. AnswersRefused: name, number or relation is wrong.
    """
    if command.account_id != work.actor.account_id:
        raise NotAllowed("own", Text("只能备案自己的近亲属。", "You file your own relatives only."))
    relative = kinship.check_relative(command.name, command.id_number, command.relation, today=work.today)
    kinship.file_relative(work.conn, command.account_id, relative, at=work.at)
    household = select(Person.household_id).where(Person.id_number == relative.id_number)
    members = select(Person.id).where(Person.household_id.in_(household))
    work.conn.execute(
        update(CASE).where(CASE.c.closed_at.is_(None), CASE.c.applicant_id.in_(members)).values(relative=True)
    )
    return {}
