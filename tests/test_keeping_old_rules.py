"""Keeping old rules: a case lives by the rule book it began with; a broken new one changes nothing."""

from datetime import timedelta

import pytest
from rule_changes import changed, proposed, released, started_anew
from small_county import SmallCounty
from sqlalchemy import update

import audit
from bpmn import RulebookError
from workflow.demo.staff import REPRESENTATIVES
from workflow.errors import AnswersRefused, RulesRefused
from workflow.house import open_house
from workflow.releasing.checking import manifest_of
from workflow.replay import replay
from workflow.rules import Shelf, keep_files, put_in_force
from workflow.store import transaction
from workflow.store.models import RulebookRelease, RuleFile

FORM, SIGNATURES = "forms/village_review.toml", b"signatures >= review_signatures"
TEN = "、".join(REPRESENTATIVES[:10])


@pytest.fixture
def ten_days_for_the_township(county):
    return changed(county, ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10"))


def test_a_new_rule_book_holds_for_new_cases_only(case_at, county, ten_days_for_the_township):
    old = case_at("sign_review")
    digest = released(county, ten_days_for_the_township)
    new = county.staff["vlia1"].files(*county.household())
    assert new.row.rulebook == digest != old.row.rulebook
    for case in (old, new):
        county.drive(case, "audit_file", {})
    spans = {case.id: case.open["audit_file"].due_at - case.clock("D05").started_at for case in (old, new)}
    assert spans[new.id] - spans[old.id] > timedelta(days=5)
    county.drive(old, "end", {})
    with county.house.reader.connect() as conn:
        assert replay(county.house, conn, old.id).difference is None
        assert replay(county.house, conn, new.id).difference is None
    assert {entry["rule"] for entry in old.entries} == {old.row.rulebook}


def test_a_running_case_keeps_its_diagram(case_at, county):
    """The new diagram lets somebody else of the village sign the review; in the old case it stays."""
    old = case_at("sign_review")
    role = b'name="role" value="VHEAD"'
    path = "flows/sub_village_review.bpmn"
    released(county, changed(county, (path, role, role.replace(b"VHEAD", b"CADRE"))))
    new = county.drive(county.staff["vlia1"].files(*county.household()), "sign_review", {})
    assert new.open["sign_review"].role == "CADRE"
    assert old.open["sign_review"].role == "VHEAD"
    county.staff["vhead1"].signs_review(old)


def test_a_running_case_keeps_its_forms(case_at, county):
    old = case_at("record_review")
    released(county, changed(county, (FORM, SIGNATURES, b"signatures >= 15")))
    county.staff["vlia1"].records_review(old, signatures=10, signers=TEN)
    new = county.drive(county.staff["vlia1"].files(*county.household()), "record_review", {})
    with pytest.raises(AnswersRefused):
        county.staff["vlia1"].records_review(new, signatures=10, signers=TEN)


def test_only_what_changed_is_stored_again(county, ten_days_for_the_township):
    before = len(county.rows(RuleFile))
    released(county, ten_days_for_the_township)
    assert len(county.rows(RuleFile)) == before + 1
    assert len(county.rows(RulebookRelease)) == 2


def test_the_newest_release_is_in_force_for_a_new_process(county, ten_days_for_the_township):
    digest = released(county, ten_days_for_the_township)
    assert Shelf(county.house.reader).current(county.clock()).digest == digest
    assert Shelf(county.house.reader).get(digest).terms["plan-2026"].limits["D05"].amount == 10


def test_a_release_stands_in_the_system_s_log_with_both_people(county, ten_days_for_the_township):
    first = county.house.rules().digest
    digest = released(county, ten_days_for_the_township)
    with county.house.reader.connect() as conn:
        entries = [stored.entry for stored in audit.entries(conn, audit.SYSTEM_CHAIN)]
    begun, proposal, release = (entry for entry in entries if entry["type"].startswith("rules_"))
    assert begun["vars"] == {"digest": first}
    assert proposal["vars"]["changed"] == ["limits.toml"]
    handler, approver = (county.staff[login].actor.account_id for login in ("chnd", "capr"))
    assert release["vars"]["digest"] == digest and release["vars"]["previous"] == first
    assert (release["vars"]["proposed_by"], release["vars"]["released_by"]) == (handler, approver)
    assert (proposal["actor"]["id"], release["actor"]["id"]) == (handler, approver)


BROKEN = {
    "a type nobody knows": (FORM, b'type = "integer"', b'type = "number"'),
    "a forbidden expression": (FORM, SIGNATURES, b"signatures.real >= 10"),
    "a limit in words": ("limits.toml", b"[D05]\namount = 5", b'[D05]\namount = "five"'),
    "a diagram cut off": ("flows/sub_village_review.bpmn", b"</bpmn:process>", b""),
    "a role nobody has": ("flows/sub_village_review.bpmn", b'value="VHEAD"', b'value="NOBODY"'),
    "a reading that is not there": ("policies/plan-2026/policy.toml", b'reading = "R1"', b'reading = "R9"'),
    "a place without a value": ("letters/approval_decision.toml", b"{aid_words}", b"{aid_wrods}"),
    "a step without a limit": ("flows/sub_archive.bpmn", b'name="limit"', b'name="later"'),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_broken_rule_book_is_refused_with_file_element_and_reason(case_at, county, what):
    """Whether it comes with the program or from the office."""
    path, running, digest = BROKEN[what][0], case_at("enquire"), county.house.rules().digest
    files = changed(county, BROKEN[what])
    with pytest.raises(RulesRefused) as refused:
        proposed(county, files)
    house = started_anew(county, files)
    try:
        for faults in (refused.value.faults, house.refused):
            assert any(fault.file.endswith(path.rpartition("/")[2]) for fault in faults), faults
            assert all(fault.element and fault.reason.zh and fault.reason.en for fault in faults)
        assert house.rules().digest == digest and house.waiting is None
        assert len(county.rows(RulebookRelease)) == 1
        later = SmallCounty(house, county.clock)
        later.staff["vlia1"].enquires(type(running)(later, running.id))
        assert later.staff["vlia1"].files(*later.household()).row.rulebook == digest
    finally:
        house.close()


@pytest.mark.tampers
@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_files_in_force_that_were_altered_are_named_at_the_start(county):
    packaged = dict(county.house.rules().rulebook.files)
    sha = county.house.rules().rulebook.manifest["limits.toml"]
    with county.house.engine.begin() as conn:
        conn.execute(update(RuleFile).where(RuleFile.sha256 == sha).values(content=b"[D05]"))
    house = started_anew(county, packaged)
    assert [fault.file for fault in house.refused] == ["limits.toml"]
    house.close()


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_rules_in_force_that_a_newer_program_refuses_leave_the_house_open_for_mending(county):
    """A check that has become stricter must not keep the office from its log, or from the next release."""
    packaged, digest = dict(county.house.rules().rulebook.files), county.house.rules().digest
    files = changed(county, BROKEN["a limit in words"])
    at = county.clock.forward(minutes=1)
    with transaction(county.house.engine) as conn:
        keep_files(conn, files.values())
        put_in_force(conn, manifest_of(files), at=at, since=at, packaged=digest, seq=0)
    house = started_anew(county, packaged)
    try:
        assert [fault.file for fault in house.refused] == ["limits.toml"]
        with house.reader.connect() as conn:
            assert audit.verify(conn, house.vault).ok
    finally:
        house.close()


def test_without_anything_in_force_a_broken_rule_book_stops_the_start(county, tmp_path):
    files = changed(county, BROKEN["a limit in words"])
    with pytest.raises(RulebookError, match=r"limits\.toml"):
        open_house(None, tmp_path / "new", now=county.clock, rulebook=files)
