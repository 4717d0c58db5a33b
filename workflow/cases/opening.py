"""Open a case: the person and the bills are in the register, the form of the flow says the rest."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update

from bpmn import FlowRow, Text
from workflow import forms
from workflow.actor import SYSTEM
from workflow.amounts import Policy
from workflow.cases import effects, starting, ways
from workflow.cases.keeping import keep_step
from workflow.cases.matters import REOPENING
from workflow.cases.numbers import next_number
from workflow.cases.papers import add_papers
from workflow.cases.places import state_of
from workflow.cases.stepping import begin
from workflow.cases.work import CASE, Work
from workflow.cases.working import task_of
from workflow.commands import OpenCase
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.permissions import require
from workflow.register import kinship
from workflow.store.models import CaseLink, Claim, Household, Organisation, Person, table
from workflow.store.prepared import Prepared
from workflow.terms import require_way

ENDED_WITHOUT_DECISION = ("not_accepted", "withdrawn")
PERSON, CLAIM = table(Person), table(Claim)
_township = table(Organisation).alias()
_APPLICANT = Prepared(
    select(
        PERSON.c.id,
        PERSON.c.household_id,
        Household.village,
        Organisation.parent.label("township"),
        _township.c.parent.label("county"),
    )
    .join(Household, Household.id == PERSON.c.household_id)
    .join(Organisation, Organisation.code == Household.village)
    .join(_township, _township.c.code == Organisation.parent)
    .where(PERSON.c.id == bindparam("person_id"))
)
_CLAIM = Prepared(
    select(CLAIM.c.id, CLAIM.c.case_id, CLAIM.c.person_id, CLAIM.c.kind)
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
    "opened_by",
    "seq",
    "engine",
    "way",
)
_OTHER = Prepared(
    select(CASE, PERSON.c.household_id)
    .join(PERSON, PERSON.c.id == CASE.c.applicant_id)
    .where(CASE.c.id == bindparam("case_id"))
)
_LINK = Prepared(insert(table(CaseLink)), "case_id", "other_id", "kind")


def open_case(work: Work, command: OpenCase) -> Mapping[str, Any]:
    """Give the case its number and start its flow on the rule book in force. Without a flow named, the
    table of ways decides which of the policy's own procedures it takes.

    Raises:
        NotAllowed, AnswersRefused, NotFound (no such flow, policy, person, bill or case)
    """
    work.rules = work.house.rules_in(work.conn)
    person = _APPLICANT.first(work.conn, {"person_id": command.person_id})
    policy = work.rules.policies.get(command.policy)
    if person is None or policy is None:
        raise NotFound()
    work.terms = work.rules.terms[policy.id]
    row = ways.wanted_flow(work.rules, policy, command.flow)
    if row.opened == "window":
        require_way(policy, row.id)
    relatives = kinship.relatives_of(work.conn, command.person_id)
    if work.actor is not SYSTEM:
        require(work.actor, row.permission, area=person.village, relatives_of=relatives)
    about = _about(work, command, row, person)
    start = starting.variables(work, command, policy, relative=bool(relatives))
    answers = forms.check(work.rules.rulebook.forms[row.form], command.answers, start, today=work.today)
    case_id = uuid4()
    claims = _claims(work, command, row, person, policy, about)
    for claim_id in claims:
        _TAKE_CLAIM.change(work.conn, {"claim_id": claim_id, "case": case_id.hex})
    coming = starting.Coming(case_id, person.id, command.policy, person.household_id, about)
    start.update(answers.variables)
    way = None
    if ways.is_one_of_several(work.rules, policy, row):
        way = ways.decide(work, policy, coming, command.flow, relative=bool(relatives))
        row = work.rules.rulebook.flows[way.flow]
    start.update(starting.ask(work, row.facts, coming, start))
    step = begin(work, row.id, start)
    _NEW_CASE.change(
        work.conn,
        {
            "id": case_id,
            "number": next_number(work.conn, f"case-{work.today.year}", f"{work.today.year}-{{:04d}}"),
            "flow": row.id,
            "rulebook": work.rules.digest,
            "policy": command.policy,
            "applicant_id": person.id,
            "village": person.village,
            "township": person.township,
            "county": person.county,
            "state": state_of(step, work.rules, row.id) or row.state,
            "relative": start["relative_case"],
            "opened_at": work.at,
            "opened_by": work.actor.account_id or None,
            "seq": 0,
            "engine": step.state,
            "way": {} if way is None else way.as_json(),
        },
    )
    if about is not None:
        _LINK.change(work.conn, {"case_id": case_id, "other_id": about.id, "kind": row.links})
    work.lock(case_id)
    work.case = work.row._replace(seq=-1)
    add_papers(work, command.papers)
    work.sealed.update(answers.sealed)
    work.notes.update(
        flow=row.id, policy=command.policy, start=start, claims=len(claims), number=work.row.number
    )
    if way is not None:
        work.notes["way"] = way.as_json()
    if about is not None:
        work.notes["about"] = about.id.hex
    effects.follow(work, step, ())
    return keep_step(
        work,
        step,
        (),
        kind="case_opened",
        command={"name": "start"},
        task=task_of(work, row.id, "start"),
        new=True,
    )


def _about(work: Work, command: OpenCase, row: FlowRow, person: Any) -> Any:
    """The case this one is opened from: of the same household. None where the flow stands alone.

    Raises:
        NotFound: there is no such case, or the flow is not opened from a case, or only from one.
        StepImpossible: that case has not come so far.
    """
    if command.about is None:
        if row.opened == "case":
            raise NotFound()
        return None
    about = _OTHER.first(work.conn, {"case_id": command.about})
    if about is None or not row.links or about.household_id != person.household_id:
        raise NotFound()
    if row.after and about.outcome not in row.after and work.actor is not SYSTEM:
        raise StepImpossible(
            Text(
                f"案件{about.number}还没有到可以办理“{row.name.zh}”的时候。",
                f"Case {about.number} has not come so far that “{row.name.en}” could be opened.",
            )
        )
    return about


def _claims(
    work: Work, command: OpenCase, row: FlowRow, person: Any, policy: Policy, about: Any
) -> list[int]:
    """The bills of this application: the person's own, settled, and in no other case (R05).

    A case that has ended without a decision gives its bills back: the applicant may come again. One that
    is decided anew hands them over.
    """
    if row.bills == "none":
        if command.claims:
            raise NotFound()
        return []
    if not command.claims and row.bills == "must":
        raise AnswersRefused(
            [
                FieldFault(
                    "claims",
                    Text("没有选医疗费用单据。至少选一张。", "No bill is chosen. Choose at least one."),
                )
            ]
        )
    rows = [_CLAIM.first(work.conn, {"claim_id": number}) for number in sorted(set(command.claims))]
    if any(each is None or each.person_id != person.id for each in rows):
        raise NotFound()
    freed = about.id.hex if about is not None and row.links == REOPENING else None
    if _in_use(work, {each.case_id for each in rows} - {None, freed}):
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
    if strange := {each.kind for each in rows} - policy.kinds.keys():
        raise AnswersRefused([FieldFault("claims", _not_spoken_of(work, strange, policy))])
    return [each.id for each in rows]


def _not_spoken_of(work: Work, kinds: Collection[str], policy: Policy) -> Text:
    names = [next(iter(work.rules.kinds.get(kind, {}).values()), Text(kind, kind)) for kind in sorted(kinds)]
    strange, known = "、".join(name.zh for name in names), "、".join(n.zh for n in policy.kinds.values())
    return Text(
        f"“{policy.title.zh}”不含{strange}，只含{known}。请按其他政策申请，或者请县医保局处理。",
        f"“{policy.title.en}” does not speak of {', '.join(name.en for name in names)}. "
        "Apply under another policy, or ask the bureau.",
    )


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
