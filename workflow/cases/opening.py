"""Register an application: the person and the bills are in the register, the form says the rest."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update

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
from workflow.store.models import Category, Claim, Household, Organisation, Person, table
from workflow.store.prepared import Prepared
from workflow.terms import require_way

FORM = "application"
ENDED_WITHOUT_DECISION = ("not_accepted", "withdrawn")
PERSON, CLAIM = table(Person), table(Claim)
_township = table(Organisation).alias()
_APPLICANT = Prepared(
    select(
        PERSON.c.id,
        Household.village,
        Organisation.parent.label("township"),
        _township.c.parent.label("county"),
    )
    .join(Household, Household.id == PERSON.c.household_id)
    .join(Organisation, Organisation.code == Household.village)
    .join(_township, _township.c.code == Organisation.parent)
    .where(PERSON.c.id == bindparam("person_id"))
)
_CATEGORIES = Prepared(
    select(Category.code)
    .where(
        Category.person_id == bindparam("person_id"),
        Category.valid_from <= bindparam("today"),
        (Category.valid_to.is_(None)) | (Category.valid_to >= bindparam("today")),
    )
    .order_by(Category.code)
)
_CLAIM = Prepared(
    select(CLAIM.c.id, CLAIM.c.case_id, CLAIM.c.person_id)
    .where(CLAIM.c.id == bindparam("claim_id"))
    .with_for_update()
)
_TAKE_CLAIM = Prepared(
    update(CLAIM).where(CLAIM.c.id == bindparam("claim_id")).values(case_id=bindparam("case"))
)
_NEW_CASE = Prepared(
    insert(CASE),
    "id",
    "number",
    "flow",
    "rulebook",
    "policy",
    "applicant_id",
    "village",
    "township",
    "county",
    "state",
    "relative",
    "opened_at",
    "seq",
    "engine",
)


def open_case(work: Work, command: OpenCase) -> Mapping[str, Any]:
    """Give the application its number and start its flow on the rule book in force.

    Raises:
        NotAllowed, AnswersRefused, NotFound (no such person or bill)
    """
    work.rules = work.house.rules()
    person = _APPLICANT.first(work.conn, {"person_id": command.person_id})
    if person is None:
        raise NotFound()
    village, township, county = person.village, person.township, person.county
    relatives = kinship.relatives_of(work.conn, command.person_id)
    require(
        work.actor,
        "file_application",
        area=village,
        relatives_of=relatives,
    )
    form = work.rules.rulebook.forms[FORM]
    start: dict[str, Any] = _start_variables(work, command, relative=bool(relatives))
    answers = forms.check(form, command.answers, start, today=work.today)
    claims = _claims(work, command, person)
    start.update(answers.variables)
    step = begin(work, command.flow, start)
    case_id = uuid4()
    _NEW_CASE.change(
        work.conn,
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
    for claim_id in claims:
        _TAKE_CLAIM.change(work.conn, {"claim_id": claim_id, "case": case_id.hex})
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


def _start_variables(work: Work, command: OpenCase, *, relative: bool) -> dict[str, Any]:
    policy = work.rules.policies.get(command.policy)
    if policy is None:
        raise NotFound()
    work.terms = work.rules.terms[policy.id]
    require_way(policy, command.flow)
    held = _CATEGORIES.all(work.conn, {"person_id": command.person_id, "today": work.today})
    known = work.terms.in_order(row.code for row in held)
    return {
        "filed_by": "village" if work.actor.role in {"VLIA", "GRID"} else "township",
        "category": known[0] if known else "",
        "low_income": not known or not policy.procedure.economy_check.isdisjoint(known),
        "relative_case": relative,
        "posting_review": policy.procedure.posting_review,
        "posting_decision": policy.procedure.posting_decision,
        "review_signatures": policy.procedure.review_signatures,
        "review_majority": int(policy.procedure.review_majority * 10_000),
        "policy": command.policy,
    }


def _claims(work: Work, command: OpenCase, person: Any) -> list[int]:
    """The bills of this application: the person's own, settled, and in no other case (R05).

    A case that has ended without a decision gives its bills back: the applicant may come again.
    """
    if not command.claims:
        raise AnswersRefused(
            [
                FieldFault(
                    "claims",
                    Text("没有选医疗费用单据。至少选一张。", "No bill is chosen. Choose at least one."),
                )
            ]
        )
    rows = [_CLAIM.first(work.conn, {"claim_id": number}) for number in sorted(set(command.claims))]
    if any(row is None or row.person_id != person.id for row in rows):
        raise NotFound()
    if _in_use(work, {row.case_id for row in rows} - {None}):
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


def _in_use(work: Work, cases: Collection[str]) -> bool:
    """Whether one of these cases (in hex) still runs or has decided on its bills."""
    if not cases:
        return False
    ended = work.conn.scalars(
        select(CASE.c.id).where(
            CASE.c.id.in_([UUID(hex=case) for case in cases]),
            CASE.c.closed_at.is_not(None),
            CASE.c.outcome.in_(ENDED_WITHOUT_DECISION),
        )
    ).all()
    return len(ended) < len(cases)
