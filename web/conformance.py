"""办理路径: which ways cases have really taken, over the diagram, as tables, and as a file to take away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import orjson
from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from web.access import allowed, needs
from web.here import asked_day, current_actor, house, now
from web.language import local, t
from web.reads import shown, shows
from web.sheets import Cell, Table
from web.taking import taken_away
from workflow.conformance.drawing import Drawn, draw
from workflow.conformance.listing import cases_of, flows_ended
from workflow.conformance.runs import Chosen, Runs, officers, read_runs
from workflow.conformance.ways import Way, Ways, ways
from workflow.deadlines import SHANGHAI
from workflow.facts.store import FactsMissing
from workflow.indicators.access import facts_of
from workflow.reading.cases import townships
from workflow.reading.diagrams import chain_to, diagrams

bp = Blueprint("conformance", __name__, url_prefix="/inspect/ways")
YEAR: Final = timedelta(days=365)
HEAVIEST: Final = 5
"""Lines are drawn in so many widths."""
LISTED: Final = 200
"""Ways that stand on the page; the file holds all of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address names, with the usual where it names nothing."""

    chosen: Chosen
    process: str
    way: str
    flows: Mapping[str, int]

    def args(self, **other: Any) -> dict[str, Any]:
        """The address of the same choice, with something else in it."""
        chosen = self.chosen
        return {
            "flow": chosen.flow, "since": chosen.since.isoformat(), "until": chosen.until.isoformat(),
            "township": chosen.township or None, "officer": chosen.officer,
            "process": None if self.process == chosen.flow else self.process, **other,
        }  # fmt: skip


def _asked(connection: Connection) -> Asked:
    today, given = local(now()).date(), request.args.get
    until = asked_day("until", today)
    since = min(asked_day("since", until - YEAR), until)
    book, actor = house().rules().rulebook, current_actor()
    ended = flows_ended(connection, actor, since, until)
    usual = next(iter(ended), next(iter(book.flows)))
    flow = given("flow", "") if given("flow", "") in book.flows else usual
    township = given("township", "") if given("township", "") in townships(connection, actor) else ""
    known = diagrams(book)
    process = given("process", flow)
    if process != flow and (process not in known or chain_to(known, flow, process)[-1] != process):
        process = flow
    chosen = Chosen(flow, since, until, township, given("officer", None, type=int))
    return Asked(chosen, process, given("way", ""), ended)


def refused() -> frozenset[str]:
    """Cases (hex) in which an attempt was refused: for inspectors, once the facts have been built."""
    if not allowed("replay"):
        return frozenset()
    try:
        with facts_of(house()) as facts:
            asked = facts.execute("SELECT DISTINCT case_id FROM refusal WHERE case_id IS NOT NULL")
            return frozenset(case for (case,) in asked)
    except FactsMissing:
        return frozenset()


@bp.get("")
@needs("view_conformance")
@shows("ways")
def index() -> ResponseReturnValue:
    """The diagram with what went through it, the ways, and the cases behind the one that was chosen."""
    with house().reader.connect() as connection:
        asked = _asked(connection)
        runs = read_runs(connection, current_actor(), asked.chosen, refused())
        deviating = house().deviating()
        found = ways(runs, deviating)
        drawn = draw(house().rules().rulebook, asked.process, runs)
        way = found.named(asked.way)
        page = request.args.get("page", 1, type=int)
        listed = cases_of(connection, house().rules().rulebook, way, page) if way else None
        people = officers(connection, current_actor(), asked.chosen)
        places = townships(connection, current_actor())
    shown(listed=[line.id for line in listed.lines] if listed else [])
    book = house().rules().rulebook
    chain = chain_to(diagrams(book), asked.chosen.flow, asked.process)
    body = render_template(
        "inspect/ways.html",
        asked=asked, ways=found, drawn=drawn, way=way, list=listed, rules=deviating, officers=people,
        places=places, flows=book.flows, chain=[(each, diagrams(book)[each].name) for each in chain],
        overlay=overlay(drawn), steps=step_names(runs), span=span, most=LISTED,
    )  # fmt: skip
    return make_response(body)


@bp.get("/ways.xlsx")
@needs("view_conformance")
def export() -> ResponseReturnValue:
    """What the page shows, for a spreadsheet, with all ways. Noted in the log of reads."""
    with house().reader.connect() as connection:
        asked = _asked(connection)
        runs = read_runs(connection, current_actor(), asked.chosen, refused())
    found = ways(runs, house().deviating())
    drawn = draw(house().rules().rulebook, asked.process, runs)
    return taken_away("ways", found.cases, _sheets(asked, found, drawn, step_names(runs)), "ways")


def overlay(drawn: Drawn) -> str:
    """For the diagram: id → [how often, how long, width of the line]."""
    most = max([*drawn.lines.values(), 1])
    marks: dict[str, list[Any]] = {
        each.element: [str(each.visits), span(each.median) if each.median is not None else "", 0]
        for each in drawn.elements
        if each.visits
    }
    marks |= {
        line: [str(count), "", max(1, -(-HEAVIEST * count // most))] for line, count in drawn.lines.items()
    }
    return orjson.dumps(marks).decode()


def span(value: timedelta) -> str:
    """A length of time as people say it: days, or hours, or minutes."""
    days = value / timedelta(days=1)
    if days >= 1:
        return t(f"{days:.1f}天", f"{days:.1f} d")
    hours = value / timedelta(hours=1)
    if hours >= 1:
        return t(f"{hours:.1f}小时", f"{hours:.1f} h")
    return t(f"{value // timedelta(minutes=1)}分钟", f"{value // timedelta(minutes=1)} min")


def step_names(runs: Runs) -> Mapping[tuple[str, str], str]:
    """(process, node) → its name in the diagrams in force; the id of a step that is no longer in them."""
    known = diagrams(house().rules().rulebook)
    names = {(process, each.id): each.name for process, diagram in known.items() for each in diagram.elements}
    return {
        (step.process, step.node): names.get((step.process, step.node), step.node)
        for steps in runs
        for step in steps
    }


def path(way: Way, names: Mapping[tuple[str, str], str]) -> str:
    """The steps of a way in one line; the same step several times in a row is told once with its number."""
    told: list[tuple[str, int]] = []
    for step in way.steps:
        name = names[step.process, step.node]
        if told and told[-1][0] == name:
            told[-1] = name, told[-1][1] + 1
        else:
            told.append((name, 1))
    return " → ".join(name if times == 1 else f"{name}×{times}" for name, times in told)


bp.add_app_template_global(path, "way_path")


def _sheets(asked: Asked, found: Ways, drawn: Drawn, names: Mapping[tuple[str, str], str]) -> Iterator[Table]:
    chosen, flows = asked.chosen, house().rules().rulebook.flows
    above = [
        f"{t(flows[chosen.flow].name)} · {chosen.since} – {chosen.until} · {chosen.township}".strip(" ·"),
        t(
            f"{found.cases}件办结，{found.straight}件没有偏离",
            f"{found.cases} ended, {found.straight} straight",
        ),
        _made(),
    ]
    hours = t("小时", "hours")
    yield Table(
        t("环节", "Steps"), above,
        [t("环节", "Step"), t("次数", "Times"), t("案件数", "Cases"),
         t("用时中位数", "Median") + f" ({hours})", t("九成不超过", "Nine in ten within") + f" ({hours})"],
        [[each.name, each.visits, each.cases, _hours(each.median), _hours(each.p90)]
         for each in drawn.elements],
        [32, 10, 10, 18, 18],
    )  # fmt: skip
    titles = {each.element: each.name for each in drawn.elements} | {"": t("开始", "Start")}
    yield Table(
        t("走向", "Passages"), above, [t("从", "From"), t("到", "To"), t("次数", "Times")],
        [[titles[each.source], titles[each.target], each.count] for each in drawn.passages], [32, 32, 10],
    )  # fmt: skip
    yield Table(
        t("路径", "Ways"), above,
        [t("路径", "Way"), t("案件数", "Cases"), t("占比%", "Share %"), t("偏离", "Deviates"),
         t("用时中位数", "Median") + f" ({hours})", t("环节", "Steps")],
        [_row(way, names) for way in found.all],
        [14, 10, 10, 24, 18, 120],
    )  # fmt: skip


def _row(way: Way, names: Mapping[tuple[str, str], str]) -> list[Cell]:
    why = [t(mark.name) for mark in way.marks] + ([t("少见", "rare")] if way.rare else [])
    return [way.code, way.count, way.share, t("、", ", ").join(why), _hours(way.median), path(way, names)]


def _hours(value: timedelta | None) -> Cell:
    return None if value is None else round(value / timedelta(hours=1), 1)


def _made() -> str:
    return t("生成时间", "made") + f" {now().astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
