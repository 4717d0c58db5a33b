"""Red flags from the nightly run to the inspector's conclusion, on both databases; and faulty rules."""

from typing import Any

import pytest
from at_once import at_once
from pages.desks import at_the_desk
from small_county import CaseFile, SmallCounty
from sqlalchemy import func, select

from audit import READS, SYSTEM_CHAIN, chain_of, entries
from bpmn.rulebook import DATA
from workflow.errors import AnswersRefused, NotAllowed, NotFound
from workflow.facts import facts_file
from workflow.flag_commands import ConcludeFlag
from workflow.flags.checking import check, rules_of
from workflow.flags.keeping import run
from workflow.flags.nightly import run_if_due
from workflow.reading.flags import rates
from workflow.store import models
from workflow.store.models import Flag, FlagConclusion, FlagRun, InboxMessage

REASON = "已到村里核实，经办人住院两周，没有登记代班。"


@pytest.fixture
def idle(county: SmallCounty) -> CaseFile:
    """A case of the county's that nobody touches for three months."""
    person, bills = county.household()
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "examine_file", {})
    county.clock.forward(days=90)
    return case


def flags(county: SmallCounty, rule: str = "RF-01") -> list[Any]:
    return county.rows(Flag, Flag.rule == rule)


def test_a_run_finds_the_flag_and_a_second_one_the_same_flag(county: SmallCounty, idle: CaseFile) -> None:
    first = county.clock.at
    outcome = run(county.house, first)
    assert outcome is not None and outcome.new["H"] >= 1
    [flag] = flags(county)
    assert (flag.case_id, flag.severity, flag.township) == (idle.id, "H", idle.row.township)
    assert flag.evidence["seq"] == max(e["seq"] for e in idle.entries if e["actor"]["id"])
    again = run(county.house, county.clock.forward(days=1))
    assert again is not None and not again.new
    [same] = flags(county)
    assert (same.id, same.first_seen, same.last_seen) == (flag.id, first, county.clock.at)
    assert same.evidence["used"] > flag.evidence["used"]


def test_a_flag_that_is_not_found_any_more_has_gone(county: SmallCounty, idle: CaseFile) -> None:
    run(county.house, county.clock.at)
    county.staff["chnd"].examines_file(idle)
    run(county.house, county.clock.forward(days=1))
    assert flags(county)[0].gone_at == county.clock.at


def test_the_inspectors_are_told_the_same_day_and_nobody_else(county: SmallCounty, idle: CaseFile) -> None:
    run(county.house, county.clock.at)
    run(county.house, county.clock.forward(hours=1))
    told = county.rows(InboxMessage, InboxMessage.kind == "red_flags")
    assert [(line.org, line.role, line.case_id) for line in told] == [("360829-inspection", "INSP", None)]


def test_of_workers_that_begin_a_night_together_one_runs_and_the_others_leave_quietly(
    county: SmallCounty,
) -> None:
    county.clock.to("2026-03-03", "02:00")
    done = at_once(*[lambda: run_if_due(county.house, county.clock.at)] * 4)
    assert sorted(map(str, done)) == ["False", "False", "False", "True"]
    assert len(county.rows(FlagRun)) == 1


def test_a_night_has_one_run_however_many_workers(county: SmallCounty) -> None:
    county.clock.to("2026-03-03", "01:00")
    assert not run_if_due(county.house, county.clock.at)
    county.clock.to("2026-03-03", "02:00")
    assert run_if_due(county.house, county.clock.at)
    assert not run_if_due(county.house, county.clock.forward(hours=3))
    assert [(row.night, row.done_at is not None) for row in county.rows(FlagRun)] == [("2026-03-03", True)]


