"""The running product: database, keys, rule books, papers, and the clock it lives by."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.engine import make_url

from audit import Published, Sequencer, Vault, keyring, open_vault
from audit.private import KeyRefused
from bpmn import Fault, Rulebook, RulebookError, packaged_files
from bpmn.conformance import FILE as DEVIATING
from bpmn.conformance import Deviating, read_deviating
from bpmn.retention import FILE as RETENTION
from bpmn.retention import Retention, read_retention
from bpmn.rulebook import DATA
from bpmn.spot_checks import FILE as SPOT_CHECKS
from bpmn.spot_checks import SpotChecks, read_spot_checks
from workflow.amounts import PolicyRefused
from workflow.cases.county import county_of
from workflow.deadlines import Calendar, Day, read_calendar
from workflow.engine import ModelRefused
from workflow.papers import PaperStore
from workflow.releasing import taking_over
from workflow.rules import Rules, Shelf, in_force, releases
from workflow.store import connect, transaction
from workflow.store.migrations import upgrade
from workflow.store.models import CalendarDay, CalendarProposal, CalendarYear, table

Now = Callable[[], datetime]
CALENDAR_SECONDS = 5.0
PACKAGED = "国务院节假日安排（随程序提供）"


def wall_clock() -> datetime:
    """The edge where the real time comes in."""
    return datetime.now(UTC)


@dataclass
class House:
    """Everything a command needs that is not the command itself.

    `refused`: the faults of the program's own rule book, or files in force that somebody has altered;
    `waiting`: the proposal it has become, while two people have not decided on it; `packaged`: its files,
    where they are not those beside the program; `stopped`: the database is behind the published log;
    `fsync`: makes what is published and what leaves the house last; `new_id`: the id of a new case.
    """

    home: Path
    engine: Engine
    reader: Engine
    vault: Vault
    shelf: Shelf
    files: PaperStore
    now: Now
    refused: tuple[Fault, ...] = ()
    waiting: int | None = None
    packaged: Mapping[str, bytes] | None = None
    stopped: bool = False
    fsync: Callable[[int], object] = os.fsync
    new_id: Callable[[], UUID] = uuid4
    _calendar: Calendar | None = None
    _calendar_version: int = -1
    _calendar_until: float = 0.0
    _sequencer: Sequencer | None = None
    _published: Published | None = None

    def rules(self, digest: str | None = None) -> Rules:
        """The rule book of that digest, or the one in force now."""
        return self.shelf.get(digest) if digest else self.shelf.current(self.now())

    def retention(self) -> Retention:
        """How long what is kept, and the legal bases of an erasure, as the rules in force now say."""
        return read_retention(self._file(RETENTION))

    def spot_checks(self) -> SpotChecks:
        """How spot checks are drawn and what is asked of each case, as the rules in force now say."""
        return read_spot_checks(self._file(SPOT_CHECKS))

    def deviating(self) -> Deviating:
        """Which ways of cases deviate, as the rules in force now say."""
        return read_deviating(self._file(DEVIATING))

    def _file(self, name: str) -> bytes:
        """A file of the rules in force; the packaged one where they are older than it."""
        return self.rules().rulebook.files.get(name) or (DATA / name).read_bytes()

    def rules_in(self, connection: Connection) -> Rules:
        """The rule book in force now as this transaction sees it: for what is to live by it."""
        return self.shelf.get(in_force(releases(connection), self.now()).digest)

    def calendar(self) -> Calendar:
        """The working-day table of the database. A table that another process has released is seen within
        `CALENDAR_SECONDS`; `forget_calendar` looks at once.
        """
        if self._calendar is None or time.monotonic() >= self._calendar_until:
            with self.reader.connect() as connection:
                released = select(func.count()).where(CalendarProposal.state == "released")
                version = connection.scalar(released) or 0
                if self._calendar is None or version != self._calendar_version:
                    self._calendar, self._calendar_version = read_calendar_of(connection), version
            self._calendar_until = time.monotonic() + CALENDAR_SECONDS
        return self._calendar

    def forget_calendar(self) -> None:
        self._calendar = None

    def published(self) -> Published:
        """The published log of the cases, as far as it lies here."""
        if self._published is None:
            self._published = Published(self.home)
        return self._published

    def sequencer(self) -> Sequencer:
        """Who gives the entries their places and publishes the log; works while nobody else does."""
        if self._sequencer is None:
            self._sequencer = Sequencer(
                self.engine,
                self.reader,
                lambda: transaction(self.engine, ahead=True),
                self.home,
                self.vault,
                self.now,
                name=log_name(self.rules().rulebook),
                fsync=self.fsync,
            )
        return self._sequencer

    def close(self) -> None:
        self.engine.dispose()
        self.reader.dispose()


def read_calendar_of(connection: Connection) -> Calendar:
    """The calendar as this transaction sees it; the same object while nothing has changed in it."""
    rows = connection.execute(select(table(CalendarDay)).order_by(CalendarDay.day))
    days = tuple((row.day, Day(row.working, row.name)) for row in rows)
    return _calendar(days, frozenset(connection.scalars(select(CalendarYear.year))))


@lru_cache(maxsize=4)
def _calendar(days: tuple[tuple[date, Day], ...], years: frozenset[int]) -> Calendar:
    """To number the working days of all years takes longer than to read them."""
    return Calendar(dict(days), years)


def default_home() -> Path:
    """`$MINGJIAN_HOME`, else a folder of its own in the user's home."""
    return Path(os.environ.get("MINGJIAN_HOME") or Path.home() / ".mingjian")


