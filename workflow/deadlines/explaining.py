"""Why a limit ends when it does: sentences and a grid of weeks that a clerk can follow with a finger.

Every sentence is worked out from the same track of days that the due time comes from.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from bpmn.text import Text
from workflow.deadlines import words
from workflow.deadlines.calendar import SATURDAY, Calendar
from workflow.deadlines.clock import standing
from workflow.deadlines.ending import Due, due
from workflow.deadlines.festivals import festival_name
from workflow.deadlines.grid import DayCell, weeks_of
from workflow.deadlines.limits import Limit
from workflow.deadlines.running import Pause, Run, Track, as_of, local_day, midnight

START: Final = Text("起算", "Start")
RULE: Final = Text("时限", "Limit")
PAUSE: Final = Text("停表", "Stopped")
RESUME: Final = Text("恢复", "Resumed")
SWAPPED: Final = Text("调休", "Swapped days")
EXTENDED: Final = Text("延期", "Extended")
END: Final = Text("到期", "Due")
PROVISIONAL: Final = Text("暂定", "Provisional")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One step of the count: `label` (时限, 起算, 停表, 恢复, 延期, 调休, 到期, 暂定) and its `text`."""

    label: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """`facts` in order of the count; `weeks` of seven cells, Monday first; `paused` days in all."""

    due: Due
    facts: tuple[Sentence, ...]
    weeks: tuple[tuple[DayCell, ...], ...]
    paused: int

    @property
    def sentences(self) -> tuple[Text, ...]:
        """The facts as running text, each with its label in front."""
        pairs = ((fact.label, fact.text) for fact in self.facts)
        return tuple(Text(f"{label.zh}：{text.zh}", f"{label.en}: {text.en}") for label, text in pairs)

    @property
    def days(self) -> tuple[DayCell, ...]:
        """The cells of all weeks in one row."""
        return tuple(cell for week in self.weeks for cell in week)


def explain(run: Run, calendar: Calendar, now: datetime, event: Text) -> Explanation:
    """Explain a run as it was known at `now`. `event`: what started it (受理 / accepted)."""
    return _Teller(as_of(run, now), calendar, now, event).tell()


def sentence_of(run: Run, calendar: Calendar, now: datetime, event: Text) -> str:
    """The whole explanation in Chinese, as the log keeps it: the sentences of the page in one line."""
    known, year = as_of(run, now), date.fromordinal(local_day(now)).year
    if not known.undisturbed:
        return _in_one_line(_Teller(known, calendar, now, event))
    return _undisturbed(known.limit, local_day(known.started_at), calendar, year, event)


@lru_cache(1024)
def _undisturbed(limit: Limit, start: int, calendar: Calendar, year: int, event: Text) -> str:
    """The sentence of a limit in days that nothing has touched: the same for all that begin on one day."""
    now = midnight(date(year, 1, 1).toordinal())
    return _in_one_line(_Teller(Run(limit, midnight(start)), calendar, now, event))


def _in_one_line(teller: "_Teller") -> str:
    return "".join(f"{fact.label.zh}：{fact.text.zh}" for fact in teller.facts())


