"""抽查 as the inspection reads it: the plans, one of them with its sample, a record sheet, and the rates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from audit import READS, SYSTEM_CHAIN, chain_of
from bpmn import Text
from bpmn.spot_checks import SpotChecks
from workflow.actor import Actor
from workflow.errors import NotFound, StepImpossible
from workflow.house import House
from workflow.permissions import may, require
from workflow.reading.case_row import shown_name
from workflow.spot_checks.doing import drawn_facts, plan_facts
from workflow.spot_checks.seeding import hook_of
from workflow.spot_checks.wilson import Rate, rate
from workflow.store.models import Account, Case, Organisation, Person, SpotCheck, SpotCheckSheet

FIGURES: Final[Mapping[str, Text]] = {
    "I17": Text("审核到位率（调查、评议、公示齐全）", "review complete"),
    "I18": Text("认定准确率", "recognition right"),
    "I20": Text("人员、材料、标准符合率", "persons, papers, standards conform"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan; `drawn`: cases of its sample, `recorded`: those with a sheet."""

    id: int
    kind: Text
    first: date
    last: date
    planned_at: datetime
    by: str
    drawn_at: datetime | None
    drawn: int
    recorded: int


@dataclass(frozen=True, slots=True)
class SheetLine:
    case_id: UUID
    place: int
    stratum: Text
    number: str
    person: str
    village: str
    recorded: bool
    wrong: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one stratum, or of the whole sample: figure → its rate. `frame`: cases there were to draw from."""

    name: Text
    frame: int
    drawn: int
    figures: Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class Shown:
    """`size`: of the log that the seed hangs on, where it is known. `waits`: why it cannot be drawn yet.
    `rates`: by stratum, the whole sample last; `items`: each line of the sheet over the whole sample.
    """

    plan: Plan
    facts: Mapping[str, Any]
    size: int | None
    word: str | None
    seed: str | None
    waits: Text | None
    may_run: bool
    lines: Sequence[SheetLine]
    rates: Sequence[Rates]
    items: Sequence[tuple[Text, str, Rate]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The record sheet of one case. `next`: the next case of the sample without one."""

    plan: Plan
    line: SheetLine
    answers: Mapping[str, str]
    remark: str
    next: UUID | None
    may_run: bool


def plans(house: House, conn: Connection, actor: Actor) -> list[Plan]:
    """All plans of the county's inspection, the newest first. Raises NotAllowed."""
    require(actor, "view_spot_checks")
    rows = conn.execute(_plans().where(_ours(actor)).order_by(SpotCheck.id.desc()))
    return [_plan(house.spot_checks(), row) for row in rows]


def plan_shown(house: House, conn: Connection, actor: Actor, number: int) -> Shown:
    """One plan. Raises NotFound, NotAllowed."""
    row = _row(conn, actor, number)
    checks, facts = house.spot_checks(), plan_facts(conn, row.seq)
    waits, size = None, facts["size"] or None
    if row.drawn_seq is not None:
        size = drawn_facts(conn, row.drawn_seq).get("size", size)
    else:
        try:
            size = hook_of(house, conn, row.seq, facts).size
        except StepImpossible as refused:
            waits = refused.message
    names = _strata(conn, checks, facts["strata"])
    sheets = conn.execute(_sheets(number).order_by(SpotCheckSheet.place)).all()
    return Shown(
        _plan(checks, row), facts, size, row.word, row.seed, waits, _runs(actor, row),
        [_line(one, names) for one in sheets],
        _rates(checks, facts["strata"], names, sheets),
        [
            (item.name, item.figure, _of(sheets, [name])) for name, item in checks.sheet.items()
        ],
    )  # fmt: skip


def sheet_shown(house: House, conn: Connection, actor: Actor, number: int, case_id: UUID) -> Sheet:
    """The sheet of one case of the sample. Raises NotFound, NotAllowed."""
    row = _row(conn, actor, number)
    one = conn.execute(_sheets(number).where(SpotCheckSheet.case_id == case_id)).one_or_none()
    if one is None:
        raise NotFound()
    remark = ""
    if one.recorded_seq is not None and one.erased_at is None:
        opened = house.vault.open(conn, chain_of(SYSTEM_CHAIN, READS), one.recorded_seq)
        remark = str(opened.get("remark", ""))
    following = conn.scalar(
        select(SpotCheckSheet.case_id)
        .where(
            SpotCheckSheet.plan_id == number,
            SpotCheckSheet.recorded_at.is_(None),
            SpotCheckSheet.case_id != case_id,
        )
        .order_by(SpotCheckSheet.place)
        .limit(1)
    )
    checks = house.spot_checks()
    names = _strata(conn, checks, [one.stratum])
    return Sheet(_plan(checks, row), _line(one, names), one.answers, remark, following, _runs(actor, row))


