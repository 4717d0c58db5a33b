"""Our engine does what SpiffWorkflow does: random cases through both, compared after every command.

Stock runs in a process of its own, with nothing of ours imported. Ours keeps nothing but bytes between two
commands. Compared are the open tasks with lanes and data, the waiting timers, messages, signals and
conditions with their dates, and the data at the end. ``MINGJIAN_WALKS`` multiplies the number of cases,
``MINGJIAN_SEED`` draws other random diagrams.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from diagrams.draw import diagrams

HERE = Path(__file__).parent
WALK = HERE / "diagrams" / "walk.py"
FLOWS = HERE.parent / "bpmn" / "flows"
TIMES = int(os.environ.get("MINGJIAN_WALKS", "1"))


def files_in(folder: Path) -> list[str]:
    return sorted(str(p) for p in folder.iterdir() if p.suffix in (".bpmn", ".dmn"))


def processes_in(folder: Path) -> list[str]:
    return sorted(p.stem for p in folder.glob("*.bpmn"))


def walk(mode: str, first: int, last: int, folder: Path, *options: str) -> tuple[list[dict], list[str]]:
    """Cases from one walk, and for ours the digests of all states on the way."""
    done = subprocess.run(
        [sys.executable, str(WALK), mode, str(first), str(last), *options, *files_in(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.splitlines()


def both(cases: int, folder: Path, *options: str) -> list[dict]:
    """Walk both ways and compare; returns the cases."""
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(walk, "ours", 0, cases, folder, *options)
        stock = pool.submit(walk, "stock", 0, cases, folder, *options)
        expected, got = stock.result()[0], ours.result()[0]
    assert len(expected) == len(got)
    for one, other in zip(expected, got, strict=True):
        assert one == other, first_difference(one, other)
    return got


def first_difference(one: dict, other: dict) -> str:
    where = f"{one['process']}, seed {one['seed']}"
    for number, (stock, ours) in enumerate(zip(one["seen"], other["seen"], strict=False)):
        if stock != ours:
            done = one["done"][:number]
            return f"{where}, after {number} commands {done[-3:]}:\nstock {stock}\nours  {ours}"
    return f"{where}: {[(key, one[key], other[key]) for key in one if one[key] != other[key]]}"


def asked_for(processes: list[str]) -> list[str]:
    return [word for process in processes for word in ("--process", process)]


def test_every_element_runs_as_in_stock():
    folder = HERE / "diagrams"
    cases = both(12 * TIMES, folder, *asked_for(processes_in(folder)))
    assert len(cases) >= 300
    assert sum(len(case["done"]) for case in cases) > 1000
    for process in processes_in(folder):
        ended = [case for case in cases if case["process"] == process and case["over"]]
        assert ended, f"no random case of {process} reached its end"


def test_our_own_flows_run_as_in_stock():
    """Seven random cases of each are some 380; what flows share is walked inside all that call it as well."""
    cases = both(7 * TIMES, FLOWS, *asked_for(processes_in(FLOWS)))
    assert len(cases) >= 300
    assert not [case["process"] for case in cases if case["failed"]]
    assert any(case["over"] for case in cases if case["process"] == "ma_ordinary_county")


def test_the_whole_flow_walked_deeply():
    """The top flow only, where all sub-processes nest."""
    cases = both(40 * TIMES, FLOWS, "--process", "ma_ordinary_county", "--process", "ma_ordinary_examination")
    assert max(len(case["done"]) for case in cases) >= 30


def test_shapes_that_guards_refuse_still_run_as_in_stock_without_guards():
    folder = HERE / "diagrams" / "unguarded"
    cases = both(10 * TIMES, folder, "--unguarded", *asked_for(processes_in(folder)))
    assert sum(len(case["done"]) for case in cases) > 50


def test_diagrams_nobody_has_seen_run_as_in_stock(tmp_path):
    """Random diagrams, read without guards. Where stock breaks down, ours must have agreed until then."""
    seed = int(os.environ.get("MINGJIAN_SEED", "1"))
    for name, content in diagrams(seed, 9 * TIMES):
        (tmp_path / f"{name}.bpmn").write_bytes(content)
    options = ("--unguarded", *asked_for(processes_in(tmp_path)))
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(walk, "ours", 0, 3, tmp_path, *options)
        expected, got = walk("stock", 0, 3, tmp_path, *options)[0], ours.result()[0]
    for one, other in zip(expected, got, strict=True):
        if one["failed"] and not other["failed"]:
            one, other = ({**case, "seen": case["seen"][: len(one["seen"])]} for case in (one, other))
            assert one["seen"] == other["seen"], first_difference(one, other)
        else:
            assert one == other, first_difference(one, other)
    assert sum(len(case["done"]) for case in got) > 100


@pytest.mark.parametrize("element", [
    "laneSet", "userTask", "manualTask", "scriptTask", "serviceTask", "sendTask", "receiveTask", "task",
    "businessRuleTask", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway",
    "callActivity", "subProcess", "transaction", "adHocSubProcess", "boundaryEvent", "intermediateCatchEvent",
    "intermediateThrowEvent", "timerEventDefinition", "messageEventDefinition", "signalEventDefinition",
    "errorEventDefinition", "escalationEventDefinition", "conditionalEventDefinition",
    "cancelEventDefinition", "terminateEventDefinition", "timeDate", "timeDuration", "correlationKey",
    "multiInstanceLoopCharacteristics", "standardLoopCharacteristics",
    "dataObject", 'cancelActivity="false"', 'cancelActivity="true"',
])  # fmt: skip
def test_the_small_diagrams_hold_every_element(element):
    wanted = element if "=" in element else f"<bpmn:{element}"
    assert any(wanted in path.read_text() for path in (HERE / "diagrams").glob("*.bpmn"))


def test_a_cycle_timer_is_walked_without_guards():
    assert "<bpmn:timeCycle" in (HERE / "diagrams" / "unguarded" / "cycle.bpmn").read_text()


def test_a_walk_gives_the_same_bytes_in_every_process():
    """Different hash seeds: no set order, no random id, no wall clock reaches a state."""
    folder = HERE / "diagrams"
    options = asked_for(["inclusive_work", "parallel_work", "interruptions", "many_voters", "separate_ends"])

    def digests(seed: str) -> list[str]:
        command = [sys.executable, str(WALK), "ours", "0", "6", *options, *files_in(folder)]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parent, env=env)
        return sorted(line for line in done.stderr.splitlines() if len(line.split()[-1]) == 64)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(digests, ("1", "4242"))
    assert len(one) == 30
    assert one == other
