"""What people type into forms: cleaned, understood, or refused in words with the figures."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpmn
from bpmn import Choice, Field, Form, Rule, Text
from workflow import forms
from workflow.errors import AnswersRefused

TODAY = date(2026, 11, 19)
BOOK = bpmn.load()
REVIEW = {
    "meeting_date": "2026-11-19",
    "place": "塘边村村委会二楼",
    "chair": "王建国",
    "recorder": "彭秀兰",
    "voters_called": "21",
    "voters_present": "17",
    "voters_withdrawn": "1",
    "withdrawn_names": "陈志华，申请人的堂兄弟，已离场",
    "method": "secret",
    "votes_yes": "14",
    "votes_no": "1",
    "votes_abstain": "1",
    "signatures": "17",
    "signers": "王建国、彭秀兰、陈志华",
    "conclusion": "评议会逐户核对了收入证明和费用结算单。陈启明一家4口靠儿子务工，住院自付较重，情况属实。",
}


def asking(**about: object) -> Form:
    """A form with one question."""
    settings = {"id": "x", "type": "text", "label": Text("数", "figure"), **about}
    return Form("f", Text("表", "form"), "-", Text("提交", "Submit"), (Field(**settings),))  # type: ignore[arg-type]


def answer(form: Form, typed: str | list[str]) -> object:
    return forms.check(form, {"x": typed}, {}, today=TODAY).values["x"]


def refusal(form: Form, typed: str | list[str]) -> str:
    with pytest.raises(AnswersRefused) as refused:
        forms.check(form, {"x": typed}, {}, today=TODAY)
    (fault,) = refused.value.faults
    assert fault.field == "x"
    assert fault.message.en
    return fault.message.zh


def faults(
    form_id: str, raw: dict[str, str | list[str]], variables: dict[str, object] | None = None
) -> dict[str, str]:
    with pytest.raises(AnswersRefused) as refused:
        forms.check(BOOK.forms[form_id], raw, variables or {}, today=TODAY)
    return {fault.field: fault.message.zh for fault in refused.value.faults}


# --- the village review of the drawings


def test_the_review_of_the_drawings_is_accepted() -> None:
    answers = forms.check(BOOK.forms["village_review"], REVIEW, {}, today=TODAY)
    assert answers.values["meeting_date"] == date(2026, 11, 19)
    assert answers.variables == {
        "voters_called": 21,
        "voters_present": 17,
        "voters_withdrawn": 1,
        "method": "secret",
        "votes_yes": 14,
        "votes_no": 1,
        "votes_abstain": 1,
        "signatures": 17,
    }
    assert answers.sealed["meeting_date"] == "2026-11-19"
    assert answers.sealed["chair"] == "王建国"


def test_a_review_with_nine_signatures_is_not_a_review() -> None:
    assert faults("village_review", {**REVIEW, "signatures": "9"}, {"review_signatures": 10}) == {
        "signatures": "签名9人。评议记录至少要10名代表签名"
    }


def test_votes_must_add_up_to_those_who_voted() -> None:
    found = faults("village_review", {**REVIEW, "votes_yes": "15"})
    assert set(found) == {"votes_yes", "votes_no", "votes_abstain"}
    assert "同意15票" in found["votes_yes"]
    assert "实到17人，回避1人" in found["votes_yes"]


def test_an_opinion_of_13_characters_is_too_short() -> None:
    found = faults("village_review", {**REVIEW, "conclusion": "情况属实，代表们同意上报。"})
    assert found == {"conclusion": "评议意见只写了13个字，至少写30个字"}


def test_spaces_and_lines_do_not_count_as_characters() -> None:
    found = faults("village_review", {**REVIEW, "conclusion": "情况属实 \n\n\n 。" + " " * 50})
    assert "只写了5个字" in found["conclusion"]


def test_who_withdrew_is_asked_only_when_somebody_did() -> None:
    form = BOOK.forms["village_review"]
    shown = {field.id for field in forms.visible(form, {"voters_withdrawn": "1"}, {})}
    assert "withdrawn_names" in shown
    for typed in ("0", "", "keiner"):
        assert "withdrawn_names" not in {
            field.id for field in forms.visible(form, {"voters_withdrawn": typed}, {})
        }


def test_an_answer_to_a_question_that_is_not_asked_is_left_out() -> None:
    raw = {**REVIEW, "voters_withdrawn": "0", "votes_yes": "15"}
    answers = forms.check(BOOK.forms["village_review"], raw, {}, today=TODAY)
    assert "withdrawn_names" not in answers.values
    assert "withdrawn_names" not in answers.sealed


def test_all_faults_come_at_once_in_the_order_of_the_form() -> None:
    form = BOOK.forms["village_review"]
    with pytest.raises(AnswersRefused) as refused:
        forms.check(form, {}, {}, today=TODAY)
    named = [fault.field for fault in refused.value.faults]
    assert named == [field.id for field in form.fields if field.id != "withdrawn_names"]
    assert refused.value.faults[0].message.zh == "“评议日期”没有填，填好再提交"


def test_a_sum_over_an_answer_that_is_refused_is_not_complained_about() -> None:
    assert set(faults("village_review", {**REVIEW, "votes_yes": "vierzehn"})) == {"votes_yes"}


def test_what_was_typed_stays_with_the_caller() -> None:
    raw = {**REVIEW, "signatures": "９", "place": "  塘边村  "}
    before = dict(raw)
    faults("village_review", raw, {"review_signatures": 10})
    assert raw == before


# --- choices that hang on the case


def choices(form_id: str, field_id: str, variables: dict[str, object]) -> set[str]:
    for field in forms.visible(BOOK.forms[form_id], {}, variables):
        if field.id == field_id:
            return {choice.id for choice in field.choices}
    raise AssertionError(field_id)


def test_papers_are_asked_for_only_once() -> None:
    assert "incomplete" in choices("acceptance", "acceptance", {"supplemented": False})
    assert "incomplete" not in choices("acceptance", "acceptance", {"supplemented": True})
    raw = {
        "acceptance": "incomplete",
        "missing": ["invoice"],
        "missing_note": "住院发票原件",
        "help_offered": "none",
    }
    forms.check(BOOK.forms["acceptance"], raw, {"supplemented": False}, today=TODAY)
    assert "现在不能选" in faults("acceptance", raw, {"supplemented": True})["acceptance"]


@pytest.mark.parametrize(
    ("aid_fen", "warnings", "possible"),
    [
        (1, [], True),
        (0, [], False),
        (100, ["CAP_NOT_CONFIGURED"], False),
        (100, ["CAP_CUT"], True),
        (None, None, False),
    ],
)
def test_no_aid_or_no_limit_cannot_be_approved(
    aid_fen: int | None, warnings: list[str] | None, possible: bool
) -> None:
    offered = choices("county_decision", "decision", {"aid_fen": aid_fen, "warnings": warnings})
    assert ("approve" in offered) is possible
    assert "refuse" in offered


def test_a_refusal_needs_a_reason_and_the_facts() -> None:
    raw = {"decision": "refuse", "legal_basis": "安福县医疗救助实施方案（2026年）", "article": "八"}
    assert set(faults("county_decision", dict(raw))) == {"refusal_reason", "refusal_facts"}


def test_a_pause_cannot_be_given_as_a_reason_to_refuse() -> None:
    raw: dict[str, str | list[str]] = {
        "decision": "refuse",
        "legal_basis": "安福县医疗救助实施方案（2026年）",
        "article": "八",
        "refusal_reason": "R10",
        "refusal_facts": "经核对结算单，个人自付费用为2,000.00元，没有超过起付线3,000.00元，不能计算救助。",
    }
    assert "现在不能选" in faults("county_decision", raw)["refusal_reason"]


def test_questions_go_back_to_the_township_only_once() -> None:
    assert choices("county_recheck", "recheck", {"questions_asked": True}) == {"pass"}


def test_an_older_answer_does_not_outlive_a_new_round() -> None:
    raw = {"opinion": "qualified", "opinion_text": "核对了票据和结算单，与申请一致，同意上报县里审批。"}
    before = {"opinion": "not_qualified", "opinion_reason": "R06"}
    answers = forms.check(BOOK.forms["township_opinion"], raw, before, today=TODAY)
    assert answers.variables == {"opinion": "qualified", "opinion_reason": None}


def test_the_reasons_of_a_failed_review_are_asked_from_the_signer() -> None:
    form = BOOK.forms["sign_review"]
    for yes, asked in ((8, True), (9, False)):
        votes = {"votes_yes": yes, "voters_present": 17, "voters_withdrawn": 1, "review_majority": 5_000}
        shown = {field.id for field in forms.visible(form, {}, votes)}
        assert ("review_reasons" in shown) is asked


def test_no_income_must_be_said_twice() -> None:
    raw: dict[str, str | list[str]] = {
        "members": "2", "adults": "2", "adults_signed": "2", "checked_on": "2026-11-18",
        "income_total": "0", "economy_result": "consistent",
    }  # fmt: skip
    assert set(faults("economy_check", raw)) == {"income_zero"}
    assert "没有确认" in faults("economy_check", {**raw, "income_zero": "no"})["income_zero"]
    answers = forms.check(BOOK.forms["economy_check"], {**raw, "income_zero": "yes"}, {}, today=TODAY)
    assert answers.sealed["income_total"] == "0.00"


def test_every_adult_signs_the_authorisation() -> None:
    raw: dict[str, str | list[str]] = {
        "members": "4", "adults": "3", "adults_signed": "2", "checked_on": "2026-11-18",
        "income_total": "65,400.00", "economy_result": "consistent",
    }  # fmt: skip
    assert faults("economy_check", raw) == {"adults_signed": "签字2人，成年人3人。每个成年人都要签授权书"}


# --- figures, amounts, dates, people


@pytest.mark.parametrize("typed", ["17", " 17 ", "１７", "１ ７", "+17", "017"])
def test_a_number_may_be_typed_in_many_ways(typed: str) -> None:
    assert answer(asking(type="integer"), typed) == 17


@pytest.mark.parametrize("typed", ["十七", "17人", "1.5", "1,7", "--1", "0x11", "1234567890", "٣"])
def test_what_is_no_number_is_shown_as_typed(typed: str) -> None:
    assert refusal(asking(type="integer"), typed) == f"填的是“{typed}”，只能填整数，如17"


def test_a_number_outside_its_bounds_tells_the_bound_with_its_unit() -> None:
    form = asking(type="integer", min=1, max=30, unit=Text("人", "persons"))
    assert refusal(form, "0") == "填了0人，最少1人"
    assert refusal(form, "31") == "填了31人，最多30人"


@pytest.mark.parametrize(
    ("typed", "yuan"),
    [
        ("15,199.60", "15199.60"), ("15199.6", "15199.60"), ("１５，１９９．６０", "15199.60"), ("0", "0.00"),
        ("￥1,000元", "1000.00"), ("1000000", "1000000.00"), ("007", "7.00"),
    ],
)  # fmt: skip
def test_an_amount_may_have_commas_and_two_decimals(typed: str, yuan: str) -> None:
    found = answer(asking(type="money"), typed)
    assert isinstance(found, Decimal)
    assert str(found) == yuan


@pytest.mark.parametrize(
    "typed", ["一千", "1,00", "1.234", "1.", "1,0000", "1e3", "NaN", "1 2.3.4", "1234567890123", "½", "$5"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    assert typed in refusal(asking(type="money"), typed)


@pytest.mark.parametrize("typed", ["-1", "−1"])
def test_an_amount_is_never_negative(typed: str) -> None:
    assert refusal(asking(type="money"), typed) == "填了−1.00元，最少0.00元"


def test_an_amount_goes_to_the_engine_as_whole_fen() -> None:
    raw = {
        "settled_on": "2026-11-11",
        "statement_number": "DB2026-0099",
        "serious_illness_amount": "6,512.30",
    }
    answers = forms.check(BOOK.forms["serious_illness_settlement"], raw, {}, today=TODAY)
    assert answers.values["serious_illness_amount"] == Decimal("6512.30")
    assert answers.variables == {"serious_illness_amount_fen": 651230}


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-09",
        "2026年11月9日",
        "20261109",
        "２０２６－１１－０９",
        "2026/11/9",
        "2026.11.9",
        "2026 年 11 月 9 日",
    ],
)
def test_a_date_may_be_written_in_many_ways(typed: str) -> None:
    assert answer(asking(type="date"), typed) == date(2026, 11, 9)


def test_a_date_that_is_none_is_refused_in_words() -> None:
    form = asking(type="date", min="-30d", max="today")
    assert refusal(form, "上周三") == "日期填的是“上周三”，按2026-11-23这样写"
    assert refusal(form, "2026-02-30") == "没有2026年2月30日这一天，核对月份和日子"
    assert refusal(form, "2026-11-20") == "日期填的是2026-11-20，不能晚于今天2026-11-19"
    assert refusal(form, "2026-10-19") == "日期填的是2026-10-19，不能早于2026-10-20"
    assert "2026-11" in refusal(form, "2026-11/09")


def test_a_date_may_have_a_fixed_bound() -> None:
    assert "不能晚于2026-12-01" in refusal(asking(type="date", max="2026-12-01"), "2026-12-02")


def test_people_phones_and_accounts_are_checked_like_in_the_register() -> None:
    assert answer(asking(type="name"), " 欧阳 慧 ") == "欧阳慧"
    assert answer(asking(type="phone"), "１３９０７９６１２３４") == "13907961234"
    assert answer(asking(type="account"), "6222 0212 3456 7890 128") == "6222021234567890128"
    assert answer(asking(type="idnumber"), "51013219580317002x") == "51013219580317002X"
    assert "姓名" in refusal(asking(type="name"), "Chen7")
    assert "11位手机号" in refusal(asking(type="phone"), "12")
    assert "12至19位" in refusal(asking(type="account"), "1234")
    assert "校验位" in refusal(asking(type="idnumber"), "510132195803170021")


def test_text_on_one_line_stays_on_one_line() -> None:
    assert answer(asking(type="text"), " 县医院\r\n 三楼 ") == "县医院 三楼"
    assert answer(asking(type="longtext"), "一\r\n二") == "一\n二"


def test_text_is_kept_in_the_form_the_log_demands() -> None:
    assert answer(asking(type="text"), "e\u0301") == "\u00e9"


def test_rare_characters_are_kept() -> None:
    assert answer(asking(type="text"), "𠮷田") == "𠮷田"


@pytest.mark.parametrize("typed", ["a\x00b", "a\x07b", "a\ud800b"])
def test_a_character_that_cannot_be_shown_is_refused(typed: str) -> None:
    assert "不能显示的字符" in refusal(asking(type="text"), typed)


def test_a_text_has_an_end_even_if_the_form_does_not_say() -> None:
    assert refusal(asking(type="text"), "长" * 201) == "数写了201个字，最多写200个字"


def test_a_question_answered_twice_is_refused() -> None:
    assert refusal(asking(type="text"), ["a", "b"]) == "填了2次，只能填一次"
    assert answer(asking(type="text"), ["a"]) == "a"


def test_several_choices_come_in_the_order_of_the_form() -> None:
    listed = tuple(Choice(name, Text(name, name)) for name in "abc")
    form = asking(type="choices", choices=listed, variable=True)
    answers = forms.check(form, {"x": ["c", "a", "c"]}, {}, today=TODAY)
    assert answers.values["x"] == ("a", "c")
    assert answers.variables == {"x": ["a", "c"]}
    assert answer(form, "b") == ("b",)
    assert "“d”现在不能选" in refusal(form, ["a", "d"])


def test_yes_and_no_are_words() -> None:
    form = asking(type="yesno")
    assert answer(form, "yes") is True
    assert answer(form, "否") is False
    assert "不是答案" in refusal(form, "maybe")
    assert refusal(form, "") == "“数”没有选，选好再提交"


def test_a_question_that_may_stay_empty_may() -> None:
    answers = forms.check(asking(required=False), {"x": "  "}, {}, today=TODAY)
    assert (answers.values, answers.variables, answers.sealed) == ({}, {}, {})


def test_a_rule_that_cannot_be_worked_out_is_an_error_of_the_rule_book() -> None:
    form = asking(type="text")
    broken = Form(
        form.id, form.title, "-", form.submit, form.fields, (Rule("x > 1", ("x",), Text("-", "-")),)
    )
    with pytest.raises(Exception, match="cannot be evaluated"):
        forms.check(broken, {"x": "a"}, {}, today=TODAY)


# --- whatever is typed

typed = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["yes", "no", "0", "17", "accept", "refuse", "2026-11-19", "1,000.50", "陈启明", "R01", "invoice"]
    ),
    st.lists(st.text(max_size=8), max_size=3),
)
everything = {
    "aid_fen": 1, "warnings": [], "supplemented": False, "questions_asked": False, "objection_named": True,
    "votes_yes": 1, "voters_present": 17, "voters_withdrawn": 0, "review_signatures": 10,
    "review_majority": 5_000,
}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(BOOK.forms)), st.data())
def test_whatever_is_typed_gives_answers_or_words(form_id: str, data: st.DataObject) -> None:
    form = BOOK.forms[form_id]
    raw = {field.id: data.draw(typed) for field in form.fields if data.draw(st.booleans())}
    shown = forms.visible(form, raw, everything)
    assert {field.id for field in shown} <= {field.id for field in form.fields}
    try:
        answers = forms.check(form, raw, everything, today=TODAY)
    except AnswersRefused as refused:
        assert {fault.field for fault in refused.faults} <= {field.id for field in form.fields}
        assert all(fault.message.zh and fault.message.en for fault in refused.faults)
        assert not any("{" in fault.message.zh and "{" not in str(raw) for fault in refused.faults)
    else:
        assert json.loads(json.dumps(answers.sealed)) == answers.sealed
        assert json.loads(json.dumps(answers.variables)) == answers.variables


@given(st.integers(0, 10**12 - 1))
def test_every_amount_reads_back_as_it_is_shown(fen: int) -> None:
    amount = Decimal(fen).scaleb(-2)
    full_width = f"{amount:,.2f}".translate(str.maketrans("0123456789,.", "０１２３４５６７８９，．"))
    assert answer(asking(type="money"), f"{amount:,.2f}") == amount
    assert answer(asking(type="money"), full_width) == amount


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_date_reads_back_in_all_ways_of_writing(day: date) -> None:
    form = asking(type="date")
    for wording in (day.isoformat(), f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}"):
        assert answer(form, wording) == day


@given(st.integers(-400, 400))
def test_a_date_bound_is_itself_allowed(days: int) -> None:
    day = TODAY + timedelta(days=days)
    form = asking(type="date", min=f"{days:+d}d", max=f"{days:+d}d")
    assert answer(form, day.isoformat()) == day
    assert refusal(form, (day + timedelta(days=1)).isoformat())