def frame_of_plan(conn: Connection, actor: Actor, number: int) -> bytes:
    """The bytes whose SHA-256 the plan has fixed. Raises NotFound, NotAllowed."""
    content: bytes = _row(conn, actor, number).frame
    return content


def wrong_items(house: House, answers: Mapping[str, str]) -> list[Text]:
    """What a sheet says is wrong."""
    return [item.name for name, item in house.spot_checks().sheet.items() if answers.get(name) == "wrong"]


def _ours(actor: Actor) -> Any:
    if may(actor.role, "run_spot_check") is not None:
        return SpotCheck.by_org == actor.org
    return SpotCheck.by_org.startswith(actor.org[:6], autoescape=True)


def _runs(actor: Actor, row: Any) -> bool:
    return may(actor.role, "run_spot_check") is not None and row.by_org == actor.org


def _plans() -> Any:
    own = select(func.count()).where(SpotCheckSheet.plan_id == SpotCheck.id).correlate(SpotCheck)
    drawn = own.scalar_subquery()
    recorded = own.where(SpotCheckSheet.recorded_at.is_not(None)).scalar_subquery()
    return select(
        SpotCheck.__table__, Account.name.label("by"), drawn.label("drawn"), recorded.label("recorded")
    ).join(Account, Account.id == SpotCheck.planned_by)


def _row(conn: Connection, actor: Actor, number: int) -> Any:
    require(actor, "view_spot_checks")
    row = conn.execute(_plans().where(SpotCheck.id == number, _ours(actor))).one_or_none()
    if row is None:
        raise NotFound()
    return row


def _plan(checks: SpotChecks, row: Any) -> Plan:
    return Plan(
        row.id, checks.name(row.kind), row.first, row.last, row.planned_at, row.by, row.drawn_at,
        row.drawn, row.recorded,
    )  # fmt: skip


def _sheets(number: int) -> Any:
    return (
        select(
            SpotCheckSheet.__table__,
            Case.number,
            Case.erased_at,
            shown_name,
            Organisation.name.label("village"),
        )
        .join(Case, Case.id == SpotCheckSheet.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .where(SpotCheckSheet.plan_id == number)
    )


def _line(row: Any, names: Mapping[str, Text]) -> SheetLine:
    wrong = sum(answer == "wrong" for answer in row.answers.values())
    return SheetLine(
        row.case_id, row.place, names[row.stratum], row.number, row.person, row.village,
        row.recorded_at is not None, wrong,
    )  # fmt: skip


def _strata(conn: Connection, checks: SpotChecks, codes: Iterable[str]) -> dict[str, Text]:
    """How strata are called: those that are always drawn, and the townships."""
    townships = {f"{code}000": code for code in codes if code not in checks.always}
    rows = conn.execute(select(Organisation.code, Organisation.name).where(Organisation.code.in_(townships)))
    named = {townships[row.code]: Text(row.name, row.name) for row in rows}
    return {**checks.always, **{code: Text(code, code) for code in townships.values()}, **named}


def _rates(
    checks: SpotChecks, counts: Mapping[str, int], names: Mapping[str, Text], sheets: Sequence[Any]
) -> list[Rates]:
    found = []
    for code in (*checks.always, *sorted(counts.keys() - checks.always.keys())):
        own = [one for one in sheets if one.stratum == code]
        if counts.get(code):
            found.append(Rates(names[code], counts[code], len(own), _figures(checks, own)))
    whole = Text("合计（抽到的）", "The whole sample")
    return [*found, Rates(whole, sum(counts.values()), len(sheets), _figures(checks, sheets))]


def _figures(checks: SpotChecks, sheets: Sequence[Any]) -> dict[str, Rate]:
    return {
        figure: _of(sheets, [name for name, item in checks.sheet.items() if item.figure == figure])
        for figure in FIGURES
    }


def _of(sheets: Sequence[Any], items: Sequence[str]) -> Rate:
    """A case counts where any of the items applies, and is right where none of them is wrong."""
    answers = [[one.answers.get(name) for name in items] for one in sheets if one.recorded_at is not None]
    counted = [found for found in answers if "right" in found or "wrong" in found]
    return rate(sum("wrong" not in found for found in counted), len(counted))
