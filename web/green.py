"""绿色通道登记簿: the register of the green channel, with its figures and as a spreadsheet (domain 2.4)."""

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from bpmn import Text
from web.access import needs
from web.here import current_actor, house, now
from web.language import local, t
from web.reads import shown, shows
from web.sheets import Table
from web.taking import taken_away
from workflow.reading import green

bp = Blueprint("green", __name__, url_prefix="/green-channel")
WAYS = {"guarantee": Text("担保", "guarantee"), "payment": Text("拨付医院", "payment to the hospital")}
WIDTHS = (12, 14, 24, 30, 17, 17, 17, 10, 14, 17, 17, 8, 14, 17, 12, 14, 14, 16)


def _shown() -> str:
    given = request.args.get("s", "all")
    return given if given in green.SHOWN else "all"


@bp.get("")
@needs("view_green_register")
@shows("list")
def index() -> ResponseReturnValue:
    """The register; every figure opens the requests it counts."""
    with house().reader.connect() as connection:
        found = green.register(
            connection, house().rules().rulebook, current_actor(), now(), _shown(),
            request.args.get("page", 1, type=int),
        )  # fmt: skip
    shown(listed=[line.id for line in found.lines])
    return make_response(render_template("green/index.html", register=found, ways=WAYS))


@bp.get("/register.xlsx")
@needs("view_green_register")
def export() -> ResponseReturnValue:
    """The same as a spreadsheet. Cases by their number: names of patients do not leave the house.
    Who took it away stands in the log.
    """
    with house().reader.connect() as connection:
        found = green.everything(connection, house().rules().rulebook, current_actor(), now(), _shown())
    heads = (
        t("案件编号", "case"), t("乡镇", "township"), t("医院", "hospital"), t("情形", "kind"),
        t("申请时间", "asked"), t("核实时间", "checked"), t("批准时间", "granted"), t("方式", "way"),
        t("先行救助（元）", "advanced (yuan)"), t("材料期限", "papers due"), t("材料收齐", "papers came"),
        t("材料超期", "papers late"), t("最后确定救助（元）", "aid in the end (yuan)"),
        t("结算时间", "settled"), t("追回案件", "recovery"), t("已追回（元）", "recovered (yuan)"),
        t("还应退（元）", "still owed (yuan)"), t("状态", "state"),
    )  # fmt: skip
    rows = (
        (
            line.number, line.township, line.hospital, t(line.variant), line.asked_at, line.answered_at,
            line.granted_at, t(WAYS[line.way]) if line.way else "", line.amount, line.papers_due,
            line.papers_at, t("是", "yes") if line.late else "", line.final_aid, line.settled_at,
            line.recovery[1] if line.recovery else "", line.back if line.recovery else None, line.owed,
            t(line.state),
        )
        for line in found
    )  # fmt: skip
    title = t("绿色通道登记簿", "Green channel")
    when = f"{title} {local(now()):%Y-%m-%d %H:%M}"
    table = Table(title, (when,), heads, rows, WIDTHS)
    return taken_away("green_channel", len(found), [table], "green-channel")
