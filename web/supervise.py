"""The board of a supervisor: what is late where, in which step, with whom; and whether messages get out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bpmn import Text
from web.access import allowed, needs
from web.board_sheets import LEVELS, MOST, sheets
from web.charts import Chart, chart
from web.here import current_actor, house, now, polled
from web.language import MONTHS, t
from web.taking import taken_away
from workflow.alerts.watching import last_beat, silent
from workflow.reading.board import BY, COLUMNS, Board, Wanted, board, sees_others
from workflow.reading.channels import dead_channels, ways_out
from workflow.reading.durations import clocks_of, durations
from workflow.reading.held import HeldList, all_held, held
from workflow.reading.publication import Publication, publication
from workflow.reading.told import told
from workflow.reading.trends import WHAT, Month, cases_of, months
from workflow.reading.trends import trends as twelve_months
from workflow.reading.workload import workload

bp = Blueprint("supervise", __name__, url_prefix="/supervise")
WAYS = {
    "place": Text("按地方", "By place"),
    "step": Text("按环节", "By step"),
    "holder": Text("按经办人", "By officer"),
}


def wanted() -> Wanted:
    """The filters of the address; what nobody offers is taken for the usual."""
    given = request.args.get
    by, column = given("by", "place"), given("s", "overdue")
    township, place = given("township", ""), given("place", "")
    if not township and len(place) == 12 and not place.endswith("000"):
        township = f"{place[:9]}000"  # a village is a line of its township's table
    return Wanted(
        by=next((known for known in BY if known == by), "place"),
        township=township, place=place, step=given("step", ""), holder=given("holder", ""),
        column=next((known for known in COLUMNS if known == column), "overdue"),
    )  # fmt: skip


def address(chosen: Wanted, endpoint: str = ".index", page: int | None = None) -> str:
    """Where the board stands with these filters. A page has a hundred of these."""
    given = {
        "by": "" if chosen.by == "place" else chosen.by,
        "township": chosen.township,
        "place": chosen.place,
        "step": chosen.step,
        "holder": chosen.holder,
        "s": "" if chosen.column == "overdue" else chosen.column,
        "page": "" if page in {None, 1} else page,
    }
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{url_for(endpoint)}?{query}" if query else url_for(endpoint)


@dataclass(frozen=True, slots=True)
class Watch:
    """What the board has to admit: that nobody watches the limits, that messages stay here, or that the log
    is held up, by a witness that is away or by something that has stopped it.
    """

    silent: bool
    last_beat: datetime | None
    dead: list[str]
    log: Publication | None


def _watch(connection: Connection) -> Watch:
    last = last_beat(connection)
    dead = dead_channels(connection) if allowed("view_channels") else []
    log = publication(house(), connection) if allowed("view_publication") else None
    return Watch(silent(last, now()), last, dead, log)


def _read(connection: Connection, chosen: Wanted) -> tuple[Board, HeldList]:
    actor = current_actor()
    numbers = board(house(), connection, actor, now(), chosen)
    page = request.args.get("page", 1, type=int)
    return numbers, held(house(), connection, actor, now(), chosen, numbers.number(chosen), page)


@bp.get("")
@needs("overdue_board")
def index() -> ResponseReturnValue:
    """One of the three tables and the list behind one of its numbers; all filters stand in the address."""
    chosen = wanted()
    with house().reader.connect() as connection:
        numbers, listed = _read(connection, chosen)
        words = told(house(), connection, chosen, now())
        watch = _watch(connection)
    body = render_template(
        "supervise/live.html" if polled() else "supervise/index.html",
        board=numbers, list=listed, wanted=chosen, told=words, watch=watch, columns=COLUMNS,
        level=LEVELS[numbers.level], kinds=WAYS, sees_others=sees_others(current_actor()),
        address=address, with_=replace,
    )  # fmt: skip
    return make_response(body)


@bp.get("/board.xlsx")
@needs("overdue_board")
def export() -> ResponseReturnValue:
    """What the page shows, for a spreadsheet: same filters, figures and rows. Noted in the log of reads."""
    chosen, actor = wanted(), current_actor()
    with house().reader.connect() as connection:
        numbers = board(house(), connection, actor, now(), chosen)
        words = told(house(), connection, chosen, now())
        rows = list(all_held(house(), connection, actor, now(), chosen, MOST))
    return taken_away("board", len(rows), sheets(numbers, rows, chosen, words), "board")


@bp.get("/trends")
@needs("overdue_board")
def trends() -> ResponseReturnValue:
    """How the last twelve months went, how long steps took, who has too much; a number opens its cases."""
    actor, at = current_actor(), now()
    page, given = request.args.get("page", 1, type=int), request.args.get
    what = next((known for known in WHAT if known == given("what")), None)
    month = next((each for each in months(at) if each.code == given("month")), None)
    with house().reader.connect() as connection:
        series = twelve_months(connection, actor, at)
        taken = durations(house(), connection, actor, series[0].begin, at)
        loads = workload(house(), connection, actor, at)
        listed, book = None, house().rules().rulebook
        limit = next((each for each in taken if each.limit == given("limit")), None)
        if month is not None and what is not None:
            listed = cases_of(connection, book, actor, month, what, page)
        elif limit is not None:
            late = given("what") == "late"
            listed = clocks_of(connection, book, actor, series[0].begin, at, limit.limit, late, page)
    body = render_template(
        "supervise/trends.html",
        months=series, chart=_chart(series), taken=taken, loads=loads, list=listed, month=month, what=what,
        limit=limit,
    )  # fmt: skip
    return make_response(body)


def _chart(series: Sequence[Month]) -> Chart:
    labels = [t(f"{each.begin.month}月", MONTHS[each.begin.month - 1]) for each in series]
    groups = [
        [("opened", 0, each.opened), ("ended", 1, each.ended), ("late", 1, each.late)] for each in series
    ]
    return chart(labels, groups)


@bp.get("/publication")
@needs("view_publication")
def publication_page() -> ResponseReturnValue:
    """How far the logs are published, which witness is away since when, and what is held up."""
    with house().reader.connect() as connection:
        found = publication(house(), connection)
    return make_response(render_template("supervise/publication.html", found=found))


@bp.get("/channels")
@needs("view_channels")
def channels() -> ResponseReturnValue:
    """Every way out with its state, and what waits on it."""
    with house().reader.connect() as connection:
        found = ways_out(house(), connection)
        watch = _watch(connection)
    return make_response(render_template("supervise/channels.html", ways=found, watch=watch))
