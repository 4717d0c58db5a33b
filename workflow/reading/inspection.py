"""The sealed values of one entry as an inspector reads them, each with whether the entry commits to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

import audit
from audit import CanonicalError, Opening, Status
from bpmn import Text
from workflow.house import House
from workflow.papers import PaperMissing
from workflow.reading.timeline import form_of
from workflow.rules import Rules

PAPER: Final = "attach."


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed value: `value` is None while it is closed or gone; `erased_by` counts from 1 as people do."""

    name: str
    label: Text
    status: Status | None
    value: str | None
    paper: bool
    paper_held: bool
    erased_by: int | None


def openings_of(
    house: House,
    conn: Connection,
    case_id: UUID,
    entry: Mapping[str, Any] | None,
    rules: Rules | None,
    *,
    opened: bool,
) -> tuple[Opened, ...]:
    """The sealed values of an entry, by name.

    `opened`: the reader has opened this case, with a reason that stands in the log. Without it the
    values stay closed; whether they match is told all the same.
    """
    if entry is None:
        return ()
    try:
        openings = audit.openings(conn, house.vault, case_id, entry["seq"])
    except CanonicalError:  # altered while it was being read: the verification says so
        return ()
    form = form_of(rules, entry) if rules is not None else None
    labels = {field.id: field.label for field in form.fields} if form else {}
    return tuple(_opened(house, labels, name, one, opened) for name, one in sorted(openings.items()))


def _opened(house: House, labels: Mapping[str, Text], name: str, opening: Opening, opened: bool) -> Opened:
    paper = name.startswith(PAPER)
    held = False
    if paper and isinstance(opening.value, str):
        try:
            house.files.read(opening.value)
            held = True
        except PaperMissing:
            held = False
    shown = opening.value if opened or paper else None
    return Opened(
        name=name,
        label=labels.get(name) or _label(name),
        status=opening.status,
        value=None if shown is None else str(shown),
        paper=paper,
        paper_held=held,
        erased_by=None if opening.erased_by is None else opening.erased_by + 1,
    )


def _label(name: str) -> Text:
    """Sealed values that no form asks: a paper's fingerprint and file name, an objection, a reason."""
    kind, _, rest = name.partition(".")
    number = int(rest.partition(".")[0]) + 1 if rest[:1].isdigit() else 0
    match kind:
        case "attach":
            return Text(f"第{number}份材料的指纹", f"fingerprint of paper {number}")
        case "paper":
            return Text(f"第{number}份材料的文件名", f"file name of paper {number}")
        case "letter":
            return Text(f"第{number}份文书的指纹", f"fingerprint of letter {number}")
        case "sheet":
            return Text("计算表的指纹", "fingerprint of the calculation sheet")
        case "objection_text":
            return Text("异议内容", "objection")
        case "objector":
            return Text("异议人", "objector")
        case "contact":
            return Text("联系方式", "contact")
        case "reason":
            return Text("查看理由", "reason for reading")
        case _:
            return Text(name, name)
