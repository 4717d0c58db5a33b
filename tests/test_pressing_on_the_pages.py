"""The supervisor's pages: an act is previewed on every ticked case, then done case by case, each once."""

from datetime import date
from urllib.parse import urlencode

import pytest
from pages.desks import at_the_desk
from small_county import TOWNSHIP
from sqlalchemy import event
from werkzeug.datastructures import MultiDict

from workflow.store.models import Assignment, Extension, Letter, Seat, Supervision
from workflow.supervisor_commands import Urge

WORDS = "本周五下班前办完，有困难今天回电话。"
ASKED = "说明为什么没有按时审核，并写明哪天办完。"
LONGER = {
    "extension_units": "2",
    "extension_reason": "away",
    "extension_words": "约定下周二入户核实家庭情况。",
}


def preview(act, *cases, node="audit_file", back="/supervise"):
    steps = [("step", f"{case.id.hex}.{case.task(node).id}") for case in cases]
    return f"/supervise/act/{act}?{urlencode([*steps, ('back', back)])}"


def last(case):
    return case.entries[-1]["type"]


@pytest.fixture
def late(county):
    """Two cases at the township's audit on the same day."""
    cases = [county.staff["vlia1"].files(*county.household()) for _ in range(2)]
    for until in ("public_notice", "audit_file"):
        for case in cases:
            county.drive(case, until, {})
    return cases


@pytest.fixture
def sup(county, late):
    return at_the_desk(county, "sup1")


def test_the_preview_says_who_gets_it_and_changes_nothing(county, sup, late):
    entries = [len(case.entries) for case in late]
    page = sup.opens(preview("urge", *late))
    assert page.heading == "催办预览：还没有发出"
    assert page.words.count(county.staff["trev1"].actor.name) == 2
    assert "确认催办2件" in page.words and "到期日不变" in page.words
    assert [len(case.entries) for case in late] == entries


def test_confirming_writes_one_entry_for_each_case(sup, late):
    page = sup.submits(sup.opens(preview("urge", *late)), urge_words=WORDS)
    assert page.path == "/supervise" and [last(case) for case in late] == ["step_urged"] * 2
    assert [len(case.inbox) for case in late] == [1, 1]


def test_the_same_click_again_has_no_second_effect(sup, late):
    page = sup.opens(preview("urge", *late))
    form = MultiDict(page.form("/supervise/act").form_values())
    form["urge_words"] = WORDS
    sup.posts("/supervise/act/urge", form)
    entries = [len(case.entries) for case in late]
    again = sup.posts("/supervise/act/urge", form)
    assert again.path == "/supervise" and [len(case.entries) for case in late] == entries


def test_words_that_tell_too_much_stand_beside_the_field_with_what_was_typed(sup, late):
    page = sup.submits(sup.opens(preview("urge", *late)), urge_words="欧阳福根家的事抓紧办完")
    assert page.status == 422 and "姓名" in page.errors()["urge_words"]
    assert page.tree.xpath("string(//textarea[@id='urge_words'])") == "欧阳福根家的事抓紧办完"
    assert {last(case) for case in late}.isdisjoint({"step_urged"})


def test_what_cannot_be_done_is_named_with_its_reason_and_not_sent(county, case_at, late):
    examined, done = case_at("examine_file"), late[1]
    sup = at_the_desk(county, "sup1")
    address = preview("urge", late[0], done).replace(
        "&back", f"&step={examined.id.hex}.{examined.task('examine_file').id}&back"
    )
    county.staff["trev1"].audits_file(done, in_doubt="no")
    page = sup.opens(address)
    assert "可以办的1件" in page.words and "不能办的2件" in page.words
    assert "这一步已经办完了" in page.words and "本辖区" in page.words
    sup.submits(page, urge_words=WORDS)
    assert (last(late[0]), last(examined)) == ("step_urged", examined.entries[-1]["type"])
    assert last(examined) != "step_urged"


