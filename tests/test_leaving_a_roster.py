"""F09: who no longer qualifies is told, may object, and is stopped with reasons (domain 2.9)."""

from collections.abc import Callable
from datetime import date

import pytest
from walked import Case, unpassed

from workflow.store.models import Category

EXIT = {"exit_category": "DB", "exit_cause": "income"}


def proposed() -> Case:
    return Case("roster_exit", **EXIT)


def stopped_without_objection() -> Case:
    case = proposed().does("confirm_exit", exit_confirmed=True).goes("tell_offline").waits()
    case.goes("decide_stop", "deliver_letter")
    assert case.step.ended == "end_exit_stopped"
    assert case.letters == ["exit_notice", "exit_decision"]
    return case


def not_so() -> Case:
    case = proposed().does("confirm_exit", exit_confirmed=False)
    assert case.step.ended == "end_exit_kept" and not case.letters
    return case


def objection_founded() -> Case:
    case = proposed().does("confirm_exit", exit_confirmed=True).goes("tell_offline", "await_exit_objection")
    case.does("check_exit_objection", exit_check="founded")
    assert case.step.ended == "end_exit_kept" and ("end_category",) not in case.effects
    return case


def objection_unfounded() -> Case:
    case = proposed().does("confirm_exit", exit_confirmed=True).goes("tell_offline", "await_exit_objection")
    return case.does("check_exit_objection", exit_check="unfounded").goes("decide_stop", "deliver_letter")


def reviewed(opinion: str) -> Case:
    case = Case("roster_review", exit_category="DB", review_year=2026).goes("survey_household")
    return case.does("record_group_review", group_review=opinion)


def kept_after_the_review() -> Case:
    return reviewed("keep")


def changed_after_the_review() -> Case:
    case = reviewed("change").does("change_category", new_category="DBBY").goes("deliver_letter")
    assert case.step.ended == "end_review_changed" and ("category_moved",) in case.effects
    return case


def cancelled_after_the_review() -> Case:
    case = reviewed("cancel").does("confirm_exit", exit_confirmed=True).goes("tell_offline").waits()
    case.goes("decide_stop", "deliver_letter")
    assert case.step.ended == "end_review_stopped"
    return case


def kept_although_the_group_would_cancel() -> Case:
    return reviewed("cancel").does("confirm_exit", exit_confirmed=False)


STORIES: list[Callable[[], Case]] = [
    stopped_without_objection, not_so, objection_founded, objection_unfounded, kept_after_the_review,
    changed_after_the_review, cancelled_after_the_review, kept_although_the_group_would_cancel,
]  # fmt: skip
OWN = {"roster_exit", "roster_review", "sub_exit"}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, OWN, "roster_exit", "roster_review") == set()


def categories(county, person):
    rows = county.rows(Category, Category.person_id == person)
    return {row.code: (row.valid_from, row.valid_to) for row in rows}


def test_a_stop_never_touches_what_was_admitted_before(county, clock):
    person, _ = county.household()
    case = county.staff["vlia1"].opens("roster_exit", None, person=person, **EXIT)
    plan = {"confirm_exit": {"exit_confirmed": True}, "check_exit_objection": {"exit_check": "unfounded"}}
    county.drive(case, "decide_stop", plan)
    county.staff["caff"].completes("decide_stop", case, stop_from="2026-04-20")
    assert categories(county, person)["DB"] == (date(2025, 1, 1), date(2026, 4, 19))
    county.drive(case, "end", {})
    assert case.row.outcome == "stopped"
    letter = case.letters["exit_decision"].fields
    assert letter["stop_from"] == "2026-04-20" and letter["reasons"]


def test_a_yearly_review_moves_somebody_to_another_category(county):
    person, _ = county.household()
    case = county.staff["twin1"].opens(
        "roster_review", None, person=person, exit_category="DB", review_year=2026
    )
    county.drive(
        case, "change_category", {"record_group_review": {"group_review": "change", "group_present": 5}}
    )
    county.staff["caff"].completes("change_category", case, new_category="DBBY", changed_from="2026-04-20")
    found = categories(county, person)
    told = case.letters["category_change"].fields
    assert (told["exit_category_name"], told["new_category_name"]) == ("低保对象", "低保边缘家庭成员")
    assert told["changed_from"] == "2026-04-20" and told["reasons"] and told["legal_basis"]
    assert "deliver_letter" in case.open, "with the rights of an appeal"
    assert found["DB"][1] == date(2026, 4, 19) and found["DBBY"] == (date(2026, 4, 20), None)
    rows = county.rows(Category, Category.person_id == person, Category.code == "DBBY")
    assert [row.recorded_at for row in rows] == [case.task("change_category").done_at]
