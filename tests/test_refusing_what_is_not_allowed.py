"""Refusing what is not allowed: nothing happens, and the attempt itself stands in the log (domain 6)."""

from uuid import uuid4

import pytest
from small_county import paper

import audit
from workflow.cases import refusing
from workflow.commands import AttachPaper, CompleteTask, FileRelative, LogReading
from workflow.errors import NotAllowed, NotFound

CHAIN = audit.chain_of(audit.SYSTEM_CHAIN, audit.READS)


def system_entries(county):
    with county.house.reader.connect() as conn:
        entries = [stored.entry for stored in audit.entries(conn, CHAIN)]
    return [entry for entry in entries if entry["type"] == "attempt_refused"]


@pytest.mark.parametrize(
    ("login", "rule"),
    [
        ("twin2", "area"),  # another township's window
        ("vlia1", "role"),
        ("trev1", "role"),
        ("capr", "role"),
        ("sup1", "role"),
        ("insp", "SD-8"),
        ("adm", "SD-8"),
    ],
)
def test_an_attempt_is_refused_and_stands_beside_its_case_in_a_log_of_its_own(case_at, county, login, rule):
    case = case_at("check_papers")
    before, someone = case.row, county.staff[login]
    with pytest.raises(NotAllowed) as refused:
        someone.checks_papers(case)
    assert refused.value.rule == rule
    assert refused.value.message.zh and refused.value.message.en
    entry = case.reads[-1]
    assert entry["type"] == "attempt_refused"
    assert entry["actor"]["id"] == someone.actor.account_id
    assert entry["vars"] == {"action": "CompleteTask", "detail": rule, "task": case.open["check_papers"].id}
    assert entry["log"] == audit.READS and entry["case"] == str(case.id)
    assert not entry["commit"] and not entry["attach"]
    assert (case.row.engine, case.row.seq) == (before.engine, before.seq), "a refusal moves no case"


def test_an_attempt_without_a_case_stands_in_the_system_s_log(county):
    household = county.household()
    with pytest.raises(NotAllowed):
        county.staff["vlia2"].files(*household)
    entry = system_entries(county)[-1]
    assert entry["vars"] == {"action": "OpenCase", "detail": "area"}
    assert entry["actor"]["role"] == "VLIA"


def test_every_attempt_is_logged_the_repeated_one_too(case_at, county, inspector):
    case = case_at("check_papers")
    for _ in range(3):
        with pytest.raises(NotAllowed):
            inspector.checks_papers(case, request="same-key")
    assert [entry["type"] for entry in case.reads].count("attempt_refused") == 3


def test_the_actor_of_a_village_is_named_without_its_code(case_at, county, village_head):
    case = case_at("enquire")
    with pytest.raises(NotAllowed):
        village_head.enquires(case)
    assert case.reads[-1]["actor"]["org"] == "360829100"


@pytest.mark.parametrize("login", ["insp", "adm"])
def test_inspectors_and_administrators_never_write_into_a_case(case_at, county, login):
    case = case_at("enquire")
    someone, seq = county.staff[login], case.row.seq
    attempts = (
        lambda: someone.enquires(case),
        lambda: someone.does(AttachPaper(case.id, paper("other"))),
        lambda: someone.withdraws(case),
        lambda: someone.reports_death(case),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed) as refused:
            attempt()
        assert refused.value.rule == "SD-8"
        assert case.row.seq == seq
    with pytest.raises(NotAllowed):
        someone.files(*county.household())


def test_what_does_not_exist_is_not_found_and_leaves_no_trace(case_at, county, clerk):
    with pytest.raises(NotFound):
        clerk.does(CompleteTask(uuid4(), 1, {}))
    assert system_entries(county) == []


def test_reading_a_full_number_needs_a_reason_and_is_logged(case_at, county, clerk, inspector):
    case = case_at("check_papers")
    for someone in (clerk, inspector):
        with pytest.raises(NotAllowed) as refused:
            someone.does(LogReading(case.id, "full_id"))
        assert refused.value.rule == "condition"
        someone.does(LogReading(case.id, "full_id", "申请人来电核对号码"))
        entry = case.reads[-1]
        assert (entry["type"], entry["vars"]) == ("file_read", {"what": "full_id"})
        assert list(entry["commit"]) == ["reason"]


def test_who_may_not_see_the_full_number_does_not_get_it_with_a_reason_either(case_at, county, administrator):
    case = case_at("check_papers")
    for login in ("adm", "vlia1", "sup1", "twin2"):
        with pytest.raises(NotAllowed):
            county.staff[login].does(LogReading(case.id, "full_id", "需要核对"))


def test_relatives_are_filed_for_oneself_only(county, clerk, reviewer):
    with pytest.raises(NotAllowed):
        clerk.does(FileRelative(reviewer.actor.account_id, "曾桂兰", "11010119900307002X", "spouse"))
    assert system_entries(county)[-1]["vars"]["action"] == "FileRelative"


def test_a_refusal_that_cannot_be_logged_is_not_given_quietly(case_at, county, inspector, monkeypatch):
    """Then neither happens: the caller sees the failure of the log."""
    case = case_at("check_papers")

    def broken(*args, **rest):
        raise OSError("the log cannot be written")

    monkeypatch.setattr(refusing, "append_next", broken)
    with pytest.raises(OSError, match="cannot be written"):
        inspector.checks_papers(case)
    assert set(case.open) == {"check_papers"}
