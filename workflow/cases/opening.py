"""Open a case: the person and the bills are in the register, the form of the flow says the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select

from bpmn import FlowRow, Text
from workflow import forms
from workflow.actor import SYSTEM
from workflow.amounts import Policy
from workflow.cases import bills, disclosing, effects, starting, ways
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
from workflow.store.prepared import Prepared, PreparedFor
from workflow.terms import require_way

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
_BILLS = PreparedFor(
    CLAIM.c.id,
    # in the order of their numbers, so that two that want the same bills wait for each other
    lambda claims: (
        select(CLAIM.c.id, CLAIM.c.case_id, CLAIM.c.kind, CLAIM.c.invoice_number)
        .where(CLAIM.c.person_id == bindparam("person"), CLAIM.c.id.in_(claims))
        .order_by(CLAIM.c.id)
        .with_for_update()
    ),
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
    case_id = work.house.new_id()
    claims = _claims(work, command, row, person, policy, about)
    bills.take(work, claims, case_id)
    coming = starting.Coming(case_id, person.id, command.policy, person.household_id, about)
    start.update(answers.variables)
    way = None
    if ways.is_one_of_several(work.rules, policy, row):
        way = ways.decide(work, policy, coming, command.flow, relative=bool(relatives))
        row = work.rules.rulebook.flows[way.flow]
    start.update(starting.ask(work, row.facts, coming, start))
    disclosing.count_from_the_day_told(work, row, answers)
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
) -> Sequence[Any]:
    """The bills of this application. A case that is decided anew hands its own over.

    Raises:
        NotFound: one is not the person's, or the flow takes none.
        AnswersRefused: none is given where one must be, or one cannot be used here.
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
    wanted = set(command.claims)
    if not wanted:
        return []
    rows = _BILLS.all(work.conn, sorted(wanted), {"person": person.id})
    if len(rows) != len(wanted):
        raise NotFound()
    handed_over = () if about is None or row.links != REOPENING else (about.id,)
    bills.require_free(work, policy, "claims", rows, handed_over)
    return rows
