"""Red flags of the procedure: postings, village reviews, home visits."""

from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import CASE, OTHER, Facts

THIRD = "e" * 32
FLOW = "ma_ordinary_county"


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(tmp_path)


def cases_of(facts: Facts, rule: str, part: str) -> list[str]:
    return sorted(one.case_id.hex for one in facts.flags(rule, part) if one.case_id)


def approved(facts: Facts, case: str, **more: Any) -> None:
    row = {"flow": FLOW, "policy": "p", "approved_at": "2026-04-20 10:00:00", "approved_seq": 20, **more}
    facts.add("cases", case_id=case, **row)


def posting(facts: Facts, case: str, number: int = 2, **more: Any) -> None:
    """Put up on 1 April, it ends with the 8th: seven whole days."""
    row = {
        "posted_at": "2026-04-01 10:00:00", "ends_at": "2026-04-09 00:00:00", "post_seq": 5, "confirm_seq": 9,
        "taken_down_at": "2026-04-09 00:05:00", "taken_down_on": "2026-04-09", "stayed": 1,
        "confirmed_at": "2026-04-09 09:00:00", "photo_start": "a", "photo_end": "b", "complaint_phone": 1,
        "posting_id": int(case[:2], 16) * 10 + number, **more,
    }  # fmt: skip
    facts.add("posting", case_id=case, number=number, **row)


def test_seven_whole_days_are_enough_and_six_are_not(facts: Facts) -> None:
    for case, ends, taken in ((CASE, "08", "09"), (OTHER, "09", "09"), (THIRD, "09", "08")):
        approved(facts, case)
        posting(facts, case, ends_at=f"2026-04-{ends} 00:00:00", taken_down_on=f"2026-04-{taken}")
    found = facts.flags("RF-21", "short")
    assert {(one.case_id and one.case_id.hex, one.evidence["whole_days"]) for one in found} == {
        (CASE, 6),
        (THIRD, 6),
    }


def test_a_list_that_was_missing_in_between(facts: Facts) -> None:
    posting(facts, CASE, stayed=0)
    posting(facts, OTHER)
    assert [one.severity for one in facts.flags("RF-21", "interrupted")] == ["M"]


def test_an_approved_case_has_every_posting_its_policy_asks_for(facts: Facts) -> None:
    for number in (1, 2):
        facts.add("policy_posting", policy="p", number=number)
    for case, numbers in ((CASE, (1,)), (OTHER, (1, 2))):
        approved(facts, case)
        for number in numbers:
            posting(facts, case, number)
    approved(facts, THIRD, approved_at=None)
    found = facts.flags("RF-21", "missing")
    assert [(one.case_id and one.case_id.hex, one.evidence["number"]) for one in found] == [(CASE, 2)]


@pytest.mark.parametrize(("yes", "flagged"), [(6, [CASE]), (5, [])])
def test_a_review_that_said_no_is_not_posted(facts: Facts, yes: int, flagged: list[str]) -> None:
    facts.add("policy_posting", policy="p", number=1)
    approved(facts, CASE)
    facts.add("meeting", case_id=CASE, seq=4, yes=yes, no=4, abstained=1)
    assert cases_of(facts, "RF-21", "missing") == flagged


def test_filing_and_temporary_aid_owe_one_posting(facts: Facts) -> None:
    for number in (1, 2):
        facts.add("policy_posting", policy="p", number=number)
    approved(facts, CASE, flow="ma_basic_check_filing")
    approved(facts, OTHER, flow="ma_basic_check_filing")
    posting(facts, OTHER, 4)
    approved(facts, THIRD, flow="ta_temporary")
    posting(facts, THIRD, 1)
    assert cases_of(facts, "RF-21", "missing") == [CASE]


@pytest.mark.parametrize(("at", "flagged"), [("2026-04-08 23:00:00", [CASE]), ("2026-04-09 00:00:00", [])])
def test_a_decision_waits_for_the_end_of_the_posting(facts: Facts, at: str, flagged: list[str]) -> None:
    approved(facts, CASE, approved_at=at)
    posting(facts, CASE)
    assert cases_of(facts, "RF-21", "decided_before") == flagged


def test_nobody_confirms_a_posting_before_its_end(facts: Facts) -> None:
    posting(facts, CASE, confirmed_at="2026-04-08 09:00:00")
    posting(facts, OTHER)
    assert cases_of(facts, "RF-21", "decided_before") == [CASE]


@pytest.mark.parametrize(
    ("photos", "flagged"),
    [({"photo_end": None}, 1), ({"photo_start": None}, 1), ({"photo_end": "a"}, 1), ({}, 0),
     ({"photo_end": None, "confirm_seq": None}, 0)],
)  # fmt: skip
def test_a_posting_has_a_photo_at_its_beginning_and_another_at_its_end(
    facts: Facts, photos: dict[str, Any], flagged: int
) -> None:
    approved(facts, CASE)
    posting(facts, CASE, **photos)
    assert len(facts.flags("RF-21", "photo")) == flagged


def test_photos_that_were_erased_with_the_case_are_not_missed(facts: Facts) -> None:
    approved(facts, CASE, erased_at="2026-11-01 09:00:00")
    posting(facts, CASE, photo_start=None, photo_end=None)
    assert facts.flags("RF-21") == []


