"""What the tests share: an empty database of each kind, the small county, and the people who work in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import once
import psycopg
import pytest
from house_templates import Layouts, Staged, Template, opened, require_sound_log, stage
from psycopg.errors import ObjectInUse
from running_system import built, outside, system  # noqa: F401 - fixtures
from small_county import CaseFile, SetClock, SmallCounty, Staff
from sqlalchemy.engine import make_url
from stops import Stops, state_of
from thrift import (
    keep_passwords_cheaply,
    set_aside_what_stays,
    share_compiled_pages,
    share_compiled_statements,
    share_rewritten_asserts,
    share_the_rule_book,
)

BINARIES = Path("/usr/lib/postgresql/15/bin")
_WHO_IS_IN = "SELECT FROM pg_stat_activity WHERE datname = %s LIMIT 1"


class PostgresServer:
    """A throw-away server on a socket of its own. PostgreSQL refuses root, so it runs as `postgres`."""

    def __init__(self) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 — fast and thrown away
        self.folder = Path(tempfile.mkdtemp(prefix="mingjian-pg-", dir=memory))
        self.spare: dict[str, list[str]] = {}
        self.done_with: list[str] = []
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.prefix:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        locale = ("-E", "UTF8", "--locale=C.UTF-8")
        self._run("initdb", "-k", "-A", "trust", "-U", "postgres", *locale, "-D", str(data))
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=80 -c fsync=off"
        options += " -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off"
        self._run("pg_ctl", "-w", "-D", str(data), "-l", str(self.folder / "log"), "-o", options, "start")
        address = f"host={self.folder} user=postgres dbname=postgres"
        self._administrator = psycopg.connect(address, autocommit=True)  # to connect costs as much as to drop

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self.prefix, str(BINARIES / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def _administer(self, statement: str) -> None:
        self._administrator.execute(statement.encode())

    def fresh_database(self, template: str = "template1") -> str:
        name = f"t{uuid4().hex}"
        if self.spare.get(template):
            self._administer(f'ALTER DATABASE "{self.spare[template].pop()}" RENAME TO "{name}"')
        else:
            self._copy(template, name)
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def _copy(self, template: str, name: str) -> None:
        """A copy of the files in memory costs half of what a copy through the log does."""
        self._wait_for_leaving(template)
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def exchange(self, name: str, untouched: str, template: str) -> None:
        """The database of that name, a copy of `untouched` in which nobody has written, becomes a copy of
        another one; it is kept for the next who asks for such a copy.
        """
        spare = f"s{uuid4().hex}"
        self._wait_for_leaving(name)
        try:
            self._administer(f'ALTER DATABASE "{name}" RENAME TO "{spare}"')
            self.spare.setdefault(untouched, []).append(spare)
        except ObjectInUse:  # somebody holds a connection yet
            self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._copy(template, name)

    def drop(self, url: str) -> None:
        self._administer(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def drop_later(self, url: str) -> None:
        """When the next one is done with: a connection that was closed takes a moment to end, and the server
        would wait a tenth of a second for it.
        """
        self.done_with.append(url)
        if len(self.done_with) > 1:
            self.drop(self.done_with.pop(0))

    def _wait_for_leaving(self, name: str) -> None:
        """As above, where it cannot be later. Whoever still holds a connection is left to the server."""
        for _ in range(20):
            if not self._administrator.execute(_WHO_IS_IN, (name,)).fetchone():
                return
            sleep(0.002)

    def stop(self) -> None:
        self._administrator.close()
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+pysqlite:///{tmp_path / 'mingjian.sqlite'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh_database()


@pytest.fixture(scope="session")
def layouts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Layouts:
    return Layouts(tmp_path_factory.mktemp("layout"), lambda: request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, layouts: Layouts, tmp_path: Path) -> str:
    """A database of each kind that has the newest layout and nothing in it."""
    return layouts.copy(request.param, tmp_path)


@pytest.fixture(scope="session")
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    template = Template(tmp_path_factory.mktemp("template"), lambda: request.getfixturevalue("postgres"))
    yield template
    template.require_untouched_papers()


@pytest.fixture(scope="session")
def paid_stage(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """A county with one case whose money has arrived: for what begins after that."""
    return stage(template, tmp_path_factory.mktemp("paid") / "home", "archive_case")


@pytest.fixture(params=["sqlite", "postgresql"])
def county(request: pytest.FixtureRequest, template: Template, tmp_path: Path) -> Iterator[SmallCounty]:
    """The small county on each database. Its log must be sound afterwards, unless the test tampers."""
    home, clock = tmp_path / "home", SetClock()
    url = template.copy(request.param, home)
    house = opened(template, url, home, clock)
    county = SmallCounty(house, clock)
    yield county
    if request.node.get_closest_marker("tampers") is None:
        require_sound_log(county)
    house.close()
    if request.param == "postgresql":
        template.postgres().drop_later(url)


@pytest.fixture
def clock(county: SmallCounty) -> SetClock:
    return county.clock


@pytest.fixture(scope="session")
def stops(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Stops:
    return Stops(template, tmp_path_factory.mktemp("stops"))


@pytest.fixture
def case_at(request: pytest.FixtureRequest, county: SmallCounty, stops: Stops) -> Callable[..., CaseFile]:
    """`case_at("record_review")`: a new case, driven there by everybody doing their work."""
    fresh = state_of(county)

    def driven(
        node: str, plan: Mapping[str, Mapping[str, Any]] | None = None, *, by: str = "vlia1", **household: Any
    ) -> CaseFile:
        if not plan and by == "vlia1" and not household and not _patched(request):
            return stops.drive(county, fresh, node)
        case = county.staff[by].files(*county.household(**household))
        return county.drive(case, node, plan or {})

    return driven


def _patched(request: pytest.FixtureRequest) -> bool:
    """Whether the test has changed the program itself, so that a case has to be driven under the change."""
    if "monkeypatch" not in request.fixturenames:
        return False
    patch: Any = request.getfixturevalue("monkeypatch")
    return bool(patch._setattr or patch._setitem)


def _works_as(login: str) -> Any:
    @pytest.fixture
    def someone(county: SmallCounty) -> Staff:
        return county.staff[login]

    return someone


village_liaison, village_head = _works_as("vlia1"), _works_as("vhead1")
clerk, reviewer, township_leader = _works_as("twin1"), _works_as("trev1"), _works_as("tlead1")
investigator, second_investigator = _works_as("tinv1"), _works_as("tinv1b")
county_handler, county_checker, approver = _works_as("chnd"), _works_as("cchk"), _works_as("capr")
finance_checker, payer, archivist = _works_as("fin1"), _works_as("fin2"), _works_as("arch")
inspector, administrator, supervisor = _works_as("insp"), _works_as("adm"), _works_as("sup1")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "tampers: leaves a log behind that is not sound, on purpose")
    once.begin(config)
    share_rewritten_asserts(config)
    share_compiled_statements()
    share_compiled_pages()
    share_the_rule_book()


def pytest_collection_finish() -> None:
    keep_passwords_cheaply()
    set_aside_what_stays()
