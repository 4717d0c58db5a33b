"""The form of a step with the case file beside it: errors, drafts, uploads, second clicks, colleagues."""

import pytest
from pages.desks import answers_for, at_the_desk, form_of, photo
from sqlalchemy import insert

from workflow.store import transaction
from workflow.store.models import Draft, Kin, Paper, Person, Task

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


def drafts(county):
    return county.rows(Draft)


def test_the_village_records_its_review(county, case_at):
    case = case_at("record_review")
    liaison = at_the_desk(county, "vlia1")
    page = liaison.opens(form_of(case, "record_review"))
    assert page.heading == "记录民主评议：欧阳福根"
    page = liaison.submits(
        page, "", **answers_for(county, case, "record_review"),
        **{"paper.review_record": ("记录.png", photo()), "paper.meeting_minutes": ("纪要.png", photo("red"))},
    )  # fmt: skip
    assert page.status == 200
    assert "sign_review" in case.open
    kinds = [row.kind for row in county.rows(Paper, Paper.case_id == case.id)]
    assert {"review_record", "meeting_minutes"} <= set(kinds)


def test_all_faults_come_at_once_beside_their_fields_and_nothing_typed_is_lost(county, case_at):
    case = case_at("record_review")
    liaison = at_the_desk(county, "vlia1")
    typed = answers_for(county, case, "record_review") | {"signatures": "9", "conclusion": "属实"}
    page = liaison.submits(liaison.opens(form_of(case, "record_review")), "", **typed)
    assert page.status == 422
    assert page.title.startswith("错误：")
    assert set(page.errors()) == {"signatures", "conclusion", "paper.review_record", "paper.meeting_minutes"}
    assert "签名9人" in page.errors()["signatures"]
    assert page.form("").fields["signatures"] == "9"
    assert page.form("").fields["conclusion"] == "属实"
    assert "record_review" in case.open


def test_a_good_paper_is_kept_when_another_is_damaged(county, case_at):
    case = case_at("record_review")
    liaison = at_the_desk(county, "vlia1")
    typed = answers_for(county, case, "record_review")
    page = liaison.submits(
        liaison.opens(form_of(case, "record_review")), "", **typed,
        **{"paper.review_record": ("记录.png", photo()), "paper.meeting_minutes": ("坏.png", photo()[:40])},
    )  # fmt: skip
    assert page.status == 422
    assert set(page.errors()) == {"paper.meeting_minutes"}
    assert "记录.png" in page.words
    page = liaison.submits(page, "", **{"paper.meeting_minutes": ("纪要.png", photo("blue"))})
    assert page.status == 200, page.errors()
    names = {row.name for row in county.rows(Paper, Paper.case_id == case.id, Paper.kind == "review_record")}
    assert "记录.png" in names


def test_what_was_typed_and_uploaded_survives_a_closed_browser(county, case_at):
    case = case_at("record_review")
    liaison = at_the_desk(county, "vlia1")
    page = liaison.opens(form_of(case, "record_review"))
    data = {**page.form("").fields, "place": "村委会会议室"}
    token = {"csrf_token": data["csrf_token"], "place": "村委会会议室"}
    answer = liaison.client.post(
        f"{form_of(case, 'record_review')}/draft", data=token, headers={"X-Requested-With": "fetch"}
    )
    assert answer.status_code == 204
    again = at_the_desk(county, "vlia1").opens(form_of(case, "record_review"))
    assert again.form("").fields["place"] == "村委会会议室"
    assert "已保存" in again.words


def test_saving_for_later_keeps_papers_too(county, case_at):
    case = case_at("record_review")
    liaison = at_the_desk(county, "vlia1")
    page = liaison.opens(form_of(case, "record_review"))
    page.form("").set("action", f"{page.path}/draft")
    page = liaison.submits(page, f"{page.path}/draft", **{"paper.review_record": ("记录.png", photo())})
    assert page.path == form_of(case, "record_review")
    assert "已暂存" in page.words and "记录.png" in page.words
    assert len(drafts(county)) == 1


