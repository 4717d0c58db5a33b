"""What the office enters, what it scores, and the pages and files made of it, on both databases."""

import io
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pages.desks import at_the_desk

from audit import READS, SYSTEM_CHAIN, chain_of, entries
from bpmn.evaluations import FOLDER
from bpmn.reports import FOLDER as REPORTS
from workflow.errors import AnswersRefused, NotAllowed, NotFound
from workflow.facts.building import build
from workflow.indicators.checking import files_in
from workflow.indicators.entering import entered, scored
from workflow.indicators.evaluating import check, evaluate, evaluations
from workflow.indicators.measuring import Measured, Value
from workflow.indicators.reports import check as check_reports
from workflow.indicators.reports import period_of, reports
from workflow.measure_commands import EnterFigure, ScoreLeaf

NINGGUO = evaluations().all["ningguo"]


def last(county, log):
    with county.house.reader.connect() as conn:
        return [
            stored.entry for stored in entries(conn, chain_of(SYSTEM_CHAIN, log) if log else SYSTEM_CHAIN)
        ][-1]


def figures(county, year=2026):
    with county.house.reader.connect() as conn:
        return {key: row.value for key, row in entered(conn, year).items()}


def test_the_newest_figure_of_a_year_counts_and_stands_in_the_log(county):
    handler = county.staff["chnd"]
    handler.does(EnterFigure(2026, "I28", "insured", "165,478", "参保月报12月"))
    handler.does(EnterFigure(2026, "I28", "insured", "165479", "参保月报12月，更正"))
    handler.does(EnterFigure(2025, "I28", "insured", "1", "年鉴"))
    assert figures(county) == {("I28", "insured"): Decimal(165479)}
    told = last(county, None)
    assert told["type"] == "figure_entered"
    assert told["vars"] == {"year": 2025, "figure": "I28.insured", "value": "1", "source": "年鉴"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "-1"}, "value"), ({"value": "x"}, "value"), ({"value": "NaN"}, "value"),
        ({"value": "1.005"}, "value"), ({"value": "1.5"}, "value"), ({"value": "1e14"}, "value"),
        ({"source": " "}, "source"), ({"source": "问13800138000"}, "source"),
        ({"source": "长" * 201}, "source"),
        ({"year": 2027}, "year"), ({"year": 1999}, "year"),
    ],
)  # fmt: skip
def test_a_figure_that_is_none_is_refused_with_its_field(county, change, field):
    usual = {"year": 2026, "indicator": "I28", "figure": "insured", "value": "5", "source": "月报"}
    with pytest.raises(AnswersRefused) as refused:
        county.staff["chnd"].does(EnterFigure(**{**usual, **change}))
    assert [fault.field for fault in refused.value.faults] == [field]
    assert figures(county) == {}


