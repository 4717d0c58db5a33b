"""What stock SpiffWorkflow is to do: the same commands, with the answers our own log has recorded."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import audit
import bpmn
from workflow.bench.drive import NOTE, STEPS, STRAIGHT, WHOLE, Driver
from workflow.bench.ground import DATA, lay, open_bench_house
from workflow.bench.rivals.pace import Pace
from workflow.handle import Outcome

TASKS = ("bench_village_step", "bench_township_step", "bench_county_step")


def short(folder: Path) -> Path:
    """The short process: three answers."""
    steps: list[tuple[str | None, dict[str, Any]]] = [
        (task, {field: "agree", "note": NOTE}) for task, (_, field) in zip(TASKS, STEPS, strict=True)
    ]
    return _write(folder / "short.json", STRAIGHT, {}, steps, case_data=True, diagrams=DATA / "flows")


def whole(folder: Path) -> Path:
    """F01 on its happy path, as a case of ours has gone it. Stock carries the decision variables only."""
    home = folder / "recording"
    home.mkdir()
    ground = lay(None, home, 1, product=True)
    house = open_bench_house(None, home, product=True)
    seen: list[Outcome] = []
    try:
        Driver(house, ground, lambda name, outcome: seen.append(outcome)).whole(Pace(), 0)
        case_id = seen[0].case_id
        if not isinstance(case_id, UUID):
            raise RuntimeError("the recorded case has no id")
        with house.reader.connect() as conn:
            entries = [stored.entry for stored in audit.entries(conn, case_id)]
    finally:
        house.close()
    start = entries[0]["vars"]["start"]
    steps = [_step(entry) for entry in entries[1:] if entry["command"]["name"] in {"complete", "tick"}]
    diagrams = Path(bpmn.__file__).parent / "flows"
    return _write(folder / "whole.json", WHOLE, start, steps, case_data=False, diagrams=diagrams)


def _step(entry: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    if entry["command"]["name"] == "tick":
        return None, {}
    return entry["task"]["node"], entry["vars"].get("answers", {})


def _write(
    path: Path,
    process: str,
    start: dict[str, Any],
    steps: list[tuple[str | None, dict[str, Any]]],
    *,
    case_data: bool,
    diagrams: Path,
) -> Path:
    told = {
        "process": process,
        "diagrams": str(diagrams),
        "start": start,
        "steps": steps,
        "case_data": case_data,
    }
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return path
