"""What is expected of the figures, said in so many words: met, not met, or not measured in this run."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bpmn import Text
from workflow.bench.alerts import FULL
from workflow.bench.databases import DATABASES
from workflow.bench.log import FULL as LOG

SHARE_OF_STOCK = 1 / 8
WORKLIST_MS, BOARD_MS, WORKLIST_TASKS = 50.0, 150.0, 100_000
LOOP_SHARE, LOOPS = 0.15, 1_000
BYTES = 4_096
REPLAY_MS, STEP_MS = 300.0, 50.0
ALERTS_SECONDS = 60.0
VERIFY_US, PROOF_MS, LAG_S, LAYER_SHARE = 5.0, 2.0, 3.0, 1.1
PEER = "django-fsm-2 + simple-history"


@dataclass(frozen=True, slots=True)
class Expectation:
    """`figure` is what was measured, in `unit`; `most` what is allowed. No figure: not measured."""

    id: str
    what: Text
    most: float
    unit: str
    figure: float | None

    @property
    def met(self) -> bool | None:
        return None if self.figure is None else self.figure <= self.most

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def check(results: Mapping[str, Any]) -> list[Expectation]:
    """All expectations, from the results of a run. Ratios are taken within the same rounds."""
    return [
        Expectation(
            "cpu_to_stock_whole",
            Text(
                "每步CPU与原版SpiffWorkflow之比，流程F01全程，SQLite",
                "CPU per transition against stock SpiffWorkflow, F01 whole, SQLite",
            ),
            SHARE_OF_STOCK,
            "×",
            _ratio(results, "whole", "SpiffWorkflow"),
        ),
        Expectation(
            "cpu_to_stock_short",
            Text(
                "每步CPU与原版SpiffWorkflow之比，三步小流程，SQLite",
                "CPU per transition against stock SpiffWorkflow, the process of three steps, SQLite",
            ),
            SHARE_OF_STOCK,
            "×",
            _ratio(results, "short", "SpiffWorkflow"),
        ),
        Expectation(
            "cpu_to_django_fsm",
            Text(
                "每步CPU与django-fsm-2加simple-history之比，三步小流程，SQLite",
                "CPU per transition against django-fsm-2 + simple-history, process of three steps, SQLite",
            ),
            1.0,
            "×",
            _ratio(results, "short", PEER),
        ),
        Expectation(
            "worklist",
            Text(
                "十万件待办时打开待办页，p95，经HTTP", "Worklist with 100,000 open tasks, p95, through HTTP"
            ),
            WORKLIST_MS,
            "ms",
            _page(results, "http"),
        ),
        Expectation(
            "board",
            Text(
                "十万件待办时打开督办页，p95，经HTTP，三种分法中最慢的",
                "Board with 100,000 open tasks, p95, through HTTP, the slowest of its three ways",
            ),
            BOARD_MS,
            "ms",
            _page(results, "board", "board_by_step", "board_by_officer"),
        ),
        Expectation(
            "loops",
            Text("退回更正一千次后每步多花的CPU", "More CPU per transition after 1,000 correction loops"),
            LOOP_SHARE,
            "×",
            _loops(results),
        ),
        Expectation(
            "bytes_short",
            Text("每步写入的状态、任务和日志，三步小流程", "State, tasks and log entry written, three steps"),
            BYTES,
            "B",
            _bytes(results, "short"),
        ),
        Expectation(
            "bytes_whole",
            Text("每步写入的状态、任务和日志，流程F01全程", "State, tasks and log entry written, F01 whole"),
            BYTES,
            "B",
            _bytes(results, "whole"),
        ),
        *(one for kind, name in DATABASES.items() for one in _alerts(results, kind, name)),
        *_second_layer(results),
        *(one for kind, name in DATABASES.items() for one in _replay(results, kind, name)),
    ]


def _replay(results: Mapping[str, Any], kind: str, name: str) -> tuple[Expectation, Expectation]:
    """The inspector's player, as pages."""
    found = results.get("replay", {}).get(kind, {})
    return (
        Expectation(
            f"replay_open_{kind}",
            Text(f"打开案件重演的页面，p95，{name}", f"Opening a case's replay as a page, p95, {name}"),
            REPLAY_MS,
            "ms",
            found.get("open_page", {}).get("p95_ms"),
        ),
        Expectation(
            f"replay_step_{kind}",
            Text(f"重演走一步的页面，p95，{name}", f"One step of a replay as a page, p95, {name}"),
            STEP_MS,
            "ms",
            found.get("step_page", {}).get("p95_ms"),
        ),
    )


