"""The inspector's pages: the bytes, what they commit to, the chain, the replay; and the trace of the look."""

import json

import pytest
from pages.desks import at_the_desk
from sqlalchemy import text

from audit import entries
from workflow.store import transaction

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


def address(case, number=None):
    return f"/inspect/{case.id}" + (f"?n={number}" if number else "")


def drop_guards(conn):
    """What somebody with the database file in hand can do."""
    for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        conn.exec_driver_sql(f'DROP TRIGGER "{name}"')


def test_the_chain_is_told_to_be_sound(county, case_at):
    case = case_at("enquire")
    page = at_the_desk(county, "insp").opens(address(case))
    assert f"链完整，第1–{len(case.entries)}条" in page.words
    assert f"第1条，共{len(case.entries)}条" in page.words


def test_one_steps_from_entry_to_entry(county, case_at):
    case = case_at("enquire")
    inspector = at_the_desk(county, "insp")
    page, seen = inspector.opens(address(case, 1)), 1
    while following := page.tree.xpath("//a[@rel='next']/@href"):
        page, seen = inspector.opens(following[0]), seen + 1
    assert seen == len(case.entries)
    assert page.tree.xpath("//a[@rel='prev']")
    assert inspector.opens(address(case, 999)).status == 200


def test_the_bytes_are_the_bytes(county, case_at):
    case = case_at("enquire")
    page = at_the_desk(county, "insp").opens(address(case, 2))
    shown = page.tree.xpath("//pre")[0].text_content()
    with county.house.reader.connect() as conn:
        stored = list(entries(conn, case.id))[1]
    assert shown == stored.bytes.decode()
    assert json.loads(shown)["seq"] == 1
    assert stored.leaf.hex() in page.words and stored.prev.hex() in page.words


def test_values_open_only_after_a_reason_that_is_logged(county, case_at):
    case = case_at("check_papers")
    inspector = at_the_desk(county, "insp")
    page = inspector.opens(address(case, 1))
    assert "未开封" in page.words and "MATCH" in page.words
    before, seq = len(case.reads), case.row.seq
    refused = inspector.submits(page, f"/inspect/{case.id}", reason="查")
    assert refused.status == 422 and set(refused.errors()) == {"reason"}
    assert [entry["vars"]["what"] for entry in case.reads[before:]] == ["inspection"]
    opened = inspector.submits(page, f"/inspect/{case.id}", reason="信访件要求核查")
    assert "未开封" not in opened.words
    assert "主要申请理由" in opened.words
    assert [entry["vars"]["what"] for entry in case.reads[before:]] == ["inspection", "entries", "inspection"]
    assert case.row.seq == seq, "a reading moves no case"


def test_an_opening_ends_after_an_hour_and_holds_for_one_case(county, case_at):
    case, other = case_at("check_papers"), case_at("check_papers")
    inspector = at_the_desk(county, "insp")
    inspector.submits(inspector.opens(address(case, 1)), f"/inspect/{case.id}", reason="信访件要求核查")
    assert "未开封" in inspector.opens(address(other, 1)).words
    county.clock.forward(minutes=50)
    assert "未开封" not in inspector.opens(address(case, 1)).words
    county.clock.forward(minutes=20)
    assert "未开封" in inspector.opens(address(case, 1)).words


def test_the_replay_is_byte_identical(county, case_at):
    case = case_at("decide")
    page = at_the_desk(county, "insp").opens(f"{address(case)}?replay=1")
    assert "按流程图重走，逐字节相同" in page.words


@pytest.mark.tampers
def test_an_altered_entry_is_named(county, case_at):
    case = case_at("enquire")
    with transaction(county.house.engine) as conn:
        for name in (
            conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        ):
            conn.exec_driver_sql(f'DROP TRIGGER "{name}"')
        conn.execute(
            text("UPDATE audit_entry SET leaf = zeroblob(32) WHERE chain = :chain AND seq = 1"),
            {"chain": case.id.hex},
        )
    page = at_the_desk(county, "insp").opens(address(case))
    assert "链有误" in page.words and "第2条有误" in page.words


@pytest.mark.tampers
def test_an_altered_state_is_found_by_the_replay(county, case_at):
    case, other = case_at("enquire"), case_at("check_papers")
    with transaction(county.house.engine) as conn:
        drop_guards(conn)
        conn.execute(
            text('UPDATE "case" SET engine = (SELECT engine FROM "case" WHERE id = :other) WHERE id = :id'),
            {"id": case.id.hex, "other": other.id.hex},
        )
    page = at_the_desk(county, "insp").opens(f"{address(case)}?replay=1")
    assert "数据库里的状态与重放结果不同" in page.words


def test_only_inspectors_get_in_and_they_change_nothing(county, case_at):
    case = case_at("check_papers")
    for login in ("chnd", "sup-msb", "twin1", "adm"):
        assert at_the_desk(county, login).opens(address(case)).status == 403, login
    inspector = at_the_desk(county, "insp")
    assert not [link for link in inspector.opens(f"/cases/{case.id}").links() if "/tasks/" in link]
    assert inspector.opens(f"/cases/{case.id}/tasks/{case.task('check_papers').id}").status == 403


def test_a_case_is_found_by_its_number(county, case_at):
    case = case_at("check_papers")
    page = at_the_desk(county, "insp").opens(f"/inspect?number={case.row.number}")
    assert page.path == f"/inspect/{case.id}"
