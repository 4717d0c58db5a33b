"""One answer, as typed, becomes a value: cleaned, checked, or refused in words (domain 4.2).

Numbers and dates may be typed in full-width characters. What is typed is never changed for the
person: the caller keeps it and shows it again.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from bpmn import Field, Text
from workflow.register import identity

Value = str | int | bool | Decimal | date | tuple[str, ...]

LONGEST: Final = MappingProxyType({"text": 200, "longtext": 4000})
"""Characters a text may have when its field does not say."""

_SHOWN: Final = 20
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_MONEY: Final = re.compile(r"[¥]?([+-]?)([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(\.[0-9]*)?元?")
_DATES: Final = (
    re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"),
    re.compile(r"([0-9]{4})(年)([0-9]{1,2})月([0-9]{1,2})日?"),
    re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})"),
)
_YES: Final = MappingProxyType({"yes": True, "no": False, "是": True, "否": False})


class NotAnAnswer(Exception):
    """What was typed is not an answer; `message` says what it is and what would be right."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh, en)


def is_empty(raw: str | list[str] | None) -> bool:
    if raw is None:
        return True
    return all(not item.strip() for item in raw) if isinstance(raw, list) else not raw.strip()


def read_value(field: Field, raw: str | list[str], today: date) -> Value:
    """The value of a field that is not empty. Raises NotAnAnswer."""
    if field.type == "choices":
        return _choices(field, [raw] if isinstance(raw, str) else raw)
    if isinstance(raw, list):
        if len(raw) != 1:
            raise NotAnAnswer(
                f"填了{len(raw)}次，只能填一次", f"Given {len(raw)} times; one answer is wanted"
            )
        raw = raw[0]
    return READERS[field.type](field, raw, today)