def test_a_conclusion_stands_in_the_log_of_reads_and_nothing_in_the_case(
    county: SmallCounty, idle: CaseFile
) -> None:
    run(county.house, county.clock.at)
    [flag], before = flags(county), len(idle.entries)
    outcome = county.staff["insp"].does(ConcludeFlag(flag.id, "explained", REASON))
    assert len(idle.entries) == before and idle.reads == []
    with county.house.reader.connect() as conn:
        chain = chain_of(SYSTEM_CHAIN, READS)
        entry = next(one.entry for one in entries(conn, chain) if one.seq == outcome.seq)
        assert county.house.vault.open(conn, chain, outcome.seq)["reason"] == REASON
    assert entry["type"] == "flag_concluded"
    assert entry["vars"] == {"flag": flag.id, "rule": "RF-01", "conclusion": "explained", "case": idle.id.hex}
    [now] = flags(county)
    assert (now.conclusion, now.concluded_by) == ("explained", county.staff["insp"].actor.account_id)
    county.staff["insp"].does(ConcludeFlag(flag.id, "justified", "经办人没有住院。"))
    assert [row.conclusion for row in county.rows(FlagConclusion)] == ["explained", "justified"]
    run(county.house, county.clock.forward(days=1))
    assert flags(county)[0].conclusion == "justified"


@pytest.mark.parametrize("login", ["capr", "sup-msb", "adm"])
def test_the_office_neither_concludes_nor_sees_a_flag(
    county: SmallCounty, idle: CaseFile, login: str
) -> None:
    run(county.house, county.clock.at)
    [flag] = flags(county)
    with pytest.raises(NotAllowed):
        county.staff[login].does(ConcludeFlag(flag.id, "explained", REASON))
    desk = at_the_desk(county, login)
    assert desk.opens("/inspect/flags").status == 403
    assert desk.opens(f"/inspect/flags/{flag.id}").status == 403


def test_a_conclusion_needs_a_kind_and_a_reason(county: SmallCounty, idle: CaseFile) -> None:
    run(county.house, county.clock.at)
    [flag] = flags(county)
    with pytest.raises(AnswersRefused) as refused:
        county.staff["insp"].does(ConcludeFlag(flag.id, "perhaps", "不"))
    assert [fault.field for fault in refused.value.faults] == ["conclusion", "reason"]
    with pytest.raises(NotFound):
        county.staff["insp"].does(ConcludeFlag("0" * 20, "explained", REASON))


def test_the_share_of_false_alarms_is_counted_per_rule(county: SmallCounty, idle: CaseFile) -> None:
    person, bills = county.household()
    other = county.staff["twin1"].files(person, bills)
    county.drive(other, "examine_file", {})
    county.clock.forward(days=90)
    run(county.house, county.clock.at)
    for flag, conclusion in zip(flags(county), ("false_alarm", "justified"), strict=True):
        county.staff["insp"].does(ConcludeFlag(flag.id, conclusion, REASON))
    with county.house.reader.connect() as conn:
        told = {rate.rule.id: rate for rate in rates(conn, rules_of())}
    assert (told["RF-01"].open, told["RF-01"].concluded, str(told["RF-01"].share)) == (0, 2, "50.0")
    assert told["RF-31"].share is None and told["RF-31"].found == 0


def test_the_inspector_reads_the_evidence_and_concludes_on_the_page(
    county: SmallCounty, idle: CaseFile
) -> None:
    run(county.house, county.clock.at)
    [flag] = flags(county)
    desk = at_the_desk(county, "insp")
    assert "/inspect/flags?severity=H" in desk.opens("/inbox").links()
    page = desk.opens("/inspect/flags?severity=H&rule=RF-01")
    assert f"/inspect/flags/{flag.id}" in page.links() and idle.row.number in page.words
    found = desk.opens(f"/inspect/flags/{flag.id}")
    assert f"/inspect/{idle.id}?n={flag.evidence['seq'] + 1}" in found.links()
    assert "受而不办" in found.words and "长时间停办没有登记停表" in found.words
    empty = desk.submits(found, conclusion="explained", reason="不")
    assert empty.status == 422 and "reason" in empty.errors()
    kept = desk.submits(empty, conclusion="explained", reason=REASON)
    assert "结论已记下" in kept.words and REASON in kept.words
    assert f"/inspect/flags/{flag.id}" not in desk.opens("/inspect/flags?rule=RF-01").links()
    assert f"/inspect/flags/{flag.id}" in desk.opens("/inspect/flags?rule=RF-01&state=concluded").links()
    rules = desk.opens("/inspect/flags/rules")
    assert "RF-24" in rules.words and "日志不记设备和会话" in rules.words and "0.0%" in rules.words
    with county.house.reader.connect() as conn:
        read = [one.entry["vars"].get("what") for one in entries(conn, chain_of(idle.id, READS))]
    assert read.count("flag") >= 2
    assert desk.opens("/inspect/flags/nothing").status == 404


