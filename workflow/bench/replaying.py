"""What the inspector's desk costs: a case opened in the player, one step in it, the search over all cases,
the facts and the red flags. In a county made for it, or in a copy of one that is kept.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pysqlite3.dbapi2
from sqlalchemy import Connection, func, select

from workflow.actor import Actor
from workflow.bench.databases import Place, fresh
from workflow.bench.drive import Driver
from workflow.bench.ground import lay, open_bench_house
from workflow.bench.rivals.pace import Pace
from workflow.bench.runner import ClientFailed
from workflow.bench.worklist import figures, put_rows
from workflow.facts import build
from workflow.flags.checking import rules_of
from workflow.flags.running import ask
from workflow.house import House, open_house
from workflow.player.from_house import record_of
from workflow.player.moment import jumps_from, moment_at
from workflow.reading.case_row import read_case
from workflow.reading.searching import Sought, search
from workflow.store.models import Account, Case, Organisation, Person, Seat

INSPECTOR = "INSP"
DATABASE = "mingjian.sqlite"
APART = shutil.ignore_patterns(f"{DATABASE}*", "papers", "*.log")
SLOWEST = 5


@dataclass(frozen=True, slots=True)
class Load:
    """`cases`: lived from the application to the archive; `reads`: of each kind; `searched`: rows made by SQL
    that the search goes through besides.
    """

    cases: int
    reads: int
    searched: int


FULL = Load(40, 60, 10_000)


@dataclass(frozen=True, slots=True)
class Desk:
    """A county with an inspector. `opened`: cases to open, the longest first."""

    place: Place
    inspector: Actor
    login: str
    opened: tuple[UUID, ...]
    cases: int
    entries: float

    @property
    def pages(self) -> dict[str, str]:
        """What is measured as a page: name → address."""
        case = self.opened[0]
        return {"open": f"/inspect/{case}", "step": f"/inspect/{case}?n=5"}


@contextmanager
def made(load: Load, server: str | None) -> Iterator[tuple[Desk, dict[str, Any]]]:
    """A county in which so many cases live; with what building the facts and asking the rules has cost."""
    with fresh(server) as place:
        ground = lay(place.url, place.home, load.cases + 1, product=True)
        house = open_bench_house(place.url, place.home, product=True)
        try:
            driver = Driver(house, ground)
            for number in range(load.cases):
                driver.whole(Pace(), number)
            found = flags(house, driver.at)
            desk = _desk(house, place)
            if place.kind == "sqlite":
                seat = next(one for one in ground.seats if one.role == "CHND")
                put_rows(place.plain, ground, seat, house.rules().digest, load.searched, datetime.now(UTC))
        finally:
            house.close()
        yield desk, found


@contextmanager
def kept(county: Path) -> Iterator[tuple[Desk, dict[str, Any]]]:
    """The same of a home folder on SQLite. All happens in a copy; the folder itself is only read.

    Raises:
        ClientFailed: there is no database in it, or nobody in it is an inspector.
    """
    if not (county / DATABASE).exists():
        raise ClientFailed(f"there is no {DATABASE} in {county}")
    with fresh() as place:
        shutil.copytree(county, place.home, ignore=APART, dirs_exist_ok=True)
        if (county / "papers").is_dir():
            (place.home / "papers").symlink_to((county / "papers").resolve())
        unused = not (county / f"{DATABASE}-wal").exists()  # then SQLite would leave two files beside it
        how = "mode=ro&immutable=1" if unused else "mode=ro"
        source = pysqlite3.dbapi2.connect(f"file:{county / DATABASE}?{how}", uri=True)
        target = pysqlite3.dbapi2.connect(place.plain)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        house = open_house(place.url, place.home)
        try:
            with house.reader.connect() as conn:
                at = conn.scalar(select(func.max(Case.opened_at))) or datetime.now(UTC)
            house.now = lambda: at
            found = flags(house, at)
            desk = _desk(house, place)
        finally:
            house.close()
        yield desk, found


def flags(house: House, at: datetime) -> dict[str, Any]:
    """Seconds that the facts and the rules take, and the slowest rules."""
    began = time.perf_counter()
    built = build(house, at)
    facts = time.perf_counter() - began
    rules = rules_of(house.home)
    began = time.perf_counter()
    asked = ask(house, rules, tuple(rules.rules), at)
    took = time.perf_counter() - began
    slowest = sorted(asked.items(), key=lambda one: -one[1].seconds)[:SLOWEST]
    return {
        "cases": built.cases,
        "entries": built.entries,
        "facts_s": round(facts, 3),
        "facts_us_per_entry": round(1e6 * facts / max(1, built.entries), 1),
        "rules_s": round(took, 3),
        "rules": len(asked),
        "slowest": {name: round(answer.seconds, 3) for name, answer in slowest},
    }


def _desk(house: House, place: Place) -> Desk:
    with house.reader.connect() as conn:
        seat = conn.execute(
            select(Seat.id, Seat.account_id, Seat.org, Account.login, Account.name)
            .join(Account, Account.id == Seat.account_id)
            .where(Seat.role == INSPECTOR)
            .order_by(Seat.id)
        ).first()
        if seat is None:
            raise ClientFailed("nobody here is an inspector")
        longest = conn.execute(
            select(Case.id, Case.seq).order_by(Case.seq.desc(), Case.number).limit(20)
        ).all()
        cases, mean = conn.execute(select(func.count(), func.avg(Case.seq)).select_from(Case)).one()
    actor = Actor(seat.account_id, seat.id, INSPECTOR, seat.org, seat.name)
    if not longest:
        raise ClientFailed("there is no case to open")
    return Desk(place, actor, seat.login, tuple(row.id for row in longest), int(cases), round(float(mean), 1))


def read_model(desk: Desk, reads: int) -> dict[str, Any]:
    """The player and the search through their read models, milliseconds: `open` executes and verifies the
    case anew, `step` shows one entry of an executed one.
    """
    house = open_house(desk.place.url, desk.place.home, migrate=False)
    try:
        at = datetime.now(UTC)
        with house.reader.connect() as conn:
            chosen = list(islice(cycle(desk.opened), reads))
            _timed(conn, house, chosen[0], at, 1, fresh=True)  # warm
            opened = [_timed(conn, house, case, at, 0, fresh=True) for case in chosen]
            stepped = [
                _timed(conn, house, case, at, number, fresh=False) for number, case in enumerate(chosen)
            ]
            sought = {name: _searched(conn, desk, what, reads) for name, what in _questions(conn).items()}
            many = conn.scalar(select(func.count()).select_from(Case))
    finally:
        house.close()
    return {
        "cases": desk.cases, "entries_mean": desk.entries, "open": figures(opened), "step": figures(stepped),
        "searched_cases": many, "search": sought,
    }  # fmt: skip


def _timed(conn: Connection, house: House, case_id: UUID, at: datetime, number: int, *, fresh: bool) -> float:
    began = time.perf_counter()
    record = record_of(house, conn, read_case(conn, case_id), at, opened=False, fresh=fresh).record
    place = number % len(record.film.frames)
    moment_at(record, place)
    jumps_from(record, place)
    return time.perf_counter() - began


def _questions(conn: Connection) -> dict[str, Sought]:
    """What an inspector asks: a number, a person, an officer, a township, a state, an amount, a span."""
    case = conn.execute(
        select(Case.number, Case.township, Case.state, Person.name)
        .join(Person, Person.id == Case.applicant_id)
        .order_by(Case.opened_at.desc())
    ).first()
    officer = conn.scalar(
        select(Account.name).join(Seat, Seat.account_id == Account.id).where(Seat.role == "CAPR")
    )
    if case is None:
        raise ClientFailed("there is no case to search for")
    place = conn.scalar(select(Organisation.code).where(Organisation.code == case.township))
    return {
        "number": Sought(number=case.number),
        "person": Sought(person=case.name),
        "officer": Sought(officer=officer or ""),
        "place": Sought(place=place or ""),
        "state": Sought(state=case.state),
        "amount": Sought(least="1000", most="5000"),
        "span": Sought(first="2026-01-01", last="2026-12-31"),
    }


def _searched(conn: Connection, desk: Desk, sought: Sought, reads: int) -> dict[str, Any]:
    seconds = []
    for _ in range(reads + 1):
        began = time.perf_counter()
        search(conn, desk.inspector, sought)
        seconds.append(time.perf_counter() - began)
    return figures(seconds[1:])
