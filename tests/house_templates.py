"""Houses for the tests: built once per kind of database, then copied; and what must hold of every log."""

import io
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from small_county import CaseFile, SetClock, SmallCounty, settle_staff
from sqlalchemy import Connection, event, insert, select, text, update
from sqlalchemy.engine import make_url

import audit
from audit import canonical, guards
from audit.chain import SIGNED_FOR, leaf_of
from audit.tables import audit_entry, audit_head
from workflow.deadlines import Calendar
from workflow.house import House, open_house
from workflow.papers import PaperStore
from workflow.replay import replay_all
from workflow.rules import Rules, Shelf
from workflow.store import bonds, connect, transaction
from workflow.store.migrations import upgrade
from workflow.store.models import Account, Case, Person

AT_ONCE: Callable[[int], object] = lambda descriptor: None  # noqa: E731 - no flush to the disk: it is a test
ONE_KIND = re.compile(rb"[^\x00-\x7f]+|[0-9Xx]+")
"""Chinese words, and numbers. What is wholly of one kind can only stand within a run of its kind."""
BONDS = (
    ('"case"', "case_moves_with_entry"),
    ('"case"', "case_is_kept"),
    ("audit_entry", "entry_belongs_to_case"),
)


@dataclass
class Layouts:
    """The newest layout, made once per kind of database; the tests get empty copies."""

    folder: Path
    postgres: Callable[[], Any]
    built: dict[str, str] = field(default_factory=dict)

    def url(self, kind: str) -> str:
        if kind not in self.built:
            url = f"sqlite+pysqlite:///{self.folder / 'mingjian.sqlite'}"
            url = url if kind == "sqlite" else self.postgres().fresh_database()
            upgrade(url)
            self.built[kind] = url
        return self.built[kind]

    def copy(self, kind: str, folder: Path) -> str:
        url = self.url(kind)
        if kind == "postgresql":
            return str(self.postgres().fresh_database(str(make_url(url).database)))
        copy_home(self.folder, folder)
        return f"sqlite+pysqlite:///{folder / 'mingjian.sqlite'}"


@dataclass
class Template:
    """The migrated county with its staff, once per kind of database; the tests get copies."""

    folder: Path
    postgres: Callable[[], Any]
    rules: Rules | None = None
    calendar: Calendar | None = None
    calendar_version: int = 0
    built: dict[str, str] = field(default_factory=dict)

    def url(self, kind: str) -> str:
        if kind not in self.built:
            home = self.folder / kind
            url = f"sqlite+pysqlite:///{home / 'mingjian.sqlite'}"
            url = url if kind == "sqlite" else self.postgres().fresh_database()
            house = open_house(url, home, now=SetClock())
            with transaction(house.engine) as conn:
                settle_staff(conn)
            for name in house.rules().rulebook.papers:
                house.files.keep(io.BytesIO(name.encode()), limit=99)
            self.rules, self.calendar = house.rules(), house.calendar()
            self.calendar_version = house._calendar_version
            house.close()
            self.built[kind] = url
        return self.built[kind]

    def copy(self, kind: str, home: Path) -> str:
        url = self.url(kind)
        copy_home(self.folder / kind, home)
        if kind == "sqlite":
            return f"sqlite+pysqlite:///{home / 'mingjian.sqlite'}"
        return self.postgres().fresh_database(str(make_url(url).database))

    def require_untouched_papers(self) -> None:
        """Every copy has the same files: a test that has written into one has changed the others' as well."""
        for path in self.folder.glob("*/papers/*/*"):
            assert sha256(path.read_bytes()).hexdigest() == path.name, f"a test has written into {path}"


def copy_home(of: Path, to: Path) -> None:
    """A home folder beside or over another. Papers are written once and never changed: they are linked.

    To change one, `unlink` it first.
    """
    _copy_folder(str(of), str(to), linked=False)


def _copy_folder(of: str, to: str, *, linked: bool) -> None:
    with suppress(FileExistsError):
        os.mkdir(to)
    with os.scandir(of) as found:
        for one in found:
            target = f"{to}/{one.name}"
            if one.is_dir(follow_symlinks=False):
                _copy_folder(one.path, target, linked=linked or one.name == "papers")
            elif linked:
                with suppress(FileExistsError):
                    os.link(one.path, target)
            else:
                shutil.copy2(one.path, target, follow_symlinks=False)
    if not linked:
        shutil.copystat(of, to)


@dataclass(frozen=True)
class Staged:
    """A small county on SQLite in which a case has already come somewhere; the tests get copies."""

    home: Path
    case: UUID
    at: datetime

    def copy(self, template: Template, home: Path) -> tuple[SmallCounty, CaseFile]:
        copy_home(self.home, home)
        clock = SetClock(self.at)
        house = opened(template, f"sqlite+pysqlite:///{home / 'mingjian.sqlite'}", home, clock)
        county = SmallCounty(house, clock)
        return county, CaseFile(county, self.case)


def stage(template: Template, home: Path, until: str) -> Staged:
    """Drive one ordinary case until the step `until` is open, once for all tests that begin there."""
    clock = SetClock()
    house = opened(template, template.copy("sqlite", home), home, clock)
    county = SmallCounty(house, clock)
    case = county.drive(county.staff["vlia1"].files(*county.household()), until, {})
    house.close()
    return Staged(home, case.id, clock.at)


