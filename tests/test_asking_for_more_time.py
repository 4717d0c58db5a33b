"""延期 on the pages: the office asks, its supervisor grants by the page of extensions or says why not."""

import pytest
from pages.desks import at_the_desk, form_of

from workflow.store.models import Extension

WANTED = {"extension_units": "2", "extension_reason": "away",
          "extension_words": "户主在外务工，约定下周一入户核查。"}  # fmt: skip


@pytest.fixture
def case(case_at):
    return case_at("audit_file")


@pytest.fixture
def asking(case):
    return f"/cases/{case.id}/steps/{case.task('audit_file').id}/extension"


@pytest.fixture
def request_page(county, case, asking):
    desk = at_the_desk(county, "trev1")
    desk.submits(desk.opens(asking), "", **WANTED)
    return f"/cases/{case.id}/extensions/{county.rows(Extension)[0].id}"


def test_the_form_of_a_step_leads_to_the_request(county, case, asking):
    desk = at_the_desk(county, "trev1")
    assert asking in desk.opens(form_of(case, "audit_file")).links()
    page = desk.opens(asking)
    assert "最多延2个工作日" in page.words
    much = desk.submits(page, "", **{**WANTED, "extension_units": "3"})
    assert much.status == 422 and "extension_units" in much.errors()
    assert much.tree.xpath("string(//textarea[@id='extension_words'])") == WANTED["extension_words"]
    done = desk.submits(much, "", **WANTED)
    assert done.path == form_of(case, "audit_file") and "已申请延期" in done.words
    assert case.entries[-1]["type"] == "extension_requested"
    again = desk.opens(asking)
    assert "等督办人员答复" in again.words and not again.tree.xpath("//main//form")


def test_the_supervisor_reads_why_and_grants_it_on_the_page_of_extensions(county, case, request_page):
    sup = at_the_desk(county, "sup1")
    assert request_page in sup.opens("/inbox").links()
    page = sup.opens(request_page)
    assert WANTED["extension_words"] in page.words and "暂时不能入户" in page.words
    (grant,) = [link for link in page.links() if "/supervise/act/extend" in link]
    preview = sup.opens(grant)
    shown = sup.submits(preview, "")  # what the office wrote stands in the form already
    assert WANTED["extension_words"] in shown.words
    sup.submits(shown, "")
    assert case.entries[-1]["type"] == "deadline_extended"
    desk = at_the_desk(county, "trev1")
    answered = desk.opens(request_page)
    assert "已同意" in answered.words and "同意延期" in answered.words
    assert request_page in desk.opens("/inbox").links()


def test_the_supervisor_says_why_not(county, case, request_page):
    sup = at_the_desk(county, "sup1")
    page = sup.opens(request_page)
    short = sup.submits(page, f"{request_page}/refuse", refusal_words="不行")
    assert short.status == 422 and "refusal_words" in short.errors()
    sup.submits(short, f"{request_page}/refuse", refusal_words="户主电话可以核实，按期办理。")
    assert case.entries[-1]["type"] == "extension_refused"
    told = at_the_desk(county, "trev1").opens(request_page)
    assert "未同意" in told.words and "户主电话可以核实" in told.words
    assert not told.tree.xpath("//main//form")


def test_what_stands_in_an_address_fills_nothing_of_another_request(county, case_at, case, request_page):
    number, other = county.rows(Extension)[0].id, case_at("audit_file")
    sup = at_the_desk(county, "sup1")
    for asked, status in ((number, 404), ("9" * 30, 200), ("x", 200)):
        step = f"{other.id.hex}.{other.task('audit_file').id}"
        page = sup.opens(f"/supervise/act/extend?step={step}&asked={asked}")
        assert page.status == status and WANTED["extension_words"] not in page.text


def test_others_neither_ask_nor_read_it(county, case, asking, request_page):
    assert at_the_desk(county, "twin1").opens(asking).status == 403
    assert at_the_desk(county, "trev2").opens(request_page).status == 403


def test_a_step_that_was_done_meanwhile_needs_no_extension(county, case, request_page):
    county.staff["trev1"].audits_file(case)
    page = at_the_desk(county, "sup1").opens(request_page)
    assert page.status == 200 and request_page + "/refuse" in page.tree.xpath("//main//form/@action")


def test_a_limit_that_has_ended_is_not_asked_for(county, clock, asking):
    clock.forward(days=20)
    page = at_the_desk(county, "trev1").opens(asking)
    assert "到期以后不能再延长" in page.words and not page.tree.xpath("//main//form")
