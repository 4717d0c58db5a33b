"""The worklist of a seat: what is there, how it stands, and what comes after a submit."""

import itertools
from collections import Counter
from datetime import timedelta

import pytest
from pages.desks import answers_for, at_the_desk, form_of
from sqlalchemy import delete, insert, select, update

from workflow.actor import Actor
from workflow.reading.left_to_others import left_to_others
from workflow.reading.worklist import FILTERS, status_of, worklist
from workflow.register.kinship import Relative, file_relative
from workflow.store import transaction
from workflow.store.models import Case, Person, Task, table


def listed(county, login, chosen="all", **how):
    actor = county.staff[login].actor
    with county.house.reader.connect() as conn:
        return worklist(county.house, conn, actor, county.clock.at, chosen=chosen, **how)


def put(county, case, **values):
    with transaction(county.house.engine) as conn:
        conn.execute(update(Task).where(Task.case_id == case.id, Task.done_at.is_(None)).values(**values))


def test_an_empty_worklist_says_so_and_offers_what_can_be_done(county):
    page = at_the_desk(county, "twin1").opens("/work")
    assert page.status == 200
    assert "都办完了" in page.words
    assert "/register" in page.links()


def test_the_next_one_due_stands_first(county, case_at):
    late, later, soon = case_at("check_papers"), case_at("check_papers"), case_at("check_papers")
    now = county.clock.at
    put(county, late, due_at=now - timedelta(days=3), warn_at=now - timedelta(days=5))
    put(county, later, due_at=now + timedelta(days=9), warn_at=now + timedelta(days=5))
    put(county, soon, due_at=now + timedelta(days=1), warn_at=now - timedelta(days=1))
    found = listed(county, "twin1")
    assert [item.case_id for item in found.items] == [late.id, soon.id, later.id]
    assert [item.status for item in found.items] == ["overdue", "due_soon", "on_time"]


def test_every_number_opens_exactly_its_list(county, case_at):
    now = county.clock.at
    for spans in ((-1, -2), (-2, -3), (2, -1), (5, 3), (6, 3), (7, 3)):
        case = case_at("check_papers")
        put(county, case, due_at=now + timedelta(days=spans[0]), warn_at=now + timedelta(days=spans[1]))
    put(county, case, paused=True)
    counts = listed(county, "twin1").counts
    assert (counts.overdue, counts.soon, counts.on_time, counts.paused, counts.all) == (2, 1, 2, 1, 6)
    clerk = at_the_desk(county, "twin1")
    for chosen in FILTERS:
        assert len(listed(county, "twin1", chosen).items) == counts.of(chosen)
        rows = clerk.opens(f"/work?s={chosen}").tree.xpath("//tbody/tr")
        assert len(rows) == counts.of(chosen), chosen


def every_standing(county, case):
    """Copies of an open step: every way to lack, await or have passed warning and due date, and to pause."""
    task, now = table(Task), county.clock.at
    instants = (None, now - timedelta(days=1), now, now + timedelta(days=1))
    seats = (None, county.staff["twin1"].actor.seat_id, county.staff["trev1"].actor.seat_id)
    ways = itertools.product((False, True), instants, instants, seats)
    with transaction(county.house.engine) as conn:
        row = conn.execute(select(task).where(task.c.case_id == case.id, task.c.done_at.is_(None))).one()
        copies = [
            {**row._mapping, "id": 1000 + number, "paused": paused, "warn_at": warn, "due_at": due,
             "assigned_seat": seat}
            for number, (paused, warn, due, seat) in enumerate(ways)
        ]  # fmt: skip
        conn.execute(insert(task), [*copies, {**copies[0], "id": 1, "kind": "wait"}])
        conn.execute(delete(task).where(task.c.case_id == case.id, task.c.id == row.id))
    return copies


def test_the_numbers_are_those_of_a_plain_count(county, case_at):
    copies = every_standing(county, case_at("check_papers"))
    mine = [row for row in copies if row["assigned_seat"] in {None, county.staff["twin1"].actor.seat_id}]
    now = county.clock.at
    standings = [status_of(row["paused"], row["warn_at"], row["due_at"], now) for row in mine]
    counts = listed(county, "twin1").counts
    plain = Counter(
        {"due_soon": counts.soon, **{name: counts.of(name) for name in ("overdue", "on_time", "paused")}}
    )
    assert plain == Counter(standings)
    assert counts.all == len(mine)
    assert [len(listed(county, "twin1", name, size=99).items) for name in FILTERS] == [
        counts.of(name) for name in FILTERS
    ]


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_numbers_and_list_are_read_from_their_indexes_without_statistics(county):
    asked = []
    with county.house.reader.connect() as conn:
        cursor = conn.connection.dbapi_connection
        cursor.set_trace_callback(asked.append)
        worklist(county.house, conn, county.staff["twin1"].actor, county.clock.at)
        cursor.set_trace_callback(None)
        plans = [
            conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all() for sql in asked if "FROM task" in sql
        ]
    numbers = [row[3] for row in plans[0] if "task" in row[3]]
    assert ["ix_task_worklist (org=? AND role=? AND due_at<?)" in each for each in numbers] == [True] + [
        False
    ] * 4
    assert [each.count("ix_task_counts (org=? AND role=? AND paused=?") for each in numbers] == [
        0,
        1,
        1,
        1,
        1,
    ]
    assert not any("SCAN task" in row[3] or "ORDER BY" in row[3] for row in plans[2][:2])