def _alerts(results: Mapping[str, Any], kind: str, name: str) -> tuple[Expectation, Expectation]:
    """How long it takes until all alerts are in the log, each once and in order."""
    found = results.get("alerts", {}).get(kind, {})
    whole = (found.get("deadlines"), found.get("tasks")) == (FULL.deadlines, FULL.tasks)
    return (
        Expectation(
            f"alerts_{kind}",
            Text(
                f"十万件待办，两千个时限同时到期，提醒全部入日志，{name}",
                f"100,000 open tasks, 2,000 deadlines at once: all alerts in the log, {name}",
            ),
            ALERTS_SECONDS,
            "s",
            found["seconds"] if whole else None,
        ),
        Expectation(
            f"alerts_wrong_{kind}",
            Text(
                f"提醒缺少、重复或次序不对的案件，{name}",
                f"Cases with an alert missing, doubled or out of order, {name}",
            ),
            0,
            "",
            found.get("wrong"),
        ),
    )


def _ratio(results: Mapping[str, Any], process: str, other: str) -> float | None:
    """Our CPU over the other's in the same round, median over the rounds: one client on SQLite."""
    field = results.get(process, {}).get("sqlite", {}).get("1", {})
    if other not in field or "mingjian" not in field:
        return None
    rounds = zip(field["mingjian"]["rounds"], field[other]["rounds"], strict=True)
    return round(float(median(ours["cpu_ms"] / theirs["cpu_ms"] for ours, theirs in rounds)), 3)


def _page(results: Mapping[str, Any], *names: str) -> float | None:
    for one in results.get("worklist", []):
        if one["tasks"] == WORKLIST_TASKS:
            return max(float(one[name]["p95_ms"]) for name in names)
    return None


def _loops(results: Mapping[str, Any]) -> float | None:
    levels = results.get("loops", {}).get("levels", [])
    if not levels or levels[-1]["loops"] < LOOPS:
        return None
    return round(max(float(level["ratio"]) for level in levels) - 1, 3)


def _bytes(results: Mapping[str, Any], process: str) -> float | None:
    found = results.get("bytes", {}).get(process)
    return float(found["state_tasks_entry"]) if found else None


def _second_layer(results: Mapping[str, Any]) -> Iterator[Expectation]:
    """The log behind the transaction: checking it, proofs from it, how far it is behind, what it costs."""
    whole = _log(results, "tree", "entries") == LOG.entries
    yield Expectation(
        "log_verify",
        Text(
            "核对百万条日志里的一条，单核CPU（即每秒20万条）",
            "Checking one entry of a log of a million, CPU of one core (200,000 a second)",
        ),
        VERIFY_US,
        "µs",
        _log(results, "tree", "verify_us") if whole else None,
    )
    yield Expectation(
        "log_proof",
        Text("从百万条日志出具一份包含证明，p99", "One proof of inclusion from a log of a million, p99"),
        PROOF_MS,
        "ms",
        _log(results, "tree", "proof", "p99_ms") if whole else None,
    )
    for database, name in DATABASES.items():
        yield Expectation(
            f"log_lag_{database}",
            Text(
                f"8个写入者时从提交到公开，p99，{name}",
                f"From commit to publication with 8 writers, p99, {name}",
            ),
            LAG_S,
            "s",
            _log(results, "lag", database, "p99_s"),
        )
        yield Expectation(
            f"log_cost_{database}",
            Text(
                f"有无第二层日志的每步时间之比，{name}",
                f"A transition with the second layer of the log against one without, {name}",
            ),
            LAYER_SHARE,
            "×",
            _log(results, "cost", database, "p50"),
        )


def _log(results: Mapping[str, Any], *path: str) -> float | None:
    found: Any = results.get("log")
    for name in path:
        found = None if found is None else found.get(name)
    return None if found is None else float(found)
