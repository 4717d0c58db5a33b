"""Raw fields of a page read one by one, with every fault gathered (domain 4.2)."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from bpmn import Text
from workflow.errors import AnswersRefused, FieldFault
from workflow.register.identity import NotValid

Raw = Mapping[str, str]
Value = TypeVar("Value")
EMPTY: Final = Text("这一项不能空着", "This must not be empty")


class Reading:
    """Reads raw fields one by one and gathers what is wrong with them."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.faults: list[FieldFault] = []

    def fault(self, field: str, zh: str, en: str) -> None:
        self.faults.append(FieldFault(field, Text(zh, en)))

    def take(self, field: str, read: Callable[[str], Value], *, needed: bool = True) -> Value | None:
        text = self.raw.get(field, "").strip()
        if not text:
            if needed:
                self.faults.append(FieldFault(field, EMPTY))
            return None
        try:
            return read(text)
        except NotValid as error:
            self.faults.append(FieldFault(field, error.message))
            return None

    def finish(self) -> None:
        if self.faults:
            raise AnswersRefused(self.faults)


def short(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            raise NotValid(f"写了{len(text)}个字，最多{most}个字", f"{len(text)} characters; {most} at most")
        return text

    return read


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise NotValid("日期应如2026-11-19", "A day looks like 2026-11-19") from None


def money(text: str) -> Decimal:
    plain = text.replace(",", "").replace("，", "")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise NotValid("金额应如15199.60", "An amount looks like 15199.60") from None
    if not amount.is_finite() or amount < 0 or amount != amount.quantize(Decimal("0.01")):
        raise NotValid(
            "金额不能是负数，最多两位小数", "An amount is not negative and has two decimals at most"
        )
    if amount >= Decimal("100000000"):
        raise NotValid("金额太大，请核对", "The amount is too large; check it")
    return amount.quantize(Decimal("0.01"))


def one_of(known: Mapping[str, object]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise NotValid("请从列表里选", "Choose one of the list")
        return text

    return read
