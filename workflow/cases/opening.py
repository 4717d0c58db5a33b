"""Register an application: the person and the bills are in the register, the form says the rest."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, insert, select, update

from bpmn import Text
from workflow import forms
from workflow.cases import effects
from workflow.cases.keeping import keep_step
from workflow.cases.numbers import next_number
from workflow.cases.papers import add_papers
from workflow.cases.stepping import begin
from workflow.cases.work import CASE, Work
from workflow.cases.working import task_of
from workflow.commands import OpenCase
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.permissions import require
from workflow.register import kinship
from workflow.store.models import Category, Claim, Household, Kin, Organisation, Person, table

FORM = "application"


def open_case(work: Work, command: OpenCase) -> Mapping[str, Any]:
    """Give the application its number and start its flow on the rule book in force.

    Raises:
        NotAllowed, AnswersRefused, NotFound (no such person or bill)
    """
    work.rules = work.house.rules()
    person = work.conn.execute(select(table(Person)).where(Person.id == command.person_id)).first()
    if person is None or person.household_id is None:
        raise NotFound()
    village = work.conn.scalar(select(Household.village).where(Household.id == person.household_id))
    township, county = _above(work, str(village))
    require(
        work.actor,
        "file_application",
        area=str(village),
        relatives_of=kinship.relatives_of(work.conn, command.person_id),
    )
    form = work.rules.rulebook.forms[FORM]
    start: dict[str, Any] = _start_variables(work, command, person)
    answers = forms.check(form, command.answers, start, today=work.today)
    claims = _claims(work, command, person)
    start.update(answers.variables)
    step = begin(work, command.flow, start)
    case_id = uuid4()
    work.conn.execute(
        insert(CASE),
        {
            "id": case_id,
            "number": next_number(work.conn, f"case-{work.today.year}", f"{work.today.year}-{{:04d}}"),
            "flow": command.flow,
            "rulebook": work.rules.digest,
            "policy": command.policy,
            "applicant_id": person.id,
            "village": village,
            "township": township,
            "county": county,
            "state": "SUBMITTED",
            "relative": start["relative_case"],
            "opened_at": work.at,
            "seq": 0,
            "engine": step.state,
        },
    )
    if claims:
        work.conn.execute(update(Claim).where(Claim.id.in_(claims)).values(case_id=case_id.hex))
    work.lock(case_id)
    work.case = work.row._replace(seq=-1)
    add_papers(work, command.papers)
    work.sealed.update(answers.sealed)
    work.notes.update(
        flow=command.flow, policy=command.policy, start=start, claims=len(claims), number=work.row.number
    )
    effects.follow(work, step, ())
    return keep_step(
        work,
        step,
        (),
        kind="case_opened",
        command={"name": "start"},
        task=task_of(work, command.flow, "start"),
        new=True,
    )


def _above(work: Work, village: str) -> tuple[str, str]:
    parent = table(Organisation).alias()
    found = work.conn.execute(
        select(Organisation.parent, parent.c.parent)
        .join(parent, parent.c.code == Organisation.parent)
        .where(Organisation.code == village)
    ).first()
    if found is None:
        raise NotFound()
    return str(found[0]), str(found[1])


def _start_variables(work: Work, command: OpenCase, person: Any) -> dict[str, Any]:
    policy = work.rules.policies.get(command.policy)
    if policy is None:
        raise NotFound()
    categories = work.conn.scalars(
        select(Category.code)
        .where(
            Category.person_id == person.id,
            Category.valid_from <= work.today,
            (Category.valid_to.is_(None)) | (Category.valid_to >= work.today),
        )
        .order_by(Category.code)
    ).all()
    order = work.rules.rulebook.categories
    known = sorted(categories, key=lambda code: order[code].order if code in order else 99)
    relative = work.conn.scalar(
        select(exists().where(Kin.id_number == Person.id_number, Person.household_id == person.household_id))
    )
    return {
        "filed_by": "village" if work.actor.role in {"VLIA", "GRID"} else "township",
        "category": known[0] if known else "",
        "low_income": not known or not policy.procedure.economy_check.isdisjoint(known),
        "relative_case": bool(relative),
        "posting_review": policy.procedure.posting_review,
        "posting_decision": policy.procedure.posting_decision,
        "policy": command.policy,
    }


def _claims(work: Work, command: OpenCase, person: Any) -> list[int]:
    """The bills of this application: the person's own, settled, and in no other case (R05)."""
    if not command.claims:
        raise AnswersRefused(
            [
                FieldFault(
                    "claims",
                    Text("没有选医疗费用单据。至少选一张。", "No bill is chosen. Choose at least one."),
                )
            ]
        )
    rows = work.conn.execute(
        select(Claim.id, Claim.case_id, Claim.person_id).where(Claim.id.in_(command.claims)).with_for_update()
    ).all()
    if len(rows) != len(set(command.claims)) or any(row.person_id != person.id for row in rows):
        raise NotFound()
    if any(row.case_id is not None for row in rows):
        raise AnswersRefused(
            [
                FieldFault(
                    "claims",
                    Text(
                        "有一张单据已用于另一件申请，同一费用只能申请一次。",
                        "One of the bills belongs to another application; a cost is aided once.",
                    ),
                )
            ]
        )
    return [row.id for row in rows]
