"""延期: a supervisor extends a limit once, before it ends, by at most half, and the applicant is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import insert, select, update

from bpmn import Rulebook, Text
from workflow.cases import clocks as clockwork
from workflow.cases import letters
from workflow.cases.keeping import keep_entry
from workflow.cases.kept_clocks import read_clocks
from workflow.cases.overseeing import let_press, read_answers
from workflow.cases.retiming import retime
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.deadlines import SHANGHAI, Calendar, Due, due
from workflow.deadlines import Extension as Longer
from workflow.deadlines.words import length
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.forms import Answers
from workflow.house import House
from workflow.permissions import kind_of, refusal, require
from workflow.register import kinship
from workflow.store.models import Clock, Extension, Task, table
from workflow.supervisor_commands import ExtendDeadline, RefuseExtension, RequestExtension

LETTER = letters.EXTENSION
CLOCK, EXTENSION, TASK = table(Clock), table(Extension), table(Task)


@dataclass(frozen=True, slots=True)
class Planned:
    """An extension before it is made: the longer clock among all clocks of the case, and the two ends."""

    clock: clockwork.Ticking
    clocks: Sequence[clockwork.Ticking]
    before: Due
    after: Due


def office_of_clock(work: Work, clock_id: int) -> str:
    """Whose work a running limit measures.

    Raises:
        NotFound: no open step runs on it.
    """
    office = work.conn.scalar(
        select(TASK.c.org)
        .where(TASK.c.case_id == work.row.id, TASK.c.clock_id == clock_id, TASK.c.done_at.is_(None))
        .order_by(TASK.c.kind, TASK.c.id)
    )
    if office is None:
        raise NotFound()
    return str(office)


def plan(work: Work, clock_id: int, units: int) -> Planned:
    """What an extension by `units` would do.

    Raises:
        NotFound, and what `require_extendable` and `planned` refuse.
    """
    clocks = read_clocks(work)
    clock = next((one for one in clocks if one.id == clock_id), None)
    if clock is None:
        raise NotFound()
    require_extendable(clock, work.calendar, work.at)
    return planned(clock, clocks, work.calendar, work.at, units)


def require_extendable(clock: clockwork.Ticking, calendar: Calendar, at: datetime) -> None:
    """Whether a running limit can still be made longer.

    Raises:
        StepImpossible: it cannot be extended, has been, or has ended.
    """
    limit = clock.run.limit
    if not limit.extension:
        raise StepImpossible(
            Text(f"“{limit.name.zh}”的期限不能延长。", f"The limit “{limit.name.en}” cannot be extended.")
        )
    if clock.run.extension is not None:
        raise StepImpossible(Text("这个期限已经延长过一次，不能再延。", "This limit was extended already."))
    if at >= due(clock.run, calendar).at and not clock.paused:
        raise StepImpossible(
            Text("期限已经到了，到期以后不能再延长。", "The limit has ended; it is too late to extend it.")
        )


def planned(
    clock: clockwork.Ticking,
    clocks: Sequence[clockwork.Ticking],
    calendar: Calendar,
    at: datetime,
    units: int,
) -> Planned:
    """The longer clock of an extension made at `at`, among the clocks of its case.

    Raises:
        AnswersRefused: more than half of the limit.
    """
    limit = clock.run.limit
    if not 1 <= units <= limit.extension:
        most = length(limit.extension, limit.unit)
        words = Text(f"最多延长{most.zh}", f"At most {most.en}")
        raise AnswersRefused([FieldFault("extension_units", words)])
    longer = replace(clock, run=replace(clock.run, extension=Longer(at, units)))
    all_of_them = [longer if one.id == clock.id else one for one in clocks]
    return Planned(longer, all_of_them, due(clock.run, calendar), due(longer.run, calendar))


def extend_deadline(work: Work, command: ExtendDeadline) -> Mapping[str, Any]:
    """Extend one limit and issue the letter to the applicant; a request that is open counts as granted.

    Raises:
        NotAllowed, and what `plan` and the form refuse.
    """
    let_press(work, "extend_deadline", office_of_clock(work, command.clock_id))
    answers = read_answers(work, "extension", command.answers, "extension_words")
    units = cast(int, answers.values["extension_units"])
    longer = plan(work, command.clock_id, units)
    clock = longer.clock
    work.sealed.update(answers.sealed)
    work.notes.update(
        limit=clock.limit_id,
        units=units,
        before=longer.before.at.isoformat(),
        until=longer.after.at.isoformat(),
        reason=answers.variables["extension_reason"],
        letter=_write(work, longer, units, answers),
    )
    kept = retime(work, clock, longer.clocks, kind="deadline_extended")
    _grant(work, command.clock_id, units, kept["seq"])
    return kept


def _write(work: Work, planned: Planned, units: int, answers: Answers) -> str:
    """The letter, with the chosen reason in the words of the form. Returns its kind."""
    require_letter(work.rules.rulebook)
    letter = letter_for(work.rules.rulebook, work.row.flow)
    letters.issue_beside(work, letter, told(work.house, planned, units, answers))
    return letter


def letter_for(book: Rulebook, flow: str) -> str:
    """Which letter tells an extension in a case of this flow."""
    own = letters.extension_of(flow)
    return own if own in book.letters else LETTER


def require_letter(book: Rulebook) -> None:
    """Whether the rules of a case have the letter at all.

    Raises:
        StepImpossible
    """
    if LETTER not in book.letters:
        raise StepImpossible(
            Text(
                "这件案卷的规则里还没有延期告知书，先把案卷迁到现行规则再延期。",
                "The rules of this case have no such letter: move the case to the rules in force first.",
            )
        )


def told(house: House, planned: Planned, units: int, answers: Answers) -> Mapping[str, Any]:
    """What the letter says of the extension, beside what every letter says."""
    limit = planned.clock.run.limit
    field = house.rules().rulebook.forms["extension"].field("extension_reason")
    reasons = {choice.id: choice.label.zh for choice in field.choices}
    return {
        "limit_name": limit.name.zh,
        "extension_length": length(units, limit.unit).zh,
        "extended_from": planned.before.day,
        "extended_until": planned.after.day,
        "extension_reason": reasons[str(answers.variables["extension_reason"])],
        "extension_details": str(answers.values["extension_words"]).strip(),
    }


def _grant(work: Work, clock_id: int, units: int, seq: int) -> None:
    """Close the office's open request, or note an extension nobody had asked for."""
    decided = {
        "granted": True,
        "units": units,
        "decided_at": work.at,
        "decided_by": work.actor.account_id,
        "decided_seq": seq,
    }
    asked = work.conn.execute(
        update(EXTENSION)
        .where(EXTENSION.c.clock_id == clock_id, EXTENSION.c.decided_at.is_(None))
        .values(**decided)
        .returning(EXTENSION.c.id, EXTENSION.c.asked_org, EXTENSION.c.asked_role)
    ).all()
    for row in asked:
        told = {"limit": _limit_of(work), "extension": row.id}
        tell(work, "extension_granted", [Desk(row.asked_org, row.asked_role)], told)
    if not asked:
        work.conn.execute(insert(EXTENSION), {**_asked(work, clock_id, seq), **decided})