def test_a_case_that_has_moved_meanwhile_is_reported_and_the_others_go_through(county, sup, late):
    page = sup.opens(preview("urge", *late))
    county.staff["trev1"].audits_file(late[0], in_doubt="no")
    told = sup.submits(page, urge_words=WORDS)
    assert told.status == 200 and "已催办1件，1件没有办成" in told.heading
    assert late[0].row.number in told.words and "已经有人办过了" in told.words
    assert last(late[1]) == "step_urged"


def test_a_case_of_another_area_is_not_even_shown(county, late):
    elsewhere = at_the_desk(county, "sup2")
    page = elsewhere.opens(preview("urge", *late))
    assert "欧阳福根" not in page.words and "可以办的" not in page.words
    assert at_the_desk(county, "trev1").opens(preview("urge", *late)).status == 403


def test_only_those_who_may_do_it_are_offered(county, sup, late):
    colleague = county.colleague("trev1")
    page = sup.opens(preview("reassign", late[0]))
    offered = [text.strip() for text in page.tree.xpath("//select/option/text()")]
    assert offered[0] == "请选择" and colleague.actor.name in " ".join(offered)
    assert county.staff["tlead1"].actor.name not in " ".join(offered)
    missing = sup.submits(page, reassign_reason="load")
    assert missing.status == 422 and list(missing.errors()) == [page.tree.xpath("//select/@name")[0]]
    name = page.tree.xpath("//select/@name")[0]
    sup.submits(page, reassign_reason="load", **{name: str(colleague.actor.seat_id)})
    assert last(late[0]) == "step_handed_over"
    assert county.rows(Assignment)[0].seat_id == colleague.actor.seat_id


def test_where_nobody_else_may_the_page_says_so(county, late, sup):
    only = county.staff["trev1"].actor.seat_id
    page = sup.opens(preview("reassign", late[0]))
    sup.submits(page, reassign_reason="slow", **{page.tree.xpath("//select/@name")[0]: str(only)})
    again = sup.opens(preview("reassign", late[0]))
    assert not again.tree.xpath("//select") and "没有别的人可以办这个环节" in again.words


def test_supervision_names_everybody_who_owes_the_answer_and_is_put_on_once(county, sup, late):
    page = sup.opens(preview("supervise", late[0]))
    assert county.staff["tlead1"].actor.name in page.words
    wrong = sup.submits(page, answer_by="2026-02-01", supervision_words=ASKED)
    assert wrong.status == 422 and "answer_by" in wrong.errors()
    sup.submits(page, answer_by="2026-03-13", supervision_words=ASKED)
    assert len(county.rows(Supervision)) == 1
    assert "已经挂牌督办" in sup.opens(preview("supervise", *late)).words


def test_an_extension_shows_the_new_end_and_the_letter_before_it_is_made(county, sup, late):
    before = late[0].clock("D05").due_at
    shown = sup.submits(sup.opens(preview("extend", *late)), **LONGER)
    assert shown.status == 200 and late[0].clock("D05").due_at == before
    assert "延期办理告知书" in shown.words and "约定下周二入户" in shown.words
    assert "其余1件" in shown.words and "确认延期2件" in shown.words
    sup.submits(shown)
    assert all(case.clock("D05").due_at > before for case in late)
    assert len(county.rows(Letter, Letter.kind == "extension_notice")) == 2
    assert [row.granted for row in county.rows(Extension)] == [True, True]


def test_other_words_than_the_previewed_ones_are_previewed_again(sup, late):
    shown = sup.submits(sup.opens(preview("extend", late[0])), **LONGER)
    before = late[0].clock("D05").due_at
    again = sup.submits(shown, extension_units="1")
    assert late[0].clock("D05").due_at == before and "确认延期1件" in again.words
    sup.submits(again)
    assert late[0].clock("D05").extended_by == 1


