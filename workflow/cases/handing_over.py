"""改派: a supervisor hands a step to one seat; the rules that let it be done say who may take it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, insert, select, tuple_, update

from bpmn import Text
from workflow.actor import Actor
from workflow.cases import eligibility
from workflow.cases.keeping import keep_entry, told_office
from workflow.cases.overseeing import let_press, open_step, read_answers
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.errors import AnswersRefused, FieldFault, NotAllowed, NotFound, StepImpossible
from workflow.permissions import TaskFacts, kind_of, require_can_complete
from workflow.register.seating import sat_on
from workflow.store.models import Account, Assignment, Organisation, Seat, Task
from workflow.supervisor_commands import Reassign

SMALL_OFFICE: Final = "small_office"
_SEATS = (
    select(
        Seat.id, Seat.account_id, Seat.role, Seat.org, Seat.substitute_for,
        Account.name, Organisation.name.label("office"),
    )
    .join(Account, Account.id == Seat.account_id)
    .join(Organisation, Organisation.code == Seat.org)
    .where(Account.active)
    .order_by(Seat.org, Seat.id)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """To whom a step can be handed. `elsewhere`: SD-11, they are of another township."""

    seats: Sequence[Any] = ()
    elsewhere: bool = False


def reassign(work: Work, command: Reassign) -> Mapping[str, Any]:
    """Hand an open step to a seat whose holder may do it, and to nobody else.

    Within the office, or (SD-11) by the county to another township where nobody in the office can. What a
    substitute takes over goes back to the holder with the seat.

    Raises:
        NotFound, Stale, NotAllowed (of the supervisor, or of the chosen person), AnswersRefused
    """
    step = open_step(work, command.task_id)
    let_press(work, "press", step.org)
    answers = read_answers(work, "reassignment", command.answers, "reassign_words")
    seat = next(iter(seats(work.conn, work.today, Seat.id == command.seat_id, Seat.role == step.role)), None)
    if seat is None:
        raise NotFound()
    if keeper_of(seat) == step.assigned_seat:
        raise StepImpossible(Text("这个环节已经在这个人手上。", "The step is with this person already."))
    acts = eligibility.acts_of_all(work.conn, [work.row])[work.row.id]
    facts = eligibility.facts(work.rules, work.row, step, acts, None)
    exception = seat.org != step.org
    if exception:
        _require_exception(work, step, seat, facts, answers.values)
    require_eligible(facts, seat)
    work.conn.execute(
        update(Task)
        .where(Task.case_id == work.row.id, Task.id == step.id)
        .values(assigned_seat=keeper_of(seat), org=seat.org)
    )
    reason = str(answers.variables["reassign_reason"])
    work.sealed.update(answers.sealed)
    work.notes.update(task=step.id, seat=keeper_of(seat), office=told_office(seat.org), reason=reason)
    if exception:
        work.notes["exception"] = "SD-11"
    kept = keep_entry(work, kind="step_handed_over", command={"name": "none"})
    work.conn.execute(
        insert(Assignment),
        {
            "case_id": work.row.id,
            "task_id": step.id,
            "from_org": step.org,
            "seat_id": keeper_of(seat),
            "at": work.at,
            "by": work.actor.account_id,
            "exception": exception,
            "seq": kept["seq"],
        },
    )
    due = step.due_at and step.due_at.isoformat()
    tell(work, "handed_over", [Desk(seat.org, seat.role, keeper_of(seat))], {"step": step.name, "due": due})
    return kept


def keeper_of(seat: Any) -> int:
    """The seat a step is noted for: of a substitute the one they stand in for."""
    return int(seat.substitute_for or seat.id)


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


def offers(
    conn: Connection,
    actor: Actor,
    steps: Collection[Any],
    facts: Mapping[tuple[UUID, int], TaskFacts],
    today: date,
) -> Mapping[tuple[UUID, int], Offer]:
    """(case, step) → the seats each step can be handed to, for any number of steps in two questions.

    Of another township only where the office itself has nobody and the supervisor sits in the county (SD-11).
    """
    desks = {(step.org, step.role) for step in steps}
    near = seats(conn, today, tuple_(Seat.org, Seat.role).in_(sorted(desks))) if desks else ()
    found: dict[tuple[UUID, int], Offer] = {}
    alone = []
    for step in steps:
        key = step.case_id, step.id
        own = _eligible(facts[key], (s for s in near if (s.org, s.role) == (step.org, step.role)))
        found[key] = Offer([seat for seat in own if keeper_of(seat) != step.assigned_seat])
        if not own and _may_name_others(actor, step.org):
            alone.append(step)
    if alone:
        roles = sorted({step.role for step in alone})
        far = seats(conn, today, Seat.role.in_(roles), Organisation.level == "township")
        for step in alone:
            others = (s for s in far if s.role == step.role and _beside(s.org, step.org))
            found[step.case_id, step.id] = Offer(_eligible(facts[step.case_id, step.id], others), True)
    return found


def _require_exception(
    work: Work, step: Any, seat: Any, facts: TaskFacts, answers: Mapping[str, Any]
) -> None:
    if not (_may_name_others(work.actor, step.org) and _beside(seat.org, step.org)):
        raise NotAllowed(
            "SD-11",
            Text(
                "只有县级督办人员能指定外乡镇人员办理，而且只限乡镇的环节。",
                "Only a county supervisor names somebody of another township, for a township's step.",
            ),
        )
    if _eligible(facts, seats(work.conn, work.today, Seat.org == step.org, Seat.role == step.role)):
        raise NotAllowed(
            "SD-11",
            Text(
                "本单位还有人可以办这个环节，不能改派到外乡镇。",
                "The office itself has somebody for this step.",
            ),
        )
    faults = []
    if answers["reassign_reason"] != SMALL_OFFICE:
        words = Text(
            "改派到外乡镇的，理由应选“本单位没有别人可以办”",
            "For another township the reason is that the office has nobody else",
        )
        faults.append(FieldFault("reassign_reason", words))
    if not str(answers.get("reassign_words") or "").strip():
        words = Text(
            "改派到外乡镇的，要写明本单位为什么没有别人可以办",
            "For another township say why the office has nobody else",
        )
        faults.append(FieldFault("reassign_words", words))
    if faults:
        raise AnswersRefused(faults)


def _may_name_others(actor: Actor, office: str) -> bool:
    county = actor.org.endswith("000000") or kind_of(actor.org) == "msb"
    return county and _is_township(office)


def _beside(one: str, other: str) -> bool:
    """Whether both are townships of the same county."""
    return one != other and _is_township(one) and _is_township(other) and one[:6] == other[:6]


def _is_township(code: str) -> bool:
    return kind_of(code) == "government" and code.endswith("000") and not code.endswith("000000")


def seats(conn: Connection, today: date, *where: ColumnElement[bool]) -> Sequence[Any]:
    """The seats somebody acts on that day: number, person, office."""
    return conn.execute(_SEATS.where(*sat_on(today), *where)).all()


def _eligible(facts: TaskFacts, seats: Iterable[Any]) -> list[Any]:
    found = []
    for seat in seats:
        with suppress(NotAllowed):
            require_eligible(facts, seat)
            found.append(seat)
    return found