def changed(before: str, after: str) -> dict[str, bytes]:
    text = (DATA / "flags" / "RF-12.toml").read_text(encoding="utf-8")
    assert before in text
    return {"RF-12.toml": text.replace(before, after, 1).encode()}


@pytest.mark.parametrize(
    ("before", "after", "element", "words"),
    [
        ("GROUP BY 1, 2", "GROUP BY 1, 2 HAVING", "parts.invoice", "the SQL is wrong"),
        ("a.total_fen", "a.total_yuan", "parts.invoice", "no column a.total_yuan"),
        ("FROM cases WHERE flow", "FROM casebook WHERE flow", "parts.temporary", "no table casebook"),
        ("place > :grants", "place > :grunts", "parts.temporary", "threshold 'grunts' is missing"),
        ("place > :grants", "place > 2", "thresholds.grants", "no query reads this threshold"),
        ("a.case_id, 'claim '", "a.case_id AS kase, 'claim '", "parts.invoice", "lack the column 'case_id'"),
        ('other_hospital = { zh = "另一医院", en = "other hospital" }\n', "", "parts.stays", "has no name"),
        (', en = "the same invoice" }', " }", "invoice.name.en", "missing"),
        ('severity = "H"', 'severity = "X"', "severity", "should be H, M or L"),
        ('id = "RF-12"', 'id = "RF-13"', "id", "name of its file"),
        ("[[innocent]]", "[[guilty]]", "innocent", "innocent explanation"),
        ('"""\nWITH same', '"""\nSELECT 1; WITH same', "parts.invoice", "only one query"),
    ],
)  # fmt: skip
def test_a_faulty_rule_is_refused_in_words(before: str, after: str, element: str, words: str) -> None:
    found = check(changed(before, after))
    assert not found.rules
    told = [fault for fault in found.faults if fault.element == element]
    assert told and any(words in fault.reason.en for fault in told), [str(fault) for fault in found.faults]


@pytest.mark.parametrize(
    "sql", ["DELETE FROM claim", "ATTACH '/tmp/x.sqlite' AS x", "PRAGMA user_version = 7"]
)
def test_a_rule_that_writes_is_refused(sql: str) -> None:
    text = (DATA / "flags" / "RF-31.toml").read_text(encoding="utf-8")
    start, end = text.index('sql = """'), text.index('"""', text.index('sql = """') + 9) + 3
    found = check({"RF-31.toml": (text[:start] + f'sql = "{sql}"' + text[end:]).encode()})
    assert [fault.reason.en for fault in found.faults] == ["a query can only read the facts"]


def test_the_rules_that_come_with_the_program_are_sound() -> None:
    assert rules_of().faults == ()


def test_a_rule_of_the_county_takes_the_place_of_the_packaged_one(
    county: SmallCounty, idle: CaseFile
) -> None:
    text = (DATA / "flags" / "RF-01.toml").read_text(encoding="utf-8")
    (county.house.home / "flags").mkdir()
    (county.house.home / "flags" / "RF-01.toml").write_text(
        text.replace("value = 1\n", "value = 50\n"), encoding="utf-8"
    )
    outcome = run(county.house, county.clock.at)
    assert outcome is not None and outcome.asked["RF-01"].found == {}


def test_a_run_that_fails_keeps_facts_and_flags(
    county: SmallCounty, idle: CaseFile, monkeypatch: Any
) -> None:
    run(county.house, county.clock.at)
    before = facts_file(county.house.home).read_bytes()
    monkeypatch.setattr("workflow.facts.building.MEMBERS", "SELECT x FROM nowhere")
    with pytest.raises(Exception, match="nowhere"):
        run(county.house, county.clock.forward(days=1))
    assert facts_file(county.house.home).read_bytes() == before
    assert [path.name for path in facts_file(county.house.home).parent.iterdir()] == ["facts.sqlite"]
    with county.house.reader.connect() as conn:
        assert (
            conn.scalar(select(func.count()).select_from(models.table(Flag)).where(Flag.gone_at.is_not(None)))
            == 0
        )
