"""Who may do what, now. Pure: no database, no clock; what is not allowed in so many words is refused.

The matrix (domain 6.1) is data, bpmn/permissions.toml. A step of a case goes through these questions,
in this order, and the first that fails is the answer:

1. SD-8  inspectors, auditors and administrators never write into a case
2. role  the seat has the role the step asks for
3. area  the seat belongs to the office whose work it is, and the case lies in its area (but for the
         reviewer of another township whom the county has named, SD-11)
4. seat  a step that was handed to one seat is done there, or by that seat's substitute
5. kin   the applicant's household has no relative of this person on file (domain 6.2)
6. SD-n  this person has done none of the steps the diagram excludes, nor any of the case that this one
         is about where the diagram asks for somebody apart (domain 6.3)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from bpmn.text import Text
from workflow.actor import Actor
from workflow.errors import NotAllowed
from workflow.register.matrix import Action, Grant, Matrix, offices_of_the_county, packaged

MATRIX: Final[Matrix] = packaged()
OFFICES: Final[frozenset[str]] = offices_of_the_county()
"""Kinds of county offices that cover the whole county (bpmn/offices.toml). A hospital covers no area."""

THIS_STEP: Final = Text("本环节", "this step")
_NOBODY: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What has to be known of an open step to say who may do it.

    Args:
        role, org: whose work it is: role code, and code of the village, township or office.
        not_by: ids of steps (from the diagram) whose doers in this case may not do this one.
        doers: step id → accounts that have done it in this case. A step that was repeated has several.
        village, township, county: 12-digit codes of where the case is.
        applicant_relatives_of: accounts that have filed somebody of the applicant's household.
        acted_before: accounts that did a step of the case this one is about, where the step must be done
            by somebody who did none.
        assigned: the only seats that may do it, once a supervisor has handed it over; None: all.
        named: the county has named somebody of another township for it (SD-11).
        name: of the step, for the refusal.
        names: step id → name, for the refusal; may be left empty.
    """

    role: str
    org: str
    node: str
    village: str
    township: str
    county: str
    not_by: frozenset[str] = frozenset()
    doers: Mapping[str, Collection[int]] = field(default_factory=dict)
    applicant_relatives_of: frozenset[int] = _NOBODY
    acted_before: frozenset[int] = _NOBODY
    assigned: frozenset[int] | None = None
    named: bool = False
    name: Text = THIS_STEP
    names: Mapping[str, str] = field(default_factory=dict)


def may(role: str, action: str) -> Grant | None:
    """The cell of the matrix, or None where it says no. An unknown role or action has no cell."""
    return MATRIX.grants.get((role, action))


def kind_of(org_code: str) -> str:
    """`msb` for "360829-msb"; a division code is a government."""
    return org_code[7:] if org_code[6:7] == "-" else "government"


def in_area(org_code: str, org_kind: str, place: str) -> bool:
    """Whether `place` (12 digits: a village, or a township or county) lies in the office's area.

    A village covers itself, a township its villages, a county and its offices the whole county.
    Anything that is not exactly a code (empty, `%`, `_`, other digits) matches nothing.
    """
    if not _is_division(place):
        return False
    if org_kind in OFFICES:
        return org_code[6:7] == "-" and org_code[7:] == org_kind and place.startswith(org_code[:6])
    if org_kind != "government" or not _is_division(org_code):
        return False
    if org_code.endswith("000000"):
        return place.startswith(org_code[:6])
    if org_code.endswith("000"):
        return place.startswith(org_code[:9])
    return place == org_code


def _reaches(actor: Actor, action: str, place: str) -> bool:
    """Whether `place` lies in the office's area, or in its county where the cell of an office without an
    area says "county": a hospital's patients come from everywhere (domain 2.4, 6.1).
    """
    if in_area(actor.org, kind_of(actor.org), place):
        return True
    grant = MATRIX.grants.get((actor.role, action))
    return (
        grant is not None
        and grant.county
        and actor.org[6:7] == "-"
        and _is_division(place)
        and place.startswith(actor.org[:6])
    )


def _is_division(code: str) -> bool:
    return len(code) == 12 and code.isascii() and code.isdigit()


def require_can_complete(actor: Actor, task: TaskFacts) -> None:
    """Let the one pass who may do this step now.

    Raises:
        NotAllowed: `rule` is SD-8, role, area, seat, kin, or the rule of separation the diagram means.
    """
    if actor.role in MATRIX.never_write:
        _refuse("SD-8")
    if actor.role != task.role or (actor.role, "complete_task") not in MATRIX.grants:
        _refuse_role(actor.role, task.name, (task.role,))
    in_its_area = task.named or _reaches(actor, "complete_task", task.village)
    if actor.org != task.org or not in_its_area:
        _refuse("area")
    if task.assigned is not None and actor.seat_id not in task.assigned:
        _refuse("seat")
    if actor.account_id in task.applicant_relatives_of:
        _refuse("kin")
    if actor.account_id in task.acted_before:
        _refuse("SD-6")
    if task.not_by:
        for earlier in task.not_by:
            if actor.account_id in task.doers.get(earlier, _NOBODY):
                _refuse_earlier(task, earlier)


