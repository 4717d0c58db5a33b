"""Letters as pages to print and as PDF; the questions of a form on paper."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from sqlalchemy import select

from audit.proof import Proof
from bpmn import Form, Text
from web import pdf
from web.access import needs, signed_in
from web.forms import YES_NO
from web.here import current_actor, house
from web.language import language, t
from web.navigation import has
from web.reads import shown, shows
from workflow.cases.erasing import ERASED
from workflow.errors import NotAllowed, NotFound
from workflow.letters import Document, write
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case
from workflow.reading.said import Reader
from workflow.reading.timeline import timeline
from workflow.receipts import proof_of
from workflow.store.models import Letter

bp = Blueprint("letters", __name__)
NOT_YOURS = Text(
    "您的岗位只看得到案卷的一部分，文书不在其中。请找经办人员。",
    "Your seat sees a part of the case only, and letters do not belong to it. Ask the handler.",
)
PAIRED = 6  # a table of more lines stands in two columns


@dataclass(frozen=True, slots=True)
class Issued:
    """A letter ready to be laid out, with the row it came from."""

    id: int
    document: Document
    authority: str
    case_id: Any
    case_number: str
    row: Any
    receipt: Proof | None = None

    @property
    def code(self) -> Markup | None:
        """The receipt as a QR code that leads to the page that checks it."""
        if self.receipt is None:
            return None
        drawn = _code(url_for("verify.show", r=self.receipt.packed(), _external=True))
        label = t("二维码：日志回执", "QR code: receipt of the log")
        return Markup(drawn.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1))  # noqa: S704  drawn here

    @property
    def place(self) -> int | None:
        """The number of the entry in the published log, from 1."""
        return None if self.receipt is None else self.receipt.index + 1

    @property
    def rows(self) -> list[tuple[tuple[str, str], ...]]:
        """The table, two lines side by side when it is long."""
        lines = list(self.document.table)
        if len(lines) <= PAIRED:
            return [(line,) for line in lines]
        half = -(-len(lines) // 2)
        return [tuple(lines[i : i + half + 1 : half]) for i in range(half)]


def read(letter_id: int) -> Issued:
    """The letter, if the reader's seat may see its case.

    Raises:
        NotFound, NotAllowed
    """
    with house().reader.connect() as connection:
        row = connection.execute(select(Letter.__table__).where(Letter.id == letter_id)).one_or_none()
        if row is None:
            raise NotFound()
        case = read_case(connection, row.case_id)
        access = access_to(connection, current_actor(), case)
        receipt = proof_of(connection, row.case_id, row.seq)
    if case.erased_at is not None:
        raise NotFound(ERASED)
    shown(row.case_id)
    if not access.letters:
        raise NotAllowed("role", NOT_YOURS)
    letter = house().rules(case.rulebook).rulebook.letters[row.kind]
    document = write(letter, row.fields, language())
    authority = str(row.fields.get("authority") or "")
    proof = None if receipt is None else Proof.parse(receipt)
    return Issued(row.id, document, authority, row.case_id, case.number, row, proof)


@lru_cache(maxsize=64)
def _code(address: str) -> str:
    """A receipt is some 1,500 characters, so the code is large: low redundancy, at least 45 mm wide."""
    drawn: str = segno.make_qr(address, error="l").svg_inline(
        scale=1, border=4, svgclass="mj-qr mj-qr--receipt", lineclass=None, omitsize=True
    )
    return drawn


@bp.get("/letters/<int:letter_id>")
@needs("view_case")
@shows("letter")
def show(letter_id: int) -> ResponseReturnValue:
    return make_response(render_template("letters/show.html", letter=read(letter_id)))


@bp.get("/letters/<int:letter_id>.pdf")
@needs("view_case")
@shows("letter")
def as_pdf(letter_id: int) -> Response:
    letter = read(letter_id)
    body = render_template("letters/letter.html", letter=letter)
    content = pdf.pdf_of(str(body), title=str(escape(letter.document.title)), language=t("zh-CN", "en"))
    return pdf.response(content, f"{letter.document.title}-{letter.case_number}.pdf")


@bp.get("/forms/<form_id>/blank")
@signed_in
def blank(form_id: str) -> ResponseReturnValue:
    """A form on paper, to be filled in by hand where there is no connection."""
    form = house().rules().rulebook.forms.get(form_id)
    if form is None:
        raise NotFound()
    return make_response(
        render_template("letters/form.html", title=form.title, rows=list(_blank(form)), number=None)
    )


@bp.get("/cases/<uuid:case_id>/entries/<int:number>/form")
@needs("view_case")
@shows("form")
def filled(case_id: UUID, number: int) -> ResponseReturnValue:
    """A form as it was filled in: the answers of one entry, as far as the reader may see them."""
    with house().reader.connect() as connection:
        case = read_case(connection, case_id)
        access = access_to(connection, current_actor(), case)
        events = timeline(house(), connection, case, Reader(access.sealed, access.objections))
    event = next((event for event in events if event.number == number and event.said), None)
    if event is None:
        raise NotFound()
    rows = [(t(said.label), t(said.value), "") for said in event.said]
    if event.withheld:
        rows.append((t("未显示", "Not shown"), t(f"{event.withheld}项", f"{event.withheld} answers"), ""))
    body = render_template(
        "letters/form.html",
        title=event.head,
        rows=rows,
        number=case.number,
        entry=event,
        back=url_for("case.show", case_id=case_id) if has("case.show") else None,
    )
    return make_response(body)


def _blank(form: Form) -> Iterator[tuple[str, Markup, str]]:
    for field in form.fields:
        choices = YES_NO if field.type == "yesno" else field.choices
        boxes = Markup("　").join(Markup("□&nbsp;{}").format(t(choice.label)) for choice in choices)
        kind = "" if choices else "blank-long" if field.type == "longtext" else "blank"
        yield t(field.label), boxes or escape(t(field.unit) if field.unit else ""), kind
