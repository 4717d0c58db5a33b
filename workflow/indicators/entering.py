"""What no data can give is entered by the office: yearly figures with their source, points with evidence.

Both go to the system chain of the log, and the newest counts. Neither holds anything of a person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from bpmn import Text
from bpmn.evaluations import QUALITATIVE
from workflow.cases.refusing import log_system
from workflow.cases.work import Handler, Work
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.indicators.checking import indicators
from workflow.indicators.evaluating import evaluations
from workflow.indicators.measuring import Given
from workflow.measure_commands import EnterFigure, ScoreLeaf
from workflow.permissions import require
from workflow.store.models import Account, EnteredFigure, EvaluationScore, table

FIGURE, SCORE = table(EnteredFigure), table(EvaluationScore)
SHORTEST: Final = 2
LONGEST_SOURCE, LONGEST_EVIDENCE = 200, 300
MOST: Final = Decimal(10) ** 13
_PERSONAL: Final = re.compile(r"\d{11}")
"""A telephone, an identity number, an account: eleven digits or more in a row."""
PERSONAL: Final = Text("不能写身份证号、电话或账号", "no identity, telephone or account number")
NUMBER: Final = Text("写一个不小于0的数，最多两位小数", "A number from 0 on, with two decimals at most")


@dataclass(frozen=True, slots=True)
class EnteredRow:
    """What was entered for a year, by whom and when."""

    value: Decimal
    words: str
    person: str
    at: datetime


def enter_figure(work: Work, command: EnterFigure) -> Mapping[str, Any]:
    """Keep a yearly figure with its source.

    Raises:
        NotAllowed; NotFound: no such figure; AnswersRefused
    """
    require(work.actor, "enter_figures")
    indicator = indicators().all.get(command.indicator)
    if indicator is None or command.figure not in indicator.entered:
        raise NotFound()
    faults = _year(command.year, work)
    value = _number(command.value, faults, "value", MOST)
    source = _words(command.source, faults, "source", LONGEST_SOURCE)
    if value is None or faults:
        raise AnswersRefused(faults)
    unit = indicator.entered[command.figure].unit
    if unit != "yuan" and value != value.to_integral_value():
        raise AnswersRefused([FieldFault("value", Text("应为整数", "A whole number"))])
    name = f"{command.indicator}.{command.figure}"
    seq = _log(
        work, "figure_entered",
        {"year": command.year, "figure": name, "value": str(value), "source": source},
    )  # fmt: skip
    row = {
        "year": command.year, "indicator": command.indicator, "figure": command.figure, "value": value,
        "source": source, "entered_by": work.actor.account_id, "entered_at": work.at, "seq": seq,
    }  # fmt: skip
    work.conn.execute(insert(FIGURE), row)
    return {"number": name}


def score_leaf(work: Work, command: ScoreLeaf) -> Mapping[str, Any]:
    """Keep the points of a qualitative leaf with what they rest on.

    Raises:
        NotAllowed; NotFound: no such leaf, or one that is counted; AnswersRefused
    """
    require(work.actor, "score_evaluation")
    evaluation = evaluations().all.get(command.evaluation)
    leaf = evaluation.leaves.get(command.leaf) if evaluation else None
    if leaf is None or leaf.kind != QUALITATIVE:
        raise NotFound()
    faults = _year(command.year, work)
    points = _number(command.points, faults, "points", leaf.points)
    evidence = _words(command.evidence, faults, "evidence", LONGEST_EVIDENCE)
    if points is None or faults:
        raise AnswersRefused(faults)
    facts = {
        "year": command.year, "evaluation": command.evaluation, "leaf": command.leaf, "points": str(points),
        "evidence": evidence,
    }  # fmt: skip
    seq = _log(work, "evaluation_scored", facts)
    row = {
        **facts, "points": points, "scored_by": work.actor.account_id, "scored_at": work.at, "seq": seq,
    }  # fmt: skip
    work.conn.execute(insert(SCORE), row)
    return {"number": command.leaf}


HANDLERS: Mapping[type, Handler] = {EnterFigure: enter_figure, ScoreLeaf: score_leaf}


def _year(year: int, work: Work) -> list[FieldFault]:
    if 2000 <= year <= work.today.year:
        return []
    words = Text(f"年度应在2000到{work.today.year}之间", f"A year from 2000 to {work.today.year}")
    return [FieldFault("year", words)]


def _number(typed: str, faults: list[FieldFault], field: str, most: Decimal) -> Decimal | None:
    try:
        value = Decimal(typed.strip().replace(",", "").replace("，", ""))
    except InvalidOperation:
        faults.append(FieldFault(field, NUMBER))
        return None
    if not value.is_finite() or value < 0 or value != value.quantize(Decimal("0.01")):
        faults.append(FieldFault(field, NUMBER))
        return None
    if value > most:
        faults.append(FieldFault(field, Text(f"最多{most}", f"At most {most}")))
        return None
    return value


def _words(typed: str, faults: list[FieldFault], field: str, longest: int) -> str:
    words = " ".join(typed.split())
    if not SHORTEST <= len(words) <= longest:
        said = Text(f"写2至{longest}字", f"Between 2 and {longest} characters")
        faults.append(FieldFault(field, said))
    elif _PERSONAL.search(words):
        faults.append(FieldFault(field, PERSONAL))
    return words


def _log(work: Work, kind: str, facts: Mapping[str, object]) -> int:
    return log_system(work.house, work.conn, work.actor, kind, facts, work.at, work.request_id)


def entered(conn: Connection, year: int) -> Mapping[tuple[str, str], EnteredRow]:
    """(indicator, figure) → what counts for that year."""
    newest = select(func.max(FIGURE.c.id)).where(FIGURE.c.year == year).group_by(
        FIGURE.c.indicator, FIGURE.c.figure
    )  # fmt: skip
    rows = conn.execute(
        select(FIGURE, Account.name)
        .join(Account, Account.id == FIGURE.c.entered_by)
        .where(FIGURE.c.id.in_(newest))
    )
    return {
        (row.indicator, row.figure): EnteredRow(row.value, row.source, row.name, row.entered_at)
        for row in rows
    }


def given(rows: Mapping[tuple[str, str], EnteredRow]) -> Given:
    """The bare numbers, for whoever counts with them."""
    return {key: row.value for key, row in rows.items()}


def scored(conn: Connection, evaluation: str, year: int) -> Mapping[str, EnteredRow]:
    """Leaf → the points that count for that year."""
    of_it = (SCORE.c.evaluation == evaluation) & (SCORE.c.year == year)
    newest = select(func.max(SCORE.c.id)).where(of_it).group_by(SCORE.c.leaf)
    rows: Sequence[Any] = conn.execute(
        select(SCORE, Account.name)
        .join(Account, Account.id == SCORE.c.scored_by)
        .where(SCORE.c.id.in_(newest))
    ).all()
    return {row.leaf: EnteredRow(row.points, row.evidence, row.name, row.scored_at) for row in rows}