def database_url(database: str | None, home: Path) -> str:
    """The address given, else `$MINGJIAN_DATABASE`, else an SQLite file in the home folder."""
    given = database or os.environ.get("MINGJIAN_DATABASE")
    if given is None:
        return f"sqlite+pysqlite:///{home / 'mingjian.sqlite'}"
    url = make_url(given)
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    return given


def open_house(
    database: str | None = None,
    home: Path | None = None,
    *,
    now: Now = wall_clock,
    rulebook: Mapping[str, bytes] | None = None,
    migrate: bool = True,
) -> House:
    """Open (and on the first time build) the product at `home`.

    The packaged rule book is checked. In a new database it is put into force; later a changed one becomes
    a proposal, which two people have to decide on.

    Raises:
        RulebookError, ModelRefused, PolicyRefused: the packaged data are broken and nothing is in
            force yet. With an older rule book in force the house opens on that; `refused` holds the
            faults.
        VaultError, KeyRefused: a key file is not one of this database.
    """
    home = home or default_home()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = database_url(database, home)
    if migrate:
        upgrade(url)
    engine, reader = connect(url), connect(url, writer=False)
    house = House(
        home=home,
        engine=engine,
        reader=reader,
        vault=open_vault(home, create=True),
        shelf=Shelf(reader),
        files=PaperStore(home / "papers"),
        now=now,
        packaged=rulebook,
    )
    try:
        with reader.connect() as connection:
            house.vault.check(connection)
        _add_key(house)
        take_over(house)
        try:
            house.rules()  # made ready now, not in somebody's first transaction
        except (RulebookError, ModelRefused, PolicyRefused) as refused:  # the log can still be read
            house.refused = tuple(dict.fromkeys((*house.refused, *refused.faults)))
    except BaseException:
        house.close()
        raise
    return house


def log_name(rulebook: Rulebook) -> str:
    """What the names of this county's logs and keys begin with."""
    return f"mingjian/{county_of(rulebook).code[:6]}"


def _add_key(house: House) -> None:
    """Note in the logs from where on the application's key counts, when they have none yet.

    Raises KeyRefused: the logs have keys, and the one here is not among them. A key that is in force has to
    add it; otherwise whoever can write to the database could add one of their own.
    """
    mine = house.vault.key()
    with house.reader.connect() as connection:
        known = keyring.in_force(connection, keyring.APPLICATION)
    if not known:
        with transaction(house.engine) as connection:
            keyring.add(connection, house.vault, mine, keyring.APPLICATION, house.now())
    elif mine.id not in known:
        raise KeyRefused(f"the key in {house.home} is not one of this log; let one that is add {mine.vkey}")


def take_over(house: House) -> None:
    """Let the packaged (or given) rule book meet the one in force: see `workflow.releasing.taking_over`.

    A broken one is refused with every fault; what was in force stays in force. Without anything in
    force there is nothing to work by, so then the refusal is raised.
    """
    files = packaged_files() if house.packaged is None else house.packaged
    taken = taking_over.take_over(house.engine, house.reader, house.shelf, house.vault, files, house.now())
    house.refused, house.waiting = taken.refused, taken.waiting
    house.shelf.forget_releases()
    if not taken.refused:
        with transaction(house.engine) as connection:
            _fill_calendar(connection, files, house.now())


def _fill_calendar(connection: Connection, files: Mapping[str, bytes], at: datetime) -> None:
    """Put the packaged years into the table that are not in it yet; an office's own years stay."""
    packaged = read_calendar(files["calendar/cn.csv"], files["calendar/years.csv"])
    known = set(connection.scalars(select(CalendarYear.year)))
    missing = packaged.years - known
    if not missing:
        return
    connection.execute(
        insert(CalendarYear),
        [{"year": year, "source": PACKAGED, "imported_at": at} for year in sorted(missing)],
    )
    connection.execute(
        insert(CalendarDay),
        [
            {"day": day, "working": kind.working, "name": kind.name}
            for day, kind in packaged.days.items()
            if day.year in missing
        ],
    )
