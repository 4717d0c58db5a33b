"""Add papers to a case: the bytes lie in the store, the case notes kind and digest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from audit import Attachment
from bpmn import Text
from workflow.cases import patients
from workflow.cases.keeping import keep_entry
from workflow.cases.work import Work
from workflow.commands import AttachPaper, NewPaper
from workflow.errors import AnswersRefused, FieldFault
from workflow.papers import while_none_is_erased
from workflow.permissions import require
from workflow.store.models import Paper, table
from workflow.store.prepared import Prepared

PAPER = table(Paper)
_KINDS = Prepared(select(PAPER.c.kind, PAPER.c.uploaded_at).where(PAPER.c.case_id == bindparam("case_id")))
_ADD = Prepared(
    insert(PAPER),
    "case_id",
    "kind",
    "sha256",
    "name",
    "mime",
    "size",
    "uploaded_at",
    "uploaded_by",
    "seq",
)


def kinds_there(work: Work, since: datetime) -> set[str]:
    """The kinds of papers that lie there for a step opened at `since`: of what is made in each step anew only
    what has come since then.
    """
    kinds = work.rules.rulebook.papers
    rows = _KINDS.all(work.conn, {"case_id": work.row.id})
    return {row.kind for row in rows if not kinds[row.kind].per_step or row.uploaded_at >= since}


def attach_paper(work: Work, command: AttachPaper) -> Mapping[str, Any]:
    """Somebody in whose area the case lies adds one paper outside a task."""
    met = {"own_patient"} if patients.is_own(work.conn, work.actor.org, work.row.id) else set()
    require(work.actor, "upload_paper", area=work.row.village, met=met)
    add_papers(work, [command.paper])
    work.notes["kind"] = command.paper.kind
    return keep_entry(work, kind="paper_attached", command={"name": "attach_paper"})


def add_papers(work: Work, papers: Sequence[NewPaper]) -> None:
    """Note the papers in the case and their digests for the log entry that is being written.

    The file's name may hold a person's name, so it is sealed. Raises AnswersRefused.
    """
    unknown = [paper.kind for paper in papers if paper.kind not in work.rules.rulebook.papers]
    if unknown:
        raise AnswersRefused(
            [FieldFault("paper", Text(f"没有“{unknown[0]}”这种材料。", f"There is no paper {unknown[0]!r}."))]
        )
    if papers:
        _require_files(work, papers)
    for number, paper in enumerate(papers):
        _ADD.change(
            work.conn,
            {
                "case_id": work.row.id,
                "kind": paper.kind,
                "sha256": paper.sha256,
                "name": paper.name,
                "mime": paper.mime,
                "size": paper.size,
                "uploaded_at": work.at,
                "uploaded_by": work.actor.account_id,
                "seq": work.row.seq + 1,
            },
        )
        work.sealed[f"paper.{number}.name"] = paper.name
        work.attach.append(Attachment(paper.sha256, paper.size))


def _require_files(work: Work, papers: Sequence[NewPaper]) -> None:
    """A file may have been erased with another case since it was uploaded."""
    while_none_is_erased(work.conn)
    gone = [paper for paper in papers if not work.house.files.has(paper.sha256)]
    if gone:
        again = Text("这个文件已不在系统里，请重新上传。", "The file is no longer here; upload it again.")
        raise AnswersRefused([FieldFault(f"paper.{paper.kind}", again) for paper in gone])
