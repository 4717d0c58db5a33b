"""Two languages, both written out where they are used: `t('中文', 'English')`.

Also how days, times and money are written (one way in the whole product).
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, cast

from flask import Flask, g, request
from markupsafe import Markup

from bpmn.text import Text
from web.here import member, now
from workflow.deadlines import SHANGHAI

LANGUAGES = ("zh", "en")
COOKIE = "mj_language"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUS = "\N{MINUS SIGN}"


def language() -> str:
    """zh or en: what the reader chose with the switch, else what the account says, else Chinese."""
    known = g.get("language")
    if known is None:
        chosen = request.cookies.get(COOKIE)
        if chosen not in LANGUAGES:
            person = member()
            chosen = person.language if person is not None else "zh"
        known = g.language = chosen if chosen in LANGUAGES else "zh"
    return cast("str", known)


def t(zh: str | Text, en: str | None = None) -> str:
    """The text in the reader's language: `t('中文', 'English')` or `t(text)`."""
    if isinstance(zh, Text):
        return zh(language())
    if en is None:
        raise TypeError("both languages are needed")
    return en if language() == "en" else zh


def _in_chinese(zh: str | Text, en: str | None = None) -> str:
    return zh.zh if isinstance(zh, Text) else zh


def _in_english(zh: str | Text, en: str | None = None) -> str:
    return zh.en if isinstance(zh, Text) else en or ""


IN_ONE_LANGUAGE: Final = {"zh": _in_chinese, "en": _in_english}
"""`t` for the templates of one language: hundreds of texts on a page, its language asked for once."""


def local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)


def _day(value: date | datetime) -> date:
    return local(value).date() if isinstance(value, datetime) else value


@lru_cache(1024)
def _together(text: str) -> Markup:
    return Markup('<span class="mj-nb">{}</span>').format(text)


def plain_day(value: date | datetime, *, weekday: bool = False, year: bool = False) -> str:
    """11月23日; with the year only if it is not this one (or asked for)."""
    day = _day(value)
    return _written(day, weekday, year or day.year != _this_year(), language() == "en")


def _this_year() -> int:
    """Asked by every day of a page."""
    year = g.get("year")
    if year is None:
        year = g.year = local(now()).year
    return cast("int", year)


@lru_cache(1024)
def _written(day: date, weekday: bool, year: bool, english: bool) -> str:
    if english:
        text = f"{day.day} {MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")
        return f"{WEEKDAYS_EN[day.weekday()]} {text}" if weekday else text
    text = (f"{day.year}年" if year else "") + f"{day.month}月{day.day}日"
    return f"{text}（星期{WEEKDAYS_ZH[day.weekday()]}）" if weekday else text


def day(value: date | datetime | None, **how: bool) -> Markup:
    return _together(plain_day(value, **how)) if value is not None else Markup("")


def due_day(value: datetime | None, **how: bool) -> Markup:
    """The last day of a limit, from the instant at which it becomes late (midnight after that day)."""
    return day(local(value) - timedelta(microseconds=1), **how) if value is not None else Markup("")


def iso(value: date | datetime | None) -> str:
    """2026-11-19, for forms, tables and logs."""
    return _day(value).isoformat() if value is not None else ""


def clock(value: datetime | None) -> str:
    """9:04"""
    return f"{local(value).hour}:{local(value).minute:02}" if value is not None else ""


def moment(value: datetime | None, **how: bool) -> Markup:
    """11月23日 9:04"""
    if value is None:
        return Markup("")
    return day(value, **how) + " " + _together(clock(value))


def figure(value: Decimal | int | None) -> str:
    """15,199.60, with a real minus sign; for tables whose head names the unit."""
    if value is None:
        return ""
    text = f"{abs(value):,.2f}"
    return MINUS + text if value < 0 else text


def amount(value: str) -> str:
    """15,199.60 from an amount kept as text."""
    return figure(Decimal(value))


def chinese_day(value: date | datetime) -> Markup:
    """2026年11月19日, for printed pages, which are Chinese whatever the reader's language."""
    day = _day(value)
    return _together(f"{day.year}年{day.month}月{day.day}日")


def yuan(value: Decimal | int | None) -> Markup:
    """15,199.60元, never broken over a line."""
    if value is None:
        return Markup("")
    return _together(t(f"{figure(value)}元", f"{figure(value)} yuan"))


def size(value: int) -> str:
    """1.2 MB"""
    return f"{value / 1_048_576:.1f} MB" if value >= 104_858 else f"{max(1, round(value / 1024))} kB"


def nb(value: Any) -> Markup:
    """Keep together what must not break: a number with its unit, a telephone number."""
    return Markup('<span class="mj-nb">{}</span>').format(value)


def install(app: Flask) -> None:
    env = app.jinja_env
    env.globals.update(t=t, language=language, now=now)
    env.filters.update(
        nb=nb,
        text=t,
        day=day,
        iso=iso,
        due_day=due_day,
        amount=amount,
        chinese_day=chinese_day,
        clock=clock,
        moment=moment,
        figure=figure,
        yuan=yuan,
        size=size,
    )
