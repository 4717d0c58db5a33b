"""Masking what others may not see, and the gate before a list is posted (domain 10.6, RF-37)."""

import csv
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bpmn
from workflow.register.identity import invent_id_number
from workflow.register.masking import (
    NotPublishable,
    leaks_in,
    mask_account,
    mask_id,
    mask_name,
    require_publishable,
)

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张明", "张*"),
        ("张小明", "张*明"),
        ("欧阳锋", "欧阳*"),
        ("欧阳小锋", "欧阳*锋"),
        ("司马", "司*"),
        ("买买提·阿卜杜拉", "买******拉"),
        ("阿不都热依木", "阿****木"),
        ("𠮷小明", "𠮷*明"),
        ("张李明华", "张**华"),
        ("爱新觉罗明", "爱新觉罗*"),
        ("张", "*"),
        ("", "*"),
    ],
)
def test_a_name_is_shortened_as_in_the_table(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(HAN, min_size=2, max_size=20))
def test_a_masked_name_always_hides_something_and_adds_nothing(name: str) -> None:
    masked = mask_name(name)
    assert len(masked) == len(name)
    assert "*" in masked
    assert all(shown in ("*", real) for shown, real in zip(masked, name, strict=True))
    assert mask_name(masked).count("*") >= 1


def test_lists_inside_the_office_show_six_and_four_characters() -> None:
    assert mask_id("362429195803170021") == "362429********0021"


@given(st.integers(0, 2**32))
def test_a_masked_number_does_not_tell_the_birthday(seed: int) -> None:
    number = invent_id_number(Random(seed))
    masked = mask_id(number)
    assert len(masked) == 18 and number[6:14] not in masked
    assert leaks_in(masked) == ()


@given(st.text(max_size=30))
def test_whatever_is_no_identity_number_is_hidden_whole(text: str) -> None:
    if len(text) != 18:
        assert set(mask_id(text)) <= {"*"}


def test_of_an_account_only_the_end_is_shown() -> None:
    assert mask_account("6222021001116245702") == "***************5702"
    assert mask_account("1234567") == "*******"


CLEAN = (
    "平都镇安城社区 张*明 3人 医疗救助 12000.00元 2026-11-21至2026-11-28 "
    "监督电话0796-7622222 安医救〔2026〕0276号"
)


def test_a_proper_list_passes_the_gate() -> None:
    assert leaks_in(CLEAN) == ()
    require_publishable([("内容", CLEAN), ("金额", 12000)])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("362429195803170021", "id_18"),
        ("36242919580317002x", "id_18"),
        ("身份证362429195803170021号", "id_18"),
        ("362429 19580317 0021", "id_18"),
        ("３６２４２９１９５８０３１７００２１", "id_18"),
        ("362429\u200b195803170021", "id_18"),
        ("362429580317002", "id_15"),
        ("电话13807960001", "phone"),
        ("138-0796-0001", "phone"),
        ("6222021001116245702", "account"),
        ("6222 0210 0111 6245", "account"),
        ("肺癌", "illness"),
        ("hiv阳性", "illness"),
        ("县人民医院", "illness"),
        ("肢体残疾二级", "illness"),
        ("近亲属备案", "illness"),
    ],
)
def test_what_must_never_be_public_is_stopped(text: str, kind: str) -> None:
    found = [leak.kind for leak in leaks_in(CLEAN + " " + text)]
    assert kind in found


def test_the_clerk_is_told_which_field_tells_what() -> None:
    with pytest.raises(NotPublishable) as stopped:
        require_publishable([("备注", "肺癌 13807960001"), ("姓名", "张*明")])
    assert [leak.field for leak in stopped.value.leaks] == ["备注", "备注"]
    assert [leak.kind for leak in stopped.value.leaks] == ["phone", "illness"]
    assert "“备注”中有手机号" in stopped.value.message.zh
    assert stopped.value.rule == "RF-37"


@given(seed=st.integers(0, 2**32), before=st.text(HAN, max_size=5), after=st.text(HAN, max_size=5))
def test_no_identity_number_slips_through_between_words(seed: int, before: str, after: str) -> None:
    number = invent_id_number(Random(seed), birth=date(1958, 3, 17))
    assert "id_18" in {leak.kind for leak in leaks_in(before + number + after)}


def test_no_place_of_the_county_is_taken_for_an_illness() -> None:
    path = Path(bpmn.__file__).parent / "divisions" / "360829.csv"
    with path.open(encoding="utf-8") as lines:
        rows = csv.reader(line for line in lines if not line.startswith("#"))
        assert [row[1] for row in rows if leaks_in(row[1])] == []
