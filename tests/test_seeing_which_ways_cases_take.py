"""Conformance over time: ways, deviations and the diagram, with the figures counted by hand beside them."""

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import facts_by_hand
import pytest
from openpyxl import load_workbook
from pages.desks import at_the_desk
from sqlalchemy import event

import bpmn
from audit import READS, SYSTEM_CHAIN, chain_of, entries
from bpmn.conformance import FILE, read_deviating
from workflow.conformance.drawing import draw, graph
from workflow.conformance.runs import Chosen, read_runs
from workflow.conformance.ways import ways
from workflow.errors import NotAllowed

BOOK = bpmn.load()
RULES = read_deviating(BOOK.files[FILE])
MARCH = Chosen("ma_ordinary_county", date(2026, 3, 1), date(2026, 4, 30))


@pytest.fixture
def ended(county, case_at):
    """Two that were refused at once, one of them after papers were missing; one that was withdrawn."""
    county.clock.to("2026-03-02")
    first, second, third = case_at("check_papers"), case_at("check_papers"), case_at("check_papers")
    still = case_at("check_papers")
    county.clock.to("2026-03-04")
    for case in (first, second):
        if case is second:
            county.staff["twin1"].checks_papers(case, acceptance="incomplete")
            county.clock.to("2026-03-05")
            county.drive(case, "check_papers", {})
        county.staff["vlia1"].withdraws(case)
    county.staff["vlia1"].withdraws(third)
    return first, second, third, still


def seen(county, login="insp", chosen=MARCH):
    with county.house.reader.connect() as conn:
        return read_runs(conn, county.staff[login].actor, chosen)


def test_cases_are_grouped_by_the_steps_they_went_through(county, ended):
    first, second, third, _ = ended
    found = ways(seen(county), RULES)
    assert found.cases == 3
    assert {frozenset(way.cases) for way in found.all} == {
        frozenset({first.id, third.id}),
        frozenset({second.id}),
    }
    common, odd = found.all
    assert [step.node for step in common.steps] == ["pass_on_papers", "check_papers"]
    assert [step.node for step in odd.steps][1:] == ["check_papers", "receive_supplement", "check_papers"]
    assert (common.share, odd.share) == (Decimal("66.7"), Decimal("33.3"))
    assert {mark.id for mark in odd.marks} == {"returned", "left"}


def test_a_refused_attempt_marks_a_case_for_the_inspector_alone(county, ended):
    first, *_ = ended
    with county.house.reader.connect() as conn:
        runs = read_runs(conn, county.staff["insp"].actor, MARCH, {first.id.hex})
    found = [way for way in ways(runs, RULES).all if "attempts" in {mark.id for mark in way.marks}]
    assert [way.cases for way in found] == [(first.id,)]
    facts_by_hand.Facts(county.house.home).add("refusal", case_id=first.id.hex)._file.commit()
    address = "/inspect/ways?since=2026-03-01&until=2026-04-30"
    assert "有人被拒绝办理" in at_the_desk(county, "insp").opens(address).words
    assert "有人被拒绝办理" not in at_the_desk(county, "sup-msb").opens(address).words


def test_a_way_is_rare_below_the_share_of_the_rules(county, ended):
    runs = seen(county)
    assert [way.rare for way in ways(runs, replace(RULES, rare=Decimal("33.3"))).all] == [False, False]
    assert [way.rare for way in ways(runs, replace(RULES, rare=Decimal("33.4"))).all] == [False, True]
    straight = replace(RULES, rare=Decimal(0), marks={})
    assert ways(runs, straight).straight == 3


def test_period_township_and_officer_narrow_the_cases(county, ended):
    clerk = county.staff["twin1"].actor.account_id
    counts = {
        "all": MARCH,
        "one day": replace(MARCH, until=date(2026, 3, 4)),
        "elsewhere": replace(MARCH, township="360829101000"),
        "who checked": replace(MARCH, officer=clerk),
        "another flow": replace(MARCH, flow="appeal"),
    }
    found = {name: ways(seen(county, chosen=chosen), RULES).cases for name, chosen in counts.items()}
    assert found == {"all": 3, "one day": 1, "elsewhere": 0, "who checked": 1, "another flow": 0}


