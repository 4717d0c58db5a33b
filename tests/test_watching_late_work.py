"""The supervisor's board: every number is the length of its list, and says who holds what."""

from datetime import timedelta

import pytest
from pages.desks import at_the_desk
from sqlalchemy import event, update

from workflow.reading.board import COLUMNS, board, held
from workflow.store import transaction
from workflow.store.models import Task


def put(county, case, due, warn, paused=False):
    at = county.clock.at
    values = {"due_at": at + timedelta(days=due), "warn_at": at + timedelta(days=warn), "paused": paused}
    with transaction(county.house.engine) as conn:
        conn.execute(update(Task).where(Task.case_id == case.id, Task.done_at.is_(None)).values(**values))


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


def looks(county, login, column="overdue", place=""):
    actor = county.staff[login].actor
    with county.house.reader.connect() as conn:
        numbers = board(conn, actor, county.clock.at)
        return numbers, held(county.house, conn, actor, county.clock.at, column, place)


def test_every_number_is_the_length_of_its_list(county, six_cases):
    numbers, _ = looks(county, "sup-msb")
    assert dict(numbers.total.numbers) == {"overdue": 2, "soon": 1, "on_time": 2, "paused": 1}
    assert numbers.total.total == len(six_cases)
    for column in COLUMNS:
        for line in (*numbers.lines, numbers.total):
            listed = looks(county, "sup-msb", column, line.code)[1]
            assert len(listed.items) == listed.total == line.numbers[column]


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


def test_the_longest_overdue_stands_first_with_who_holds_it(county, six_cases):
    listed = looks(county, "sup-msb")[1]
    assert [item.case_id for item in listed.items] == [six_cases[0].id, six_cases[1].id]
    assert listed.items[0].holders == (county.staff["twin1"].actor.name,)
    assert listed.items[0].office == "平都镇"


def test_a_case_counts_once_by_its_worst_place(county, case_at):
    case = case_at("deliver_letter")
    assert len(case.open) > 1
    put(county, case, 5, 3)
    with transaction(county.house.engine) as conn:
        conn.execute(
            update(Task)
            .where(Task.case_id == case.id, Task.node == "deliver_letter")
            .values(due_at=county.clock.at - timedelta(days=1))
        )
    numbers, listed = looks(county, "sup-msb")
    assert numbers.total.total == 1 and numbers.total.numbers["overdue"] == 1
    assert [item.step for item in listed.items] == [case.task("deliver_letter").name]


def test_a_township_sees_itself_by_village_and_nobody_else(county, six_cases):
    numbers, _ = looks(county, "sup1")
    assert numbers.by == "village" and numbers.total.total == len(six_cases)
    assert looks(county, "sup2")[0].total.total == 0


def test_a_clerk_sees_only_the_own_seat(county, six_cases):
    assert looks(county, "twin1")[0].total.total == 5 + 1
    assert looks(county, "trev1")[0].total.total == 0


def test_a_village_may_not_open_the_board(county):
    assert at_the_desk(county, "vlia1").opens("/supervise").status == 403


def test_the_export_is_the_table(county, six_cases):
    supervisor = at_the_desk(county, "sup-msb")
    lines = supervisor.client.get("/supervise/board.csv").get_data(as_text=True).splitlines()
    assert lines[0].startswith("\ufeff代码,单位,超期")
    assert lines[-1] == ",合计,2,1,2,1,6"


def test_the_board_asks_no_more_for_more_cases(county, case_at):
    statements = []

    @event.listens_for(county.house.reader, "before_cursor_execute")
    def count(conn, cursor, statement, parameters, context, many):
        statements.append(statement)

    put(county, case_at("check_papers"), -2, -4)
    supervisor = at_the_desk(county, "sup-msb")
    supervisor.opens("/supervise")
    statements.clear()
    supervisor.opens("/supervise")
    alone = len(statements)
    for _ in range(4):
        put(county, case_at("check_papers"), -2, -4)
    statements.clear()
    supervisor.opens("/supervise")
    assert len(statements) == alone
