"""Strict reading of TOML: every key is expected, every fault is noted, reading goes on."""

import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from string import Formatter
from types import MappingProxyType
from typing import Any, TypeVar

from bpmn.faults import Fault
from bpmn.text import Text

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
NO_TEXT = Text("", "")
Kind = TypeVar("Kind")


class Section:
    """One table of a TOML file. What is missing or wrong becomes a fault and a harmless stand-in.

    Ask for every key the table may have, then `close()` it: what was not asked for is unknown.
    """

    def __init__(self, faults: list[Fault], file: str, element: str, data: Mapping[str, Any]) -> None:
        self.faults, self.file, self.element, self._data = faults, file, element, data
        self._asked: set[str] = set()

    def fault(self, zh: str, en: str, key: str = "") -> None:
        element = ".".join(part for part in (self.element, key) if part) or "-"
        self.faults.append(Fault(self.file, element, Text(zh, en)))

    def has(self, key: str) -> bool:
        return key in self._data

    def keys(self) -> list[str]:
        return list(self._data)

    def _value(self, key: str, kinds: tuple[type, ...], zh: str, en: str, *, required: bool) -> Any:
        self._asked.add(key)
        if key not in self._data:
            if required:
                self.fault(f"缺少“{key}”", f"{key!r} is missing", key)
            return None
        value = self._data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fault(f"应为{zh}，现为{value!r}", f"should be {en}, is {value!r}", key)
            return None
        return value

    def string(self, key: str, default: str | None = None) -> str:
        value = self._value(key, (str,), "文字", "a text", required=default is None)
        if isinstance(value, str) and not value.strip():
            self.fault("不能为空", "must not be empty", key)
        return value if isinstance(value, str) else (default or "")

    def named_by_file(self) -> str:
        """The `id` of a file that is named by it."""
        name = self.string("id")
        if f"{name}.toml" != self.file:
            self.fault(f"应与文件名“{self.file}”一致", f"should be the name of its file, {self.file}", "id")
        return name

    def number(self, key: str) -> Decimal:
        """A number written as a text, so that no digit is lost."""
        try:
            value = Decimal(self.string(key))
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite():
            return value
        self.fault("应为数字", "should be a number", key)
        return Decimal(0)

    def maybe_string(self, key: str) -> str | None:
        return self.string(key, "") if self.has(key) else None

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, (bool,), "true 或 false", "true or false", required=False)
        return default if value is None else bool(value)

    def flag_or_name(self, key: str) -> bool | str:
        """True or false, or the name of something; false where it is not there."""
        value = self._value(key, (bool, str), "true、false 或名称", "true, false or a name", required=False)
        return value if isinstance(value, bool | str) else False

    def whole(self, key: str, *, required: bool = True, least: int | None = None) -> int | None:
        value = self._value(key, (int,), "整数", "a whole number", required=required)
        if value is not None and least is not None and value < least:
            self.fault(f"最小为{least}，现为{value}", f"must be at least {least}, is {value}", key)
        return value if isinstance(value, int) else None

    def figure(self, key: str) -> int | float | str:
        """A figure that is compared with: a number, or a text such as a day or a word."""
        value = self._value(key, (int, float, str), "数字或文字", "a number or a text", required=True)
        return value if isinstance(value, int | float | str) else 0

    def bound(self, key: str) -> int | str | None:
        """A lower or upper bound: a whole number, or text for a date or an amount of money."""
        value = self._value(key, (int, str), "整数或文字", "a whole number or a text", required=False)
        return value if isinstance(value, int | str) else None

    def strings(self, key: str) -> tuple[str, ...]:
        value = self._value(key, (list,), "文字的列表", "a list of texts", required=False)
        if value is None:
            return ()
        if not all(isinstance(item, str) and item for item in value):
            self.fault("应为文字的列表", "should be a list of texts", key)
            return ()
        if len(set(value)) != len(value):
            self.fault("列表有重复", "the list repeats itself", key)
        return tuple(value)

    def text(self, key: str) -> Text:
        """A text in both languages; each must be there."""
        value = self._value(key, (dict,), "{zh, en} 两种文字", "{zh, en}", required=True)
        return self._both(key, value) if isinstance(value, dict) else NO_TEXT

    def maybe_text(self, key: str) -> Text | None:
        return self.text(key) if self.has(key) else None

    def _both(self, key: str, value: Mapping[str, Any]) -> Text:
        part = Section(self.faults, self.file, f"{self.element}.{key}".strip("."), value)
        text = Text(part.string("zh"), part.string("en"))
        part.close()
        return text

    def here(self) -> Text:
        """The table itself as a text: its keys `zh` and `en`."""
        return Text(self.string("zh"), self.string("en"))

    def sections(self, key: str) -> list["Section"]:
        value = self._value(key, (list,), "表的列表", "a list of tables", required=False)
        found = []
        for number, row in enumerate(value or (), start=1):
            element = f"{self.element}.{key}[{number}]".strip(".")
            if isinstance(row, dict):
                name = row.get("id")
                found.append(Section(self.faults, self.file, str(name) if name else element, row))
            else:
                self.fault("应为表", "should be a table", f"{key}[{number}]")
        return found

    def under(self, key: str) -> "Section | None":
        value = self._value(key, (dict,), "表", "a table", required=True)
        element = f"{self.element}.{key}".strip(".")
        return Section(self.faults, self.file, element, value) if isinstance(value, dict) else None

    def tables(self, key: str) -> dict[str, "Section"]:
        """The tables below a table, by their names."""
        part = self.under(key)
        found = {name: part.under(name) for name in part.keys()} if part is not None else {}  # noqa: SIM118
        return {name: section for name, section in found.items() if section is not None}

    def by_name(self, key: str, read: Callable[["Section", str], Kind]) -> Mapping[str, Kind]:
        """What stands under each name of a table below, read by `read`; nothing where there is no table."""
        part = self.under(key) if self.has(key) else None
        if part is None:
            return MappingProxyType({})
        return MappingProxyType({name: read(part, name) for name in part.keys()})  # noqa: SIM118  no mapping

    def close(self) -> None:
        for key in sorted(set(self._data) - self._asked):
            self.fault(f"不认识“{key}”", f"{key!r} is unknown", key)


