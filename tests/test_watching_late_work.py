"""The supervisor's board: every number is the length of its list, however it is split and narrowed."""

import io
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest
from pages.desks import at_the_desk
from sqlalchemy import event, update

from audit import READS, SYSTEM_CHAIN, chain_of, entries
from workflow.reading import held as lists
from workflow.reading.board import BY, COLUMNS, WAIT, Wanted, board
from workflow.reading.held import held
from workflow.store import transaction
from workflow.store.models import Person, Task

TOWNSHIP, VILLAGE = "360829100000", "360829100001"


def put(county, case, due, warn, paused=False, node=None):
    at = county.clock.at
    values = {"due_at": at + timedelta(days=due), "warn_at": at + timedelta(days=warn), "paused": paused}
    chosen = [Task.case_id == case.id, Task.done_at.is_(None), *([Task.node == node] if node else [])]
    with transaction(county.house.engine) as conn:
        conn.execute(update(Task).where(*chosen).values(**values))


@pytest.fixture
def six_cases(county, case_at):
    late, later, soon, well, waiting, stopped = (
        case_at("check_papers"), case_at("check_papers"), case_at("check_papers"), case_at("check_papers"),
        case_at("public_notice"), case_at("check_papers"),
    )  # fmt: skip
    put(county, late, -2, -4)
    put(county, later, -1, -4)
    put(county, soon, 1, -1)
    put(county, well, 9, 5)
    put(county, waiting, 5, 4)
    put(county, stopped, 9, 5, paused=True)
    return late, later, soon, well, waiting, stopped


def looks(county, login, wanted=Wanted()):  # noqa: B008 — frozen
    actor, at = county.staff[login].actor, county.clock.at
    with county.house.reader.connect() as conn:
        numbers = board(county.house, conn, actor, at, wanted)
        listed = held(county.house, conn, actor, at, wanted, numbers.number(wanted))
        return numbers, listed


def test_every_number_is_the_length_of_its_list_however_the_board_is_split(county, six_cases):
    for by in BY:
        numbers, _ = looks(county, "sup-msb", Wanted(by))
        assert dict(numbers.total.numbers) == {"overdue": 2, "soon": 1, "on_time": 2, "paused": 1}, by
        for column in COLUMNS:
            for line in (*numbers.lines, numbers.total):
                listed = looks(county, "sup-msb", Wanted(by).narrowed(line.code, column))[1]
                assert len(listed.items) == listed.total == line.numbers[column]


def test_filters_of_one_kind_narrow_the_tables_of_the_others(county, six_cases):
    at_step = Wanted("place", step="check_papers")
    assert looks(county, "sup-msb", at_step)[0].total.total == 5
    assert looks(county, "sup-msb", replace(at_step, by="holder"))[0].total.total == 5
    assert looks(county, "sup-msb", replace(at_step, by="step"))[0].total.total == 6, (
        "one can go on to another"
    )
    assert looks(county, "sup-msb", replace(at_step, by="step"))[1].total == 2, "the list obeys"
    elsewhere = Wanted("step", township="360829101000")
    assert looks(county, "sup-msb", elsewhere)[0].total.total == 0
    nobody = Wanted("step", holder="seat.99999999999999999999")
    assert looks(county, "sup-msb", nobody)[0].total.total == 0


def test_the_board_splits_by_village_step_and_officer(county, six_cases):
    villages = looks(county, "sup-msb", Wanted(township=TOWNSHIP))[0]
    assert villages.level == "village" and [line.code for line in villages.lines] == [VILLAGE]
    steps = looks(county, "sup-msb", Wanted("step"))[0]
    assert [line.code for line in steps.lines] == ["check_papers", "public_notice"]
    assert steps.lines[0].name.zh == six_cases[0].task("check_papers").name
    clerk = county.staff["twin1"].actor
    desk, waits = looks(county, "sup-msb", Wanted("holder"))[0].lines
    assert (desk.code, desk.name.zh) == (f"{TOWNSHIP}.TWIN", clerk.name) and "平都镇" in desk.note.zh
    assert (waits.code, waits.total) == (WAIT, 1)


