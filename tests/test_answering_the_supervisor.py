"""挂牌督办 on the pages: the office reads what is asked and answers, the supervisor accepts the answer."""

import pytest
from pages.desks import at_the_desk

from workflow.store.models import Supervision
from workflow.supervisor_commands import PutUnderSupervision, Urge

ASKED = "说明为什么没有按时审核，并写明哪天办完。"
ANSWER = {"answer_cause": "staff", "answer_words": "本所只有一人审核，已抽调一人协助，三天内办完。"}


@pytest.fixture
def case(case_at, supervisor):
    case = case_at("audit_file")
    answers = {"answer_by": "2026-03-13", "supervision_words": ASKED}
    supervisor.does(PutUnderSupervision(case.id, case.task("audit_file").id, answers))
    return case


@pytest.fixture
def address(county, case):
    return f"/cases/{case.id}/supervisions/{county.rows(Supervision)[0].id}"


def test_the_message_leads_to_the_page_and_the_page_to_an_answer(county, case, address):
    desk = at_the_desk(county, "trev1")
    assert address in desk.opens("/inbox").links()
    assert address in desk.opens(f"/cases/{case.id}").links()
    page = desk.opens(address)
    assert ASKED in page.words and "3月13日" in page.words and "等答复" in page.words
    short = desk.submits(page, f"{address}/answer", answer_cause="staff", answer_words="马上办")
    assert short.status == 422 and "answer_words" in short.errors()
    assert short.tree.xpath("string(//textarea[@id='answer_words'])") == "马上办"
    done = desk.submits(short, f"{address}/answer", **ANSWER)
    assert done.status == 200 and "已答复，等摘牌" in done.words
    assert case.entries[-1]["type"] == "supervision_answered"


def test_the_supervisor_reads_the_answer_and_ends_it(county, case, address):
    desk = at_the_desk(county, "trev1")
    desk.submits(desk.opens(address), f"{address}/answer", **ANSWER)
    sup = at_the_desk(county, "sup1")
    assert address in sup.opens("/supervise/supervisions").links()
    page = sup.opens(address)
    assert ANSWER["answer_words"] in page.words and "人手不够" in page.words
    ended = sup.submits(page, f"{address}/end")
    assert "已摘牌" in ended.words and not ended.tree.xpath("//main//form")
    assert address not in sup.opens("/supervise/supervisions").links()


def test_a_late_answer_is_called_late(county, clock, case, address):
    clock.to("2026-03-14", "09:00")
    assert "答复超期" in at_the_desk(county, "sup1").opens("/supervise/supervisions").words


def test_others_can_neither_answer_nor_end_it(county, case, address):
    assert not at_the_desk(county, "twin1").opens(address).tree.xpath("//main//form")
    assert at_the_desk(county, "trev2").opens(address).status == 403
    page = at_the_desk(county, "sup1").opens(address)
    assert not page.tree.xpath("//main//form"), "there is no answer yet"


def test_the_desk_that_is_urged_reads_the_words_and_no_other(county, case, supervisor):
    supervisor.does(Urge(case.id, case.task("audit_file").id, {"urge_words": "本周五下班前办完。"}))
    assert "催办：本周五下班前办完" in at_the_desk(county, "trev1").opens(f"/cases/{case.id}").words
    assert "催办：本周五" not in at_the_desk(county, "twin1").opens(f"/cases/{case.id}").words
