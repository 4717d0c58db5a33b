"""`mingjian bench`: everything measured in one run on one machine."""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click
import pysqlite3.dbapi2
from rich.console import Console

from web import bench_http
from workflow.bench import (
    alerts,
    contenders,
    expectations,
    log,
    loops,
    peers,
    replaying,
    script,
    sizes,
    worklist,
)
from workflow.bench.alerts import Load
from workflow.bench.contenders import Contender
from workflow.bench.runner import ClientFailed
from workflow.bench.tables import tables
from workflow.progress import bar

if TYPE_CHECKING:
    from workflow.cli import Settings

WORKERS = (1, 4)
WIDTH = 130
"""Columns of the tables where there is no terminal that says how wide it is."""
SECTIONS = ("short", "whole", "http", "bytes", "worklist", "loops", "alerts", "log", "replay")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    cases: int
    pages: int
    reads: int
    lists: tuple[int, ...]
    loops: tuple[int, ...]
    alerts: Load
    log: log.Load
    desk: replaying.Load
    workers: tuple[int, ...] = WORKERS


FULL = Size(5, 120, 20, 60, worklist.LEVELS, loops.LEVELS, alerts.FULL, log.FULL, replaying.FULL)
QUICK = Size(
    1, 20, 4, 10, (1_000,), (0, 20), Load(100, 5_000), log.Load(50_000, 50, 5), replaying.Load(4, 10, 10_000)
)  # fmt: skip
TINY = Size(
    1, 2, 1, 2, (50,), (0, 2), Load(2, 20), log.Load(600, 5, 1, writers=2), replaying.Load(1, 3, 50), (1,)
)  # fmt: skip

Advance = Callable[[str], None]