def read_toml(faults: list[Fault], file: str, content: bytes) -> Section | None:
    """The whole file as a section, or None when it is not TOML (then that is the fault)."""
    try:
        return Section(faults, file, "", _parsed(content))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = Text(f"不是有效的 TOML 文件：{error}", f"not valid TOML: {error}")
        faults.append(Fault(file, "-", reason))
        return None


@lru_cache(maxsize=512)
def _parsed(content: bytes) -> Mapping[str, Any]:
    """Remembered: of a changed rule book most files are as they were. A section only looks at it."""
    return tomllib.loads(content.decode("utf-8"))


def placeholders(section: Section, text: Text, key: str) -> frozenset[str]:
    """The `{names}` in a text. A broken brace, or other names in the other language, is a fault."""
    found = []
    for wording in (text.zh, text.en):
        try:
            parts = list(Formatter().parse(wording))
        except ValueError as error:
            section.fault(f"括号不成对：{error}", f"unbalanced braces: {error}", key)
            return frozenset()
        names = {name for _, name, _, _ in parts if name is not None}
        if any(not SNAKE_CASE.match(name) for name in names) or any(spec for _, _, spec, _ in parts):
            section.fault("占位符只能是名称", "a placeholder is a plain name", key)
            return frozenset()
        found.append(names)
    if found[0] != found[1]:
        odd = "、".join(sorted(found[0] ^ found[1]))
        section.fault(f"中英文占位符不一致：{odd}", f"the languages differ in placeholders: {odd}", key)
    return frozenset(found[0] & found[1])