def test_only_the_bureau_enters_and_only_its_approver_scores(county):
    for login in ("insp", "sup-msb", "twin1", "capr"):
        command = EnterFigure(2026, "I28", "insured", "5", "月报")
        if login == "capr":
            county.staff[login].does(command)
            continue
        with pytest.raises(NotAllowed):
            county.staff[login].does(command)
    for login in ("insp", "chnd", "sup-msb"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(ScoreLeaf("ningguo", 2026, "goals_set", "3", "申报表"))
    for indicator, figure in (("I28", "rate"), ("I99", "insured")):
        with pytest.raises(NotFound):
            county.staff["chnd"].does(EnterFigure(2026, indicator, figure, "5", "月报"))


def test_points_go_up_to_those_of_the_leaf_and_never_to_one_that_is_counted(county):
    approver = county.staff["capr"]
    approver.does(ScoreLeaf("ningguo", 2026, "goals_set", "2.5", "绩效目标申报表2026"))
    with pytest.raises(AnswersRefused):
        approver.does(ScoreLeaf("ningguo", 2026, "goals_set", "3.5", "绩效目标申报表2026"))
    with pytest.raises(NotFound):
        approver.does(ScoreLeaf("ningguo", 2026, "budget_execution", "4", "决算"))
    with county.house.reader.connect() as conn:
        assert {leaf: row.value for leaf, row in scored(conn, "ningguo", 2026).items()} == {
            "goals_set": Decimal("2.5")
        }
    assert last(county, None)["vars"]["points"] == "2.5"


def test_the_points_of_ningguo_are_those_of_the_source_with_twelve_of_ours():
    by_first: dict[str, Decimal] = {}
    for leaf in NINGGUO.leaves.values():
        by_first[leaf.path[0].zh] = by_first.get(leaf.path[0].zh, Decimal(0)) + leaf.points
    assert by_first == {"项目决策": 20, "过程管理": 20, "项目产出": 38, "项目效益": 22}
    ours = {leaf.name.zh: leaf.points for leaf in NINGGUO.leaves.values() if leaf.ours}
    assert ours == {"一站式即时结算及时率": 10, "政策知晓率": 2}


@pytest.mark.parametrize(
    ("value", "points"), [("100", "4.00"), ("120", "4.00"), ("80", "2.00"), ("60", "0.00"), ("10", "0.00")]
)
def test_points_lie_in_proportion_between_none_and_all(value, points):
    assert NINGGUO.leaves["budget_execution"].earned(Decimal(value)) == Decimal(points)


def test_less_may_be_better():
    carry_over = NINGGUO.leaves["carry_over"]
    assert [carry_over.earned(Decimal(value)) for value in ("0.18", "15", "22.5", "30", "40")] == [
        Decimal("5.00"), Decimal("5.00"), Decimal("2.50"), Decimal("0.00"), Decimal("0.00")
    ]  # fmt: skip


def test_the_total_says_how_many_points_are_scored_and_a_grade_comes_when_all_are():
    full = {leaf.id: (leaf.points, "材料", "某人") for leaf in NINGGUO.leaves.values() if not leaf.indicator}
    none = evaluate(NINGGUO, {}, full)
    assert none.grade is None
    assert none.points == none.of == sum(points for points, _, _ in full.values()) < 100
    figure = next(iter_figures())
    measured = {
        (leaf.indicator, leaf.figure): Measured(figure, Value(leaf.full, None, None), {})
        for leaf in NINGGUO.leaves.values()
        if leaf.indicator
    }
    whole = evaluate(NINGGUO, measured, full)
    assert (whole.points, whole.of, whole.grade.name.zh) == (100, 100, "优秀")
    least = {leaf: (Decimal(0), words, who) for leaf, (_, words, who) in full.items()}
    assert evaluate(NINGGUO, measured, least).grade.name.zh == "较差"


def iter_figures():
    from workflow.indicators.checking import indicators

    return (figure for indicator in indicators().all.values() for figure in indicator.figures)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('points = "10"', 'points = "9"', "add up to 99"),
        ('indicator = "I08"', 'indicator = "I98"', "no figure"),
        ('least = "75"', 'least = "95"', "best down"),
        ('id = "goals_split"', 'id = "goals_set"', "same id"),
        ('kind = "qualitative"', 'kind = "guessed"', "quantitative or qualitative"),
    ],
)
def test_a_template_that_is_wrong_is_left_out_with_its_fault(old, new, words):
    content = files_in(FOLDER)["ningguo.toml"].decode()
    assert old in content
    found = check({"ningguo.toml": content.replace(old, new, 1).encode()})
    assert not found.all
    assert any(words in fault.reason.en for fault in found.faults), found.faults


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("FROM task t", "FROM tasks t", "no such table"),
        ("AS done_late", "AS too_late", "lack done_late"),
        ('period = "week"', 'period = "fortnight"', "one of"),
        (', unit = { zh = "个环节", en = "steps" }', "", "what is counted"),
    ],
)
def test_a_report_that_is_wrong_is_left_out_with_its_fault(old, new, words):
    content = files_in(REPORTS)["overdue.toml"].decode()
    assert old in content
    found = check_reports({"overdue.toml": content.replace(old, new, 1).encode()})
    assert not found.all
    assert any(words in fault.reason.en for fault in found.faults), found.faults


def test_all_reports_are_sound_and_their_periods_are_whole():
    assert not reports().faults and len(reports().all) == 12
    day = date(2026, 11, 26)
    spans = {kind: period_of(kind, day) for kind in ("week", "month", "quarter", "year", "until")}
    assert {kind: (str(span.since), str(span.until)) for kind, span in spans.items()} == {
        "week": ("2026-11-23", "2026-11-29"), "month": ("2026-11-01", "2026-11-30"),
        "quarter": ("2026-10-01", "2026-12-31"), "year": ("2026-01-01", "2026-12-31"),
        "until": ("2026-01-01", "2026-11-26"),
    }  # fmt: skip


# On the pages ------------------------------------------------------------------------------------


@pytest.fixture
def paid_case(county, case_at):
    """One case, decided and paid, and the facts built from it."""
    case = case_at("archive_case")
    build(county.house, county.clock.at)
    return case


def rows_of(desk, address, sheet=0, above=2):
    book = load_workbook(io.BytesIO(desk.client.get(address).data))
    table = [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]
    return table[above], table[above + 1 :]


def test_a_paid_case_is_one_person_time_one_person_and_its_money(county, paid_case):
    desk = at_the_desk(county, "chnd")
    page = desk.opens("/inspect/indicators")
    assert page.status == 200
    _, rows = rows_of(desk, "/inspect/indicators/indicators.xlsx")
    by_id = {(row[0], row[2]): row for row in rows}
    assert by_id["I06", "救助人次"][3] == 1
    assert by_id["I14", "政策落实率"][3:7] == [100, "%", 1, 1]
    assert Decimal(str(by_id["I08", "支出"][3])) == paid_case.row.aid
    assert by_id["I08", "预算执行率"][3] is None and by_id["I08", "预算执行率"][7] == "未录入"
    for row in rows:  # the sheet is the page
        if row[3] is None:
            assert row[7] in page.words
    assert "I30" not in page.words, "the office does not see the red flags"
    assert "I30" in at_the_desk(county, "insp").opens("/inspect/indicators").words