def test_a_posting_tells_where_to_complain(facts: Facts) -> None:
    posting(facts, CASE, complaint_phone=0)
    posting(facts, OTHER)
    posting(facts, THIRD, complaint_phone=None)
    assert cases_of(facts, "RF-21", "phone") == [CASE]


def review(facts: Facts, case: str, names: int = 10, unlisted: int = 0, **more: Any) -> None:
    row = {"held_on": "2026-03-25", "signatures": names, "minutes_digest": "m", "record_digest": "r", **more}
    facts.add("cases", case_id=case, applicant_id=1, household_id=1)
    facts.add("meeting", case_id=case, seq=4, **row)
    for number in range(names):
        facts.add("signer", case_id=case, seq=4, name_hash=f"n{number}", listed=int(number >= unlisted))


def test_ten_signatures_by_ten_people(facts: Facts) -> None:
    review(facts, CASE, 9)
    review(facts, OTHER, 10)
    review(facts, THIRD, 9, signatures=10)
    facts.add("signer", case_id=THIRD, seq=4, name_hash="n0", listed=1)  # one signs twice
    assert cases_of(facts, "RF-22", "few") == [CASE, THIRD]


def test_as_many_names_as_signatures(facts: Facts) -> None:
    review(facts, CASE, 11, signatures=12)
    review(facts, OTHER, 12)
    assert [(one.case_id and one.case_id.hex, one.severity) for one in facts.flags("RF-22")] == [(CASE, "M")]


def test_a_signer_who_is_not_on_the_list(facts: Facts) -> None:
    review(facts, CASE, 11, unlisted=1)
    review(facts, OTHER, 11)
    assert cases_of(facts, "RF-22", "not_listed") == [CASE]


def test_a_review_that_was_held_after_its_result_was_posted(facts: Facts) -> None:
    review(facts, CASE, held_on="2026-04-02")
    posting(facts, CASE, 1)
    review(facts, OTHER, held_on="2026-04-01")
    posting(facts, OTHER, 1)
    assert cases_of(facts, "RF-22", "after_posting") == [CASE]


def test_a_review_without_minutes(facts: Facts) -> None:
    review(facts, CASE, minutes_digest=None)
    review(facts, OTHER)
    assert cases_of(facts, "RF-22", "no_minutes") == [CASE]


def test_nobody_reviews_his_own_household(facts: Facts) -> None:
    review(facts, CASE, chair_hash="chair")
    facts.add("person", person_id=7, household_id=1, name_hash="n3")
    facts.add("person", person_id=8, household_id=2, name_hash="n4")
    facts.add("person", person_id=9, household_id=1, name_hash="elsewhere")
    found = facts.flags("RF-22", "own_family")
    assert [one.evidence["person_id"] for one in found] == [7]


CHECKED = {"doubt": '{"in_doubt":true}', "clear": '{"in_doubt":false}',
           "conflict": '{"economy_result":"conflict"}', "agrees": '{"economy_result":"consistent"}',
           "no data": '{"query_result":"no_answer"}'}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "category", "flow", "flagged"),
    [
        ("doubt", "DB", FLOW, 1), ("conflict", "DB", FLOW, 1), ("no data", "DB", FLOW, 1),
        ("clear", "DB", FLOW, 0),
        ("agrees", "DB", FLOW, 0), ("clear", "YBZP", FLOW, 1), ("clear", "DBBY", FLOW, 1),
        ("clear", "YBZP", "ma_auto_parallel", 0),
        ("clear", "YBZP", "ta_temporary", 0),
    ],
)  # fmt: skip
def test_who_is_owed_a_home_visit(facts: Facts, told: str, category: str, flow: str, flagged: int) -> None:
    for case in (CASE, OTHER):
        approved(facts, case, category=category, flow=flow)
        facts.add("event", case_id=case, seq=7, act="check", answers=CHECKED[told])
    visit(facts, OTHER)
    assert cases_of(facts, "RF-23", "doubt") == [CASE] * flagged


def visit(facts: Facts, case: str, **more: Any) -> None:
    row = {"seq": 8, "kind": "survey", "node": "survey_household", "investigator": 3, "second_hash": "second",
           "cadre_signed": 1, "head_signed": 1, **more}  # fmt: skip
    facts.add("visit", case_id=case, **row)


def test_a_survey_is_made_by_two(facts: Facts) -> None:
    facts.add("account", account_id=3, name_hash="first")
    for case, second in ((CASE, "first"), (OTHER, "second"), (THIRD, None)):
        approved(facts, case)
        visit(facts, case, second_hash=second)
    assert cases_of(facts, "RF-23", "alone") == [CASE, THIRD]


@pytest.mark.parametrize(("cadre", "head", "flagged"), [(0, 1, 1), (1, 0, 1), (None, 1, 1), (1, 1, 0)])
def test_cadre_and_village_head_sign_the_survey(
    facts: Facts, cadre: int | None, head: int, flagged: int
) -> None:
    approved(facts, CASE)
    visit(facts, CASE, cadre_signed=cadre, head_signed=head)
    assert len(facts.flags("RF-23", "unsigned")) == flagged


def test_the_county_visits_every_relative(facts: Facts) -> None:
    for case, relative in ((CASE, 1), (OTHER, 0), (THIRD, 1)):
        approved(facts, case, relative=relative, aid_fen=100)
        visit(facts, case, node="county_visit" if case == THIRD else "survey_household")
    assert cases_of(facts, "RF-23", "relative") == [CASE]
