"""Keeping old rules: a case lives by the rule book it began with; a broken new one changes nothing."""

from datetime import timedelta

import pytest
from small_county import SmallCounty

import audit
from bpmn import RulebookError
from workflow.demo.staff import REPRESENTATIVES
from workflow.errors import AnswersRefused
from workflow.house import open_house
from workflow.replay import replay
from workflow.rules import Shelf
from workflow.store.models import RulebookRelease, RuleFile

TEN = "、".join(REPRESENTATIVES[:10])


def changed(county, path, old, new):
    """The files in force, with one of them changed in one place."""
    files = dict(county.house.rules().rulebook.files)
    assert old in files[path], f"{path} does not hold {old!r}"
    files[path] = files[path].replace(old, new, 1)
    return files


def release(county, files):
    """A new start of the program with other files, on the same database."""
    mine = county.house
    url = mine.engine.url.render_as_string(hide_password=False)
    county.clock.forward(minutes=1)
    return open_house(url, mine.home, now=county.clock, rulebook=files, migrate=False)


@pytest.fixture
def ten_days_for_the_township(county):
    return changed(county, "limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10")


def test_a_new_rule_book_holds_for_new_cases_only(case_at, county, ten_days_for_the_township):
    old = case_at("sign_review")
    house = release(county, ten_days_for_the_township)
    later = SmallCounty(house, county.clock, born=county.born)
    try:
        new = later.staff["vlia1"].files(*later.household())
        assert new.row.rulebook == house.rules().digest != old.row.rulebook
        for case in (old, new):
            later.drive(type(case)(later, case.id), "audit_file", {})
        spans = {
            case.id: case.open["audit_file"].due_at - case.clock("D05").started_at for case in (old, new)
        }
        assert spans[new.id] - spans[old.id] > timedelta(days=5)
        later.drive(type(old)(later, old.id), "end", {})
        with house.reader.connect() as conn:
            assert replay(house, conn, old.id).difference is None
            assert replay(house, conn, new.id).difference is None
        assert {entry["rule"] for entry in old.entries} == {old.row.rulebook}
    finally:
        house.close()


def test_a_running_case_keeps_its_diagram(case_at, county):
    """The new diagram lets the clerk sign the review; in the old case it stays with the head."""
    old = case_at("sign_review")
    path = "flows/sub_village_review.bpmn"
    files = changed(county, path, b'name="role" value="VHEAD"', b'name="role" value="VLIA"')
    files[path] = files[path].replace(b'name="not_by" value="record_review"', b'name="not_by" value=""')
    house = release(county, files)
    later = SmallCounty(house, county.clock, born=county.born)
    try:
        new = later.drive(later.staff["vlia1"].files(*later.household()), "sign_review", {})
        assert new.open["sign_review"].role == "VLIA"
        assert old.open["sign_review"].role == "VHEAD"
        later.staff["vlia1"].signs_review(new)
        later.staff["vhead1"].signs_review(type(old)(later, old.id))
    finally:
        house.close()


def test_a_running_case_keeps_its_forms(case_at, county):
    old = case_at("record_review")
    files = changed(
        county, "forms/village_review.toml", b"signatures >= review_signatures", b"signatures >= 15"
    )
    house = release(county, files)
    later = SmallCounty(house, county.clock, born=county.born)
    try:
        later.staff["vlia1"].records_review(type(old)(later, old.id), signatures=10, signers=TEN)
        new = later.drive(later.staff["vlia1"].files(*later.household()), "record_review", {})
        with pytest.raises(AnswersRefused):
            later.staff["vlia1"].records_review(new, signatures=10, signers=TEN)
    finally:
        house.close()


def test_only_what_changed_is_stored_again(county, ten_days_for_the_township):
    before = len(county.rows(RuleFile))
    release(county, ten_days_for_the_township).close()
    assert len(county.rows(RuleFile)) == before + 1
    assert len(county.rows(RulebookRelease)) == 2
    release(county, ten_days_for_the_township).close()
    assert len(county.rows(RulebookRelease)) == 2


def test_the_newest_release_is_in_force_for_a_new_process(county, ten_days_for_the_township):
    house = release(county, ten_days_for_the_township)
    digest = house.rules().digest
    house.close()
    assert Shelf(county.house.reader).current().digest == digest
    assert Shelf(county.house.reader).get(digest).terms["plan-2026"].limits["D05"].amount == 10


def test_a_release_stands_in_the_system_s_log(county, ten_days_for_the_township):
    house = release(county, ten_days_for_the_township)
    digest = house.rules().digest
    house.close()
    release(county, ten_days_for_the_township).close()
    with county.house.reader.connect() as conn:
        entries = [stored.entry for stored in audit.entries(conn, audit.SYSTEM_CHAIN)]
    released = [entry["vars"]["digest"] for entry in entries if entry["type"] == "rules_released"]
    assert released == [county.house.rules().digest, digest]


BROKEN = {
    "a type nobody knows": ("forms/village_review.toml", b'type = "integer"', b'type = "number"'),
    "a forbidden expression": (
        "forms/village_review.toml",
        b"signatures >= review_signatures",
        b"signatures.real >= 10",
    ),
    "a limit in words": ("limits.toml", b"[D05]\namount = 5", b'[D05]\namount = "five"'),
    "a diagram cut off": ("flows/sub_village_review.bpmn", b"</bpmn:process>", b""),
    "a role nobody has": ("flows/sub_village_review.bpmn", b'value="VHEAD"', b'value="NOBODY"'),
    "a reading that is not there": ("policies/plan-2026/policy.toml", b'reading = "R1"', b'reading = "R9"'),
    "a place without a value": ("letters/approval_decision.toml", b"{aid_words}", b"{aid_wrods}"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_rule_book_is_refused_with_file_element_and_reason(case_at, county, what):
    path, old, new = BROKEN[what]
    running, digest = case_at("enquire"), county.house.rules().digest
    house = release(county, changed(county, path, old, new))
    try:
        assert any(fault.file.endswith(path.rpartition("/")[2]) for fault in house.refused), house.refused
        assert all(fault.element and fault.reason.zh and fault.reason.en for fault in house.refused)
        assert house.rules().digest == digest
        assert len(county.rows(RulebookRelease)) == 1
        later = SmallCounty(house, county.clock, born=county.born)
        later.staff["vlia1"].enquires(type(running)(later, running.id))
        assert later.staff["vlia1"].files(*later.household()).row.rulebook == digest
    finally:
        house.close()


def test_without_anything_in_force_a_broken_rule_book_stops_the_start(county, tmp_path):
    files = changed(county, *BROKEN["a limit in words"])
    with pytest.raises(RulebookError, match=r"limits\.toml"):
        open_house(None, tmp_path / "new", now=county.clock, rulebook=files)
