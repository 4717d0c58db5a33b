"""催办、改派、挂牌督办、延期: ticked steps, the effects of an act on each, then the act, case by case.

The preview is a page one may come back to (the steps stand in the address). Confirming gives each case its
own command under a key of its own, so that a second click has no second effect and one case that has moved
meanwhile does not hold up the others.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn import Form, Text
from web import forms
from web.access import needs
from web.here import current_actor, house, now, own_address, request_key_of
from web.language import t
from workflow.cases.overseeing import names_of, told_too_much
from workflow.deadlines import SHANGHAI
from workflow.errors import (
    AnswersRefused,
    Busy,
    FieldFault,
    NotAllowed,
    NotFound,
    RequestReused,
    Stale,
    StepImpossible,
)
from workflow.forms import Answers, check
from workflow.handle import handle
from workflow.letters import Document
from workflow.reading.extensions import asked
from workflow.reading.pressing import Act, Effect, Step, effects, letter_of
from workflow.reading.seats import LONGEST_NUMBER
from workflow.supervisor_commands import ExtendDeadline, PutUnderSupervision, Reassign, Urge

bp = Blueprint("pressing", __name__, url_prefix="/supervise/act")
REFUSED = (NotAllowed, NotFound, Stale, StepImpossible, AnswersRefused, RequestReused, Busy)
"""What may become of one case while the others go through."""
Command = Urge | Reassign | PutUnderSupervision | ExtendDeadline


@dataclass(frozen=True, slots=True)
class Acting:
    """An act: its form, what in it others will read, its command, and how it is told."""

    form: str
    words: str
    command: Callable[[Effect, forms.Raw, int], Command]
    name: Text
    done: Text


ACTS: Mapping[Act, Acting] = {
    "urge": Acting(
        "urge", "urge_words", lambda step, raw, seat: Urge(step.case_id, step.task_id, raw),
        Text("催办", "Urge"), Text("已催办", "urged"),
    ),
    "reassign": Acting(
        "reassignment", "reassign_words",
        lambda step, raw, seat: Reassign(step.case_id, step.task_id, seat, raw),
        Text("改派", "Hand over"), Text("已改派", "handed over"),
    ),
    "supervise": Acting(
        "supervision", "supervision_words",
        lambda step, raw, seat: PutUnderSupervision(step.case_id, step.task_id, raw),
        Text("挂牌督办", "Put under supervision"), Text("已挂牌督办", "put under supervision"),
    ),
    "extend": Acting(
        "extension", "extension_words",
        lambda step, raw, seat: ExtendDeadline(step.case_id, step.clock_id or 0, raw),
        Text("延期", "Extend"), Text("已延期", "extended"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one step; `refusal` is None where it was done."""

    step: Effect
    refusal: Text | None


@bp.get("/<any(urge, reassign, supervise):act>")
@needs("press")
def preview(act: Act) -> ResponseReturnValue:
    return _preview(act)


@bp.post("/<any(urge, reassign, supervise):act>")
@needs("press")
def confirm(act: Act) -> ResponseReturnValue:
    return _confirm(act)


@bp.get("/extend")
@needs("extend_deadline")
def preview_extension() -> ResponseReturnValue:
    return _preview("extend")


@bp.post("/extend")
@needs("extend_deadline")
def confirm_extension() -> ResponseReturnValue:
    """First the new ends and the letter; only what has been shown like this is confirmed."""
    return _confirm("extend")


def _preview(act: Act) -> ResponseReturnValue:
    steps = _steps(request.args.getlist("step"))
    if not steps:
        flash(t("还没有选案卷，先在前面打勾", "Nothing is chosen yet; tick the cases first"))
        return redirect(_back(), 303)
    return _page(act, _effects(act, steps), _as_asked(steps) if act == "extend" else {})


def _as_asked(steps: Sequence[Step]) -> forms.Raw:
    """What the office wrote that has asked for more time, to begin with; the supervisor may change it."""
    number = request.args.get("asked", "")
    if not number.isdecimal() or len(number) > LONGEST_NUMBER or len(steps) != 1:
        return {}
    with house().reader.connect() as connection:
        wish = asked(house(), connection, current_actor(), steps[0][0], int(number), now())
    if not wish.may_decide or wish.task_id != steps[0][1]:
        return {}
    return {
        "extension_units": str(wish.units),
        "extension_reason": wish.reason.id if wish.reason else "",
        "extension_words": wish.words,
    }