def test_what_was_handed_to_one_seat_has_a_line_of_its_own(county, six_cases):
    clerk = county.staff["twin1"].actor
    with transaction(county.house.engine) as conn:
        handed = update(Task).where(Task.case_id == six_cases[0].id, Task.done_at.is_(None))
        conn.execute(handed.values(assigned_seat=clerk.seat_id))
    numbers, listed = looks(county, "sup-msb", Wanted("holder", holder=f"seat.{clerk.seat_id}"))
    totals = {line.code: line.total for line in numbers.lines}
    assert totals == {f"{TOWNSHIP}.TWIN": 4, f"seat.{clerk.seat_id}": 1, WAIT: 1}
    assert [item.holders for item in listed.items] == [(clerk.name,)]


def test_the_page_links_numbers_and_leaves_zero_alone(county, case_at):
    put(county, case_at("check_papers"), -2, -4)
    supervisor = at_the_desk(county, "sup-msb")
    page = supervisor.opens("/supervise")
    cells = page.tree.xpath("//table[contains(@class, 'mj-board')]/tbody/tr[1]/td")
    assert [cell.text_content().strip()[:1] for cell in cells] == ["1", "0", "0", "0", "1"]
    assert len(page.tree.xpath("//table[contains(@class, 'mj-board')]/tbody//td//a")) == 1
    link = page.tree.xpath("//table[contains(@class, 'mj-board')]/tbody//td//a/@href")[0]
    listed = supervisor.opens(link.partition("#")[0])
    assert len(listed.tree.xpath("//section[@id='list']//tbody/tr")) == 1
    assert county.staff["twin1"].actor.name in listed.words


def test_filters_stay_in_the_address_and_name_nobody(county, six_cases):
    supervisor = at_the_desk(county, "sup-msb")
    page = supervisor.opens(f"/supervise?by=holder&holder={TOWNSHIP}.TWIN&step=check_papers&s=soon")
    chips = page.tree.xpath("//a[@class='mj-chip']/text()")
    assert next(chip.strip() for chip in chips if chip.strip()) == six_cases[0].task("check_papers").name
    addresses = [link for link in page.links() if link.startswith("/supervise")]
    exported = next(link for link in addresses if ".xlsx" in link)
    assert all(part in exported for part in ("by=holder", f"{TOWNSHIP}.TWIN", "step=check_papers", "s=soon"))
    people = {row.name for row in county.rows(Person)} | {staff.actor.name for staff in county.staff.values()}
    assert not [name for name in people for link in addresses if name in link or "%" in link]
    assert supervisor.opens("/supervise?by=nonsense&s=nonsense&place=nowhere&page=-3").status == 200


def test_the_longest_overdue_stands_first_with_who_holds_it(county, six_cases):
    listed = looks(county, "sup-msb")[1]
    assert [item.case_id for item in listed.items] == [six_cases[0].id, six_cases[1].id]
    assert listed.items[0].holders == (county.staff["twin1"].actor.name,)
    assert listed.items[0].office == "平都镇"


def test_a_case_that_goes_two_ways_counts_at_both(county, case_at):
    case = case_at("deliver_letter")
    assert len(case.open) > 1
    put(county, case, 5, 3)
    put(county, case, -1, -3, node="deliver_letter")
    numbers, listed = looks(county, "sup-msb")
    assert numbers.total.total == len(case.open) and numbers.total.numbers["overdue"] == 1
    assert [item.step for item in listed.items] == [case.task("deliver_letter").name]


def test_a_township_sees_itself_by_village_and_nobody_else(county, six_cases):
    numbers, _ = looks(county, "sup1")
    assert numbers.level == "village" and numbers.total.total == len(six_cases)
    assert looks(county, "sup2")[0].total.total == 0
    assert looks(county, "sup2", Wanted(township=TOWNSHIP))[0].total.total == 0


def test_a_clerk_sees_only_the_own_seat(county, six_cases):
    assert looks(county, "twin1")[0].total.total == 5 + 1
    assert looks(county, "trev1")[0].total.total == 0


def test_a_village_may_not_open_the_board(county):
    visitor = at_the_desk(county, "vlia1")
    assert visitor.opens("/supervise").status == visitor.opens("/supervise/board.xlsx").status == 403


