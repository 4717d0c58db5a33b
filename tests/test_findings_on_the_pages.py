"""检查问题 on the pages: pinned on the inspector's page of a case, answered on the office's own."""

import pytest
from pages.desks import at_the_desk, photo
from small_county import TOWNSHIP
from sqlalchemy import update

from workflow.finding_commands import DraftFinding, SendFinding
from workflow.store import transaction
from workflow.store.models import Case, Finding, Paper

WORDS = {
    "finding_facts": "公示照片与另一村的相同，没有贴满七天。",
    "finding_rule": "三榜公示须满7日",
    "finding_asked": "查明原因，重新公示，说明责任人。",
}
ANSWER = "已经重新公示，照片重新拍摄，责任人作了说明。"


@pytest.fixture
def case(case_at):
    return case_at("audit_file")


@pytest.fixture
def sent(county, case):
    insp = county.staff["insp"]
    insp.does(DraftFinding(case.id, 2, TOWNSHIP, WORDS))
    number = county.rows(Finding)[-1].id
    insp.does(SendFinding(case.id, number))
    return number


def test_it_is_pinned_on_the_page_of_an_entry_and_sent(county, case):
    desk = at_the_desk(county, "insp")
    address = f"/inspect/{case.id}/finding?n=3"
    assert address in desk.opens(f"/inspect/{case.id}?n=3").links()
    page = desk.opens(address)
    assert page.tree.xpath("//select[@id='org']/option[@selected]/@value") == [TOWNSHIP]
    short = desk.submits(
        page, finding_facts="太短", finding_rule="三榜公示", finding_asked=WORDS["finding_asked"]
    )
    assert short.status == 422 and "finding_facts" in short.errors()
    assert short.tree.xpath("string(//textarea[@id='finding_asked'])") == WORDS["finding_asked"]
    paper = county.rows(Paper, Paper.case_id == case.id)[0]
    kept = desk.submits(short, **WORDS, entries="2 4", flag="RF-09", paper=str(paper.id))
    assert "草稿已存" in kept.words and "RF-09" in kept.words and paper.sha256 in kept.words
    assert county.rows(Finding)[-1].evidence == {"entries": [1, 3], "papers": [paper.id]}
    again = desk.opens(next(link for link in kept.links() if "finding=" in link))
    assert again.tree.xpath("string(//textarea[@id='finding_facts'])") == WORDS["finding_facts"]
    assert again.tree.xpath("//input[@id='entries']/@value") == ["2 4"]
    changed = desk.submits(again, finding_rule="三榜公示须满7日，另见第5条")
    done = desk.submits(changed, button="send")
    assert "等整改答复" in done.words and "另见第5条" in done.words
    assert [row.state for row in county.rows(Finding)] == ["sent"]


def test_the_office_reads_it_and_answers_with_a_paper(county, case, sent):
    desk = at_the_desk(county, "tlead1")
    assert f"/findings/{sent}" in desk.opens("/inbox").links()
    assert f"/findings/{sent}" in desk.opens("/findings").links()
    assert "/findings" in desk.opens("/supervise").links()
    page = desk.opens(f"/findings/{sent}")
    assert WORDS["finding_facts"] in page.words and "写下" not in page.words, "not when it was drafted"
    empty = desk.submits(page, f"/findings/{sent}", finding_answer_words="")
    assert empty.status == 422 and "finding_answer_words" in empty.errors()
    done = desk.submits(
        empty, f"/findings/{sent}", finding_answer_words=ANSWER, **{"paper.proof": ("公示.png", photo())}
    )
    assert "整改答复已提交" in done.words and ANSWER in done.words
    link = next(one for one in done.links() if "own-papers" in one)
    assert desk.opens(link).status == 200
    insp = at_the_desk(county, "insp")
    assert f"/inspect/findings/{sent}" in insp.opens("/inbox").links()
    seen = insp.opens(f"/inspect/findings/{sent}")
    assert ANSWER in seen.words
    assert insp.opens(next(one for one in seen.links() if "/papers/" in one)).status == 200


