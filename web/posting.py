"""公示: what hangs in public, for everybody, masked; the board's print; objections without an account.

A posting is shown while its time runs and not a moment longer: the query asks for the time, so it
comes down by itself even if nobody does anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import segno
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.orm import aliased

from bpmn.text import Text
from web import forms
from web.access import needs, public
from web.here import current_actor, house, now, request_key
from web.limits import objecting
from web.navigation import office
from workflow import permissions
from workflow.actor import PUBLIC
from workflow.commands import ReceiveObjection
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, NotAllowed, NotFound
from workflow.forms import check
from workflow.handle import handle
from workflow.store.models import Case, Organisation, Posting

bp = Blueprint("posting", __name__, url_prefix="/postings")
KINDS = {1: Text("评议公示（第一榜）", "Village review (first list)"),
         2: Text("审核公示（第二榜）", "Township audit (second list)"),
         3: Text("审批公示（第三榜）", "County decision (third list)"),
         4: Text("初审公示", "First check")}  # fmt: skip
bp.add_app_template_filter(lambda name: place(str(name)), "place")
NO_POSTING = Text(
    "这份公示不在公示期内，可能已经到期撤下。", "This posting is not up: its time may have ended."
)


@dataclass(frozen=True, slots=True)
class Household:
    """One line of a list. `name` is masked on the web and full on the board."""

    id: int
    name: str
    group: str
    size: int | None
    amount: str | None


@dataclass(frozen=True, slots=True)
class Hanging:
    """All households of one village in one list, as they hang now."""

    village: str
    village_name: str
    township_name: str
    number: int
    posted_at: datetime
    ends_at: datetime
    households: tuple[Household, ...]

    @property
    def kind(self) -> Text:
        return KINDS[self.number]

    @property
    def first_day(self) -> datetime:
        """The day of posting does not count (domain 7.1)."""
        return self.posted_at.astimezone(SHANGHAI) + timedelta(days=1)

    @property
    def last_day(self) -> datetime:
        return self.ends_at.astimezone(SHANGHAI) - timedelta(seconds=1)

    def days_left(self, at: datetime) -> int:
        today = max(at.astimezone(SHANGHAI).date(), self.first_day.date())
        return (self.last_day.date() - today).days + 1

    @property
    def publisher(self) -> str:
        return {
            1: committee(self.village_name),
            2: f"{self.township_name}人民政府",
            3: office().authority.zh,
        }[self.number]


def place(name: str) -> str:
    """塘边村 from the register's 塘边村村委会, 洋溪社区 from 洋溪社区居委会."""
    if name.endswith(("村委会", "居委会")):
        short = name[:-3]
        return short if short.endswith(("村", "社区")) or name.endswith("居委会") else name[:-2]
    return name


def committee(name: str) -> str:
    """塘边村村民委员会, 洋溪社区居民委员会."""
    return place(name) + ("居民委员会" if name.endswith("居委会") else "村民委员会")


def _hanging(at: datetime) -> Select[Any]:
    village, township = aliased(Organisation), aliased(Organisation)
    return (
        select(
            Posting.__table__,
            Case.village,
            village.name.label("village_name"),
            township.name.label("township_name"),
        )
        .join(Case, Case.id == Posting.case_id)
        .join(village, village.code == Case.village)
        .join(township, township.code == Case.township)
        .where(Posting.taken_down_at.is_(None), Posting.posted_at <= at, Posting.ends_at > at)
        .order_by(Case.township, Case.village, Posting.number, Posting.ends_at, Posting.id)
    )