def exported(supervisor, address="/supervise/board.xlsx"):
    book = openpyxl.load_workbook(io.BytesIO(supervisor.client.get(address).data))
    return [[[cell.value for cell in row] for row in sheet.rows] for sheet in book.worksheets]


def test_the_export_is_the_page(county, six_cases):
    supervisor = at_the_desk(county, "sup-msb")
    address = f"?by=holder&step=check_papers&s=overdue&holder={TOWNSHIP}.TWIN"
    page = supervisor.opens(f"/supervise{address}")
    figures, rows = exported(supervisor, f"/supervise/board.xlsx{address}")
    shown = [
        [int(cell) if cell.isdecimal() else 0 for cell in row]
        for row in (
            [td.xpath("string(text() | a/text())") for td in tr.xpath("td")]
            for tr in page.tree.xpath("//table[contains(@class, 'mj-board')]//tr[td]")
        )
    ]
    assert [row[3:] for row in figures if isinstance(row[-1], int)] == shown
    listed = [row for row in rows if row[2] and row[2] != "案件编号"]
    people = [a.text_content() for a in page.tree.xpath("//section[@id='list']//a[@data-item]")]
    words = page.tree.xpath("//section[@id='list']//tbody//span[starts-with(@class, 'mj-status')]/span")
    limits = [each.text_content() for each in words]
    assert [row[1] for row in listed] == people and len(people) == 2
    assert [row[0] for row in listed] == limits


def test_the_export_takes_the_whole_list_and_leaves_a_trace(county, six_cases, monkeypatch):
    monkeypatch.setattr(lists, "PAGE", 1)
    monkeypatch.setattr(lists, "BATCH", 1)
    supervisor = at_the_desk(county, "sup-msb")
    assert "第1页，共2页" in supervisor.opens("/supervise").words
    assert len([row for row in exported(supervisor)[1] if row[2]]) == 1 + 2
    with county.house.reader.connect() as conn:
        last = [stored.entry for stored in entries(conn, chain_of(SYSTEM_CHAIN, READS))][-1]
    assert (last["type"], last["vars"]) == ("file_exported", {"what": "board", "count": 2})
    assert last["actor"]["role"] == "SUP"


@pytest.mark.parametrize("name", ["=1+1", "+861", "-2", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_no_name_becomes_a_formula(name):
    from web.sheets import Table, workbook

    sheet = openpyxl.load_workbook(io.BytesIO(workbook([Table("a", [name], [name], [[name]], [9])]))).active
    for (cell,) in sheet.rows:
        assert (cell.value, cell.data_type) == (name, "s") and cell.quotePrefix


def test_the_board_asks_no_more_for_more_cases(county, case_at):
    statements = []

    @event.listens_for(county.house.reader, "before_cursor_execute")
    def count(conn, cursor, statement, parameters, context, many):
        # what holds now is asked again every few seconds, whatever the page
        if "calendar_proposal" not in statement and "rulebook_force" not in statement:
            statements.append(statement)

    put(county, case_at("check_papers"), -2, -4)
    supervisor = at_the_desk(county, "sup-msb")
    for by in BY:
        address = f"/supervise?by={by}"
        supervisor.opens(address)
        statements.clear()
        supervisor.opens(address)
        alone = len(statements)
        for _ in range(2):
            put(county, case_at("check_papers"), -2, -4)
        statements.clear()
        supervisor.opens(address)
        assert len(statements) <= alone, by


def test_a_list_of_the_whole_county_needs_no_statistics_to_be_read_in_the_order_of_due_dates(county):
    """Nothing keeps SQLite's statistics; without them it would sort all open places of the county."""
    if county.house.reader.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its statistics by itself")
    asked = []
    with county.house.reader.connect() as conn:
        cursor = conn.connection.dbapi_connection
        cursor.set_trace_callback(asked.append)
        for wanted in (Wanted(), Wanted(holder="360829-msb.CHND")):
            held(county.house, conn, county.staff["sup-msb"].actor, county.clock.at, wanted, 1)
        cursor.set_trace_callback(None)
        lists = [sql for sql in asked if "FROM task" in sql]
        plans = [conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all() for sql in lists]
    first = [next(row[3] for row in plan if "SEARCH task" in row[3]) for plan in plans]
    assert ["ix_task_due" in first[0], "ix_task_board" in first[1]] == [True, False], first
