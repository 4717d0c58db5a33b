"""The board of a supervisor: what is late where, who holds it, and what has been warned about."""

import csv
import io

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from web.access import needs
from web.here import current_actor, house, now
from web.language import t
from workflow.reading.board import COLUMNS, Board, Column, board, held

bp = Blueprint("supervise", __name__, url_prefix="/supervise")


@bp.get("")
@needs("overdue_board")
def index() -> ResponseReturnValue:
    """Numbers by township or village; `s` and `place` open the list behind one of them."""
    actor = current_actor()
    township = request.args.get("township", "")
    given = request.args.get("s", "overdue")
    column: Column = given if given in COLUMNS else "overdue"
    place = request.args.get("place", "") or township
    with house().reader.connect() as connection:
        numbers = board(connection, actor, now(), township)
        listed = held(house(), connection, actor, now(), column, place, request.args.get("page", 1, type=int))
        name = _name(numbers, place, township)
    body = render_template(
        "supervise/index.html",
        board=numbers, list=listed, column=column, place=place, township=township, name=name, columns=COLUMNS,
    )  # fmt: skip
    return make_response(body)


def _name(numbers: Board, place: str, township: str) -> str:
    return next((line.name for line in numbers.lines if line.code == place and place != township), "")


@bp.get("/board.csv")
@needs("overdue_board")
def export() -> ResponseReturnValue:
    """The numbers of the board as they stand on the page, for a spreadsheet."""
    with house().reader.connect() as connection:
        numbers = board(connection, current_actor(), now(), request.args.get("township", ""))
    text = io.StringIO()
    writer = csv.writer(text)
    names = (t("超期", "overdue"), t("临期", "due soon"), t("正常", "on time"), t("停表", "stopped"))
    writer.writerow([t("代码", "code"), t("单位", "place"), *names, t("合计", "total")])
    for line in (*numbers.lines, numbers.total):
        place = line.name or t("合计", "total")
        writer.writerow([line.code, place, *(line.numbers[column] for column in COLUMNS), line.total])
    response = make_response("\ufeff" + text.getvalue())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=board.csv"
    return response
