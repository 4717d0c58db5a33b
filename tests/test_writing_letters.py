"""Letters say what the law wants them to say, with every figure, or are not written at all."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import bpmn
from workflow.letters import LetterIncomplete, write

BOOK = bpmn.load()
FIELDS: dict[str, Any] = {
    "year": 2026,
    "serial": 276,
    "county_short": "安",
    "authority": "安福县医疗保障局",
    "issued_on": date(2026, 12, 25),
    "handler": "欧阳慧",
    "handler_phone": "0796-1880021",
    "complaint_phone": "0796-1880012",
    "name": "陈启明",
    "id_number": "362429196503120056",
    "case_number": "2026-0276",
    "aid_kind": "医疗救助",
    "requested": "2025年度医疗救助发放对象名单",
    "disclosed_text": "提供分乡镇救助情况表一份。",
    "withheld": "救助对象的姓名、住址和病种。",
    "disclosure_ground": "涉及个人隐私，公开会损害第三方合法权益（第十五条）",
    "disclosure_reasons": "这些内容能认出受助人本人。",
    "search_text": "查过2020年以来的文书档案和业务系统。",
    "held_by": "县财政局",
    "correction_wanted": "写明要哪一年的信息。",
    "applied_on": date(2026, 9, 28),
    "accepted_on": date(2026, 10, 9),
    "first_check_days": 15,
    "steps": "村民代表评议、公示，洲湖镇审核、公示，本局复核",
    "legal_basis": "《安福县医疗救助实施方案（2026年）》",
    "article": "八",
    "total": Decimal("86420.50"),
    "out_of_catalogue": Decimal("9316.20"),
    "basic": Decimal("43208.00"),
    "serious_illness": Decimal("6512.30"),
    "other_paid": Decimal("1000.00"),
    "self_pay": Decimal("26384.00"),
    "category": "低保边缘家庭成员",
    "deductible": Decimal("3000"),
    "ratio": "65%",
    "paid_this_year": Decimal("0"),
    "annual_limit": Decimal("150000"),
    "aid": Decimal("15199.60"),
    "pay_by": date(2027, 1, 18),
    "account": "6222021234567894417",
    "bureau": "安福县医疗保障局",
    "county_government": "安福县人民政府",
    "court": "安福县人民法院",
    "missing": ["住院发票原件", "大病保险结算单"],
    "supplement_by": date(2026, 10, 20),
    "supplement_days": 10,
    "facts": "个人自付费用为2,000.00元",
    "reason_code": "R02",
    "reason": "个人自付费用未超过起付线",
    "objector": "李某",
    "objection_on": "2026-11-20",
    "posting_title": "评议结果公示",
    "result": "异议不成立",
    "answer": "经走访核实，与申请一致。",
    "limit_name": "乡镇调查和审核",
    "extension_length": "2个工作日",
    "extended_from": date(2026, 11, 20),
    "extended_until": date(2026, 11, 24),
    "extension_reason": "申请人或家庭成员外出，暂时不能入户",
    "extension_details": "约定下周二入户核实",
    "hospital": "安福县人民医院",
    "advance": Decimal("3000.00"),
    "advance_rest": Decimal("1875.00"),
    "advance_owed": Decimal("750.00"),
    "guarantee": "是",
    "payment_now": "是",
    "paper_days": 10,
    "papers_to": "乡镇（街道）受理窗口",
    "advance_reason": "登记的类别已停止。",
    "original_number": "2026-0008",
    "paid": Decimal("4875.00"),
    "due": Decimal("1875.00"),
    "excess": Decimal("3000.00"),
    "cause": "重复申领",
    "calculation_note": "同一发票已由商业保险报销。",
    "recovery_facts": "比对发现同一张发票在商业保险已全额报销。",
    "recovery_reasons": "陈述申辩没有提出新的事实。",
    "hearing_days": 5,
    "about_number": "2026-0008",
    "review_outcome": "维持",
    "appeal_reason": "超过法定期限",
    "auto_refusal_days": 5,
    "card_number": "MX20260017",
    "card_hospital": "安福县人民医院",
    "card_until": date(2027, 12, 31),
    "exit_category_name": "最低生活保障家庭成员",
    "new_category_name": "最低生活保障边缘家庭成员",
    "changed_from": date(2027, 1, 1),
    "aid_due": Decimal("4875.00"),
    "set_off": Decimal("3000.00"),
    "set_off_from": "2026-0007",
    "set_off_to": "2026-0003",
    "still_owed": Decimal("0.00"),
    "paid_out": Decimal("1875.00"),
    "exit_objection_days": 5,
    "reasons": "家庭月人均收入超过保障标准",
    "stop_from": date(2027, 1, 1),
    "grant_kind_name": "急难型",
    "own_error": "是",
    "withdrawn_on": "2026-11-20",
    "review_on": date(2026, 11, 19),
    "votes": "同意6票、反对9票、弃权1票",
    "letter_title": "审批决定书（准予救助）",
    "letter_number": "安医救审〔2026〕276号",
    "delivered_on": date(2026, 12, 28),
    "delivery_method": "交本人",
    "receiver": "陈启明",
}


def whole(letter_id: str, lang: str = "zh", **more: Any) -> str:
    document = write(BOOK.letters[letter_id], {**FIELDS, **more}, lang)
    rows = [f"{label} {value}" for label, value in document.table]
    return "\n".join([*document.paragraphs, *rows, *document.after, *document.rights, *document.closing])


def test_the_approval_of_the_drawings_has_every_figure() -> None:
    document = write(BOOK.letters["approval_decision"], FIELDS)
    assert document.title == "审批决定书（准予救助）"
    assert document.number == "安医救审〔2026〕276号"
    assert dict(document.table)["政策范围内个人自付"] == "26,384.00元"
    assert dict(document.table)["本年度已救助"] == "0.00元"
    assert "本次救助金额：15,199.60元（人民币壹万伍仟壹佰玖拾玖元陆角）。" in document.after
    assert any("2027年1月18日前" in part and "尾号4417" in part for part in document.after)
    assert document.closing[-1] == "安福县医疗保障局（印章）　2026年12月25日"
    assert document.copies == 2


def test_numbers_of_people_and_accounts_are_masked() -> None:
    text = whole("approval_decision")
    assert "362429********0056" in text
    assert FIELDS["id_number"] not in text
    assert FIELDS["account"] not in text


@pytest.mark.parametrize("letter_id", ["approval_decision", "refusal_decision", "refusal_to_accept"])
def test_a_decision_tells_the_rights_with_their_limits(letter_id: str) -> None:
    text = whole(letter_id)
    assert "30日内向安福县医疗保障局申请复核" in text
    assert "60日内向安福县人民政府申请行政复议" in text
    assert "6个月内依法向安福县人民法院提起行政诉讼" in text
    assert "应当先申请行政复议" in text


def test_a_refusal_gives_facts_reason_and_ground() -> None:
    text = whole("refusal_decision", calculation="P 2,000.00，K 3,000.00")
    assert "决定不予救助" in text
    assert "事实：个人自付费用为2,000.00元" in text
    assert "理由：R02 个人自付费用未超过起付线。" in text
    assert "依据：《安福县医疗救助实施方案（2026年）》第八条。" in text
    assert "计算说明：P 2,000.00，K 3,000.00" in text


def test_a_paragraph_without_its_value_is_left_out() -> None:
    assert "网上申请" not in whole("refusal_decision")
    assert "网上申请行政复议：https://example.invalid/" in whole(
        "refusal_decision", review_site="https://example.invalid/"
    )
    assert "计算说明" not in whole("refusal_decision", calculation="")


def test_a_supplement_notice_lists_everything_at_once() -> None:
    text = whole("supplement_notice")
    assert "1. 住院发票原件\n2. 大病保险结算单" in text
    assert "需要补正的全部内容" in text
    assert "10个工作日内，即2026年10月20日前" in text
    assert "办理期限自受理之日起计算" in text
    assert "确有困难" not in text
    assert "确有困难的：由工作人员帮办代办" in whole("supplement_notice", help="由工作人员帮办代办")


def test_an_acceptance_says_what_does_not_count() -> None:
    text = whole("acceptance_notice")
    assert "自2026年10月9日起15个工作日内完成初审，公示、补正和核查异议的时间不计算在内" in text
    assert "身份证号后四位" in text


def test_the_answer_to_an_objection_names_no_applicant() -> None:
    assert "陈启明" not in whole("objection_answer")


@pytest.mark.parametrize("letter_id", sorted(BOOK.letters))
def test_a_missing_value_is_named_and_nothing_is_written(letter_id: str) -> None:
    letter = BOOK.letters[letter_id]
    for name in letter.fields:
        with pytest.raises(LetterIncomplete) as refused:
            write(letter, {key: value for key, value in FIELDS.items() if key != name})
        assert refused.value.missing == (name,)


def test_all_missing_values_are_named_together() -> None:
    with pytest.raises(LetterIncomplete) as refused:
        write(BOOK.letters["review_note"], {})
    assert set(refused.value.missing) == BOOK.letters["review_note"].fields


@pytest.mark.parametrize(("name", "value"), [("aid", "viel"), ("pay_by", "bald"), ("aid", "-1")])
def test_a_value_that_cannot_be_written_is_named(name: str, value: Any) -> None:
    with pytest.raises(LetterIncomplete) as refused:
        write(BOOK.letters["approval_decision"], {**FIELDS, name: value})
    assert refused.value.missing == (name,)


@pytest.mark.parametrize("letter_id", sorted(BOOK.letters))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_letter_kept_as_json_is_written_the_same_again(letter_id: str, lang: str) -> None:
    kept = {
        name: str(value) if isinstance(value, date | Decimal) else value for name, value in FIELDS.items()
    }
    letter = BOOK.letters[letter_id]
    assert write(letter, kept, lang) == write(letter, FIELDS, lang)
    assert "{" not in whole(letter_id, lang)


def test_the_english_letter_says_the_same() -> None:
    text = whole("approval_decision", "en")
    assert "CNY 15,199.60" in text
    assert "within 6 months" in text