@click.command()
@click.option(
    "--json",
    "to",
    metavar="FILE|-",
    help="结果写成 JSON，- 为标准输出。Figures as JSON, - is stdout.",
)
@click.option(
    "--database-postgresql", "server", metavar="URL",
    help="也在这台 PostgreSQL 上量，用临时库。Also on this PostgreSQL, in throw-away databases.",
)  # fmt: skip
@click.option(
    "--peers", "with_peers", is_flag=True,
    help="也量 django-fsm-2 和 viewflow（单独装）。Also django-fsm-2 and viewflow, installed apart.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="少量几件，一两分钟。A few cases, a minute or two.")
@click.option("--only", multiple=True, type=click.Choice(SECTIONS), help="只量这几项。Only these sections.")
@click.option(
    "--county", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="replay 在这个县的副本上量，只读。For replay: a copy of this home folder, which is only read.",
)  # fmt: skip
@click.pass_obj
def bench(
    settings: "Settings",
    to: str | None,
    server: str | None,
    with_peers: bool,
    quick: bool,
    only: tuple[str, ...],
    county: Path | None,
) -> None:
    """量一量：每步的时间和字节，与别的系统比。Measure: time and bytes per transition, against other systems.

    退出状态：0 预期全部达到，1 有未达到的。Exit status: 0 all expectations met, 1 some are not.
    """
    size = QUICK if quick else FULL
    console = Console(stderr=to == "-", width=None if sys.stdout.isatty() else WIDTH)
    try:
        with _progress() as advance:
            python = peers.environment(settings.home) if with_peers else None
            results = measure(size, server, python, only or SECTIONS, advance, county)
    except (ClientFailed, peers.PeersMissing) as failed:
        raise click.ClickException(f"量测没有完成。The measurement broke off.\n{failed}") from failed
    found = expectations.check(results)
    results["expectations"] = [one.as_json() for one in found]
    for table in tables(results, found):
        console.print(table)
    if to is not None:
        text = json.dumps(results, ensure_ascii=False, indent=1)
        if to == "-":
            click.echo(text)
        else:
            Path(to).write_text(text + "\n", encoding="utf-8")
    sys.exit(1 if any(one.met is False for one in found) else 0)


@contextmanager
def _progress() -> Iterator[Advance]:
    with bar() as progress:
        task = progress.add_task("量测 bench", total=None)

        def advance(what: str) -> None:
            progress.update(task, advance=1, description=what)

        yield advance


def measure(
    size: Size,
    server: str | None,
    python: Path | None,
    sections: tuple[str, ...],
    advance: Advance,
    county: Path | None = None,
) -> dict[str, Any]:
    """All figures of the sections asked for, as JSON-able values. `county`: see the option.

    Raises:
        ClientFailed: a contender or the server ended with an error.
    """
    results: dict[str, Any] = {"machine": machine(), "rounds": size.rounds, "notes": list(NOTES)}
    servers = {"sqlite": None, **({"postgresql": server} if server else {})}
    with tempfile.TemporaryDirectory(prefix="mingjian-bench-") as folder:
        fields = _fields(Path(folder), python, sections, advance)
        for name, field in fields.items():
            results[name] = {
                kind: {
                    str(workers): contenders.compare(
                        [one for one in field if kind == "sqlite" or not one.sqlite_only],
                        server=address,
                        workers=workers,
                        cases=max(2, size.cases // workers),
                        rounds=size.rounds,
                        told=lambda one, kind=kind, workers=workers: advance(f"{one} · {kind} · {workers}"),  # type: ignore[misc]
                    )
                    for workers in size.workers
                }
                for kind, address in servers.items()
            }
    if "http" in sections:
        results["http"] = {
            kind: {str(clients): _pages(address, clients, size, advance) for clients in size.workers}
            for kind, address in servers.items()
        }
    if "bytes" in sections:
        advance("字节 bytes")
        results["bytes"] = {
            "short": sizes.measure(whole=False, cases=min(10, size.cases)),
            "whole": sizes.measure(whole=True, cases=min(3, size.cases)),
        }
    if "worklist" in sections:
        results["worklist"] = [_list(tasks, size, advance) for tasks in size.lists]
    if "loops" in sections:
        advance("退回更正 loops")
        results["loops"] = loops.measure(size.loops, probe=min(4, size.cases), told=lambda done: None)
    if "alerts" in sections:
        results["alerts"] = {
            kind: _alerts(size.alerts, address, kind, advance) for kind, address in servers.items()
        }
    if "log" in sections:
        results["log"] = _log(size.log, servers, advance)
    if "replay" in sections:
        kinds: dict[str, str | None] = {"sqlite": None} if county else servers
        results["replay"] = {
            kind: _desk(size.desk, address, county, kind, advance) for kind, address in kinds.items()
        }
    return results


def _fields(
    folder: Path, python: Path | None, sections: tuple[str, ...], advance: Advance
) -> dict[str, list[Contender]]:
    fields = {}
    if "short" in sections:
        fields["short"] = contenders.short(script.short(folder))
        if python is not None:
            fields["short"] += contenders.peers(python)
    if "whole" in sections:
        advance("F01")
        fields["whole"] = contenders.whole(script.whole(folder))
    return fields


def _pages(address: str | None, clients: int, size: Size, advance: Advance) -> dict[str, Any]:
    advance(f"HTTP · {clients}")
    return bench_http.transitions(address, clients, size.pages)


def _list(tasks: int, size: Size, advance: Advance) -> dict[str, Any]:
    advance(f"待办 worklist · {tasks:,}")
    return bench_http.long_list(tasks, size.reads)


def _alerts(load: Load, address: str | None, kind: str, advance: Advance) -> dict[str, Any]:
    advance(f"提醒 alerts · {kind}")
    return alerts.measure(load, address, Random(1))  # noqa: S311 — who is killed when


def _log(load: log.Load, servers: Mapping[str, str | None], advance: Advance) -> dict[str, Any]:
    advance(f"日志 log · {load.entries:,}")
    found: dict[str, Any] = {"tree": log.tree(load), "lag": {}, "cost": {}}
    for kind, address in servers.items():
        advance(f"日志 log · {kind}")
        found["lag"][kind] = log.lag(address, load)
        found["cost"][kind] = log.cost(address, load)
    return found


def _desk(
    load: replaying.Load, address: str | None, county: Path | None, kind: str, advance: Advance
) -> dict[str, Any]:
    advance(f"核查 replay · {kind}")
    return bench_http.desk(load, address, county)


NOTES = (
    "cpu_ms: processor time of all clients over all transitions; on PostgreSQL without the server's own",
    "http cpu_ms: time of the serving processes over the transitions (three pages each)",
    "floor: hand-written SQL, the same writes in one commit, no engine, no checks; ratios within a round",
    "SpiffWorkflow: stock, its own JSON serializer, the same diagrams; F01 with decision variables only",
    "log: entries and tiles against the signed root, processor time of one process; entries not read",
    "the worklist's rows were made by SQL in a throw-away database, all open tasks in one seat",
)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.platform(),
        "sqlite": pysqlite3.dbapi2.sqlite_version,
    }