def test_steps_and_lines_are_counted_on_the_diagram(county, ended):
    drawn = draw(BOOK, "sub_acceptance", seen(county))
    by_id = {each.element: each for each in drawn.elements}
    assert (by_id["check_papers"].visits, by_id["check_papers"].cases) == (4, 3)
    assert (by_id["receive_supplement"].visits, by_id["receive_supplement"].cases) == (1, 1)
    passages = {(each.source, each.target): each.count for each in drawn.passages}
    assert passages["check_papers", "receive_supplement"] == 1
    assert passages["receive_supplement", "check_papers"] == 1
    walk = graph(BOOK, "sub_acceptance")
    for (source, target), count in passages.items():
        for line in walk.ways[source][target]:
            assert drawn.lines[line] >= count
    # stays of 2 to 4 March, 2 to 5, 2 to 5 and none at all: the lower middle of 0, 2, 3, 3 days
    assert by_id["check_papers"].median == timedelta(days=2)


def test_a_whole_case_lies_on_the_top_diagram_one_call_after_the_other(county, case_at):
    county.drive(case_at("archive_case"), "end", {})
    with county.house.reader.connect() as conn:
        runs = read_runs(conn, county.staff["insp"].actor, replace(MARCH, until=date(2026, 12, 31)))
    drawn = draw(BOOK, MARCH.flow, runs)
    gone = [each for each in drawn.elements if each.visits]
    assert gone and all(each.visits == each.cases == 1 for each in gone), gone
    reached = {each.target for each in drawn.passages}
    assert reached == {each.element for each in gone}, "every element is reached along lines of the diagram"


def test_the_number_of_queries_does_not_grow_with_the_cases(county, ended):
    told = []
    event.listen(county.house.reader, "before_cursor_execute", lambda *given: told.append(given[2]))
    seen(county)
    assert len([line for line in told if line.startswith("SELECT")]) == 3


def test_who_does_not_watch_others_sees_no_ways(county, ended):
    with pytest.raises(NotAllowed):
        seen(county, "twin1")
    assert at_the_desk(county, "twin1").opens("/inspect/ways").status == 403
    assert ways(seen(county, "sup2"), RULES).cases == 0, "another township"
    assert ways(seen(county, "sup1"), RULES).cases == 3


def test_the_page_opens_the_list_behind_a_way_and_writes_it_down(county, ended):
    _, second, _, still = ended
    desk = at_the_desk(county, "insp")
    page = desk.opens("/inspect/ways?since=2026-03-01&until=2026-04-30")
    odd = ways(seen(county), RULES).all[1]
    assert f"way={odd.code}" in page.text
    listed = desk.opens(f"/inspect/ways?since=2026-03-01&until=2026-04-30&way={odd.code}")
    assert second.row.number in listed.words
    assert still.row.number not in listed.words
    assert "欧阳" not in listed.words, "cases are listed by number alone"
    with county.house.reader.connect() as conn:
        last = [stored.entry for stored in entries(conn, chain_of(SYSTEM_CHAIN, READS))][-1]
    assert (last["type"], last["vars"]) == ("file_read", {"what": "ways", "cases": [second.id.hex]})


def test_the_spreadsheet_holds_the_figures_of_the_page(county, ended):
    desk = at_the_desk(county, "insp")
    address = "since=2026-03-01&until=2026-04-30"
    book = load_workbook(io.BytesIO(desk.client.get(f"/inspect/ways/ways.xlsx?{address}").data))
    rows = [[cell.value for cell in row] for row in book["路径"].iter_rows(min_row=5)]
    assert [(row[1], float(row[2])) for row in rows] == [(2, 66.7), (1, 33.3)]
    page = desk.opens(f"/inspect/ways?{address}")
    for row in rows:
        assert f"way={row[0]}" in page.text


@pytest.mark.parametrize(
    "address", ["flow=x", "since=x&until=2026-13-01", "process=appeal", "way=x", "officer=x"]
)
def test_what_nobody_offers_is_taken_for_the_usual(county, ended, address):
    assert at_the_desk(county, "insp").opens(f"/inspect/ways?{address}").status == 200


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'rare = "2"', b'rare = "200"', "percentage"),
        (b"outcomes = [", b"outcome = [", "unknown"),
        (b"reassigned = true", b"", "when it is set"),
    ],
)
def test_a_faulty_file_is_refused_with_its_reason(old, new, words):
    files = {**BOOK.files, FILE: BOOK.files[FILE].replace(old, new)}
    with pytest.raises(bpmn.RulebookError) as refused:
        bpmn.from_files(files)
    assert any(fault.file == FILE and words in fault.reason.en for fault in refused.value.faults)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "x"])
def test_a_day_that_is_none_of_this_century_is_the_usual_one(county, day):
    desk = at_the_desk(county, "insp")
    assert desk.opens(f"/inspect/ways?since={day}&until={day}").status == 200
