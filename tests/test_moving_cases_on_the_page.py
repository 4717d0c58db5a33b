"""The page that moves running cases to newer rules: what can be moved, what cannot and why, then the move."""

import pytest
from pages.desks import at_the_desk
from rule_changes import changed, released

from workflow import drafts
from workflow.commands import FileRelative
from workflow.deadlines import SHANGHAI
from workflow.store import transaction
from workflow.store.models import Person

TEN_DAYS = ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10")
FORM = "forms/township_audit.toml"
AUDIT = "flows/sub_township_audit.bpmn"
on_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


def in_chinese(moment):
    return f"{moment.astimezone(SHANGHAI).month}月"


def test_the_list_says_what_stays_and_the_move_moves(case_at, county, reviewer):
    case = case_at("audit_file")
    with transaction(county.house.engine) as conn:
        task = case.open["audit_file"]
        drafts.keep(
            conn, case.id, task.id, reviewer.actor.account_id, {"doubts": "还没写完"}, (), county.clock.at
        )
    due, old = case.open["audit_file"].due_at, case.row.rulebook
    new = released(county, changed(county, TEN_DAYS))
    desk = at_the_desk(county, "capr")
    page = desk.opens("/policy/moves")
    assert "可以换的1件" in page.words and case.row.number in page.words and old[:12] in page.words
    assert "草稿1份留着" in page.words and in_chinese(due) in page.words
    assert "limits.toml" in page.words, "what the new rules change is told"
    assert case.row.rulebook == old, "looking moves nothing"
    done = desk.submits(page, "/policy/moves", case=[case.id.hex])
    assert "已换版1件" in done.words and done.path.startswith("/policy/moves")
    assert case.row.rulebook == new and case.open["audit_file"].due_at == due
    assert case.entries[-1]["type"] == "case_migrated"
    assert "没有按别的版本在办的案件" in desk.opens("/policy/moves").words


def test_one_that_cannot_be_moved_stays_with_its_reason_and_holds_up_nobody(case_at, county, monkeypatch):
    monkeypatch.setattr("workflow.engine.lint.lint", lambda files, rulebook, **told: [])
    stays, goes = case_at("audit_file"), case_at("public_notice")
    old = goes.row.rulebook
    released(county, changed(county, (AUDIT, b'value="TREV"', b'value="TLEAD"')))
    desk = at_the_desk(county, "capr")
    page = desk.opens("/policy/moves")
    assert "可以换的1件" in page.words and "不能换的1件" in page.words
    assert "岗位由TREV变为TLEAD" in page.words
    told = desk.submits(page, "/policy/moves", case=[stays.id.hex, goes.id.hex])
    assert told.heading == "已换版1件，1件没有换" and "岗位由TREV变为TLEAD" in told.words
    assert stays.row.rulebook == old and goes.row.rulebook != old


@on_sqlite
def test_a_second_click_moves_nothing_twice(case_at, county):
    case = case_at("audit_file")
    released(county, changed(county, TEN_DAYS))
    desk = at_the_desk(county, "capr")
    page = desk.opens("/policy/moves")
    desk.submits(page, "/policy/moves", case=[case.id.hex])
    again = desk.submits(page, "/policy/moves", case=[case.id.hex])
    assert again.status == 200 and "已换版1件" in again.words
    assert [entry["type"] for entry in case.entries].count("case_migrated") == 1


@on_sqlite
def test_cases_are_chosen_by_flow_and_version(case_at, county):
    case = case_at("audit_file")
    first = case.row.rulebook
    second = released(county, changed(county, TEN_DAYS))
    desk = at_the_desk(county, "capr")
    assert "可以换的1件" in desk.opens(f"/policy/moves?to={second[:12]}&flow=ma_ordinary_county").words
    assert "没有按别的版本在办的案件" in desk.opens(f"/policy/moves?to={second[:12]}&flow=recovery").words
    assert "没有按别的版本在办的案件" in desk.opens(f"/policy/moves?to={first[:12]}").words
    assert desk.opens("/policy/moves?to=123456789abc").status == 404
    nothing = desk.submits(desk.opens("/policy/moves"), "/policy/moves", case=["x", "0" * 32])
    assert "还没有选案卷" in nothing.words


@on_sqlite
def test_only_the_approver_comes_here_and_not_for_rules_of_their_own(case_at, county):
    case = case_at("audit_file")
    new = released(county, changed(county, TEN_DAYS))
    for login in ("chnd", "trev1", "sup-msb", "insp", "adm"):
        assert at_the_desk(county, login).opens("/policy/moves").status == 403
        assert "在办案件换版" not in at_the_desk(county, login).opens("/policy").words
    deputy = county.second_seat("chnd", "CAPR", "360829-msb")
    county.staff["deputy"] = deputy
    desk = at_the_desk(county, "deputy")
    page = desk.opens("/policy/moves")
    assert "要由另一个人换（SD-9）" in page.words and "换到这个版本" not in page.words
    token = desk.opens("/account").form("/account/password").fields["csrf_token"]
    refused = desk.posts("/policy/moves", {"to": new[:12], "case": case.id.hex, "csrf_token": token})
    assert refused.status == 409 and "1件没有换" in refused.words and case.row.rulebook != new


@on_sqlite
def test_the_case_of_a_relative_is_named_beforehand(case_at, county, approver):
    case_at("audit_file")
    released(county, changed(county, TEN_DAYS))
    child = county.rows(Person, Person.relation == "child")[-1]
    approver.does(FileRelative(approver.actor.account_id, child.name, child.id_number, "child"))
    page = at_the_desk(county, "capr").opens("/policy/moves")
    assert "不能换的1件" in page.words and "亲属" in page.words