def _limit_of(work: Work) -> str:
    return str(work.notes["limit"])


def _asked(work: Work, clock_id: int, seq: int) -> dict[str, Any]:
    return {
        "case_id": work.row.id,
        "clock_id": clock_id,
        "asked_at": work.at,
        "asked_by": work.actor.account_id,
        "asked_org": work.actor.org,
        "asked_role": work.actor.role,
        "asked_seq": seq,
    }


def request_extension(work: Work, command: RequestExtension) -> Mapping[str, Any]:
    """An office that does the step asks for more time; its supervisor decides.

    Raises:
        NotAllowed, StepImpossible (asked already), and what `plan` and the form refuse.
    """
    actor, office = work.actor, office_of_clock(work, command.clock_id)
    require(
        actor,
        "request_extension",
        work.row.village,
        relatives_of=kinship.relatives_of(work.conn, work.row.applicant_id),
    )
    if actor.org != office:
        raise refusal("area")
    answers = read_answers(work, "extension", command.answers, "extension_words")
    units = cast(int, answers.values["extension_units"])
    longer = plan(work, command.clock_id, units)
    if open_request(work, command.clock_id) is not None:
        raise StepImpossible(
            Text("已经申请过延期，等督办人员答复。", "It has been asked for; wait for the answer.")
        )
    limit = longer.clock.limit_id
    work.sealed.update(answers.sealed)
    work.notes.update(limit=limit, units=units, reason=answers.variables["extension_reason"])
    kept = keep_entry(work, kind="extension_requested", command={"name": "none"})
    row = {**_asked(work, command.clock_id, kept["seq"]), "units": units}
    number = work.conn.scalar(insert(EXTENSION).returning(EXTENSION.c.id), row)
    facts = {"limit": limit, "due": _iso(longer.before.at), "extension": number}
    tell(work, "extension_asked", [supervisor_of(office)], facts)
    return kept


def supervisor_of(office: str) -> Desk:
    """Who presses an office: the township's supervisor, the finance bureau's own, else the bureau's."""
    if kind_of(office) == "government" and not office.endswith("000000"):
        return Desk(f"{office[:9]}000", "SUP")
    return Desk(office if kind_of(office) == "finance" else f"{office[:6]}-msb", "SUP")


def _iso(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat()


def open_request(work: Work, clock_id: int) -> Any:
    """The request for a clock that nobody has decided yet, or None."""
    return work.conn.execute(
        select(EXTENSION).where(EXTENSION.c.clock_id == clock_id, EXTENSION.c.decided_at.is_(None))
    ).first()


def refuse_extension(work: Work, command: RefuseExtension) -> Mapping[str, Any]:
    """The supervisor does not extend; the office is told, also when the step has been done meanwhile.

    Raises:
        NotFound, NotAllowed, StepImpossible (decided already), AnswersRefused
    """
    row = work.conn.execute(
        select(EXTENSION, CLOCK.c.limit_id)
        .join(CLOCK, CLOCK.c.id == EXTENSION.c.clock_id)
        .where(EXTENSION.c.id == command.extension_id)
    ).one_or_none()
    if row is None or row.case_id != work.row.id:
        raise NotFound()
    if row.decided_at is not None:
        raise StepImpossible(Text("这个申请已经答复过了。", "This request has been answered."))
    let_press(work, "extend_deadline", row.asked_org)
    answers = read_answers(work, "extension_refusal", command.answers, "refusal_words")
    work.sealed.update(answers.sealed)
    work.notes.update(limit=row.limit_id)
    kept = keep_entry(work, kind="extension_refused", command={"name": "none"})
    work.conn.execute(
        update(EXTENSION)
        .where(EXTENSION.c.id == row.id)
        .values(
            granted=False,
            decided_at=work.at,
            decided_by=work.actor.account_id,
            decided_seq=kept["seq"],
        )
    )
    facts = {"limit": row.limit_id, "extension": row.id}
    tell(work, "extension_refused", [Desk(row.asked_org, row.asked_role)], facts)
    return kept