def test_a_finished_step_leaves_no_draft(county, case_at):
    case = case_at("check_papers")
    clerk = at_the_desk(county, "twin1")
    page = clerk.submits(clerk.opens(form_of(case, "check_papers")), "", acceptance=None)
    assert page.status == 422
    assert len(drafts(county)) == 1
    clerk.submits(page, "", **answers_for(county, case, "check_papers"))
    assert drafts(county) == []


def test_a_second_click_has_one_effect(county, case_at):
    case = case_at("check_papers")
    clerk = at_the_desk(county, "twin1")
    page = clerk.opens(form_of(case, "check_papers"))
    typed = answers_for(county, case, "check_papers")
    once = len(case.entries)
    first = clerk.submits(page, "", **typed)
    second = clerk.submits(page, "", **typed)
    assert (first.status, second.status) == (200, 200)
    assert len(case.entries) == once + 1


def test_who_comes_second_is_told_who_was_faster_and_keeps_the_words(county, case_at):
    case = case_at("enquire")
    liaison = at_the_desk(county, "vlia1")
    page = liaison.opens(form_of(case, "enquire"))
    typed = answers_for(county, case, "enquire")
    county.staff["vlia1"].enquires(case)
    text = next(value for value in typed.values() if isinstance(value, str) and len(value) > 20)
    page = liaison.submits(page, "", **typed)
    assert page.status == 409
    assert county.staff["vlia1"].actor.name in page.heading
    assert text in page.words


def test_a_finished_step_cannot_be_opened_again(county, case_at):
    case = case_at("enquire")
    assert at_the_desk(county, "twin1").opens(form_of(case, "check_papers")).status == 409


def test_a_step_of_another_office_is_refused_by_its_rule(county, case_at):
    case = case_at("check_papers")
    assert at_the_desk(county, "twin2").opens(form_of(case, "check_papers")).status == 403
    before, seq = len(case.reads), case.row.seq
    clerk = at_the_desk(county, "trev1")
    page = clerk.opens("/account")
    token = page.tree.xpath("//input[@name='csrf_token']/@value")[0]
    answer = clerk.posts(form_of(case, "check_papers"), {"csrf_token": token})
    assert answer.status == 403
    assert len(case.reads) == before + 1 and case.row.seq == seq
    assert case.reads[-1]["type"] == "attempt_refused"


def test_a_relative_is_told_to_withdraw(county, case_at):
    case = case_at("check_papers")
    person = county.rows(Person, Person.id == case.row.applicant_id)[0]
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(Kin),
            {"account_id": county.staff["twin1"].actor.account_id, "name": person.name,
             "id_number": person.id_number, "relation": "parent", "filed_at": county.clock.at},
        )  # fmt: skip
    page = at_the_desk(county, "twin1").opens(form_of(case, "check_papers"))
    assert page.status == 403
    assert "回避" in page.words


def test_the_file_lies_beside_the_form(county, case_at):
    case = case_at("give_opinion")
    page = at_the_desk(county, "trev1").opens(form_of(case, "give_opinion"))
    assert "欧阳福根" in page.words and "曾桂兰" in page.words
    assert "为什么" in page.words
    frames = page.tree.xpath("//iframe/@src")
    assert len(frames) == 1 and f"/cases/{case.id}/papers/" in frames[0]
    targets = page.tree.xpath("//a[@target='paper-view']")
    assert len(targets) == len(county.rows(Paper, Paper.case_id == case.id))


def test_the_investigator_reads_the_objection(county, case_at):
    case = case_at("public_notice")
    county.objects(case)
    page = at_the_desk(county, "twin1").opens(form_of(case, "register_objection"))
    assert "请核实他家今年的务工收入" in page.words


@pytest.mark.parametrize(
    "path", ["/cases/{}/tasks/99999", "/cases/00000000-0000-4000-8000-00000000ffff/tasks/1"]
)
def test_what_is_not_there_is_not_found(county, case_at, path):
    case = case_at("check_papers")
    assert at_the_desk(county, "twin1").opens(path.format(case.id)).status == 404


def test_a_wait_is_nobody_s_form(county, case_at):
    case = case_at("public_notice")
    wait = county.rows(Task, Task.case_id == case.id, Task.kind == "wait")[0]
    assert at_the_desk(county, "twin1").opens(f"/cases/{case.id}/tasks/{wait.id}").status == 404
