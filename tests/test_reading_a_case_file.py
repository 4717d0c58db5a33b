"""The page of a case: where it stands, what happened, who may see what, and what a look leaves behind."""

from datetime import date
from random import Random

import pytest
from pages.desks import at_the_desk, photo
from rule_changes import changed, released
from sqlalchemy import event, insert

from workflow.demo.answers import fill
from workflow.reading.case_file import case_file
from workflow.reading.diagrams import diagrams, mark
from workflow.store import transaction
from workflow.store.models import Category, Paper, Person

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
TIMES = 25  # more queries than this for one page mean that some stand in a loop


def page_of(county, case, login, query=""):
    return at_the_desk(county, login).opens(f"/cases/{case.id}{query}")


def file_of(county, case, login):
    with county.house.reader.connect() as conn:
        return case_file(county.house, conn, county.staff[login].actor, case.id, county.clock.at)


def steps(county, case, process):
    file = file_of(county, case, "chnd")
    known = diagrams(file.rules.rulebook)
    marked = mark(known, process, file.visits, {"outcome": case.row.outcome})
    return {step.element.id: step.kind for step in marked}


def test_the_strip_says_now_who_and_until_when(county, case_at):
    case = case_at("decide")
    page = page_of(county, case, "capr")
    strip = " ".join(page.tree.xpath("string(//dl[@class='mj-strip'])").split())
    assert "审批" in strip
    assert county.staff["capr"].actor.name in strip
    assert "4,875.00元" in strip
    assert "个工作日" in strip
    assert f"/cases/{case.id}/tasks/{case.task('decide').id}" in page.links()


def test_the_list_says_what_the_diagram_shows(county, case_at):
    case = case_at("public_notice")
    page = page_of(county, case, "chnd", "?diagram=ma_ordinary_examination")
    drawn = page.tree.xpath("//*[@data-diagram]")[0]
    assert set(drawn.get("data-done").split()) == {"call_acceptance", "call_village_review"}
    assert drawn.get("data-now") == "call_posting_review"
    rows = page.tree.xpath("//ol[contains(@class, 'mj-twin')]/li")
    assert [row.get("class") for row in rows].count("done") == 2
    assert [row.get("class") for row in rows].count("now") == 1


@pytest.mark.parametrize(
    ("until", "number"), [("confirm_posting_township", 2), ("confirm_posting_county", 3)]
)
def test_the_three_postings_are_told_apart(county, case_at, until, number):
    case = case_at(until)
    marked = steps(county, case, "ma_ordinary_examination")
    marked |= {"call_posting_decision": steps(county, case, "sub_county_procedure")["call_posting_decision"]}
    assert marked["call_county_procedure"] == ("now" if number == 3 else "open")
    names = ["call_posting_review", "call_posting_audit", "call_posting_decision"]
    assert [marked[name] for name in names] == [
        "done" if place < number else "now" if place == number else "open" for place in (1, 2, 3)
    ]


def test_only_the_branch_that_was_taken_is_marked(county, case_at):
    case = case_at("deliver_letter")
    marked = steps(county, case, "sub_closing")
    assert (marked["call_delivery"], marked["call_delivery_refusal"]) == ("now", "open")
    top = steps(county, case, "ma_ordinary_county")
    assert (top["call_examination"], top["call_closing"]) == ("done", "now")


def test_the_drawing_comes_from_the_rule_book_of_the_case(county, case_at):
    case = case_at("check_papers")
    reader = at_the_desk(county, "chnd")
    answer = reader.client.get(f"/cases/{case.id}/diagrams/sub_acceptance.bpmn")
    assert answer.status_code == 200
    assert answer.data == county.house.rules(case.row.rulebook).rulebook.files["flows/sub_acceptance.bpmn"]
    assert reader.client.get(f"/cases/{case.id}/diagrams/nothing.bpmn").status_code == 404


def test_the_timeline_is_the_log_newest_first(county, case_at):
    case = case_at("give_opinion")
    page = page_of(county, case, "trev1")
    numbers = [text.strip() for text in page.tree.xpath("//ol[@class='mj-tl']/li/p[last()]/text()")]
    expected = [f"第{number}条" for number in range(len(case.entries), 0, -1)]
    assert [text for text in numbers if text.startswith("第")] == expected
    assert "登记申请" in page.words and "审查申请材料" in page.words


def test_whoever_reads_masked_sees_how_many_values_are_sealed(county, case_at):
    case = case_at("enquire")
    opened = page_of(county, case, "trev1")
    masked = page_of(county, case, "vlia1")
    assert "主要申请理由" in opened.words
    assert "主要申请理由" not in masked.words
    assert "项，您的岗位不能看" in masked.words


