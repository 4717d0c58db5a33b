"""改派: a supervisor hands a step to one seat; the rules that let it be done say who may take it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, or_, select, update

from bpmn import Text
from workflow.actor import Actor
from workflow.cases.keeping import keep_entry, told_office
from workflow.cases.overseeing import let_press, open_step, read_answers
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.errors import AnswersRefused, FieldFault, NotAllowed, NotFound, StepImpossible
from workflow.permissions import TaskFacts, kind_of, require_can_complete
from workflow.register import kinship
from workflow.store.models import Account, Assignment, Organisation, Seat, Task
from workflow.supervisor_commands import Reassign

SMALL_OFFICE = "small_office"
_SEATS = (
    select(Seat.id, Seat.account_id, Seat.role, Seat.org, Account.name, Organisation.name.label("office"))
    .join(Account, Account.id == Seat.account_id)
    .join(Organisation, Organisation.code == Seat.org)
    .where(Account.active)
)


def reassign(work: Work, command: Reassign) -> Mapping[str, Any]:
    """Hand an open step to a seat whose holder may do it, and to nobody else.

    Within the office, or (SD-11) by the county to another township where nobody in the office can.

    Raises:
        NotFound, Stale, NotAllowed (of the supervisor, or of the chosen person), AnswersRefused
    """
    step = open_step(work, command.task_id)
    let_press(work, "press", step.org)
    answers = read_answers(work, "reassignment", command.answers, "reassign_words")
    seat = next((one for one in _seats(work, step, Seat.id == command.seat_id)), None)
    if seat is None:
        raise NotFound()
    if seat.id == step.assigned_seat:
        raise StepImpossible(Text("这个环节已经在这个人手上。", "The step is with this person already."))
    reason = str(answers.variables["reassign_reason"])
    exception, facts = seat.org != step.org, facts_of(work, step)
    if exception:
        _require_exception(work, step, facts, reason)
    require_eligible(facts, seat)
    work.conn.execute(
        update(Task)
        .where(Task.case_id == work.row.id, Task.id == step.id)
        .values(assigned_seat=seat.id, org=seat.org)
    )
    work.sealed.update(answers.sealed)
    work.notes.update(task=step.id, seat=seat.id, office=told_office(seat.org), reason=reason)
    if exception:
        work.notes["exception"] = "SD-11"
    kept = keep_entry(work, kind="step_handed_over", command={"name": "none"})
    work.conn.execute(
        insert(Assignment),
        {
            "case_id": work.row.id,
            "task_id": step.id,
            "from_org": step.org,
            "seat_id": seat.id,
            "at": work.at,
            "by": work.actor.account_id,
            "exception": exception,
            "seq": kept["seq"],
        },
    )
    due = step.due_at and step.due_at.isoformat()
    tell(work, "handed_over", [Desk(seat.org, seat.role, seat.id)], {"step": step.name, "due": due})
    return kept


def facts_of(work: Work, step: Any) -> TaskFacts:
    """The step as `permissions` sees it, for whoever might take it: all doers, all relatives on file."""
    node = work.rules.model.node(step.process, step.node)
    not_by = frozenset(node.properties.get("not_by", "").split())
    doers: dict[str, set[int]] = {}
    for row in work.conn.execute(
        select(Task.node, Task.done_account)
        .where(Task.case_id == work.row.id, Task.node.in_(not_by), Task.done_account.is_not(None))
        .distinct()
    ):
        doers.setdefault(row.node, set()).add(row.done_account)
    case = work.row
    return TaskFacts(
        role=step.role,
        org=step.org,
        node=step.node,
        village=case.village,
        township=case.township,
        county=case.county,
        not_by=not_by,
        doers=doers,
        applicant_relatives_of=kinship.relatives_of(work.conn, case.applicant_id),
        name=Text(step.name, step.name),
    )


def require_eligible(facts: TaskFacts, seat: Any) -> None:
    """Whether the holder of a seat may do the step; in another township as if the county had named them.

    Raises:
        NotAllowed: role, area, kin or a rule of separation, told of the chosen person.
    """
    person = Actor(seat.account_id, seat.id, seat.role, seat.org)
    theirs = replace(facts, org=seat.org, named=seat.org != facts.org)
    try:
        require_can_complete(person, theirs)
    except NotAllowed as refused:
        raise NotAllowed(
            refused.rule,
            Text(f"不能改派给{seat.name}。{refused.message.zh}", f"Not to {seat.name}. {refused.message.en}"),
        ) from refused


def candidates(work: Work, step: Any) -> Sequence[Any]:
    """The seats a step can be handed to: id, name, office. Of another township only where the office
    itself has nobody and the supervisor sits in the county (SD-11).
    """
    facts = facts_of(work, step)
    own = _eligible(facts, _seats(work, step, Seat.org == step.org))
    if own or not _may_name_others(work, step):
        return [seat for seat in own if seat.id != step.assigned_seat]
    return _eligible(facts, _seats(work, step, Seat.org != step.org))


def _require_exception(work: Work, step: Any, facts: TaskFacts, reason: str) -> None:
    if not _may_name_others(work, step):
        raise NotAllowed(
            "SD-11",
            Text(
                "只有县级督办人员能指定外乡镇人员办理，而且只限乡镇的环节。",
                "Only a county supervisor names somebody of another township, for a township's step.",
            ),
        )
    if _eligible(facts, _seats(work, step, Seat.org == step.org)):
        raise NotAllowed(
            "SD-11",
            Text(
                "本单位还有人可以办这个环节，不能改派到外乡镇。",
                "The office itself has somebody for this step.",
            ),
        )
    if reason != SMALL_OFFICE:
        words = Text(
            "改派到外乡镇的，理由应选“本单位没有别人可以办”",
            "For another township the reason is that the office has nobody else",
        )
        raise AnswersRefused([FieldFault("reassign_reason", words)])


def _may_name_others(work: Work, step: Any) -> bool:
    county = work.actor.org.endswith("000000") or kind_of(work.actor.org) == "msb"
    return county and kind_of(step.org) == "government" and step.org.endswith("000")


def _seats(work: Work, step: Any, *where: Any) -> Sequence[Any]:
    """Seats of the step's role at offices of the same level that are held today."""
    level = select(Organisation.level).where(Organisation.code == step.org).scalar_subquery()
    return work.conn.execute(
        _SEATS.where(
            Seat.role == step.role,
            Seat.org.startswith(work.row.county[:6], autoescape=True),
            Organisation.level == level,
            Seat.valid_from <= work.today,
            or_(Seat.valid_to.is_(None), Seat.valid_to >= work.today),
            *where,
        ).order_by(Seat.org, Seat.id)
    ).all()


def _eligible(facts: TaskFacts, seats: Sequence[Any]) -> list[Any]:
    found = []
    for seat in seats:
        with suppress(NotAllowed):
            require_eligible(facts, seat)
            found.append(seat)
    return found
