"""What an inspector sees of the red flags: the list, one flag with its evidence, and how each rule does."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from audit import READS, SYSTEM_CHAIN, VaultError, chain_of
from bpmn import Text
from bpmn.flags import Rule
from workflow.errors import NotFound
from workflow.flags.checking import Rules
from workflow.flags.concluding import CONCLUSIONS
from workflow.house import House
from workflow.reading.flag_evidence import Evidence, evidence_of
from workflow.reading.paging import page_of
from workflow.store.models import Account, Case, Flag, FlagConclusion, FlagRun, Organisation, table

FLAG = table(Flag)
SIZE: Final = 30
STATES: Final[Mapping[str, Text]] = {
    "open": Text("待结论", "Open"),
    "concluded": Text("已有结论", "Concluded"),
    "gone": Text("已消失", "Gone"),
    "all": Text("全部", "All"),
}
SEVERITIES: Final[Mapping[str, Text]] = {
    "H": Text("高", "High"),
    "M": Text("中", "Medium"),
    "L": Text("低", "Low"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; empty: all."""

    state: str = "open"
    rule: str = ""
    severity: str = ""
    township: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    rule: str
    name: Text
    part: Text | None
    severity: str
    case_id: UUID | None
    number: str | None
    place: str
    first_seen: datetime
    gone: bool
    conclusion: Text | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Listed:
    lines: Sequence[Line]
    counts: Mapping[str, int]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Concluded:
    name: Text
    at: datetime
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class One:
    """A flag whole. `rule` is None when its file is no longer there; `seq`: the entry to look at, from 1."""

    row: Any
    line: Line
    rule: Rule | None
    part: Text | None
    evidence: Sequence[Evidence]
    history: Sequence[Concluded]
    seq: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How a rule does. `false_alarms` of `concluded` (each flag by its newest conclusion)."""

    rule: Rule
    open: int
    concluded: int
    false_alarms: int
    found: int | None
    fault: str | None

    @property
    def share(self) -> Decimal | None:
        """False alarms among the flags concluded about, in percent; None while there is none."""
        if not self.concluded:
            return None
        return (Decimal(100 * self.false_alarms) / self.concluded).quantize(Decimal("0.1"))


def _of_state(state: str) -> ColumnElement[bool]:
    return {
        "open": and_(FLAG.c.gone_at.is_(None), FLAG.c.conclusion.is_(None)),
        "concluded": FLAG.c.conclusion.is_not(None),
        "gone": and_(FLAG.c.gone_at.is_not(None), FLAG.c.conclusion.is_(None)),
    }.get(state, FLAG.c.id.is_not(None))


def listed(conn: Connection, rules: Rules, wanted: Wanted, page: int) -> Listed:
    """Flags, the most severe and newest first, with how many there are of each state."""
    narrow = [
        FLAG.c[name] == value
        for name, value in (
            ("rule", wanted.rule),
            ("severity", wanted.severity),
            ("township", wanted.township),
        )
        if value
    ]
    tally = select(*(func.count(case((_of_state(name), 1))).label(name) for name in STATES)).where(*narrow)
    counts = dict(conn.execute(tally).one()._mapping)
    at = page_of(counts.get(wanted.state, 0), page, SIZE)
    order = case({"H": 0, "M": 1}, value=FLAG.c.severity, else_=2)
    rows = conn.execute(
        _LINES.where(*narrow, _of_state(wanted.state))
        .order_by(order, FLAG.c.first_seen.desc(), FLAG.c.rule, FLAG.c.id)
        .limit(SIZE)
        .offset(at.skip)
    )
    return Listed([_line(row, rules) for row in rows], counts, at.number, at.pages)


_LINES = (
    select(FLAG, Case.number, Organisation.name.label("place_name"))
    .select_from(FLAG)
    .outerjoin(Case, Case.id == FLAG.c.case_id)
    .outerjoin(Organisation, Organisation.code == func.coalesce(FLAG.c.village, FLAG.c.township, FLAG.c.org))
)


def _line(row: Any, rules: Rules) -> Line:
    rule = rules.rules.get(row.rule)
    part = next((each.name for each in rule.parts if each.id == row.part), None) if rule else None
    return Line(
        id=row.id,
        rule=row.rule,
        name=rule.name if rule else Text(row.rule, row.rule),
        part=part,
        severity=row.severity,
        case_id=row.case_id,
        number=row.number,
        place=row.place_name or "",
        first_seen=row.first_seen,
        gone=row.gone_at is not None,
        conclusion=CONCLUSIONS.get(row.conclusion) if row.conclusion else None,
        changed=bool(row.conclusion) and row.concluded_evidence != row.evidence_digest,
    )


def one(house: House, conn: Connection, rules: Rules, flag_id: str) -> One:
    """A flag with its evidence and every conclusion there has been. Raises NotFound."""
    row = conn.execute(_LINES.where(FLAG.c.id == flag_id)).one_or_none()
    if row is None:
        raise NotFound()
    rule = rules.rules.get(row.rule)
    line = _line(row, rules)
    seq = row.evidence.get("seq")
    return One(
        row, line, rule, line.part, evidence_of(house, conn, rule, row), _history(house, conn, flag_id),
        (seq if isinstance(seq, int) else 0) + 1,
    )  # fmt: skip


def _history(house: House, conn: Connection, flag_id: str) -> list[Concluded]:
    chain = chain_of(SYSTEM_CHAIN, READS)
    rows = conn.execute(
        select(FlagConclusion.__table__, Account.name)
        .join(Account, Account.id == FlagConclusion.account_id)
        .where(FlagConclusion.flag_id == flag_id)
        .order_by(FlagConclusion.id.desc())
    )
    found = []
    for row in rows:
        try:
            reason = house.vault.open(conn, chain, row.seq).get("reason")
        except VaultError:
            reason = None
        found.append(Concluded(CONCLUSIONS[row.conclusion], row.at, row.name, reason))
    return found


def last_run(conn: Connection) -> Any:
    """The newest run that came to its end; None when there was none."""
    run = table(FlagRun)
    done = select(run).where(run.c.done_at.is_not(None), or_(run.c.cases > 0, run.c.found > 0))
    return conn.execute(done.order_by(run.c.id.desc()).limit(1)).first()


def rates(conn: Connection, rules: Rules) -> list[Rate]:
    """Every rule with its open flags and its false-alarm rate."""
    counts: dict[tuple[str, str], int] = Counter()
    for row in conn.execute(
        select(
            FLAG.c.rule, FLAG.c.conclusion, FLAG.c.gone_at.is_(None).label("there"), func.count().label("n")
        ).group_by(FLAG.c.rule, FLAG.c.conclusion, FLAG.c.gone_at.is_(None))
    ):
        if row.conclusion is not None:
            counts[row.rule, row.conclusion] += row.n
        elif row.there:
            counts[row.rule, "open"] += row.n
    asked = _asked(conn)
    return [
        Rate(
            rule=rule,
            open=counts[rule.id, "open"],
            concluded=sum(counts[rule.id, name] for name in CONCLUSIONS),
            false_alarms=counts[rule.id, "false_alarm"],
            found=asked.get(rule.id, {}).get("found"),
            fault=asked.get(rule.id, {}).get("fault"),
        )
        for rule in sorted(rules.rules.values(), key=lambda each: each.id)
    ]


def _asked(conn: Connection) -> Mapping[str, Any]:
    """What each rule answered in the newest run that asked it."""
    run = table(FlagRun)
    found: dict[str, Any] = {}
    for row in conn.execute(
        select(run.c.rules).where(run.c.done_at.is_not(None)).order_by(run.c.id.desc()).limit(50)
    ):
        for name, answer in row.rules.items():
            found.setdefault(name, answer)
    return found