def test_a_full_number_is_shown_once_to_who_says_why(county, case_at):
    case = case_at("check_papers")
    number = county.rows(Person, Person.id == case.row.applicant_id)[0].id_number
    handler = at_the_desk(county, "chnd")
    page = handler.opens(f"/cases/{case.id}")
    assert number not in page.text and number[:6] + "********" + number[-4:] in page.text
    refused = handler.submits(page, f"/cases/{case.id}/reveal", what="full_id", reason="")
    assert refused.status == 422 and number not in refused.text
    before = len(case.reads)
    shown = handler.submits(page, f"/cases/{case.id}/reveal", what="full_id", reason="核对原件")
    assert number in shown.text
    assert [entry["vars"]["what"] for entry in case.reads[before:]] == ["full_id", "case"]
    assert number not in handler.opens(f"/cases/{case.id}").text


def test_no_page_holds_the_full_number_of_account_or_person(county, case_at):
    case = case_at("pay")
    person = county.rows(Person, Person.id == case.row.applicant_id)[0]
    for login in ("vlia1", "trev1", "chnd", "fin2", "insp"):
        page = page_of(county, case, login)
        assert page.status == 200, login
        assert person.id_number not in page.text
        assert person.account_number not in page.text


def test_the_money_office_sees_the_money_and_not_the_family(county, case_at):
    case = case_at("recheck_payment")
    page = page_of(county, case, "fin1")
    assert "4,875.00" in page.words
    assert "曾桂兰" not in page.words
    kinds = {paper.kind for paper in file_of(county, case, "fin1").papers}
    assert "diagnosis" not in kinds


def test_the_calculation_shows_every_line(county, case_at):
    case = case_at("decide")
    page = page_of(county, case, "capr")
    sheet = case.calculations[-1].sheet[0]["sheet"]["lines"]
    for line in sheet:
        assert line["label"]["zh"] in page.words


def test_other_villages_and_other_offices_do_not_get_in(county, case_at):
    case = case_at("check_papers")
    for login in ("vlia2", "twin2", "adm", "arch"):
        page = page_of(county, case, login)
        assert page.status == 403, login
        assert "欧阳福根" not in page.text


def test_a_page_takes_a_fixed_number_of_queries(county, case_at):
    case = case_at("archive_case")
    statements = []

    @event.listens_for(county.house.reader, "before_cursor_execute")
    def count(conn, cursor, statement, parameters, context, many):
        statements.append(statement)

    reader = at_the_desk(county, "chnd")
    statements.clear()
    assert reader.opens(f"/cases/{case.id}").status == 200
    assert len(statements) <= TIMES, "\n".join(statements)