def _shown(raw: str) -> str:
    text = " ".join(raw.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _digits(raw: str) -> str:
    """Full-width figures, the minus of print and spaces put right."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", raw)).replace("−", "-")


def _unit(field: Field) -> tuple[str, str]:
    return (field.unit.zh, f" {field.unit.en}") if field.unit else ("", "")


def _plain(raw: str) -> str:
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text  # nearly always: asked of the whole text at once
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Cn"} and character not in "\n\t":
            raise NotAnAnswer(
                f"有一个不能显示的字符（U+{ord(character):04X}），删掉它再提交",
                f"There is a character that cannot be shown (U+{ord(character):04X}); take it out",
            )
    return text


def _text(field: Field, raw: str, today: date) -> str:
    text = _plain(raw)
    if field.type == "text":
        text = " ".join(text.split())
    length = len("".join(text.split()))
    least = field.min if isinstance(field.min, int) else 1
    most = field.max if isinstance(field.max, int) else LONGEST[field.type]
    if length < least:
        raise NotAnAnswer(
            f"{_named(field)}只写了{length}个字，至少写{least}个字",
            f"Only {length} characters are written; at least {least} are needed",
        )
    if length > most:
        raise NotAnAnswer(
            f"{_named(field)}写了{length}个字，最多写{most}个字",
            f"{length} characters are written; at most {most} fit",
        )
    return text


def _named(field: Field) -> str:
    """A label that is a question cannot begin a sentence."""
    return "" if field.label.zh.endswith(("？", "?")) else field.label.zh


def _integer(field: Field, raw: str, today: date) -> int:
    text = _digits(raw)
    if not _INTEGER.fullmatch(text):
        raise NotAnAnswer(
            f"填的是“{_shown(raw)}”，只能填整数，如17", f"“{_shown(raw)}” is no whole number such as 17"
        )
    value = int(text)
    zh, en = _unit(field)
    if isinstance(field.min, int) and value < field.min:
        raise NotAnAnswer(
            f"填了{value}{zh}，最少{field.min}{zh}", f"{value}{en} given; the least is {field.min}"
        )
    if isinstance(field.max, int) and value > field.max:
        raise NotAnAnswer(
            f"填了{value}{zh}，最多{field.max}{zh}", f"{value}{en} given; the most is {field.max}"
        )
    return value


def _money(field: Field, raw: str, today: date) -> Decimal:
    found = _MONEY.fullmatch(_digits(raw))
    if found is None:
        raise NotAnAnswer(
            f"金额填的是“{_shown(raw)}”，只能填数字，如15,199.60",
            f"“{_shown(raw)}” is no amount such as 15,199.60",
        )
    sign, whole, cents = found.groups()
    if cents is not None and not 2 <= len(cents) <= 3:
        raise NotAnAnswer(
            f"金额“{_shown(raw)}”的小数不对，小数点后写一位或两位",
            f"“{_shown(raw)}” has the wrong number of decimals; give one or two",
        )
    value = Decimal(f"{sign}{whole.replace(',', '')}{cents or ''}").quantize(Decimal("0.01"))
    least = Decimal(0 if field.min is None else field.min)
    if value < least:
        raise NotAnAnswer(
            f"填了{_yuan(value)}元，最少{_yuan(least)}元",
            f"{value:,.2f} yuan given; the least is {least:,.2f}",
        )
    if field.max is not None and value > Decimal(field.max):
        most = Decimal(field.max)
        raise NotAnAnswer(
            f"填了{_yuan(value)}元，最多{_yuan(most)}元", f"{value:,.2f} yuan given; the most is {most:,.2f}"
        )
    return value


def _yuan(value: Decimal) -> str:
    return f"{value:,.2f}".replace("-", "−")


def _date(field: Field, raw: str, today: date) -> date:
    text = _digits(raw)
    parts = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if parts is None:
        raise NotAnAnswer(
            f"日期填的是“{_shown(raw)}”，按2026-11-23这样写",
            f"“{_shown(raw)}” is no date; write it as 2026-11-23",
        )
    year, month, day = (int(parts[number]) for number in (1, 3, 4))
    try:
        value = date(year, month, day)
    except ValueError:
        raise NotAnAnswer(
            f"没有{year}年{month}月{day}日这一天，核对月份和日子",
            f"There is no day {year}-{month:02}-{day:02}; check month and day",
        ) from None
    _check_day(field, value, today)
    return value


def _check_day(field: Field, value: date, today: date) -> None:
    if field.min is not None and value < (first := bound_day(field.min, today)):
        raise NotAnAnswer(
            f"日期填的是{value}，不能早于{first}", f"The date is {value}; it cannot be before {first}"
        )
    if field.max is not None and value > (last := bound_day(field.max, today)):
        note = ("今天", "today, ") if last == today else ("", "")
        raise NotAnAnswer(
            f"日期填的是{value}，不能晚于{note[0]}{last}",
            f"The date is {value}; it cannot be after {note[1]}{last}",
        )


def bound_day(bound: int | str, today: date) -> date:
    """The day that "today", "-30d", "+10d" or an ISO day means."""
    text = str(bound)
    if text == "today":
        return today
    if text.endswith("d"):
        return today + timedelta(days=int(text[:-1]))
    return date.fromisoformat(text)


def _choice(field: Field, raw: str, today: date) -> str:
    chosen = raw.strip()
    if chosen not in {choice.id for choice in field.choices}:
        raise NotAnAnswer(
            f"“{_shown(raw)}”现在不能选，从列出的选项里选一项",
            f"“{_shown(raw)}” cannot be chosen now; choose one of those listed",
        )
    return chosen


def _choices(field: Field, raw: list[str]) -> tuple[str, ...]:
    chosen = {_choice(field, item, date.min) for item in raw if item.strip()}
    return tuple(choice.id for choice in field.choices if choice.id in chosen)


def _yesno(field: Field, raw: str, today: date) -> bool:
    answer = _YES.get(raw.strip())
    if answer is None:
        raise NotAnAnswer(f"“{_shown(raw)}”不是答案，选“是”或“否”", f"“{_shown(raw)}” is neither yes nor no")
    return answer


def _by_identity(check: Callable[[str, date], str]) -> Callable[[Field, str, date], str]:
    def read(field: Field, raw: str, today: date) -> str:
        try:
            return check(raw, today)
        except identity.NotValid as fault:
            raise NotAnAnswer(fault.message.zh, fault.message.en) from fault

    return read


READERS: Final[Mapping[str, Callable[[Field, str, date], Value]]] = MappingProxyType(
    {
        "text": _text,
        "longtext": _text,
        "integer": _integer,
        "money": _money,
        "date": _date,
        "choice": _choice,
        "yesno": _yesno,
        "idnumber": _by_identity(lambda raw, today: identity.check_id_number(raw, today).text),
        "name": _by_identity(lambda raw, today: identity.check_name(raw)),
        "phone": _by_identity(lambda raw, today: identity.check_phone(raw)),
        "account": _by_identity(lambda raw, today: identity.check_account(raw).text),
    }
)


def as_shown(value: Value | None) -> str:
    """A value inside a message: amounts with commas, dates as 2026-11-19, lists with 、."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case Decimal():
            return _yuan(value)
        case tuple():
            return "、".join(value)
        case _:
            return str(value)


def tell(text: Text, values: Mapping[str, object]) -> Text:
    """A text of a form with its `{placeholders}` filled; "…" where nothing is known yet. Whole fen, which
    variables called `…_fen` hold, are told in yuan.
    """
    told = {name: _told(name, value) for name, value in values.items() if value is not None}
    return text.fill(_Told(told))


def _told(name: str, value: object) -> object:
    return _yuan(Decimal(value).scaleb(-2)) if name.endswith("_fen") and isinstance(value, int) else value


class _Told(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def as_condition(value: Value | None) -> object:
    """A value as conditions and the engine see it: fen for money, ISO text for dates, lists."""
    match value:
        case Decimal():
            return int(value.scaleb(2))
        case tuple():
            return list(value)
        case date():
            return value.isoformat()
        case _:
            return value


def as_sealed(value: Value) -> object:
    """A value for the vault: JSON, money as yuan with two decimals."""
    return f"{value:.2f}" if isinstance(value, Decimal) else as_condition(value)
