"""Build the demonstration county in an empty house."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection, func, select

from bpmn import Text
from workflow.deadlines import SHANGHAI
from workflow.demo.hands import Simulated
from workflow.demo.inspecting import inspect
from workflow.demo.simulate import County
from workflow.demo.staff import PASSWORD, Post, place_staff
from workflow.demo.stories import choose, first_of_each
from workflow.errors import WorkflowError
from workflow.house import House
from workflow.register.organisations import seed_county
from workflow.store import transaction
from workflow.store.models import Case, Organisation

DAYS = 130  # working life of the demonstration before today
TOWNSHIPS, VILLAGES_PER_TOWNSHIP = 4, 3
RECORD = "demo.json"
COUNTY = "360829000000"


class NotEmpty(WorkflowError):
    status = 409


@dataclass(frozen=True, slots=True)
class Built:
    """What was made, and who can sign in."""

    cases: int
    commands: int
    posts: tuple[Post, ...]
    password: str


def build(house: House, cases: int, seed: int, progress: Callable[[int, int], None]) -> Built:
    """Make `cases` cases ending today, through the real services.

    The first cases show every branch once; the rest are drawn by weight from `seed`.

    Raises:
        NotEmpty: the house already has cases.
    """
    with house.reader.connect() as conn:
        if conn.scalar(select(func.count()).select_from(Case)):
            raise NotEmpty(Text("这里已经有案件，演示数据只能建在空库里。", "There are cases already."))
    random, end = Random(seed), house.now()  # noqa: S311 — invented data, reproducible
    start = end - timedelta(days=DAYS)
    clock = Simulated(start)
    real, house.now = house.now, clock
    try:
        posts, villages = settle(house, random, start, TOWNSHIPS, VILLAGES_PER_TOWNSHIP)
        county = County(house, clock, posts, villages, random)
        fixed = first_of_each()
        stories = [*fixed, *(choose(random) for _ in range(max(0, cases - len(fixed))))]
        inspect(county, end)
        commands = county.run(stories, start.astimezone(SHANGHAI).date(), end, progress)
    finally:
        house.now = real
    with house.reader.connect() as conn:
        opened = conn.scalar(select(func.count()).select_from(Case)) or 0
    built = Built(opened, commands, tuple(posts), PASSWORD)
    record = {
        "cases": built.cases,
        "made_at": datetime.isoformat(end),
        "seed": seed,
        "accounts": [{"login": p.login, "name": p.name, "role": p.role, "org": p.org_name} for p in posts],
    }
    (house.home / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    return built


def settle(
    house: House, random: Random, at: datetime, townships: int, villages: int
) -> tuple[list[Post], list[str]]:
    """The county's offices, and people on the seats of the first townships with so many villages each."""
    with transaction(house.engine) as conn:
        seed_county(conn)
        chosen, inside = _places(conn, townships, villages)
        return place_staff(conn, random, at, chosen, inside, COUNTY), inside


def _places(conn: Connection, many: int, each: int) -> tuple[list[str], list[str]]:
    rows = conn.execute(
        select(Organisation.code, Organisation.level, Organisation.parent)
        .where(Organisation.kind == "government")
        .order_by(Organisation.code)
    ).all()
    villages: dict[str, list[str]] = {}
    for row in rows:
        if row.level == "village":
            villages.setdefault(row.parent, []).append(row.code)
    townships = [code for code, inside in villages.items() if len(inside) >= each][:many]
    return townships, [village for code in townships for village in villages[code][:each]]
