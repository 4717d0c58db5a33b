"""Run a contender's clients side by side and sum up what they measured."""

import json
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PATIENCE = 900
"""Seconds after which a client that says nothing counts as stuck."""


class ClientFailed(Exception):
    """A measured program ended with an error; its last words are the message."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One contender in one round. Times in milliseconds; CPU of all its clients over all transitions."""

    workers: int
    transitions: int
    per_second: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float

    def as_json(self) -> dict[str, Any]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * len(ordered) * 1000) // 1000) - 1))]


def sum_up(reports: Sequence[Mapping[str, Any]], *, cpu: float | None = None) -> Sample:
    """`cpu`: seconds of the serving process, where that and not the client is what costs."""
    seconds = [one for report in reports for one in report["seconds"]]
    wall = max(report["ended"] for report in reports) - min(report["began"] for report in reports)
    spent = sum(report["cpu"] for report in reports) if cpu is None else cpu
    return Sample(
        workers=len(reports),
        transitions=len(seconds),
        per_second=len(seconds) / wall,
        cpu_ms=1000 * spent / len(seconds),
        p50_ms=1000 * percentile(seconds, 0.5),
        p95_ms=1000 * percentile(seconds, 0.95),
    )


def race(command: Sequence[str], workers: int, environment: Mapping[str, str] | None = None) -> Sample:
    """Start `workers` clients of one contender, let them go at the same moment, wait for all.

    Raises:
        ClientFailed: one of them ended with an error.
    """
    return sum_up(reports(command, workers, environment))


def reports(
    command: Sequence[str],
    workers: int,
    environment: Mapping[str, str] | None = None,
    *,
    ready: Callable[[], None] | None = None,
    done: Callable[[], None] | None = None,
) -> list[dict[str, Any]]:
    """What each client reported. `ready` is called when all have warmed up, `done` when all have ended."""
    clients = [
        subprocess.Popen(  # noqa: S603 — our own programs
            [*command, "--worker", str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in range(workers)
    ]
    try:
        for client in clients:
            if client.stdout is None or client.stdout.readline().strip() != "ready":
                _failed(client)
        if ready:
            ready()
        for client in clients:
            if client.stdin is not None:
                client.stdin.write("go\n")
                client.stdin.flush()
        found = []
        for client in clients:
            out, _ = client.communicate(timeout=PATIENCE)
            if client.returncode != 0:
                _failed(client)
            found.append(json.loads(out.splitlines()[-1]))
        if done:
            done()
        return found
    finally:
        for client in clients:
            if client.poll() is None:
                client.kill()
            client.wait()
            for stream in (client.stdin, client.stdout, client.stderr):
                if stream is not None and not stream.closed:
                    stream.close()


def _failed(client: "subprocess.Popen[str]") -> None:
    client.kill()
    words = client.stderr.read() if client.stderr is not None and not client.stderr.closed else ""
    raise ClientFailed(words.strip()[-2000:] or f"a client ended with {client.returncode}")


def prepare(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Let a contender make its tables."""
    done = subprocess.run(  # noqa: S603 — our own programs
        [*command, "--prepare"], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode != 0:
        raise ClientFailed(done.stderr.strip()[-2000:])


def medians(rounds: Sequence[Sample], floors: Sequence[Sample]) -> dict[str, Any]:
    """Medians over the rounds, and ratios to the floor of the same round."""
    cpu = [one.cpu_ms / floor.cpu_ms for one, floor in zip(rounds, floors, strict=True)]
    speed = [one.per_second / floor.per_second for one, floor in zip(rounds, floors, strict=True)]
    middle = {
        name: round(statistics.median(getattr(one, name) for one in rounds), 4)
        for name in ("per_second", "cpu_ms", "p50_ms", "p95_ms")
    }
    return {
        **middle,
        "transitions": rounds[0].transitions,
        "cpu_to_floor": round(statistics.median(cpu), 2),
        "speed_to_floor": round(statistics.median(speed), 3),
        "rounds": [one.as_json() for one in rounds],
    }