def test_more_than_half_is_refused_beside_the_field(sup, late):
    page = sup.submits(sup.opens(preview("extend", late[0])), **{**LONGER, "extension_units": "3"})
    assert page.status == 422 and page.errors()["extension_units"] == "最多延长2个工作日"
    assert page.tree.xpath("//input[@id='extension_units']/@value") == ["3"]


def test_the_preview_asks_no_more_for_more_cases(county, sup, case_at, late):
    statements = []

    @event.listens_for(county.house.reader, "before_cursor_execute")
    def count(conn, cursor, statement, parameters, context, many):
        if "rulebook_force" not in statement and "calendar_" not in statement:  # asked every few seconds
            statements.append(statement)

    for act in ("urge", "reassign", "supervise", "extend"):
        one, both = preview(act, late[0]), preview(act, *late)
        sup.opens(one)
        statements.clear()
        sup.opens(one)
        alone = len(statements)
        statements.clear()
        sup.opens(both)
        assert len(statements) == alone, act


def test_the_case_page_leads_a_supervisor_to_the_acts_and_nobody_else(county, sup, late):
    links = sup.opens(f"/cases/{late[0].id}").links()
    assert sum(link.startswith("/supervise/act/") for link in links) == 4
    others = at_the_desk(county, "trev1").opens(f"/cases/{late[0].id}").links()
    assert not any(link.startswith("/supervise/act/") for link in others)


def test_what_is_ticked_on_the_board_comes_to_the_preview_and_back_again(county, sup, late):
    board = sup.opens("/supervise?s=on_time")
    ticks = board.tree.xpath("//form[@data-ticks]//input[@name='step']/@value")
    assert sorted(ticks) == sorted(f"{case.id.hex}.{case.task('audit_file').id}" for case in late)
    back = board.tree.xpath("//form[@data-ticks]//input[@name='back']/@value")[0]
    assert back == "/supervise?s=on_time"
    page = sup.opens(preview("urge", *late, back=back))
    done = sup.submits(page, urge_words=WORDS)
    assert done.path == back and "已催办2件" in done.words
    assert not at_the_desk(county, "trev1").opens("/supervise?s=on_time").tree.xpath("//form[@data-ticks]")


def test_nothing_ticked_leads_back(sup):
    page = sup.opens("/supervise/act/urge")
    assert page.path == "/supervise" and "还没有选案卷" in page.words


@pytest.mark.parametrize("step", ["x.1", "0.x", "g" * 32 + ".1", "'.1", "0" * 32 + ".99"])
def test_a_step_that_is_none_does_no_harm(sup, step):
    page = sup.opens(f"/supervise/act/urge?step={step}")
    assert page.status == 200 and "可以办的" not in page.words


def test_the_bureau_names_somebody_of_another_township_with_the_reason(county, late):
    county.correct(Seat, Seat.id == county.staff["trev1"].actor.seat_id, valid_to=date(2026, 3, 1))
    sup = at_the_desk(county, "sup-msb")
    page = sup.opens(preview("reassign", late[0]))
    assert "由外乡镇人员办理" in page.words
    name, seat = page.tree.xpath("//select/@name")[0], str(county.staff["trev2"].actor.seat_id)
    refused = sup.submits(page, reassign_reason="small_office", **{name: seat})
    assert refused.status == 422 and "为什么没有别人" in refused.errors()["reassign_words"]
    sup.submits(refused, reassign_words="本镇只有一名审核人员，已经调离。")
    assert late[0].task("audit_file").org != TOWNSHIP


def test_an_urging_that_another_supervisor_sent_too_is_no_fault(county, sup, late):
    page = sup.opens(preview("urge", late[0]))
    task = late[0].task("audit_file").id
    county.staff["sup-msb"].does(Urge(late[0].id, task, {"urge_words": WORDS}))
    assert sup.submits(page, urge_words=WORDS).path == "/supervise"