def _grouped(rows: Sequence[Row[Any]], *, full_names: bool = False) -> list[Hanging]:
    """Rows of one village, list and end together: they hang as one list."""
    groups: dict[tuple[str, int, object], list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault((row.village, row.number, row.ends_at), []).append(row)
    found = []
    for together in groups.values():
        first = together[0]
        lines = [(row.id, row.board if full_names else row.masked) for row in together]
        found.append(
            Hanging(
                first.village, first.village_name, first.township_name, first.number,
                min(row.posted_at for row in together), first.ends_at,
                tuple(
                    Household(id, line["name"], line.get("group", ""), line.get("size"), line.get("amount"))
                    for id, line in lines
                ),
            )
        )  # fmt: skip
    return found


def _list_of(connection: Connection, posting_id: int, *, full_names: bool = False) -> Hanging:
    """The list in which this posting hangs.

    Raises:
        NotFound: it does not hang now.
    """
    rows = connection.execute(_hanging(now())).all()
    for group in _grouped(rows, full_names=full_names):
        if any(household.id == posting_id for household in group.households):
            return group
    raise NotFound(NO_POSTING)


@bp.get("")
@public
def index() -> ResponseReturnValue:
    with house().reader.connect() as connection:
        lists = _grouped(connection.execute(_hanging(now())).all())
    return make_response(render_template("posting/index.html", lists=lists))


@bp.get("/<int:posting_id>")
@public
def show(posting_id: int) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        hanging = _list_of(connection, posting_id)
    return make_response(render_template("posting/show.html", list=hanging, posting_id=posting_id))


@bp.get("/<int:posting_id>/poster")
@needs("post_list")
def poster(posting_id: int) -> ResponseReturnValue:
    """The print for the board in the village, with full names: never open to everybody."""
    with house().reader.connect() as connection:
        hanging = _list_of(connection, posting_id, full_names=True)
    actor = current_actor()
    if not permissions.in_area(actor.org, permissions.kind_of(actor.org), hanging.village):
        raise NotAllowed("area", Text("这个村不在您的辖区。", "This village is outside your area."))
    address = url_for(".show", posting_id=posting_id, _external=True)
    paper = "a4" if request.args.get("paper") == "a4" else "a3"
    return make_response(
        render_template(
            "posting/poster.html", list=hanging, posting_id=posting_id, paper=paper, code=qr(address)
        )
    )


@bp.get("/<int:posting_id>/objection")
@public
def objection(posting_id: int) -> ResponseReturnValue:
    return _objection_page(posting_id)


@bp.post("/<int:posting_id>/objection")
@public
@objecting
def object_now(posting_id: int) -> ResponseReturnValue:
    form = house().rules().rulebook.forms["objection"]
    raw = forms.raw_answers(form, request.form)
    try:
        answers = check(form, raw, {}, today=now().astimezone(SHANGHAI).date())
        handle(
            house(), PUBLIC,
            ReceiveObjection(
                posting_id, str(answers.values["text"]), "web",
                name=str(answers.values.get("name") or ""), contact=str(answers.values.get("contact") or ""),
            ),
            at=now(), request_id=request_key(),
        )  # fmt: skip
    except AnswersRefused as error:
        return _objection_page(posting_id, raw, error, 422)
    return redirect(url_for(".thanks"), 303)


def _objection_page(
    posting_id: int, raw: forms.Raw | None = None, error: AnswersRefused | None = None, status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        hanging = _list_of(connection, posting_id)
    faults = error.faults if error else ()
    view = forms.show(house().rules().rulebook.forms["objection"], raw, faults=faults)
    household = next(line for line in hanging.households if line.id == posting_id)
    body = render_template(
        "posting/objection.html",
        list=hanging,
        household=household,
        form=view,
        posting_id=posting_id,
        faults=view.faults,
    )
    return make_response(body, status)


@bp.get("/thanks")
@public
def thanks() -> ResponseReturnValue:
    """After an objection. It names neither the posting nor the objector."""
    return make_response(render_template("posting/thanks.html"))


def qr(address: str) -> Markup:
    """A QR code as inline SVG, quiet zone included."""
    code = segno.make_qr(address, error="m")
    drawn: str = code.svg_inline(scale=1, border=2, svgclass="mj-qr", lineclass=None, omitsize=True)
    label = Text("二维码：网上公示", "QR code: the posting on the web")
    return Markup(drawn.replace("<svg ", f'<svg role="img" aria-label="{label.zh}" ', 1))  # noqa: S704  drawn here
