"""The county's facts: they count what registers and log hold, and nothing of a person is in them."""

from collections import Counter
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest
from house_templates import guards_down
from small_county import SmallCounty
from sqlalchemy import func, select

from audit.tables import audit_entry
from workflow.facts import FactsMissing, build, facts_file, open_facts, tables
from workflow.reads import Reading, log_reading
from workflow.store import models

MODELS = {
    "cases": models.Case, "task": models.Task, "clock": models.Clock, "person": models.Person,
    "household": models.Household, "category": models.Category, "claim": models.Claim, "paper": models.Paper,
    "posting": models.Posting, "payment": models.Payment, "account": models.Account, "seat": models.Seat,
    "calc": models.Calculation, "letter": models.Letter, "alarm": models.Alarm,
    "representative": models.Representative, "organisation": models.Organisation,
    "objection": models.Objection,
}  # fmt: skip


def asked(county: SmallCounty, sql: str) -> list[Any]:
    with open_facts(county.house.home) as facts:
        return list(facts.execute(sql).fetchall())


def one(county: SmallCounty, sql: str) -> Any:
    return asked(county, sql)[0][0]


def test_the_facts_count_what_registers_and_log_hold(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "archive_case", {})
    log_reading(county.house, county.staff["chnd"].actor, Reading("case", case.id), county.clock.at, "r1")
    built = build(county.house, county.clock.at)
    with county.house.reader.connect() as conn:
        for name, model in MODELS.items():
            there = conn.scalar(select(func.count()).select_from(models.table(model)))
            assert one(county, f'SELECT count(*) FROM "{name}"') == there, name
        assert built.entries == conn.scalar(select(func.count()).select_from(audit_entry))
    entries = case.entries
    told = asked(county, "SELECT seq, type, to_state, actor_id FROM event ORDER BY seq")
    assert told == [(e["seq"], e["type"], e["to"], e["actor"]["id"] or None) for e in entries]
    by = Counter(entry["actor"]["id"] for entry in entries if entry["type"] == "task_completed")
    assert dict(
        asked(county, "SELECT done_by, count(*) FROM task WHERE done_by IS NOT NULL GROUP BY 1")
    ) == dict(by)
    assert one(county, "SELECT count(*) FROM chain_fault") == 0
    assert asked(county, "SELECT what, case_id FROM reading") == [("case", case.id.hex)]


def test_a_case_is_summed_up_from_its_log(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "archive_case", {})
    build(county.house, county.clock.at)
    row = asked(
        county,
        "SELECT approved_seq, accepted_seq, decided_state, aid_fen, last_staff_seq, returns FROM cases",
    )[0]
    entries = case.entries
    approved = next(e["seq"] for e in entries if e["to"] == "APPROVED" and e["from"] != "APPROVED")
    last = max(e["seq"] for e in entries if e["actor"]["id"])
    accepted = next(e["seq"] for e in entries if e["to"] not in {"SUBMITTED"})
    assert row == (approved, accepted, "APPROVED", 487500, last, 0)
    money = asked(county, "SELECT status, holder_is, amount_fen, credited_on IS NOT NULL FROM payment")
    assert money == [("credited", "applicant", 487500, 1)]
    meeting = asked(county, "SELECT present, yes + no + abstained, minutes_digest IS NOT NULL FROM meeting")
    assert meeting and meeting[0][0] == meeting[0][1] and meeting[0][2]
    assert one(county, "SELECT min(listed) FROM signer") == 1
    assert one(county, "SELECT min(as_sealed) FROM paper") == 1
    photos = asked(county, "SELECT count(photo_start), count(photo_end), min(complaint_phone) FROM posting")
    assert photos[0][0] == photos[0][1] == len(case.postings) and photos[0][2] == 1


def test_nothing_of_a_person_can_be_read_in_the_facts(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "archive_case", {})
    build(county.house, county.clock.at)
    content = facts_file(county.house.home).read_bytes()
    row = county.rows(models.Person, models.Person.id == person)[0]
    for value in (row.name, row.id_number, row.phone, row.account_number):
        assert value.encode() not in content
    assert facts_file(county.house.home).stat().st_mode & 0o077 == 0


def test_equal_values_have_equal_hashes_in_the_next_build_too(county: SmallCounty) -> None:
    county.household()
    build(county.house, county.clock.at)
    before = asked(county, "SELECT person_id, name_hash, id_hash FROM person ORDER BY 1")
    build(county.house, county.clock.at)
    assert asked(county, "SELECT person_id, name_hash, id_hash FROM person ORDER BY 1") == before
    assert len({row[2] for row in before}) == len(before)


def test_working_days_are_counted_as_the_deadlines_count_them(county: SmallCounty) -> None:
    build(county.house, county.clock.at)
    vectors = [
        ("2026-09-18", "2026-09-29", 7),
        ("2026-09-24", "2026-10-12", 7),
        ("2026-02-14", "2026-02-28", 5),
    ]
    for start, due, length in vectors:
        assert one(county, f"SELECT wd('{start} 09:00:00', '{due}')") == length
        joined = f"SELECT b.n - a.n FROM workday a, workday b WHERE a.day = '{start}' AND b.day = '{due}'"
        assert one(county, joined) == length


@pytest.mark.tampers
def test_a_tampered_entry_is_a_fault_of_its_chain(county: SmallCounty) -> None:
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    with guards_down(county) as conn:
        conn.execute(
            audit_entry.update()
            .where(audit_entry.c.chain == case.id, audit_entry.c.seq == 0)
            .values(leaf=bytes(32))
        )
    build(county.house, county.clock.at)
    assert (case.id.hex, 0, "hash") in asked(county, "SELECT case_id, seq, fault FROM chain_fault")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM cases",
        "CREATE TABLE mine (a)",
        "ATTACH '/tmp/other.sqlite' AS other",
        "PRAGMA writable_schema = 1",
        "SELECT load_extension('x')",
    ],
)
def test_whoever_reads_the_facts_can_do_nothing_else(county: SmallCounty, sql: str) -> None:
    build(county.house, county.clock.at)
    with open_facts(county.house.home) as facts, pytest.raises(sqlite.DatabaseError):
        facts.execute(sql).fetchall()


def test_facts_that_nobody_has_built_are_missed_in_words(county: SmallCounty) -> None:
    with pytest.raises(FactsMissing, match="flags run"), open_facts(county.house.home):
        pass


def test_every_table_and_column_has_words_in_both_languages() -> None:
    for each in tables().values():
        assert each.about.zh and each.about.en
        for column in each.columns.values():
            assert column.about.zh and column.about.en and column.kind in {"text", "int", "real"}
