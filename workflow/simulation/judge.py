"""The judge of the alerts: whether each warning of a year was raised when and to whom it had to be.

It trusts neither the alarm code nor its tables. From the log's entries it follows every case through the
diagrams, counts every limit day by day (`counting`), reads who is to be told from the data files, and holds
against that what stands in the log and in the inboxes.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, select

import audit
from bpmn import Text
from workflow.deadlines import Limit
from workflow.engine import Open
from workflow.house import House
from workflow.replay import Course
from workflow.simulation.counting import CHINA, Days, Stretch, alarms, end
from workflow.simulation.delivered import Line, Told, inboxes_of, letters_of
from workflow.simulation.stations import Desk, Stations, stations
from workflow.simulation.verdict import Fault, Round, Verdict
from workflow.store.models import CalendarDay, Case, table

FROM_THE_REQUEST = frozenset({"D19", "D44"})
"""Admission papers and tracing notice count from the request for the green channel (domain 2.4)."""
GRANTS, SUPERVISOR = "grant_advance", "SUP"
AGREED = {"discharged_on": "D20", "pay_on": "M25", "review_on": "M25", "pay_until": "M25"}
"""Limits that count from a day somebody has written down; the vault alone holds it. Instalments are not
judged: nobody in a simulated county agrees on any.
"""
EVERYTHING = "*"


@dataclass(slots=True)
class Clock:
    """One limit of one case on its way. `longer`: by how many units a supervisor has extended it."""

    limit: Limit
    start: datetime
    longer: int = 0
    stood: list[Stretch] = field(default_factory=list)
    stands_since: datetime | None = None
    raised: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the judge reads once."""

    rounds: Sequence[Round]
    days: Days
    stations: Stations

    def whole_rounds(self, since: datetime, before: datetime) -> Iterable[datetime]:
        place = bisect_left(self.rounds, since, key=lambda one: one.at)
        for one in self.rounds[place:]:
            if one.at >= before:
                return
            if one.whole:
                yield one.at


def judge(
    house: House, rounds: Sequence[Round], until: datetime, progress: Callable[[int, int], None]
) -> Verdict:
    """Judge every case of a house in which workers looked at `rounds` (in order) until `until`."""
    verdict = Verdict()
    with house.reader.connect() as conn:
        ground = _ground(house, conn, rounds)
        cases = conn.execute(
            select(
                Case.id, Case.number, Case.policy, Case.village, Case.township, Case.county, Case.opened_at
            ).order_by(Case.number)
        ).all()
        inboxes, letters = inboxes_of(conn), letters_of(conn)
        for number, row in enumerate(cases, start=1):
            trial = _Trial(house, conn, ground, row, verdict)
            trial.hear(stored.entry for stored in audit.entries(conn, row.id))
            trial.close(until, inboxes.get(row.id, Counter()), letters.get(row.id, Counter()))
            progress(number, len(cases))
    verdict.cases = len(cases)
    return verdict


def _ground(house: House, conn: Connection, rounds: Sequence[Round]) -> Ground:
    days = {row.day: row.working for row in conn.execute(select(table(CalendarDay)))}
    return Ground(rounds, Days(days), stations(conn, house.rules().rulebook))