def test_pages_follow_one_another_without_losing_a_case(county, case_at):
    cases = {case_at("check_papers").id for _ in range(5)}
    first, second, third = (listed(county, "twin1", page=page, size=2) for page in (1, 2, 3))
    assert (first.pages, third.page) == (3, 3)
    assert {item.case_id for part in (first, second, third) for item in part.items} == cases
    assert listed(county, "twin1", page=99, size=2).page == 3


def test_nobody_sees_the_work_of_another_seat(county, case_at):
    case_at("check_papers")
    assert listed(county, "twin2").counts.all == 0
    assert listed(county, "trev1").counts.all == 0


def test_after_a_submit_the_next_step_opens(county, case_at):
    first, second = case_at("check_papers"), case_at("check_papers")
    clerk = at_the_desk(county, "twin1")
    page = clerk.opens(form_of(first, "check_papers"))
    page = clerk.submits(page, "", **answers_for(county, first, "check_papers"))
    assert page.path == form_of(second, "check_papers")
    assert f"{first.row.number}的“审查申请材料”已提交" in page.words
    page = clerk.submits(page, "", **answers_for(county, second, "check_papers"))
    assert page.path == "/work"
    assert "今天您办完了2件" in page.words


def test_a_step_one_may_not_do_is_not_opened_next(county, case_at):
    """Somebody on two seats who accepted a case is not led to its review."""
    mine = case_at("audit_file")
    reviewer = county.second_seat("twin1", "TREV", county.staff["trev1"].actor.org)
    from workflow.reading.desk import next_step

    with county.house.reader.connect() as conn:
        assert next_step(county.house, conn, reviewer.actor, county.clock.at) is None
        other: Actor = county.staff["trev1"].actor
        assert next_step(county.house, conn, other, county.clock.at) == (mine.id, mine.task("audit_file").id)


def test_a_step_that_somebody_else_has_to_do_says_so_and_leads_to_the_case_instead(county, case_at):
    """Who accepted the case and sits on the reviewer's seat too sees it marked, and meets no refusal."""
    mine = case_at("audit_file")
    reviewer = county.second_seat("twin1", "TREV", county.staff["trev1"].actor.org)
    other = county.staff["trev1"].actor
    step = (mine.id, mine.task("audit_file").id)
    with county.house.reader.connect() as conn:
        assert left_to_others(county.house, conn, reviewer.actor, [step]) == {step}
        assert left_to_others(county.house, conn, other, [step]) == frozenset()
        assert left_to_others(county.house, conn, other, []) == frozenset()
    row = at_the_desk(county, "trev1").opens("/work").tree.xpath("//tbody/tr")[0]
    assert "须由他人办理" not in row.text_content()
    desk = at_the_desk(county, "twin1")
    with desk.client.session_transaction() as session:
        session["seat"] = reviewer.actor.seat_id
    page = desk.opens("/work")
    row = page.tree.xpath("//tbody/tr")[0]
    assert "须由他人办理" in row.text_content() and "职责分离" in page.words
    assert row.xpath(".//a[@data-item]/@href") == [f"/cases/{mine.id}"]


def test_a_step_of_a_relative_is_marked_for_somebody_else(county, case_at):
    case = case_at("audit_file")
    reviewer = county.staff["trev1"].actor
    step = (case.id, case.task("audit_file").id)
    with transaction(county.house.engine) as conn:
        applicant = conn.execute(
            select(Person.id_number, Person.name).join(Case, Case.applicant_id == Person.id)
        ).one()
        relative = Relative(applicant.name, applicant.id_number, "sibling")
        file_relative(conn, reviewer.account_id, relative, at=county.clock.at)
        assert left_to_others(county.house, conn, reviewer, [step]) == {step}


def test_the_row_says_sign_word_and_name(county, case_at):
    case_at("check_papers")
    page = at_the_desk(county, "twin1").opens("/work")
    row = page.tree.xpath("//tbody/tr")[0]
    text = " ".join(row.text_content().split())
    assert "●" in text and "个工作日" in text
    assert "欧阳福根" in text and "审查申请材料" in text
