"""A house to measure in: organisations, people on seats, applicants with a bill each. Thrown away later."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from sqlalchemy.engine import make_url

import bpmn
from workflow.actor import Actor
from workflow.demo.households import settle_household
from workflow.demo.staff import place_staff
from workflow.demo.stories import Story
from workflow.house import House, database_url, open_house
from workflow.register.organisations import seed_county
from workflow.store import transaction
from workflow.store.migrations import upgrade

DATA = Path(__file__).parent / "data"
RECORD = "ground.json"
COUNTY, TOWNSHIP, VILLAGE = "360829000000", "360829100000", "360829100001"
POLICY = "plan-2026"
BEGIN = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
"""Tuesday, 9 o'clock in the county: measured cases live in simulated time, the same days in every run."""
STORY = Story("paid", 1, category="DB")


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody on a seat."""

    login: str
    role: str
    org: str
    account_id: int
    seat_id: int

    @property
    def actor(self) -> Actor:
        return Actor(self.account_id, self.seat_id, self.role, self.org, self.login)


@dataclass(frozen=True, slots=True)
class Ground:
    """Who can act, and whose applications can be registered: (person, bills)."""

    seats: tuple[Seated, ...]
    applicants: tuple[tuple[int, tuple[int, ...]], ...]

    def actors(self, role: str, org: str | None = None) -> list[Actor]:
        return [seat.actor for seat in self.seats if seat.role == role and org in {None, seat.org}]

    def actor(self, role: str) -> Actor:
        return self.actors(role)[0]


def bench_files() -> Mapping[str, bytes]:
    """The packaged rule book with the measured diagrams and forms laid over it, and allowed by its policy."""
    own = {path.relative_to(DATA).as_posix(): path.read_bytes() for path in DATA.rglob("*") if path.is_file()}
    packaged = bpmn.packaged_files()
    files = {**packaged, **own, "flows.toml": packaged["flows.toml"] + own["flows.toml"]}
    policy = f"policies/{POLICY}/policy.toml"
    files[policy] = re.sub(
        rb"\nways = \[[^]]*\]", b'\nways = ["bench_straight", "bench_loop"]', files[policy]
    )
    return files


def open_bench_house(database: str | None, home: Path, *, product: bool, migrate: bool = False) -> House:
    """`product`: with the rule book that is packaged; else with the measured diagrams."""
    files = None if product else bench_files()
    return open_house(database, home, now=lambda: BEGIN, rulebook=files, migrate=migrate)


@cache
def _layout() -> bytes:
    """An empty SQLite database of the newest layout; to make one takes longer than some measurements."""
    with tempfile.TemporaryDirectory(prefix="mingjian-bench-") as folder:
        upgrade(database_url(None, Path(folder)))
        (file,) = Path(folder).iterdir()  # nobody has it open any more, so all of it is in the one file
        return file.read_bytes()


def lay(database: str | None, home: Path, applicants: int, *, product: bool = False) -> Ground:
    """Build a house for so many cases and note it in the home folder for the workers."""
    database = database or database_url(None, home)
    address = make_url(database)
    if address.get_backend_name() == "sqlite" and address.database:
        Path(address.database).write_bytes(_layout())
    house = open_bench_house(database, home, product=product, migrate=True)
    random = Random(1)  # noqa: S311 — invented people, the same in every run
    try:
        with transaction(house.engine) as conn:
            seed_county(conn)
            since = BEGIN - timedelta(days=60)
            posts = place_staff(conn, random, since, [TOWNSHIP], [VILLAGE], COUNTY)
            people = [
                settle_household(conn, random, VILLAGE, BEGIN.date(), number + 1, STORY)
                for number in range(applicants)
            ]
    finally:
        house.close()
    ground = Ground(
        tuple(Seated(p.login, p.role, p.org, p.account_id, p.seat_id) for p in posts), tuple(people)
    )
    (home / RECORD).write_text(json.dumps(asdict(ground)), encoding="utf-8")
    return ground


def read(home: Path) -> Ground:
    """What `lay` has noted."""
    told = json.loads((home / RECORD).read_text(encoding="utf-8"))
    return Ground(
        tuple(Seated(**seat) for seat in told["seats"]),
        tuple((person, tuple(bills)) for person, bills in told["applicants"]),
    )
