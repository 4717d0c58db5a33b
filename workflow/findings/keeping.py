"""What every move of a finding shares: the row, its place in a log, D36, and clean words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from audit import LOG, READS, Attachment
from workflow import forms
from workflow.cases.overseeing import names_of, told_too_much
from workflow.cases.refusing import log_system
from workflow.cases.work import Work
from workflow.commands import NewPaper, Raw
from workflow.deadlines import Limit, Run, alarms, due
from workflow.errors import AnswersRefused, NotFound
from workflow.findings.offices import answers_for
from workflow.findings.states import MOVES, UNSENT, after
from workflow.house import House
from workflow.permissions import refusal, require
from workflow.register import kinship
from workflow.store.models import Finding, FindingMove, table

FINDING, MOVE = table(Finding), table(FindingMove)
LIMIT = "D36"


def let_inspect(work: Work) -> None:
    """Only who may follow findings up, in the own county. Raises NotAllowed."""
    require(work.actor, "make_finding", work.row.village)


def let_answer(work: Work, row: Any) -> None:
    """Only who speaks for the office, and is no relative of the applicant. Raises NotAllowed, and NotFound
    for what was not sent.
    """
    relatives = kinship.relatives_of(work.conn, work.row.applicant_id)
    require(work.actor, "answer_finding", work.row.village, relatives_of=relatives)
    if row.state in UNSENT:
        raise NotFound()
    if not answers_for(work.actor, row.org):
        raise refusal("area")


def standing(work: Work, finding_id: int) -> Any:
    """The finding of the locked case. Raises NotFound."""
    row = work.conn.execute(
        select(FINDING).where(FINDING.c.id == finding_id, FINDING.c.case_id == work.row.id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound()
    return row


def begin(work: Work, finding_id: int, move: str) -> Any:
    """The finding, once it is sure that this actor may make this move now.

    Raises:
        NotFound, NotAllowed, StepImpossible
    """
    if MOVES[move].side == "inspection":
        let_inspect(work)
        row = standing(work, finding_id)
        if row.by_org != work.actor.org:
            raise refusal("area")
    else:
        row = standing(work, finding_id)
        let_answer(work, row)
    after(row.state, move)
    return row


def read_words(work: Work, move: str, raw: Raw) -> forms.Answers:
    """The answers to the move's form. Its words name nobody: they outlive the case's personal data.

    Raises:
        AnswersRefused
    """
    name = MOVES[move].form or ""
    form = work.house.rules().rulebook.forms[name]
    answers = forms.check(form, raw, {}, today=work.today)
    names = names_of(work.conn, [work.row.applicant_id])
    texts = [field.id for field in form.fields if field.type in {"text", "longtext"}]
    faults = [fault for text in texts for fault in told_too_much(text, answers.values, names, money=True)]
    if faults:
        raise AnswersRefused(faults)
    return answers


def keep(
    work: Work,
    finding_id: int,
    move: str,
    facts: Mapping[str, object],
    sealed: Mapping[str, Any],
    papers: Sequence[NewPaper] = (),
    attach: Sequence[Attachment] = (),
    **values: Any,
) -> Mapping[str, Any]:
    """Write the move: its entry, its row, and what it changes of the finding."""
    how = MOVES[move]
    names = {f"paper.{number}.name": paper.name for number, paper in enumerate(papers)}
    digests = [Attachment(paper.sha256, paper.size) for paper in papers]
    seq = log_system(
        work.house, work.conn, work.actor, how.entry, {"finding": finding_id, **facts}, work.at,
        work.request_id, {**sealed, **names}, log=READS if how.hidden else LOG, attach=[*attach, *digests],
    )  # fmt: skip
    work.conn.execute(
        insert(MOVE),
        {
            "finding_id": finding_id, "move": move, "at": work.at, "by": work.actor.account_id,
            "role": work.actor.role, "org": work.actor.org, "hidden": how.hidden, "seq": seq,
            "papers": [asdict(paper) for paper in papers],
        },
    )  # fmt: skip
    work.conn.execute(update(FINDING).where(FINDING.c.id == finding_id).values(state=how.to, **values))
    return {"case_id": work.row.id.hex, "number": str(finding_id), "seq": seq}


def limit_for(house: House, policy: str | None) -> Limit:
    """D36 as the rules in force have it for a policy set."""
    terms = house.rules().terms
    return terms.get(policy or "", terms[""]).limits[LIMIT]


def limit_of(work: Work) -> Limit:
    """D36 of the locked case."""
    return limit_for(work.house, work.row.policy)


def owed(work: Work, since: datetime) -> dict[str, Any]:
    """When an answer that is owed since then is late, and the first warning: columns of the finding."""
    run = Run(limit_of(work), since)
    first = alarms(run, work.calendar)[0]
    return {
        "owed_since": since,
        "answer_by": due(run, work.calendar).at,
        "next_alarm_at": first.at,
        "next_alarm": first.level,
    }
