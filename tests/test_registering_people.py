"""Registering people: identity numbers, names, telephone and bank account numbers (domain 4.2, 10.3)."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.register.identity import (
    NotValid,
    birth_of,
    check_account,
    check_character,
    check_id_number,
    check_name,
    check_phone,
    completed_age,
    invent_id_number,
    is_han,
)

TODAY = date(2026, 11, 23)
REAL_BUT_OFTEN_REJECTED = "51013219580317002X"  # born before the county code existed (domain 10.3)


def number(first_17: str) -> str:
    return first_17 + check_character(first_17)


def test_a_number_from_before_its_county_code_is_a_real_citizen() -> None:
    found = check_id_number(REAL_BUT_OFTEN_REJECTED, TODAY)
    assert (found.birth, found.sex, found.warnings) == (date(1958, 3, 17), "female", ())


@pytest.mark.parametrize(
    "typed",
    [
        "51013219580317002x",
        " 510132 19580317 002X ",
        "510132-19580317-002X",
        "５１０１３２１９５８０３１７００２Ｘ",
        "510132　19580317　002ｘ",
        "510132‐19580317–002X",
    ],
)
def test_what_is_typed_in_another_shape_is_put_right(typed: str) -> None:
    assert check_id_number(typed, TODAY).text == REAL_BUT_OFTEN_REJECTED


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "18位"),
        ("5101321958031700", "18位"),
        ("510132580317002", "15位"),
        ("51013219580317O02X", "只能是数字"),
        ("X1013219580317002X", "只能是数字"),
        ("510132195803170021", "校验位"),
        (number("51013220260230002"), "不存在"),
        (number("51013200000101002"), "不存在"),
        (number("51013220261124002"), "今天之后"),
        (number("51013219001122002"), "超过125岁"),
        ("٥١٠١٣٢١٩٥٨٠٣١٧٠٠٢X", "只能是数字"),
    ],
)
def test_a_wrong_number_is_refused_in_words(typed: str, says: str) -> None:
    with pytest.raises(NotValid) as refused:
        check_id_number(typed, TODAY)
    assert says in refused.value.message.zh
    assert refused.value.message.en


def test_the_boundaries_of_age_are_inside() -> None:
    assert check_id_number(number("51013220261123002"), TODAY).birth == TODAY
    assert check_id_number(number("51013219001124002"), TODAY).birth == date(1900, 11, 24)


@pytest.mark.parametrize("area", ["360829", "362429", "510118", "810000", "820000", "830000"])
def test_old_and_new_area_codes_are_known(area: str) -> None:
    """362429 was Anfu until 2000; 81–83 are the residence permits."""
    assert check_id_number(number(f"{area}19580317002"), TODAY).warnings == ()


def test_an_unknown_area_code_only_warns() -> None:
    found = check_id_number(number("99999919580317002"), TODAY)
    assert [warning.zh for warning in found.warnings] == ["前6位地区代码未收录，请核对"]


BIRTHS = st.dates(min_value=TODAY - timedelta(days=125 * 365), max_value=TODAY)


@given(seed=st.integers(0, 2**32), birth=BIRTHS, sex=st.sampled_from(["male", "female"]))
def test_an_invented_number_is_valid_and_says_what_it_was_made_of(seed: int, birth: date, sex: str) -> None:
    text = invent_id_number(Random(seed), birth=birth, sex=sex)  # type: ignore[arg-type]
    found = check_id_number(text, TODAY)
    assert (found.birth, found.sex, found.warnings) == (birth, sex, ())
    assert birth_of(text) == birth


@given(seed=st.integers(0, 2**32))
def test_an_invented_person_is_of_age(seed: int) -> None:
    text = invent_id_number(Random(seed), today=TODAY)
    assert 18 <= completed_age(birth_of(text), TODAY) <= 90


@given(seed=st.integers(0, 2**32), place=st.integers(0, 17), digit=st.sampled_from("0123456789X"))
def test_one_wrong_character_never_passes(seed: int, place: int, digit: str) -> None:
    right = invent_id_number(Random(seed))
    wrong = right[:place] + digit + right[place + 1 :]
    if wrong != right:
        with pytest.raises(NotValid):
            check_id_number(wrong, TODAY)


@given(st.text(max_size=40))
def test_no_text_whatever_breaks_a_check(text: str) -> None:
    for check in (lambda t: check_id_number(t, TODAY), check_name, check_phone, check_account):
        try:
            check(text)
        except NotValid as refused:
            assert refused.message.zh and refused.message.en


def test_somebody_born_on_29_february_grows_older_on_1_march() -> None:
    assert completed_age(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert completed_age(date(2012, 2, 29), date(2026, 3, 1)) == 14


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张明", "张明"),
        ("张　明", "张明"),
        (" 欧阳小锋 ", "欧阳小锋"),
        ("买买提•阿卜杜拉", "买买提·阿卜杜拉"),
        ("买买提・阿卜杜拉", "买买提·阿卜杜拉"),
        ("𠮷野明", "𠮷野明"),
        ("王𱍐", "王𱍐"),
        ("〇明", "〇明"),
    ],
)
def test_a_name_keeps_its_exact_characters(typed: str, kept: str) -> None:
    assert check_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("张", "2至20"),
        ("张" * 21, "2至20"),
        ("张3", "“3”"),
        ("Zhang", "“Z”"),
        ("张明\u0007", "U+0007"),
        ("·张明", "中间"),
        ("张明·", "中间"),
        ("买买提··阿卜杜拉", "中间"),
        ("张明😀", "😀"),
    ],
)
def test_what_is_no_chinese_name_is_refused(typed: str, says: str) -> None:
    with pytest.raises(NotValid) as refused:
        check_name(typed)
    assert says in refused.value.message.zh


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=20))
def test_every_name_of_common_characters_passes(name: str) -> None:
    assert check_name(name) == name
    assert all(is_han(character) for character in name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 0796 0001", "13807960001"),
        ("+86 138-0796-0001", "13807960001"),
        ("１３８０７９６０００１", "13807960001"),
        ("0796-7622222", "0796-7622222"),
        ("(0796)7622222".replace("(", "").replace(")", "-"), "0796-7622222"),
        ("07967622222", "0796-7622222"),
        ("010-62222222", "010-62222222"),
        ("7622222", "7622222"),
    ],
)
def test_a_mobile_number_or_a_landline_passes(typed: str, kept: str) -> None:
    assert check_phone(typed) == kept


@pytest.mark.parametrize("typed", ["", "1380796000", "23807960001", "电话", "0796-122"])
def test_another_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(NotValid, match="mobile"):
        check_phone(typed)


def test_a_passbook_number_only_warns() -> None:
    assert check_account("6222 0210 0111 6245 702").text == "6222021001116245702"
    assert check_account("4111111111111111").warnings == ()
    assert len(check_account("4111111111111112").warnings) == 1


@pytest.mark.parametrize("typed", ["", "12345678901", "1" * 20, "62220210011162457O2"])
def test_an_account_of_another_length_is_refused(typed: str) -> None:
    with pytest.raises(NotValid, match="12 to 19"):
        check_account(typed)