def test_a_picture_is_shown_in_a_frame_of_our_own_and_nothing_else_runs(county, case_at):
    case = case_at("check_papers")
    clerk = at_the_desk(county, "twin1")
    page = clerk.opens(f"/cases/{case.id}/papers/new")
    page = clerk.submits(page, "", kind="id_card", file=("身份证.png", photo()))
    assert "已补充1份材料" in page.words
    paper = county.rows(Paper, Paper.case_id == case.id, Paper.mime == "image/png")[0]
    answer = clerk.client.get(f"/cases/{case.id}/papers/{paper.id}")
    assert answer.data == photo()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    saved = clerk.client.get(f"/cases/{case.id}/papers/{paper.id}?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    framed = clerk.opens(f"/cases/{case.id}/papers/{paper.id}/view")
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert at_the_desk(county, "twin2").opens(f"/cases/{case.id}/papers/{paper.id}").status == 403


def test_a_paper_of_one_case_does_not_open_under_another(county, case_at):
    one, other = case_at("check_papers"), case_at("check_papers")
    paper = county.rows(Paper, Paper.case_id == one.id)[0]
    assert at_the_desk(county, "twin1").opens(f"/cases/{other.id}/papers/{paper.id}").status == 404


def test_a_missing_paper_is_told_at_its_field(county, case_at):
    case = case_at("check_papers")
    clerk = at_the_desk(county, "twin1")
    page = clerk.submits(clerk.opens(f"/cases/{case.id}/papers/new"), "", kind="")
    assert page.status == 422 and set(page.errors()) == {"kind"}
    page = clerk.submits(page, "", kind="id_card")
    assert page.status == 422 and set(page.errors()) == {"file"}


def test_the_applicant_withdraws_at_the_window(county, case_at):
    case = case_at("enquire")
    clerk = at_the_desk(county, "twin1")
    page = clerk.opens(f"/cases/{case.id}")
    assert f"/cases/{case.id}/leave/withdrawal" in page.links()
    page = clerk.opens(f"/cases/{case.id}/leave/withdrawal")
    empty = clerk.submits(page, "")
    assert empty.status == 422 and empty.errors()
    form = county.house.rules().rulebook.forms["withdrawal"]
    page = clerk.submits(page, "", **fill(form, {}, {}, Random(1), county.today))
    assert page.path == f"/cases/{case.id}", page.errors()
    assert case.state == "WITHDRAWN"
    assert f"/cases/{case.id}/leave/withdrawal" not in page.links()


def test_what_is_told_to_a_case_is_read_by_the_form_it_began_with(county, case_at):
    """A newer version of the form may not know a question that the case still asks."""
    case = case_at("enquire")
    signed = (
        b'[[fields]]\nid = "statement_signed"\ntype = "yesno"',
        b'[[fields]]\nid = "statement_heard"\ntype = "yesno"',
    )
    path = "forms/withdrawal.toml"
    rule = (b'check = "statement_signed"\nfields = ["statement_signed"]',
            b'check = "statement_heard"\nfields = ["statement_heard"]')  # fmt: skip
    released(county, changed(county, (path, *signed), (path, *rule)))
    clerk = at_the_desk(county, "twin1")
    page = clerk.opens(f"/cases/{case.id}/leave/withdrawal")
    clerk.submits(page, "", withdrawn_on=str(county.today), statement_signed="yes")
    assert case.state == "WITHDRAWN"


def test_the_list_of_cases_keeps_to_the_area_and_names_nobody_in_its_address(county, case_at):
    case = case_at("check_papers")
    number = county.rows(Person, Person.id == case.row.applicant_id)[0].id_number
    handler = at_the_desk(county, "chnd")
    page = handler.opens("/cases")
    assert case.row.number in page.words
    token = {"csrf_token": page.tree.xpath("//input[@name='csrf_token']/@value")[0]}
    by_name = handler.posts("/cases", {**token, "person": "欧阳福根"})
    assert by_name.path == "/cases" and case.row.number in by_name.words
    assert case.row.number in handler.posts("/cases", {**token, "person": number}).words
    assert case.row.number not in handler.posts("/cases", {**token, "person": "欧阳"}).words
    assert case.row.number in handler.opens(f"/cases?number={case.row.number}").words
    assert case.row.number not in handler.opens("/cases?state=PAID").words
    assert case.row.number not in at_the_desk(county, "twin2").opens("/cases").words


@pytest.mark.parametrize("login", ["twin1", "insp"])
def test_a_reason_opens_the_number_to_those_who_must_give_one(county, case_at, login):
    case = case_at("check_papers")
    number = county.rows(Person, Person.id == case.row.applicant_id)[0].id_number
    reader = at_the_desk(county, login)
    page = reader.opens(f"/cases/{case.id}")
    assert number in reader.submits(page, f"/cases/{case.id}/reveal", what="full_id", reason="核对原件").text


def test_the_village_has_no_way_to_the_full_number(county, case_at):
    case = case_at("check_papers")
    page = page_of(county, case, "vlia1")
    assert not page.tree.xpath(f"//form[@action='/cases/{case.id}/reveal']")


def words_of(page, within="//section[@id='money']"):
    return " ".join(page.tree.xpath(f"string({within})").split())


def test_the_money_shows_every_category_and_which_one_is_paid(county, case_at):
    """Two categories: both are computed, the larger amount is used, both stand on the page (C-07)."""
    case = case_at("record_review", category="DBBY")
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(Category),
            {"person_id": case.row.applicant_id, "code": "YBZP", "source_department": "医保局",
             "valid_from": date(2025, 1, 1)},
        )  # fmt: skip
    county.drive(case, "sign_opinion", {})
    words = words_of(page_of(county, case, "chnd"))
    assert "有几种类别，都算过，取最高的一种，只救助一次" in words
    assert "低保边缘家庭成员（采用）" in words and "3,250.00" in words
    assert "因病致贫重病患者" in words and "未规定比例" in words
    assert "2026年医疗救助方案（示范），版本2026.1" in words and "65%；domain 3.2" in words
    plain = words_of(page_of(county, case_at("sign_opinion"), "chnd"))
    assert "有几种类别" not in plain and "还要核对" not in plain


def test_the_money_shows_what_a_person_still_has_to_check(county):
    person, bills = county.household(category="DB", kind="outpatient_chronic")
    case = county.staff["vlia1"].files(person, bills, policy="jian-anfu")
    county.drive(case, "sign_opinion", {})
    assert "还要核对仅限低保常补对象" in words_of(page_of(county, case, "chnd"))
