"""Search over all cases: every condition, in the inspector's own account, logged, and by an index each."""

from uuid import uuid4

import pytest
from pages.desks import at_the_desk
from sqlalchemy import insert, text

from audit import READS, SYSTEM_CHAIN, chain_of, entries
from workflow.reading.searching import Sought, faults_of, matching, search
from workflow.store import transaction
from workflow.store.models import Flag, Person, table


@pytest.fixture
def two(county, case_at):
    """A case with an amount, and eleven days later another; the second applicant has a name of her own."""
    first = case_at("sign_opinion")
    county.clock.forward(days=3)
    second = case_at("check_papers", members=1)
    county.correct(Person, Person.id == second.row.applicant_id, name="曾招娣")
    return first, second


def found(county, **sought):
    with county.house.reader.connect() as conn:
        hits = search(conn, county.staff["insp"].actor, Sought.of(sought))
    assert hits.total == len(hits.lines)
    return [hit.number for hit in hits.lines]


def test_every_condition_finds_what_fits_and_nothing_else(county, two):
    """On both databases."""
    first, second = (case.row for case in two)
    assert found(county, number=first.number) == [first.number]
    assert found(county, person=" 曾 招娣") == [second.number]
    id_number = county.rows(Person, Person.id == first.applicant_id)[0].id_number
    assert found(county, person=id_number) == [first.number]
    assert found(county, person="招娣") == [], "a part of a name finds nobody"
    assert found(county, officer=county.staff["trev1"].actor.name) == [first.number], "who did a step"
    assert found(county, officer="vlia1") == [second.number, first.number], "who registered, by login"
    assert found(county, place=first.village) == found(county, place=first.township)
    assert found(county, place="360829101001") == []
    assert found(county, state="SUBMITTED") == [second.number]
    assert found(county, least="4875", most="4,875.00") == [first.number]
    assert found(county, least="4875.01") == []
    assert found(county, first="2026-03-13", last="2026-03-13") == [second.number]
    assert found(county, last="2026-03-12") == [first.number]
    assert found(county, closed_first="2026-01-01") == []
    assert found(county, outcome="approved") == []
    assert found(county, person="曾招娣", officer="trev1") == [], "all conditions together"


def test_a_red_flag_finds_its_cases_while_it_stands(county, two):
    case = two[0]
    flag = {
        "id": uuid4().hex[:20], "rule": "RF-01", "part": "a", "case_id": case.id, "subject": "x",
        "severity": "H", "evidence": {}, "evidence_digest": "0" * 16, "rule_digest": "0" * 16,
        "first_seen": county.clock.at, "last_seen": county.clock.at,
    }  # fmt: skip
    with transaction(county.house.engine) as conn:
        conn.execute(insert(table(Flag)), flag)
    assert found(county, rule="RF-01") == [case.row.number]
    county.correct(Flag, Flag.id == flag["id"], gone_at=county.clock.at)
    assert found(county, rule="RF-01") == []


CONDITIONS = {
    "number": "2026-0001", "person": "曾招娣", "officer": "黄涛强", "state": "SUBMITTED",
    "outcome": "approved", "least": "100", "first": "2026-03-01", "closed_first": "2026-03-01",
    "rule": "RF-01",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [*CONDITIONS.items(), ("place", "360829100000"), ("place", "360829100001")]
)
def test_every_condition_has_an_index(county, name, value):
    """What the database says it does with 100,000 cases; tables that small it would read whole."""
    statement = matching(county.staff["insp"].actor, Sought.of({name: value}))
    engine = county.house.reader
    compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as conn:
        if engine.dialect.name == "sqlite":
            plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
            whole = [step for step in plan if step.startswith("SCAN case") or step.startswith("SCAN task")]
        else:
            conn.execute(text("SET LOCAL enable_seqscan = off"))
            sql = str(compiled).replace("%", "%%")
            plan = [row[0] for row in conn.exec_driver_sql(f"EXPLAIN {sql}")]
            whole = [step for step in plan if "Seq Scan on" in step and "account" not in step]
    assert plan and not whole, plan


def test_what_cannot_be_read_is_refused_with_its_field():
    bad = Sought.of({"least": "viel", "most": "1.005", "first": "2026-13-01", "last": "2026-03-02"})
    assert [fault.field for fault in faults_of(bad)] == ["least", "most", "first"]
    assert Sought.of({"least": " 12 "}).least == "12"
    assert Sought.of({}).empty


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_page_names_nobody_in_an_address_and_every_look_is_logged(county, two):
    inspector = at_the_desk(county, "insp")
    page = inspector.opens("/inspect/search")
    answer = inspector.submits(page, "/inspect/search", person="曾招娣")
    assert answer.status == 200 and two[1].row.number in answer.words
    assert not [link for link in answer.links() if "曾" in link or "%E6" in link]
    assert answer.path == "/inspect/search"

    def last():
        with county.house.reader.connect() as conn:
            return list(entries(conn, chain_of(SYSTEM_CHAIN, READS)))[-1].entry

    assert last()["vars"] == {"what": "search", "cases": [two[1].id.hex]}
    empty = inspector.submits(page, "/inspect/search", person="没有这个人")
    assert "没有符合的案卷" in empty.words and last()["vars"] == {"what": "search"}
    refused = inspector.submits(page, "/inspect/search", least="viel")
    assert refused.status == 422 and set(refused.errors()) == {"least"}
    assert "至少写一个条件" in inspector.submits(page, "/inspect/search").words
    for login in ("chnd", "sup-msb", "adm"):
        assert at_the_desk(county, login).opens("/inspect/search").status == 403, login


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_pages_are_turned_with_the_form(county, two, monkeypatch):
    monkeypatch.setattr("workflow.reading.searching.PAGE", 1)
    inspector = at_the_desk(county, "insp")
    page = inspector.opens("/inspect/search")
    first = inspector.submits(page, "/inspect/search", place="360829100000")
    assert two[1].row.number in first.words and two[0].row.number not in first.words
    second = inspector.submits(first, button="2")
    assert two[0].row.number in second.words and "第2页，共2页" in second.words