def can_complete(actor: Actor, task: TaskFacts) -> bool:
    """The same question for a worklist."""
    try:
        require_can_complete(actor, task)
    except NotAllowed:
        return False
    return True


def require(
    actor: Actor,
    action: str,
    area: str | None = None,
    *,
    met: Collection[str] = (),
    relatives_of: frozenset[int] = _NOBODY,
) -> Grant:
    """Let the one pass who may do `action` on a case at `area`, and say with what limits.

    Args:
        area: 12-digit code of the village (or township, county) concerned. None is allowed only
            for what concerns no case (accounts, policy sets, filing one's own relatives).
        met: the conditions of the matrix the caller has made sure of: own, closed, reason, …
        relatives_of: accounts with a relative in the applicant's household; counts for writing only.

    Raises:
        NotAllowed: `rule` is SD-8, role, area, kin or condition.
        LookupError: there is no such action in the matrix.
    """
    asked = MATRIX.actions[action]
    if asked.case and asked.writes and actor.role in MATRIX.never_write:
        _refuse("SD-8")
    grant = MATRIX.grants.get((actor.role, action))
    if grant is None:
        _refuse_role(actor.role, asked.name, MATRIX.holders.get(action, ()))
    if asked.case:
        if area is None or not _reaches(actor, action, area):
            _refuse("area")
        if asked.writes and actor.account_id in relatives_of:
            _refuse("kin")
    for condition in grant.conditions:
        if condition not in met:
            _refuse_condition(asked, condition)
    return grant


def oversees(supervisor: str, office: str) -> bool:
    """Whether the supervisor's office answers for the work of `office` (domain 6.1, 7.2).

    The bureau and the county government press everybody in the county; a township itself and its
    villages; another office of the county only itself.
    """
    kind = kind_of(supervisor)
    if kind not in {"government", "msb"}:
        return supervisor == office
    if not supervisor.endswith("000000") and kind == "government":
        return _is_division(office) and office.startswith(supervisor[:9])
    return office.startswith(supervisor[:6])


def require_overseer(
    actor: Actor,
    action: str,
    office: str,
    area: str,
    *,
    met: Collection[str] = (),
    relatives_of: frozenset[int] = _NOBODY,
) -> Grant:
    """Let a supervisor pass who answers for the office whose work it is.

    Raises:
        NotAllowed: as `require`; area also for an office beside or above the own one.
    """
    grant = require(actor, action, area, met=met, relatives_of=relatives_of)
    if not oversees(actor.org, office):
        _refuse("area")
    return grant


def incompatible(roles: Collection[str]) -> str | None:
    """The rule that forbids one account to hold all these roles, or None (SD-4, SD-8)."""
    held = frozenset(roles)
    if held & MATRIX.never_write and not held <= MATRIX.never_write:
        return "SD-8"
    for rule, one, other in MATRIX.incompatible:
        if held & one and held & other:
            return rule
    return None


def refusal(rule: str, **values: Text) -> NotAllowed:
    """The refusal in words: the rule, why, and the next step. LookupError for an unknown rule."""
    return NotAllowed(rule, MATRIX.rules[rule].told(values))


def _refuse(rule: str, **values: Text) -> NoReturn:
    raise refusal(rule, **values)


def _refuse_role(role: str, what: Text, holders: Collection[str]) -> NoReturn:
    names = [MATRIX.role_name(code) for code in holders]
    _refuse(
        "role",
        what=what,
        role=MATRIX.role_name(role),
        roles=Text("、".join(n.zh for n in names) or "无人", ", ".join(n.en for n in names) or "nobody"),
    )


def _refuse_condition(asked: Action, condition: str) -> NoReturn:
    _refuse("condition", what=asked.name, condition=MATRIX.conditions[condition])


def _refuse_earlier(task: TaskFacts, earlier: str) -> NoReturn:
    """SD-1 unless the file names another rule for the step; says which earlier step it was."""
    rule = MATRIX.separation.get(task.node, "SD-1")
    told = MATRIX.rules[rule].told({})
    name = task.names.get(earlier)
    if name is None:
        raise NotAllowed(rule, told)
    raise NotAllowed(
        rule, Text(f"你在本案中办过“{name}”。{told.zh}", f"You have done “{name}” in this case. {told.en}")
    )