def test_the_inspector_sends_back_accepts_and_closes(county, clock, case, sent):
    desk, insp, address = (
        at_the_desk(county, "tlead1"),
        at_the_desk(county, "insp"),
        f"/inspect/findings/{sent}",
    )
    desk.submits(desk.opens(f"/findings/{sent}"), f"/findings/{sent}", finding_answer_words=ANSWER)
    page = insp.opens(address)
    wrong = insp.submits(page, button="return", finding_return_words="不够")
    assert wrong.status == 422 and list(wrong.errors()) == ["finding_return_words"]
    back = insp.submits(wrong, button="return", finding_return_words="没有说明责任人，请补充。")
    assert "退回，等重新答复" in back.words
    assert "没有说明责任人" in desk.opens(f"/findings/{sent}").words
    desk.submits(desk.opens(f"/findings/{sent}"), f"/findings/{sent}", finding_answer_words=ANSWER)
    accepted = insp.submits(insp.opens(address), button="accept", relook_on="2026-04-10")
    assert "等回头看" in accepted.words and "4月10日" in accepted.words
    assert not desk.opens(f"/findings/{sent}").tree.xpath("//main//form")
    clock.to("2026-04-13")
    county.night()
    insp = at_the_desk(county, "insp")
    assert "超期" in insp.opens("/inspect/findings").words
    closed = insp.submits(
        insp.opens(address), button="close", finding_closing_words="抽看三件，公示都贴满七日。"
    )
    assert "已销号" in closed.words and not closed.tree.xpath("//main//form")
    assert f"/inspect/findings/{sent}" not in insp.opens("/inspect/findings").links()
    assert f"/inspect/findings/{sent}" in insp.opens("/inspect/findings?group=over").links()


def test_it_is_called_late_on_both_sides(county, clock, case, sent):
    clock.to("2026-03-31")
    assert "超期" in at_the_desk(county, "tlead1").opens(f"/findings/{sent}").words
    assert "超期" in at_the_desk(county, "insp").opens("/inspect/findings?group=owed").words


def test_who_has_no_part_in_it_opens_none_of_its_pages(county, case, sent):
    county.staff["insp"].does(DraftFinding(case.id, 2, TOWNSHIP, WORDS))
    hidden = county.rows(Finding)[-1].id
    for login in ("trev1", "chnd"):
        assert at_the_desk(county, login).opens(f"/findings/{sent}").status == 403
        assert at_the_desk(county, login).opens(f"/inspect/findings/{sent}").status == 403
    other = at_the_desk(county, "tlead2")
    assert other.opens(f"/findings/{sent}").status == 403
    assert f"/findings/{sent}" not in other.opens("/findings").links()
    own = at_the_desk(county, "tlead1")
    assert own.opens(f"/findings/{hidden}").status == 404
    assert f"/findings/{hidden}" not in own.opens("/findings").links()
    over = at_the_desk(county, "sup-msb")
    assert over.opens(f"/findings/{sent}").status == 200, "the bureau answers for everybody in the county"


def test_every_look_stands_in_the_log_of_reads(county, case, sent):
    before = len(case.reads)
    at_the_desk(county, "tlead1").opens(f"/findings/{sent}")
    assert [entry["vars"]["what"] for entry in case.reads[before:]] == ["finding"]


def test_after_an_erasure_the_words_are_shown_no_more(county, case, sent):
    with transaction(county.house.engine) as conn:
        conn.execute(update(Case).where(Case.id == case.id).values(erased_at=county.clock.at))
    for login, address in (("insp", f"/inspect/findings/{sent}"), ("tlead1", f"/findings/{sent}")):
        page = at_the_desk(county, login).opens(address)
        assert WORDS["finding_facts"] not in page.words and "依法删除" in page.words
        assert "欧阳福根" not in page.words