class _Trial:
    """One case, entry by entry."""

    def __init__(self, house: House, conn: Connection, ground: Ground, case: Any, verdict: Verdict) -> None:
        self.house, self.conn, self.ground, self.case = house, conn, ground, case
        self.verdict = verdict
        self.course = Course(house)
        self.clocks: dict[str, Clock] = {}
        self.places: Sequence[Open] = ()
        self.handed: dict[int, int] = {}
        """Step → the one seat it was handed to (改派)."""
        self.since = case.opened_at
        self.expected: Counter[Line] = Counter()
        self.letters: Counter[Told] = Counter()

    def hear(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            at = datetime.fromisoformat(entry["at_claimed"])
            self._require_nothing_missing(at)
            self.since = at
            self.course.follow(None, entry)
            if entry["type"] == "alarm_raised":
                self._weigh(entry["vars"], at)
            else:
                if entry["type"] == "deadline_extended":
                    self._lengthen(entry, at)
                elif entry["type"] == "step_handed_over":
                    self.handed[entry["vars"]["task"]] = entry["vars"]["seat"]
                    self.verdict.handed_over += 1
                self.places = tuple(self.course.places.values())
                self._move(entry, at)

    def close(self, until: datetime, inbox: Counter[Line], letters: Counter[Told]) -> None:
        """Nothing is missing at the end, and the inboxes hold what was to be told, each line once."""
        self._require_nothing_missing(until)
        for limit, level, org, role, _ in sorted((self.expected - inbox).keys(), key=str):
            self._fault(limit, f"{level}没有通知{role}@{org}", f"{level} was not told to {role}@{org}")
        for limit, level, org, role, _ in sorted((inbox - self.expected).keys(), key=str):
            self._fault(limit, f"{level}多通知了{role}@{org}", f"{level} was told to {role}@{org} too often")
        if letters != self.letters:
            told, wanted = sorted(letters.elements()), sorted(self.letters.elements())
            self._fault(
                "-", f"延期告知书是{told}，应是{wanted}", f"letters of extension {told}, not {wanted}"
            )

    # Which limits run ---------------------------------------------------------------------------

    def _move(self, entry: Mapping[str, Any], at: datetime) -> None:
        """The open places say which limits run and which stand (domain 2.0, C-12)."""
        running, standing = self._named("limit") | self._named("runs_on"), self._named("pauses")
        held: set[str] = set()  # would run, were it not that the whole case rests
        if EVERYTHING in standing:
            resting = [p for p in self.places if EVERYTHING in p.properties.get("pauses", "").split()]
            own = self._named("limit", resting)
            running, held = own, running - own
            standing |= held
        starts = self._starts(entry)
        gone = {
            limit
            for limit in self.clocks
            if limit not in running | standing or limit in running & starts.keys()
        }
        for limit in gone:
            del self.clocks[limit]
        for limit in sorted((running | held) - self.clocks.keys()):
            self.clocks[limit] = Clock(self._limit(limit), starts.get(limit, at))
            self.verdict.limits += 1
        for limit, clock in self.clocks.items():
            if limit not in running:
                clock.stands_since = clock.stands_since or at
            elif clock.stands_since is not None:
                clock.stood.append((clock.stands_since, at))
                clock.stands_since = None

    def _named(self, key: str, places: Sequence[Open] | None = None) -> set[str]:
        chosen = self.places if places is None else places
        return {limit for place in chosen for limit in place.properties.get(key, "").split()}

    def _starts(self, entry: Mapping[str, Any]) -> dict[str, datetime]:
        """Limits that count from another time than the step that opens them."""
        starts: dict[str, datetime] = {}
        if entry["type"] == "timer_fired":
            starts.update(self._reminded(datetime.fromisoformat(entry["at_claimed"])))
        if (entry.get("task") or {}).get("node") == GRANTS:
            starts.update(dict.fromkeys(FROM_THE_REQUEST, self.case.opened_at))
        written = AGREED.keys() & entry["commit"].keys()
        if written:
            kept = self.house.vault.open(self.conn, self.case.id, entry["seq"])
            days = {AGREED[name]: date.fromisoformat(kept[name]) for name in written if kept.get(name)}
            starts.update({limit: datetime.combine(day, time(), CHINA) for limit, day in days.items()})
        return starts

    def _reminded(self, at: datetime) -> dict[str, datetime]:
        """A reminder that has run out begins anew with its timer (domain 7.2 D33)."""
        return {
            limit: at
            for limit, clock in self.clocks.items()
            if clock.limit.repeats
            and clock.stands_since is None
            and end(clock.limit, clock.start, clock.stood, self.ground.days, clock.longer)[1] <= at
        }

    def _lengthen(self, entry: Mapping[str, Any], at: datetime) -> None:
        """Once, by a supervisor, before the due time, by no more than the row allows (domain 7.2)."""
        told, role = entry["vars"], entry["actor"]["role"]
        limit, units, clock = told["limit"], told["units"], self.clocks.get(told["limit"])
        if clock is None:
            self._fault(limit, "没有计时却延期了", "was extended and did not run")
            return
        stood = [*clock.stood, *([] if clock.stands_since is None else [(clock.stands_since, at)])]
        before = end(clock.limit, clock.start, stood, self.ground.days, clock.longer)[1]
        allowed = 1 <= units <= clock.limit.extension and not clock.longer
        if role != SUPERVISOR or not allowed or at >= before:
            said = f"{role} {units}{clock.limit.unit} {at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            self._fault(limit, f"不能这样延期：{said}", f"could not be extended like this: {said}")
        clock.longer = units
        self.verdict.extended += 1
        last, over = end(clock.limit, clock.start, stood, self.ground.days, units)
        if datetime.fromisoformat(told["until"]) != over:
            said = f"{over.astimezone(CHINA):%Y-%m-%d %H:%M}"
            self._fault(
                limit, f"延到{told['until']}，应到{said}", f"extended until {told['until']}, not {said}"
            )
        self.letters[at, last.isoformat()] += 1

    def _limit(self, limit: str) -> Limit:
        return self.house.rules(self.course.rule).terms[self.case.policy].limits[limit]

    # What has to be raised ----------------------------------------------------------------------

    def _next(self, clock: Clock) -> tuple[str, datetime] | None:
        if clock.stands_since is not None:
            return None
        every = alarms(clock.limit, clock.start, clock.stood, self.ground.days, clock.longer)
        return next((one for one in every if one[0] not in clock.raised), None)

    def _require_nothing_missing(self, before: datetime) -> None:
        """Between the last entry and `before` no worker has passed over a warning that was due."""
        for clock in self.clocks.values():
            due = self._next(clock)
            if due is None or due[1] >= before:
                continue
            for at in self.ground.whole_rounds(max(due[1], self.since), before):
                said = at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
                self._fault(
                    clock.limit.id,
                    f"{due[0]}在{said}应当提醒，没有提醒",
                    f"{due[0]} had to be raised at {said} and was not",
                )
                clock.raised.add(due[0])  # once is enough to say so
                break

    def _weigh(self, told: Mapping[str, Any], at: datetime) -> None:
        """One warning of the log: due, the next in order, raised in a round, told to the right seats."""
        limit, level = told["limit"], told["level"]
        clock = self.clocks.get(limit)
        due = None if clock is None else self._next(clock)
        if clock is None or due is None or due[0] != level or due[1] > at or not self._is_round(at):
            wanted = "-" if due is None else f"{due[0]} {due[1].astimezone(CHINA):%Y-%m-%d %H:%M}"
            self._fault(
                limit,
                f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}提醒了{level}，当时应是{wanted}",
                f"{level} was raised at {at.astimezone(CHINA):%Y-%m-%d %H:%M}, due was {wanted}",
            )
            return
        clock.raised.add(level)
        self.verdict.raised[level] += 1
        self.verdict.overdue += level == "overdue"
        day = at.astimezone(CHINA).date()
        desks = self.ground.stations.desks(clock.limit, level, self.case, self.places, self.handed, day)
        self.expected.update((limit, level, *desk) for desk in desks)
        self._reach(limit, level, desks, day)
        named = [f"{role}@{org[:9] if org.isdigit() else org}" for org, role, _ in desks]
        if sorted(told["told"]) != sorted(named):
            self._fault(
                limit,
                f"{level}通知了{told['told']}，应通知{named}",
                f"{level} told {told['told']}, not {named}",
            )

    def _reach(self, limit: str, level: str, desks: Sequence[Desk], day: date) -> None:
        """Whoever stands in at one of these desks finds the line there, and nobody who does not (SD-10)."""
        seats = self.ground.stations
        for desk in desks:
            self.verdict.stood_in += bool(seats.substitutes(desk, day))
            for account in sorted(seats.missed(desk, day)):
                said = f"{desk[1]}@{desk[0]} {day}"
                self._fault(
                    limit,
                    f"{level}没有通知代班的账号{account}（{said}）",
                    f"{level} did not reach account {account} who stood in ({said})",
                )
            for account in sorted(seats.strangers(desk, day)):
                said = f"{desk[1]}@{desk[0]} {day}"
                self._fault(
                    limit,
                    f"{level}通知了不在这个岗位的账号{account}（{said}）",
                    f"{level} reached account {account} who did not stand in ({said})",
                )

    def _is_round(self, at: datetime) -> bool:
        place = bisect_left(self.ground.rounds, at, key=lambda one: one.at)
        return place < len(self.ground.rounds) and self.ground.rounds[place].at == at

    def _fault(self, limit: str, zh: str, en: str) -> None:
        self.verdict.faults.append(Fault(self.case.number, limit, Text(zh, en)))
