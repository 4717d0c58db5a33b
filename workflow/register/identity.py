"""Identity numbers, names, telephone and account numbers: what is typed is cleaned, then checked.

Domain 4.2 and 10.3. Every check returns the value as it is to be stored and raises `NotValid`, whose
message says in both languages what is wrong.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final, Literal

import bpmn
from bpmn.text import Text

Sex = Literal["male", "female"]

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS: Final = "10X98765432"
OLDEST: Final = 125
_ID = re.compile(r"[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"1[0-9]{10}")
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})?([2-9][0-9]{6,7})")
_ACCOUNT = re.compile(r"[0-9]{12,19}")
_GAPS = re.compile(r"[\s\-‐-―−]+")
_DOTS = re.compile("[•‧・･∙⋅．]")
UNKNOWN_AREA: Final = Text("前6位地区代码未收录，请核对", "The first six digits are no known area; check")
NO_CARD: Final = Text("账号未通过卡号校验；存折账号可以继续", "No card number; a passbook number may go on")
NAME_LENGTH: Final = (2, 20)


class NotValid(ValueError):
    """A value that cannot be stored; `message` says why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked identity number (公民身份号码) with what it says of the person."""

    text: str
    birth: date
    sex: Sex
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """A bank account number of 12–19 digits; a failed Luhn test only warns (passbooks may fail)."""

    text: str
    warnings: tuple[Text, ...] = ()


def check_id_number(text: str, today: date) -> IdNumber:
    """Check an identity number by the rules of domain 10.3.

    Full-width digits, spaces, hyphens and a small x are put right. An unknown area code only warns.

    Raises:
        NotValid: length, characters, date, age or check character are wrong.
    """
    cleaned = _digits(text).upper()
    if len(cleaned) == 15 and cleaned.isdigit():
        raise NotValid(
            "这是15位旧号码，请填写18位公民身份号码", "This is an old number of 15 digits; give the one of 18"
        )
    if len(cleaned) != 18:
        raise NotValid(
            f"身份证号应为18位，现在是{len(cleaned)}位",
            f"An identity number has 18 characters; this one has {len(cleaned)}",
        )
    if not _ID.fullmatch(cleaned):
        raise NotValid("身份证号只能是数字，最后一位可以是X", "Only digits are allowed, and X at the end")
    birth = _birth(cleaned)
    if birth > today:
        raise NotValid("身份证号中的出生日期在今天之后", "The date of birth in the number lies in the future")
    if completed_age(birth, today) > OLDEST:
        raise NotValid(
            f"按身份证号计算年龄超过{OLDEST}岁", f"The number makes the person older than {OLDEST}"
        )
    if check_character(cleaned[:17]) != cleaned[17]:
        raise NotValid(
            "身份证号校验位不符，请核对是否有一位写错",
            "The check character does not fit; one digit may be wrong",
        )
    warnings = () if cleaned[:6] in area_codes() else (UNKNOWN_AREA,)
    return IdNumber(cleaned, birth, "male" if int(cleaned[16]) % 2 else "female", warnings)


def check_character(first_17: str) -> str:
    """The 18th character by ISO 7064 MOD 11-2."""
    return CHECK_CHARACTERS[sum(int(d) * w for d, w in zip(first_17, WEIGHTS, strict=True)) % 11]


def birth_of(id_number: str) -> date:
    """Date of birth in a number that has already been checked."""
    return _birth(id_number)


def completed_age(birth: date, on: date) -> int:
    """Completed years of life on a day. Born on 29 February: a year older on 1 March of other years."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


@cache
def area_codes() -> frozenset[str]:
    """Six-digit prefixes in use now or before (source: bpmn/divisions/README.md)."""
    path = Path(bpmn.__file__).parent / "divisions" / "area_codes.txt"
    lines = (line.split() for line in path.read_text("utf-8").splitlines() if line[:1] != "#")
    return frozenset(prefecture + ending for prefecture, *endings in lines for ending in endings)


def invent_id_number(
    random: Random,
    *,
    birth: date | None = None,
    sex: Sex | None = None,
    area: str = "360829",
    today: date = date(2026, 1, 1),
) -> str:
    """An invented number with a right check character, for demonstration data and tests.

    `birth` defaults to some day that makes the person 18 to 90 years old on `today`.
    """
    if birth is None:
        birth = today - timedelta(days=random.randint(18 * 366, 90 * 365))
    order = random.randrange(1, 1000)
    if sex is not None and (order % 2 == 1) != (sex == "male"):
        order = order + 1 if order < 999 else order - 1
    first = f"{area}{birth:%Y%m%d}{order:03d}"
    return first + check_character(first)


def check_name(text: str) -> str:
    """A person's name: 2–20 Chinese characters, `·` between the parts of a minority name.

    Spaces that only space the letters out go; other dots become `·`. The characters themselves stay as
    they are (NFC, the form the log demands), those beyond the basic plane included.

    Raises:
        NotValid: too short, too long, or with something that is no Chinese letter.
    """
    name = _DOTS.sub("·", re.sub(r"\s+", "", unicodedata.normalize("NFC", text)))
    least, most = NAME_LENGTH
    if not least <= len(name) <= most:
        raise NotValid(f"姓名应为{least}至{most}个汉字", f"A name has {least} to {most} Chinese characters")
    for character in name:
        if character != "·" and not is_han(character):
            raise NotValid(
                f"姓名只能用汉字和“·”，不能有“{_shown(character)}”",
                f"A name holds Chinese characters and “·” only, not “{_shown(character)}”",
            )
    if name[0] == "·" or name[-1] == "·" or "··" in name:
        raise NotValid("“·”只能放在姓名中间", "“·” stands between the parts of a name only")
    return name


def is_han(character: str) -> bool:
    """Whether a character is a Chinese letter, of any plane (extensions A to J) or 〇."""
    point = ord(character)
    return (
        0x4E00 <= point <= 0x9FFF
        or 0x3400 <= point <= 0x4DBF
        or 0xF900 <= point <= 0xFAFF
        or 0x20000 <= point <= 0x3FFFD
        or point == 0x3007
    )


def check_phone(text: str) -> str:
    """A mobile number (11 digits from 1) or a landline, which keeps its area code: 0796-7622222.

    Raises:
        NotValid: it is neither.
    """
    cleaned = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).removeprefix("+86")
    digits = _GAPS.sub("", cleaned)
    if _MOBILE.fullmatch(digits):
        return digits
    landline = _LANDLINE.fullmatch(digits)
    if landline is None:
        raise NotValid(
            "电话应为11位手机号，或带区号的座机，如0796-7622222",
            "Give a mobile number of 11 digits or a landline such as 0796-7622222",
        )
    area, number = landline.groups()
    return f"{area}-{number}" if area else str(number)


def check_account(text: str) -> AccountNumber:
    """A bank account: 12–19 digits.

    Raises:
        NotValid: other characters, or another length.
    """
    cleaned = _digits(text)
    if not _ACCOUNT.fullmatch(cleaned):
        raise NotValid("银行账号应为12至19位数字", "A bank account has 12 to 19 digits")
    return AccountNumber(cleaned, () if luhn(cleaned) else (NO_CARD,))


def luhn(digits: str) -> bool:
    """The check sum of bank cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _digits(text: str) -> str:
    return _GAPS.sub("", unicodedata.normalize("NFKC", text))


def _birth(id_number: str) -> date:
    try:
        return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    except ValueError:
        raise NotValid("身份证号中的出生日期不存在", "The number holds a date that does not exist") from None


def _shown(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"