def _confirm(act: Act) -> ResponseReturnValue:
    acting, form = ACTS[act], _form(act)
    steps, raw = _steps(request.form.getlist("step")), forms.raw_answers(form, request.form)
    chosen = {step: request.form.get(f"seat.{step[0].hex}.{step[1]}", 0, type=int) for step in steps}
    try:
        answers = check(form, raw, {}, today=now().astimezone(SHANGHAI).date())
        faults: list[FieldFault] = []
    except AnswersRefused as refused:
        answers, faults = None, list(refused.faults)
    units = cast("int | None", answers.values.get("extension_units")) if answers else None
    found = _effects(act, steps, units)
    if not found:
        raise NotFound()
    with house().reader.connect() as connection:
        names = names_of(connection, {step.applicant_id for step in found})
    faults += told_too_much(acting.words, raw, names)
    if act == "reassign":
        faults += [
            FieldFault(
                f"seat.{step.key}", Text(f"{step.person}：还没有选改派给谁", f"{step.person}: to whom?")
            )
            for step in found
            if not chosen[step.case_id, step.task_id]
        ]
    if faults or answers is None:
        return _page(act, found, raw, chosen=chosen, faults=faults, status=422)
    if act == "extend" and request.form.get("shown") != _shown(steps, raw):
        return _show_extension(found, raw, answers)
    results = [_give(acting, step, raw, chosen[step.case_id, step.task_id]) for step in found]
    refused_fields = [fault for result, faults in results if result.refusal for fault in faults]
    if len(results) == 1 and refused_fields:
        return _page(act, found, raw, chosen=chosen, faults=refused_fields, status=422)
    return _told(act, [result for result, _ in results])


def _give(acting: Acting, step: Effect, raw: forms.Raw, seat: int) -> tuple[Result, Sequence[FieldFault]]:
    """Give one case its command, under a key made from the page's and the step's."""
    key = request_key_of(step.key)
    try:
        handle(house(), current_actor(), acting.command(step, raw, seat), at=now(), request_id=key)
    except AnswersRefused as refused:
        return Result(step, refused.message), refused.faults
    except REFUSED as refused:
        return Result(step, refused.message), ()
    return Result(step, None), ()


def _told(act: Act, results: Sequence[Result]) -> ResponseReturnValue:
    done = [result for result in results if result.refusal is None]
    if len(done) == len(results):
        words = ACTS[act].done
        flash(t(f"{words.zh}{len(done)}件", f"{len(done)} {words.en}"))
        return redirect(_back(), 303)
    body = render_template(
        "supervise/pressed.html", acting=ACTS[act], done=done, back=_back(),
        refused=[result for result in results if result.refusal is not None],
    )  # fmt: skip
    return make_response(body, 200 if done else 409)


def _show_extension(found: Sequence[Effect], raw: forms.Raw, answers: Answers) -> ResponseReturnValue:
    """The new ends; where every limit refuses, the fault stands beside the field."""
    going = [step for step in found if step.refusal is None]
    if not going:
        fault = FieldFault("extension_units", found[0].refusal or Text("", ""))
        return _page("extend", _effects("extend", _keys(found)), raw, faults=[fault], status=422)
    with house().reader.connect() as connection:
        letter = letter_of(house(), connection, current_actor(), going[0], answers, now())
    return _page("extend", found, raw, letter=letter)


def _page(
    act: Act,
    found: Sequence[Effect],
    raw: forms.Raw,
    *,
    chosen: Mapping[Step, int | None] | None = None,
    faults: Sequence[FieldFault] = (),
    letter: Document | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    going = [step for step in found if step.refusal is None]
    view = forms.show(_form(act), raw, faults=[fault for fault in faults if "." not in fault.field])
    in_rows = [fault for fault in faults if "." in fault.field]
    body = render_template(
        "supervise/press.html",
        act=act, acting=ACTS[act], form=view, going=going, letter=letter, back=_back(),
        refused=[step for step in found if step.refusal is not None],
        chosen={f"{case.hex}.{task}": seat for (case, task), seat in (chosen or {}).items()},
        faults=[*in_rows, *view.faults], row_faults={fault.field: fault.message for fault in in_rows},
        shown=_shown(_keys(going), raw) if letter else "",
    )  # fmt: skip
    return make_response(body, status)


def _form(act: Act) -> Form:
    return house().rules().rulebook.forms[ACTS[act].form]


def _effects(act: Act, steps: Sequence[Step], units: int | None = None) -> list[Effect]:
    with house().reader.connect() as connection:
        return effects(house(), connection, current_actor(), act, steps, now(), units)


def _keys(found: Sequence[Effect]) -> list[Step]:
    return [(step.case_id, step.task_id) for step in found]


def _steps(given: Sequence[str]) -> list[Step]:
    """`CASE.STEP` as the ticks send it; what is no such pair is nothing."""
    found = []
    for word in given:
        case, _, task = word.partition(".")
        if len(case) == 32 and task.isdecimal() and len(task) <= LONGEST_NUMBER:
            try:
                found.append((UUID(case), int(task)))
            except ValueError:
                continue
    return list(dict.fromkeys(found))


def _shown(steps: Sequence[Step], raw: forms.Raw) -> str:
    """A mark of what the preview has shown: other answers or other steps are shown again first."""
    told = repr((sorted(steps), sorted(raw.items())))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _back() -> str:
    """The list or case the act was begun from."""
    return own_address(request.values.get("back")) or url_for("supervise.index")
