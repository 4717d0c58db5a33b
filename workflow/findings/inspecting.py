"""The inspector's moves: write down, discard, send, send back, accept, close."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, cast

from sqlalchemy import insert, select

from audit import READS, SYSTEM_CHAIN, Attachment, chain_of
from bpmn import Text
from workflow.cases.keeping import told_office
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.finding_commands import (
    AcceptFinding,
    CloseFinding,
    DiscardFinding,
    DraftFinding,
    ReturnFinding,
    SendFinding,
)
from workflow.findings.keeping import FINDING, MOVE, begin, keep, let_inspect, owed, read_words
from workflow.findings.offices import desks_of, offices_of
from workflow.store.models import Paper, table

LONGEST_FLAG: Final = 16
MOST: Final = 50
PAPER = table(Paper)


def draft(work: Work, command: DraftFinding) -> Mapping[str, Any]:
    """Keep it out of sight of the office.

    Raises:
        NotAllowed, NotFound, AnswersRefused, StepImpossible (sent already)
    """
    let_inspect(work)
    number = command.finding_id
    if number is not None:
        begin(work, number, "draft")
    answers = read_words(work, "draft", command.answers)
    papers = _papers(work, command)
    _check(work, command)
    flag = command.flag.strip()
    evidence = {"entries": sorted(set(command.entries)), "papers": [row.id for row in papers]}
    chosen: dict[str, Any] = {"entry": command.entry, "org": command.org, "flag": flag, "evidence": evidence}
    if number is None:
        new = {
            **chosen, "case_id": work.row.id, "state": "drafted", "by_org": work.actor.org,
            "drafted_at": work.at,
        }  # fmt: skip
        number = cast(int, work.conn.scalar(insert(FINDING).returning(FINDING.c.id), new))
    return keep(
        work, number, "draft", _facts(work, chosen), answers.sealed, attach=_attached(papers), **chosen
    )


def discard(work: Work, command: DiscardFinding) -> Mapping[str, Any]:
    """Raises NotFound, NotAllowed, StepImpossible."""
    row = begin(work, command.finding_id, "discard")
    return keep(work, row.id, "discard", {}, {})


def send(work: Work, command: SendFinding) -> Mapping[str, Any]:
    """The office is told and owes an answer by D36, counted from now.

    Raises:
        NotFound, NotAllowed, StepImpossible
    """
    row = begin(work, command.finding_id, "send")
    words = _written(work, row.id)
    when = owed(work, work.at)
    papers = work.conn.execute(select(PAPER).where(PAPER.c.id.in_(row.evidence["papers"]))).all()
    facts = {**_facts(work, row._mapping), "answer_by": when["answer_by"].isoformat()}
    kept = keep(work, row.id, "send", facts, words, attach=_attached(papers), sent_at=work.at, **when)
    _tell_office(work, row, "finding_sent", when["answer_by"])
    return kept


def send_back(work: Work, command: ReturnFinding) -> Mapping[str, Any]:
    """What was answered, or what the re-look has shown, is not enough: D36 runs anew.

    Raises:
        NotFound, NotAllowed, AnswersRefused, StepImpossible
    """
    row = begin(work, command.finding_id, "return")
    answers = read_words(work, "return", command.answers)
    when = owed(work, work.at)
    facts = {"answer_by": when["answer_by"].isoformat()}
    kept = keep(work, row.id, "return", facts, answers.sealed, relook_on=None, **when)
    _tell_office(work, row, "finding_returned", when["answer_by"])
    return kept


def accept(work: Work, command: AcceptFinding) -> Mapping[str, Any]:
    """Raises NotFound, NotAllowed, AnswersRefused, StepImpossible."""
    row = begin(work, command.finding_id, "accept")
    answers = read_words(work, "accept", command.answers)
    day = cast(date, answers.values["relook_on"])
    words = {name: value for name, value in answers.sealed.items() if name != "relook_on"}
    kept = keep(
        work, row.id, "accept", {"relook": day.isoformat()}, words,
        relook_on=day, next_alarm_at=datetime.combine(day, time.min, SHANGHAI), next_alarm="relook",
    )  # fmt: skip
    _tell_office(work, row, "finding_accepted")
    return kept


def close(work: Work, command: CloseFinding) -> Mapping[str, Any]:
    """Raises NotFound, NotAllowed, AnswersRefused, StepImpossible."""
    row = begin(work, command.finding_id, "close")
    answers = read_words(work, "close", command.answers)
    kept = keep(
        work, row.id, "close", {}, answers.sealed, closed_at=work.at, next_alarm_at=None, next_alarm=None
    )
    _tell_office(work, row, "finding_closed")
    return kept


def _facts(work: Work, chosen: Mapping[str, Any]) -> dict[str, object]:
    """What stands in clear of a finding: where it is pinned, to whom it goes, what bears it out."""
    facts: dict[str, object] = {
        "case": work.row.id.hex,
        "entry": chosen["entry"],
        "office": told_office(chosen["org"]),
        "entries": chosen["evidence"]["entries"],
    }
    return {**facts, "flag": chosen["flag"]} if chosen["flag"] else facts


def _check(work: Work, command: DraftFinding) -> None:
    faults = []
    if not 0 <= command.entry <= work.row.seq:
        raise NotFound()
    if len(command.entries) > MOST or any(not 0 <= one <= work.row.seq for one in command.entries):
        words = Text(
            f"案卷只有{work.row.seq + 1}条记录，没有这个条号", f"The case has only {work.row.seq + 1} entries"
        )
        faults.append(FieldFault("entries", words))
    if command.org not in {office.code for office in offices_of(work.conn, work.row)}:
        faults.append(FieldFault("org", Text("请选由哪个单位整改答复", "Choose the office")))
    flag = command.flag.strip()
    if len(flag) > LONGEST_FLAG or not all(letter.isalnum() or letter == "-" for letter in flag):
        faults.append(FieldFault("flag", Text("预警编号写成RF-07这样", "Write the red flag as in RF-07")))
    if faults:
        raise AnswersRefused(faults)


def _papers(work: Work, command: DraftFinding) -> Sequence[Any]:
    """The papers named, all of this case. Raises NotFound."""
    wanted = set(command.papers)
    if not wanted:
        return []
    rows = work.conn.execute(
        select(PAPER).where(PAPER.c.case_id == work.row.id, PAPER.c.id.in_(wanted)).order_by(PAPER.c.id)
    ).all()
    if len(rows) != len(wanted):
        raise NotFound()
    return rows


def _attached(papers: Sequence[Any]) -> list[Attachment]:
    return [Attachment(paper.sha256, paper.size) for paper in papers if paper.sha256]


def _written(work: Work, finding_id: int) -> dict[str, Any]:
    """What the draft says, as the log of reads keeps it sealed; without the fingerprints of its papers."""
    seq = work.conn.scalar(
        select(MOVE.c.seq)
        .where(MOVE.c.finding_id == finding_id, MOVE.c.move == "draft")
        .order_by(MOVE.c.id.desc())
        .limit(1)
    )
    opened = work.house.vault.open(work.conn, chain_of(SYSTEM_CHAIN, READS), cast(int, seq))
    return {name: value for name, value in opened.items() if not name.startswith("attach.")}


def _tell_office(work: Work, row: Any, kind: str, until: datetime | None = None) -> None:
    params = {"finding": row.id} if until is None else {"finding": row.id, "due": until.isoformat()}
    tell(work, kind, desks_of(work, row.org), params)


def inspectors(row: Any) -> Desk:
    """The desk the finding came from."""
    return Desk(row.by_org, "INSP")
