"""Counties in which the ordinary case has already come somewhere: driven there once, then copied."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from house_templates import Template, copy_home
from psycopg.errors import ObjectInUse
from small_county import MONDAY, CaseFile, SmallCounty
from sqlalchemy import text
from sqlalchemy.engine import make_url

NEAR = {"pass_on_papers", "check_papers", "enquire"}
"""Steps to which the case is driven sooner than a county is copied."""
_XID = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")


@dataclass(frozen=True)
class Stop:
    """What lies there: the home folder, the database (PostgreSQL), the case, the time."""

    home: Path
    database: str
    case: UUID
    at: datetime
    born: int


@dataclass
class Stops:
    """The stops of this process, and what a county looked like before anybody worked in it."""

    template: Template
    folder: Path
    known: dict[tuple[str, str], Stop] = field(default_factory=dict)

    def drive(self, county: SmallCounty, fresh: Any, node: str) -> CaseFile:
        """The ordinary case at `node`, in a county that may have been worked in since it was `fresh`."""
        reusable = node not in NEAR and county.clock.at == MONDAY and state_of(county) == fresh
        if not reusable:
            return _driven(county, node)
        key = county.house.engine.dialect.name, node
        _let_go(county)
        if _opened_elsewhere(county):
            return _driven(county, node)
        if key in self.known:
            return self._put(county, self.known[key])
        case = _driven(county, node)
        with suppress(ObjectInUse):  # somebody else has connected meanwhile: the next test shall try
            self.known[key] = self._keep(county, case, "-".join(key))
        return case

    def _keep(self, county: SmallCounty, case: CaseFile, name: str) -> Stop:
        house, home, database = county.house, self.folder / name, ""
        _let_go(county)
        if house.engine.dialect.name == "postgresql":
            server = self.template.postgres()
            database = str(make_url(server.fresh_database(str(house.engine.url.database))).database)
        copy_home(house.home, home)
        return Stop(home, database, case.id, county.clock.at, county.born)

    def _put(self, county: SmallCounty, stop: Stop) -> CaseFile:
        """The county becomes a copy of that one: the same house at the same address."""
        house = county.house
        for path in house.home.glob("mingjian.sqlite*"):
            path.unlink()
        copy_home(stop.home, house.home)
        if stop.database:
            template = str(make_url(self.template.url("postgresql")).database)
            self.template.postgres().exchange(str(house.engine.url.database), template, stop.database)
        county.clock.at, county.born = stop.at, stop.born
        return CaseFile(county, stop.case)


def state_of(county: SmallCounty) -> Any:
    """Changes as soon as anything is written to the database or the home folder, or a connection is held."""
    house = county.house
    held = house.engine.pool.checkedout() - (getattr(house.engine.pool, "_kept", None) is not None)
    if held or house.reader.pool.checkedout() or house._sequencer or house._published:
        return object()
    if house.engine.dialect.name == "postgresql":
        with house.reader.connect() as conn:
            written = conn.scalar(_XID)
    else:
        log = house.home / "mingjian.sqlite-wal"
        written = log.stat().st_size if log.exists() else 0
    files = sorted(
        path for path in house.home.rglob("*") if path.suffix not in {".sqlite-wal", ".sqlite-shm"}
    )
    return written, [(path, path.stat().st_mtime_ns) for path in files if path.is_file()]


def _driven(county: SmallCounty, node: str) -> CaseFile:
    return county.drive(county.staff["vlia1"].files(*county.household()), node, {})


def _let_go(county: SmallCounty) -> None:
    """No connection stays open; the sequencer and what it has published are looked up anew."""
    county.house.close()
    county.house._sequencer = county.house._published = None


def _opened_elsewhere(county: SmallCounty) -> bool:
    """Whether this process has a file of the county open still: another house, a page that is served."""
    home = str(county.house.home.resolve())
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{number}").startswith(home):
                return True
    return False
