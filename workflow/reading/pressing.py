"""What an act of a supervisor would do to steps of several cases, before it is done: who gets it, until when,
and which steps are refused and why. The questions are those of the commands; their number does not grow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

from sqlalchemy import Connection, select, tuple_

from bpmn import Text
from workflow.actor import Actor
from workflow.cases import eligibility, extending, letters
from workflow.cases.handing_over import Offer, keeper_of, offers, seats
from workflow.cases.kept_clocks import limits_of, ticking
from workflow.cases.supervising import UNDER_SUPERVISION, owing
from workflow.deadlines import Limit, Standing, standing
from workflow.errors import StepImpossible, WorkflowError
from workflow.forms import Answers
from workflow.house import House
from workflow.letters import Document
from workflow.permissions import in_area, kind_of, require_overseer
from workflow.reading.case_file import today
from workflow.reading.looking import looking
from workflow.register import kinship
from workflow.store.models import Case, Clock, Organisation, Person, Seat, Supervision, Task

Act = Literal["urge", "reassign", "supervise", "extend"]
Step = tuple[UUID, int]
MOST: Final = 50
"""How many steps one act is done to at a time: a page of the list they are ticked on."""
DONE: Final = Text("这一步已经办完了。", "This step has been done.")
A_WAIT: Final = Text("这一步是等待，没有人要办。", "This is a wait; nobody has to act.")
NO_CLOCK: Final = Text("这一步没有期限。", "This step has no limit.")
NO_OFFER: Final = Offer()
NOBODY: Final = Text("没有别的人可以办这个环节。", "There is nobody else who may do this step.")


@dataclass(frozen=True, slots=True)
class Effect:
    """One step: `told` are the people who get it; `after` the new end; `refusal` why nothing happens."""

    case_id: UUID
    task_id: int
    clock_id: int | None
    applicant_id: int
    number: str
    person: str
    step: str
    office: str
    told: tuple[str, ...] = ()
    standing: Standing | None = None
    limit: Limit | None = None
    after: datetime | None = None
    offer: Offer = NO_OFFER
    refusal: Text | None = None

    @property
    def key(self) -> str:
        """How a page names the step."""
        return f"{self.case_id.hex}.{self.task_id}"


def effects(
    house: House,
    conn: Connection,
    actor: Actor,
    act: Act,
    steps: Sequence[Step],
    now: datetime,
    units: int | None = None,
) -> list[Effect]:
    """The effects of one act, in the order of the steps; steps outside the supervisor's area are left out.

    Args:
        units: of an extension, by how much; None before that has been said.

    Raises:
        StepImpossible: more than `MOST` steps at once.
    """
    if len(steps) > MOST:
        raise StepImpossible(Text(f"一次最多办{MOST}件。", f"At most {MOST} at a time."))
    found = _read(conn, actor, steps)
    shown = {key: _shown(row) for key, row in found.items()}
    rows = {key: row for key, row in found.items() if row.done_at is None and row.kind == "user"}
    relatives = kinship.relatives_of_all(conn, {row.applicant_id for row in rows.values()})
    action = "extend_deadline" if act == "extend" else "press"
    allowed: dict[Step, Any] = {}
    for key, row in rows.items():
        try:
            kin = relatives.get(row.applicant_id, frozenset())
            require_overseer(actor, action, row.org, row.village, relatives_of=kin)
        except WorkflowError as refused:
            shown[key] = replace(shown[key], refusal=refused.message)
        else:
            allowed[key] = row
    shown.update(_with_people(conn, act, allowed, shown, now))
    if act == "reassign":
        shown.update(_with_offers(house, conn, actor, allowed, shown, now))
    elif act == "supervise":
        shown.update(_under_supervision(conn, allowed, shown))
    shown.update(_with_clocks(house, conn, act, allowed, shown, now, units))
    return [shown[step] for step in dict.fromkeys(steps) if step in shown]


def letter_of(
    house: House, conn: Connection, actor: Actor, effect: Effect, answers: Answers, now: datetime
) -> Document:
    """The letter to the applicant as an extension would write it, before it has a number.

    Raises:
        NotFound, and what makes the extension itself impossible.
    """
    work = looking(house, conn, actor, effect.case_id, now)
    units = cast(int, answers.values["extension_units"])
    longer = extending.plan(work, effect.clock_id or 0, units)
    letter = extending.letter_for(work.rules.rulebook, work.row.flow)
    return letters.draft(work, letter, extending.told(house, longer, units, answers))


def _read(conn: Connection, actor: Actor, steps: Sequence[Step]) -> dict[Step, Any]:
    rows = conn.execute(
        select(
            Task.__table__,
            *(Case.number, Case.applicant_id, Case.village, Case.township, Case.county, Case.flow),
            *(Case.opened_by, Case.rulebook, Case.policy),
            Person.name.label("person"),
            Organisation.name.label("office"),
        )
        .join(Case, Case.id == Task.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .outerjoin(Organisation, Organisation.code == Task.org)
        .where(tuple_(Task.case_id, Task.id).in_(list(steps)))
    )
    kind = kind_of(actor.org)
    return {(row.case_id, row.id): row for row in rows if in_area(actor.org, kind, row.village)}


def _shown(row: Any) -> Effect:
    refusal = DONE if row.done_at is not None else None if row.kind == "user" else A_WAIT
    return Effect(
        row.case_id, row.id, row.clock_id, row.applicant_id, row.number, row.person, row.name,
        row.office or row.org, refusal=refusal,
    )  # fmt: skip


def _with_people(
    conn: Connection,
    act: Act,
    rows: Mapping[Step, Any],
    shown: Mapping[Step, Effect],
    now: datetime,
) -> dict[Step, Effect]:
    """Who holds each step, and under supervision who else owes the answer."""
    desks = {key: owing(row.org, row.role, row.assigned_seat) for key, row in rows.items()}
    wanted = {(desk.org, desk.role) for each in desks.values() for desk in each}
    people = seats(conn, today(now), tuple_(Seat.org, Seat.role).in_(sorted(wanted))) if wanted else ()
    found = {}
    for key, asked in desks.items():
        told = [
            one.name
            for desk in (asked if act == "supervise" else asked[:1])
            for one in people
            if (one.org, one.role) == (desk.org, desk.role) and desk.seat_id in (None, keeper_of(one))
        ]
        found[key] = replace(shown[key], told=tuple(dict.fromkeys(told)))
    return found


def _with_offers(
    house: House,
    conn: Connection,
    actor: Actor,
    rows: Mapping[Step, Any],
    shown: Mapping[Step, Effect],
    now: datetime,
) -> dict[Step, Effect]:
    cases = {row.case_id: _Case(row.case_id, row.applicant_id) for row in rows.values()}
    acts = eligibility.acts_of_all(conn, cases.values())
    facts = {
        key: eligibility.facts(house.rules(row.rulebook), row, row, acts[row.case_id], None)
        for key, row in rows.items()
    }
    made = offers(conn, actor, list(rows.values()), facts, today(now))
    return {
        key: replace(shown[key], offer=offer, refusal=None if offer.seats else NOBODY)
        for key, offer in made.items()
    }


@dataclass(frozen=True, slots=True)
class _Case:
    id: UUID
    applicant_id: int


def _under_supervision(
    conn: Connection, rows: Mapping[Step, Any], shown: Mapping[Step, Effect]
) -> dict[Step, Effect]:
    standing_ones = conn.execute(
        select(Supervision.case_id, Supervision.task_id).where(
            Supervision.case_id.in_({case for case, _ in rows}), Supervision.ended_at.is_(None)
        )
    )
    return {
        key: replace(shown[key], refusal=UNDER_SUPERVISION)
        for key in {(row.case_id, row.task_id) for row in standing_ones} & rows.keys()
    }


def _with_clocks(
    house: House,
    conn: Connection,
    act: Act,
    rows: Mapping[Step, Any],
    shown: Mapping[Step, Effect],
    now: datetime,
    units: int | None,
) -> dict[Step, Effect]:
    """How each limit stands; of an extension also its new end, or why there is none."""
    numbers = {row.clock_id for row in rows.values() if row.clock_id is not None}
    clocks = {row.id: row for row in conn.execute(select(Clock.__table__).where(Clock.id.in_(numbers)))}
    found = {}
    for key, row in rows.items():
        effect, clock, rules = shown[key], clocks.get(row.clock_id), house.rules(row.rulebook)
        if clock is None:
            found[key] = replace(effect, refusal=effect.refusal or (NO_CLOCK if act == "extend" else None))
            continue
        one = ticking(clock, limits_of(house, clock, row.policy, rules.terms[row.policy or ""]))
        calendar = house.calendar()
        effect = replace(effect, standing=standing(one.run, calendar, now), limit=one.run.limit)
        if act == "extend":
            try:
                extending.require_extendable(one, calendar, now)
                extending.require_letter(rules.rulebook)
                if units is not None:
                    plan = extending.planned(one, [one], calendar, now, units)
                    effect = replace(effect, after=plan.after.at)
            except WorkflowError as refused:
                effect = replace(effect, refusal=refused.message)
        found[key] = effect
    return found