def test_the_list_behind_a_figure_is_a_reading_of_its_cases(county, paid_case):
    desk = at_the_desk(county, "insp")
    page = desk.opens("/inspect/indicators/I14/rate/base")
    assert paid_case.row.number in page.words
    assert "欧阳" not in page.words
    told = last(county, READS)
    assert (told["type"], told["vars"]) == ("file_read", {"what": "measure", "cases": [paid_case.id.hex]})
    assert desk.opens("/inspect/indicators/I28/rate/top").status == 404
    assert at_the_desk(county, "chnd").opens("/inspect/indicators/I30").status == 404
    assert at_the_desk(county, "chnd").opens("/inspect/indicators/I30/per_100/top").status == 404


def test_a_township_sees_its_own_figures(county, paid_case):
    assert at_the_desk(county, "sup1").opens("/inspect/indicators/I06").words.count("1人次") > 0
    assert "0人次" in at_the_desk(county, "sup2").opens("/inspect/indicators/I06?township=360829100000").words
    assert at_the_desk(county, "twin1").opens("/inspect/indicators").status == 403


def test_a_figure_is_entered_on_its_page(county, paid_case):
    desk = at_the_desk(county, "chnd")
    page = desk.opens("/inspect/indicators/I08")
    wrong = desk.submits(
        page, "/inspect/indicators/I08", figure="budget", year="2026", value="x", source="预算"
    )
    assert wrong.status == 422
    desk.submits(
        wrong, "/inspect/indicators/I08", figure="budget", year="2026", value="100000", source="预算批复"
    )
    expected = (100 * paid_case.row.aid / 100_000).quantize(Decimal("0.01"))
    assert f"{expected}%" in desk.opens("/inspect/indicators/I08").words
    assert "预算批复" in at_the_desk(county, "insp").opens("/inspect/indicators/I08").words


def test_the_evaluation_page_is_its_spreadsheet(county, paid_case):
    county.staff["capr"].does(ScoreLeaf("ningguo", 2026, "goals_set", "2.5", "绩效目标申报表"))
    desk = at_the_desk(county, "capr")
    page = desk.opens("/inspect/evaluations/ningguo")
    assert "未评分" in page.words and "绩效目标申报表" in page.words
    _, rows = rows_of(desk, "/inspect/evaluations/ningguo/evaluation.xlsx", above=3)
    assert sum(row[3] for row in rows) == 100
    reached = [Decimal(str(row[4])) for row in rows if row[4] is not None]
    of = sum(row[3] for row in rows if row[4] is not None)
    assert f"得{sum(reached):.2f}分，已评{of}分，共100分" in page.words
    assert page.tree.xpath("//form[@method='post']//select[@id='leaf']")
    others = at_the_desk(county, "chnd").opens("/inspect/evaluations/ningguo")
    assert not others.tree.xpath("//select[@id='leaf']")


def test_every_report_is_a_page_and_the_same_as_a_spreadsheet(county, paid_case):
    desk = at_the_desk(county, "insp")
    filled = 0
    for name, report in reports().all.items():
        page = desk.opens(f"/inspect/reports/{name}?day={county.today}")
        assert page.status == 200 and "数据截至日志第" in page.words, name
        content = desk.client.get(f"/inspect/reports/{name}/report.xlsx?day={county.today}").data
        for table, sheet in zip(report.tables, load_workbook(io.BytesIO(content)).worksheets, strict=True):
            above = 2 + (table.note is not None) + (report.note is not None)
            heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=above + 1)]
            shown = page.tree.xpath(f"//section[@aria-labelledby='t-{table.id}']//tr")
            assert len(shown) == (1 + len(rows) if rows else 0), (name, table.id)
            for row, line in zip([heads, *rows], shown, strict=False):
                told = [" ".join(cell.text_content().split()) for cell in line]
                for column, value, words in zip(table.columns, row, told, strict=True):
                    if column.kind == "yuan" and not isinstance(value, str) and value is not None:
                        value = f"{Decimal(str(value)):,.2f}"
                    assert words == ("" if value is None else str(value)), (name, table.id)
            filled += len(rows)
    # fund with its forecast, hospitals, list by category, publication, three tables of what accumulated
    assert filled == 8


def test_the_accumulated_table_has_the_money_of_the_case(county, paid_case):
    desk = at_the_desk(county, "sup-msb")
    address = f"/inspect/reports/accumulated/report.xlsx?day={county.today}"
    _, rows = rows_of(desk, address, sheet=0, above=3)
    assert rows[0][:3] == ["住院", 1, 1] and Decimal(str(rows[0][3])) == paid_case.row.aid
    assert desk.opens("/inspect/reports/inspector").status == 403
    assert "核查月报" not in desk.opens("/inspect/reports").words


def test_without_facts_the_pages_say_so(county):
    desk = at_the_desk(county, "insp")
    for address in ("/inspect/indicators", "/inspect/indicators/I01", "/inspect/evaluations/ningguo",
                    "/inspect/reports/fund"):  # fmt: skip
        page = desk.opens(address)
        assert page.status == 200 and "mingjian flags run" in page.words
