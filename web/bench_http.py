"""Our service through its pages: a real server, real sign-in, worklist → task → submit."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from web.bench_server import HOST, serving
from workflow.bench import replaying, worklist
from workflow.bench.databases import fresh
from workflow.bench.drive import NOTE, STEPS, STRAIGHT, Driver
from workflow.bench.ground import Ground, lay, open_bench_house
from workflow.bench.rivals.pace import Pace
from workflow.bench.runner import Clients, reports, sum_up
from workflow.demo.staff import PASSWORD
from workflow.store.models import Task

CLIENT = [sys.executable, "-P", str(Path(__file__).with_name("bench_client.py"))]
"""By its file: as a module of `web` it would read the whole product before it asks for one page."""
WARM = 2
BOARD = {
    "board": "/supervise",
    "board_by_step": "/supervise?by=step",
    "board_by_officer": "/supervise?by=holder",
}


def transitions(server: str | None, clients: int, cases: int) -> dict[str, Any]:
    """Three completions per case by `clients` at once; the cases were registered through the service."""
    with fresh(server) as place:
        each = cases + WARM
        ground = lay(place.url, place.home, clients * each + 1)
        plan = _plan(place.url, place.home, ground, clients, each)
        with serving(place.url, place.home) as running:
            plan["port"] = running.port
            file = _write(place.home, plan)
            with Clients([*CLIENT, "--plan", str(file)], clients) as signed_in:
                before = running.cpu_seconds()
                found = signed_in.run()
                after = running.cpu_seconds()
    sample = sum_up(found, cpu=None if before is None or after is None else after - before)
    return {
        **sample.as_json(),
        "cpu_ms": None if before is None else sample.as_json()["cpu_ms"],
        "pages": {
            kind: worklist.figures([one for report in found for one in report["kinds"][kind]])
            for kind in ("worklist", "task", "submit")
        },
    }


def _plan(url: str, home: Path, ground: Ground, clients: int, each: int) -> dict[str, Any]:
    house = open_bench_house(url, home, product=False)
    try:
        driver = Driver(house, ground)
        example = driver.straight(Pace(), clients * each)  # the engine numbers the tasks of every case alike
        with house.reader.connect() as conn:
            found = conn.execute(select(Task.role, Task.id).where(Task.case_id == example))
            numbers = {role: task for role, task in found}
        cases = [str(driver.open(Pace(), STRAIGHT, number)) for number in range(clients * each)]
    finally:
        house.close()
    logins = {seat.role: seat.login for seat in ground.seats}
    steps = [
        {"login": logins[role], "task": numbers[role], "answers": {answer: "agree", "note": NOTE}}
        for role, answer in STEPS
    ]
    shares = [cases[number * each : (number + 1) * each] for number in range(clients)]
    return {
        "host": HOST,
        "password": PASSWORD,
        "logins": [step["login"] for step in steps],
        "steps": steps,
        "reads": 0,
        "warm": [share[:WARM] for share in shares],
        "cases": [share[WARM:] for share in shares],
    }


def long_list(tasks: int, reads: int) -> dict[str, Any]:
    """So many open tasks, all in one seat and over the whole county: the worklist through its read model
    and as a page, and the supervisor's board as a page, split in its three ways.
    """
    now = datetime.now(UTC)
    with worklist.filled(tasks, now) as place:
        model = worklist.through_the_read_model(place, now, reads)
        with serving(place.url, place.home) as running:
            plan = {
                "host": HOST,
                "port": running.port,
                "password": PASSWORD,
                "logins": [place.seat.login, place.supervisor.login],
                "steps": [],
                "reads": reads,
                "pages": {
                    "worklist": (place.seat.login, "/work"),
                    **{name: (place.supervisor.login, address) for name, address in BOARD.items()},
                },
            }
            found = reports([*CLIENT, "--plan", str(_write(place.home, plan))], 1)
    pages = {name: worklist.figures(seconds) for name, seconds in found[0]["kinds"].items()}
    return {"tasks": tasks, "read_model": model, "http": pages.pop("worklist"), **pages}


def desk(load: replaying.Load, server: str | None, county: Path | None) -> dict[str, Any]:
    """The inspector's desk: through its read models, and the player as pages. `county`: a kept home folder
    instead of a county made for it.
    """
    with replaying.kept(county) if county else replaying.made(load, server) as (found, flags):
        model = replaying.read_model(found, load.reads)
        with serving(found.place.url, found.place.home) as running:
            login = found.login
            plan = {
                "host": HOST, "port": running.port, "password": PASSWORD, "logins": [login], "steps": [],
                "reads": load.reads, "pages": {name: (login, page) for name, page in found.pages.items()},
            }  # fmt: skip
            told = reports([*CLIENT, "--plan", str(_write(found.place.home, plan))], 1)
    pages = {f"{name}_page": worklist.figures(seconds) for name, seconds in told[0]["kinds"].items()}
    return {**model, **pages, "flags": flags}


def _write(home: Path, plan: dict[str, Any]) -> Path:
    file = home / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    return file