class _Teller:
    def __init__(self, run: Run, calendar: Calendar, now: datetime, event: Text) -> None:
        self.run, self.calendar, self.now, self.event = run, calendar, now, event
        self.track = Track(run.started_at, run.pauses, calendar)
        self.due = due(run, calendar)
        self.unit, self.amount = run.limit.unit, run.amount
        self.on = run.limit.on
        self.year = date.fromordinal(local_day(now)).year

    def facts(self) -> tuple[Sentence, ...]:
        facts = [self.ruling(), self.starting()]
        for pause in sorted(self.run.pauses, key=lambda pause: pause.start):
            facts += self.pausing(pause)
        facts += self.extending()
        facts += self.swapping()
        facts.append(self.ending())
        if self.due.provisional:
            facts.append(self.provisional())
        return tuple(facts)

    def tell(self) -> Explanation:
        facts = self.facts()
        gaps = self.track.gaps if self.unit != "h" and self.on is None else []
        paused = sum(self.track.span(self.unit, max(low, self.track.start), high) for low, high in gaps)
        grid = weeks_of(self.run, self.calendar, self.track, self.due, self.event, self.now)
        return Explanation(self.due, facts, grid, paused)

    def day(self, ordinal: int) -> Text:
        return words.day_text(date.fromordinal(ordinal), self.year)

    def described(self, ordinal: int) -> Text:
        """A day, and if it is a make-up day or a weekend day, what it is."""
        day = date.fromordinal(ordinal)
        plain = words.day_text(day, self.year)
        if self.calendar.is_make_up(day):
            name = self.named(day)
            wd = words.weekday(day)
            zh = f"{plain.zh}（{wd.zh}，{name.zh}调休上班）"
            return Text(zh, f"{plain.en} ({wd.en}, a make-up day for {name.en})")
        return words.day_with_weekday(day, self.year) if day.weekday() >= SATURDAY else plain

    def named(self, day: date) -> Text:
        special = self.calendar.special(day)
        return festival_name(special.name) if special else words.weekday(day)

    def ruling(self) -> Sentence:
        """Which limit it is, how long, and where it is written."""
        limit = self.run.limit
        length = words.length(limit.amount, self.unit) if self.on is None else self.on.words
        text = Text(
            f"{limit.name.zh}，{length.zh}（{limit.id}，依据：{limit.source}）。",
            f"{limit.name.en}, {length.en} ({limit.id}, source: {limit.source}).",
        )
        return Sentence(RULE, text)

    def starting(self) -> Sentence:
        hours = self.unit == "h"
        start = words.moment_text(self.run.started_at, self.year) if hours else self.day(self.track.start)
        zh, en = f"{start.zh}{self.event.zh}。", f"{start.en}, {self.event.en}. "
        if self.on is not None:
            en = en.rstrip()  # the rule itself says how it is counted
        elif hours:
            zh, en = f"{zh}按小时连续计算，休息日不停。", f"{en}Hours run on, rest days too."
        else:
            first, one = self.described(self.track.nth(self.unit, 1)), words.nth(1, self.unit)
            zh = f"{zh}当天不算，{first.zh}是{one.zh}。"
            en = f"{en}That day is not counted: {first.en} is {one.en}."
        return Sentence(START, Text(zh, en))

    def pausing(self, pause: Pause) -> list[Sentence]:
        stop = local_day(pause.start)
        ground = Text(f"依据：{pause.reason.zh}。", f"Ground: {pause.reason.en}.")
        if self.unit == "h" or self.on is not None:
            return self.pausing_hours(pause, ground)
        used = words.length(min(self.amount, self.track.counted(self.unit, stop)), self.unit)
        day, following = self.day(stop), self.day(stop + 1)
        if pause.end is not None and local_day(pause.end) <= stop:
            zh = f"{day.zh}停表，当天恢复，不影响计算。"
            en = f"On {day.en}, and on again the same day: no effect. "
            return [Sentence(PAUSE, Text(zh + ground.zh, en + ground.en))]
        stopped = Sentence(
            PAUSE,
            Text(
                f"{day.zh}停止计时，已用{used.zh}，{following.zh}起停表。{ground.zh}",
                f"On {day.en}, with {used.en} used; the clock stands from {following.en}. {ground.en}",
            ),
        )
        return [stopped] if pause.end is None else [stopped, self.resuming(stop, local_day(pause.end))]

    def resuming(self, stop: int, resume: int) -> Sentence:
        day = self.day(resume)
        stood = words.length(self.track.span(self.unit, max(stop, self.track.start), resume), self.unit)
        tail = Text(f"停表共{stood.zh}。", f"The clock stood for {stood.en}.")
        used = self.track.counted(self.unit, resume)
        if used < self.amount:
            following = self.described(self.track.nth(self.unit, used + 1))
            number = words.nth(used + 1, self.unit)
            going = Text(f"{following.zh}是{number.zh}", f"{following.en} is {number.en}")
        elif stop <= self.due.day.toordinal():
            given = self.described(self.due.day.toordinal())
            going = Text(
                f"停表正在最后一日，{given.zh}补足这一日",
                f"the clock was stopped on the last day, which is given back on {given.en}",
            )
        else:
            going = Text("停表前已经到期", "the limit had ended before")
        zh = f"{day.zh}恢复计时，当天不算，{going.zh}。{tail.zh}"
        return Sentence(RESUME, Text(zh, f"On {day.en}; that day is not counted: {going.en}. {tail.en}"))

    def pausing_hours(self, pause: Pause, ground: Text) -> list[Sentence]:
        start = words.moment_text(pause.start, self.year)
        found = [Sentence(PAUSE, Text(f"{start.zh}停表。{ground.zh}", f"At {start.en}. {ground.en}"))]
        if pause.end is not None:
            end = words.moment_text(pause.end, self.year)
            found.append(Sentence(RESUME, Text(f"{end.zh}恢复计时。", f"At {end.en}.")))
        return found

    def extending(self) -> list[Sentence]:
        extension = self.run.extension
        if extension is None:
            return []
        day = words.day_text(date.fromordinal(local_day(extension.at)), self.year)
        plain, more, whole = (
            words.length(amount, self.unit)
            for amount in (self.run.limit.amount, extension.amount, self.amount)
        )
        text = Text(
            f"{day.zh}经督办人员批准，{plain.zh}延长{more.zh}，共{whole.zh}。",
            f"On {day.en} a supervisor added {more.en} to the {plain.en}: {whole.en} in all.",
        )
        return [Sentence(EXTENDED, text)]

    def swapping(self) -> list[Sentence]:
        """The make-up days that were counted and the holidays on weekdays that were not."""
        if self.unit != "wd":
            return []
        made_up: list[Text] = []
        free: list[tuple[str, int, int]] = []  # name, first day, last day
        stopped = self.run.standing_since
        last = self.due.day.toordinal() if stopped is None else local_day(stopped.start)
        for ordinal in self.calendar.special_between(self.track.start, last):
            special = self.calendar.special(date.fromordinal(ordinal))
            if special is None or any(low < ordinal <= high for low, high in self.track.gaps):
                continue
            if special.working:
                made_up.append(words.day_with_weekday(date.fromordinal(ordinal), self.year))
            elif free and free[-1][0] == special.name and free[-1][2] == ordinal - 1:
                free[-1] = (special.name, free[-1][1], ordinal)
            else:
                free.append((special.name, ordinal, ordinal))
        zh, en = [], []
        if made_up:
            days = words.enumerate_texts(made_up)
            zh.append(f"{days.zh}调休上班，计入")
            en.append(f"{days.en}: made up by working, counted")
        if free:
            days = words.enumerate_texts([self.holiday(*group) for group in free])
            zh.append(f"{days.zh}放假，不计入")
            en.append(f"{days.en}: off, not counted")
        return [Sentence(SWAPPED, Text(f"{'；'.join(zh)}。", f"{'; '.join(en)}."))] if zh else []

    def holiday(self, name: str, first: int, last: int) -> Text:
        both, one, other = festival_name(name), self.day(first), self.day(last)
        if first == last:
            return Text(f"{one.zh}（{both.zh}）", f"{one.en} ({both.en})")
        return Text(f"{one.zh}至{other.zh}（{both.zh}）", f"{one.en} to {other.en} ({both.en})")

    def ending(self) -> Sentence:
        end = self.end_text()
        if self.run.standing_since is not None:
            left = words.length(standing(self.run, self.calendar, self.now).remaining, self.unit)
            zh = f"停表期间不计时，恢复后还剩{left.zh}。停表前推算{end.zh}到期。"
            en = f"Open while the clock stands, with {left.en} left. It would have been {end.en}."
            return Sentence(END, Text(zh, en))
        if self.on is not None:
            return Sentence(END, Text(f"{end.zh}。", f"{end.en}."))
        if self.unit == "h":
            full = words.length(self.amount, "h")
            zh, en = (
                f"满{full.zh}，{end.zh}，遇休息日不顺延。",
                f"After {full.en}, {end.en}, rest day or not.",
            )
        else:
            zh, en = self.last_day(end)
        before = due(replace(self.run, pauses=()), self.calendar) if self.run.pauses else self.due
        if before.at != self.due.at:
            hours = self.unit == "h"
            plain = (
                words.moment_text(before.at, self.year) if hours else words.day_text(before.day, self.year)
            )
            zh += f"没有停表时本应{plain.zh}到期。"
            en += f" Without the pauses it would have been {plain.en}."
        return Sentence(END, Text(zh, en))

    def last_day(self, end: Text) -> tuple[str, str]:
        last = self.track.nth(self.unit, self.amount)
        number = words.nth(self.amount, self.unit)
        closing = self.due.day.toordinal()
        if last == closing or any(low <= last <= high for low, high in self.track.gaps):
            return f"{number.zh}，{end.zh}。", f"{number.en.capitalize()}, {end.en}."
        day = date.fromordinal(last)
        special = self.calendar.special(day)
        name = festival_name(special.name) if special else words.weekday(day)
        plain = words.day_text(day, self.year)
        return (
            f"{number.zh}{plain.zh}是休息日（{name.zh}），顺延到下一个工作日，{end.zh}。",
            f"{number.en.capitalize()}, {plain.en}, is a rest day ({name.en}): moved to the next "
            f"working day, {end.en}.",
        )

    def end_text(self) -> Text:
        whole_day = self.due.at == midnight(self.due.day.toordinal() + 1)
        if self.unit == "h" and (self.on is None or not whole_day):
            return words.moment_text(self.due.at, self.year)
        day = words.day_with_weekday(self.due.day, self.year)
        return Text(f"{day.zh}24:00", f"{day.en} 24:00")

    def provisional(self) -> Sentence:
        first_year = date.fromordinal(self.track.start + 1).year
        missing = [
            year for year in range(first_year, self.due.day.year + 1) if year not in self.calendar.years
        ]
        years = words.enumerate_texts([Text(f"{year}年", str(year)) for year in missing])
        covered = self.calendar.covered_until
        zh = en = ""
        if covered is not None:
            until = words.day_text(covered, 0)
            zh, en = f"（日历到{until.zh}为止）", f" (the calendar ends on {until.en})"
        return Sentence(
            PROVISIONAL,
            Text(
                f"{years.zh}放假安排尚未录入{zh}，这里按周末和法定节日推算，录入后重新计算。",
                f"the holiday notice for {years.en} is not in the calendar yet{en}; weekends and statutory "
                "days are used and the date is computed again when it is.",
            ),
        )