def opened(template: Template, url: str, home: Path, clock: SetClock) -> House:
    """The house at `home`; rule book and calendar are not read again, and nothing is flushed to the disk."""
    engine, reader = connect(url), connect(url, writer=False)
    if engine.dialect.name == "sqlite":
        for one in (engine, reader):  # the last that closes puts the log into the file
            event.listen(one, "connect", lambda raw, record: raw.execute("PRAGMA synchronous=OFF"))
    vault = audit.open_vault(home)
    house = House(
        home, engine, reader, vault, Shelf(reader), PaperStore(home / "papers", AT_ONCE), clock, fsync=AT_ONCE
    )
    assert template.rules is not None
    house.shelf.put(template.rules)
    # Whether another one was released meanwhile is asked before it is used.
    house._calendar, house._calendar_version = template.calendar, template.calendar_version
    lend_connections(house)
    return house


def lend_connections(house: House) -> None:
    """Where a test has one thread it reads on the connections with which it writes.

    On PostgreSQL they are alike, and to begin one costs as much as a whole step of a case. Threads have the
    product's two pools.
    """
    if house.engine.dialect.name != "postgresql":
        return
    own: Callable[[], Any] = house.reader.raw_connection

    def raw_connection() -> Any:
        alone = threading.current_thread() is threading.main_thread()
        return house.engine.raw_connection() if alone else own()

    house.reader.raw_connection = raw_connection  # type: ignore[method-assign]


def require_sound_log(county: SmallCounty) -> None:
    """Chains and commitments verify, every case replays to the same bytes, and no entry names anybody."""
    house = county.house
    with house.reader.connect() as conn:
        report = audit.verify(conn, house.vault)
        assert report.ok, list(report.sentences())
        written = b"\n".join(bytes(row) for row in conn.scalars(select(audit_entry.c.bytes)))
        people = conn.execute(
            select(Person.name, Person.id_number, Person.phone, Person.account_number, Person.account_holder)
        ).all()
        staff = conn.execute(select(Account.name, Account.phone)).all()
    runs = b"\n".join(set(ONE_KIND.findall(written)))
    known = {value.encode() for row in (*people, *staff) for value in row if value}
    told = [value for value in known if value in (runs if ONE_KIND.fullmatch(value) else written)]
    assert not told, f"the log names {[value.decode() for value in told]}"
    differences = [found for found in replay_all(house) if found.difference is not None]
    assert not differences, differences


@contextmanager
def another_process(county: SmallCounty) -> Iterator[House]:
    """The same database and keys, opened a second time with connections of its own."""
    mine = county.house
    url = mine.engine.url.render_as_string(hide_password=False)
    house = House(
        mine.home, connect(url), connect(url, writer=False), mine.vault, mine.shelf, mine.files, mine.now
    )
    house.vault = audit.open_vault(mine.home)
    yield house
    house.close()


@contextmanager
def guards_down(county: SmallCounty) -> Iterator[Connection]:
    """What an owner of the database can do: take every trigger down, tamper, put them up again."""
    engine = county.house.engine
    switch_off = [f"DROP TRIGGER {statement.split()[2]}" for statement in bonds.SQLITE]
    switch_on = list(bonds.SQLITE)
    if engine.dialect.name == "postgresql":
        tables = ('"case"', "audit_entry")
        switch_off = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in tables]
        switch_on = [f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {trigger}" for name, trigger in BONDS]
    with engine.begin() as conn:
        for statement in switch_off:
            conn.execute(text(statement))
        guards.remove(conn)
    with engine.begin() as conn:
        yield conn
    with engine.begin() as conn:
        guards.install(conn)
        for statement in switch_on:
            conn.execute(text(statement))


def rewrite(conn: Connection, case: CaseFile, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change a case's entries and make the whole chain fit again, as somebody with all keys could."""
    stored = list(audit.entries(conn, case.id))
    entries = [one.entry for one in stored]
    signer = case.county.house.vault.signer()
    change(entries)
    prev = bytes(32)
    for seq, entry in enumerate(entries):
        encoded = canonical.encode({**entry, "seq": seq, "prev": prev.hex(), "kid": signer.key.id.hex()})
        leaf = leaf_of(encoded)
        signature = signer.key.id + signer.sign(SIGNED_FOR + leaf)
        row = {"prev": prev, "leaf": leaf, "bytes": encoded, "signature": signature}
        if seq < len(stored):
            place = (audit_entry.c.chain == case.id) & (audit_entry.c.seq == seq)
            conn.execute(update(audit_entry).where(place).values(row))
        else:
            conn.execute(insert(audit_entry), {**row, "chain": case.id, "seq": seq})
        prev = row["leaf"]
    newest = {"seq": len(entries) - 1, "leaf": prev}
    conn.execute(update(audit_head).where(audit_head.c.chain == case.id).values(newest))
    conn.execute(update(Case).where(Case.id == case.id).values(seq=newest["seq"]))


def reopened(url: str, home: Path) -> SmallCounty:
    """The county at `home` as a new process opens it."""
    clock = SetClock()
    return SmallCounty(open_house(url, home, now=clock), clock)
