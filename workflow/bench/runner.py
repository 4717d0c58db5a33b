"""Run a contender's clients side by side and sum up what they measured."""

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Any, NoReturn

Report = Mapping[str, Any]
"""What a client says of one turn: `rivals/pace.py`."""

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


def sum_up(*turns: Sequence[Report], cpu: float | None = None) -> Sample:
    """Of one turn of all clients of a contender, or of several. `cpu`: seconds of the serving process, where
    that and not the client is what costs.
    """
    reports = [report for turn in turns for report in turn]
    seconds = [one for report in reports for one in report["seconds"]]
    wall = sum(max(one["ended"] for one in turn) - min(one["began"] for one in turn) for turn in turns)
    spent = sum(report["cpu"] for report in reports) if cpu is None else cpu
    return Sample(
        workers=len(turns[0]),
        transitions=len(seconds),
        per_second=len(seconds) / wall,
        cpu_ms=1000 * spent / len(seconds),
        p50_ms=1000 * percentile(seconds, 0.5),
        p95_ms=1000 * percentile(seconds, 0.95),
    )


class Clients:
    """The clients of one contender: started and warmed up; they work when they are told to.

    Raises:
        ClientFailed: one of them ended with an error, or said nothing for `PATIENCE`.
    """

    def __init__(
        self, command: Sequence[str], workers: int, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._workers, self._environment = command, workers, environment
        self._started: list[tuple[subprocess.Popen[str], IO[str]]] = []

    def __enter__(self) -> "Clients":
        try:
            for number in range(self._workers):
                self._start(number)
            for client, words in self._started:
                if self._line(client, words).strip() != "ready":
                    _failed(client, words)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._end()
        finally:
            self._stop()

    def run(self, cases: int | None = None) -> list[Report]:
        """Let each client run so many cases, or all that it has left: what each of them reports."""
        for client, _ in self._started:
            if client.stdin is not None:
                with suppress(BrokenPipeError):  # whoever is gone will not answer
                    client.stdin.write(f"{'all' if cases is None else cases}\n")
                    client.stdin.flush()
        found = [self._line(client, words) for client, words in self._started]
        return [json.loads(line) for line in found]

    def _start(self, number: int) -> None:
        words = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 — a pipe that nobody empties fills up
        client = subprocess.Popen(  # noqa: S603 — our own programs
            [*self._command, "--worker", str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            env=self._environment,
        )
        self._started.append((client, words))

    @staticmethod
    def _line(client: "subprocess.Popen[str]", words: IO[str]) -> str:
        patience = Timer(PATIENCE, client.kill)
        patience.start()
        try:
            line = client.stdout.readline() if client.stdout is not None else ""
        finally:
            patience.cancel()
        return line or _failed(client, words)

    def _end(self) -> None:
        """There is nothing more to do: each ends by itself."""
        for client, _ in self._started:
            if client.stdin is not None:
                client.stdin.close()
        for client, words in self._started:
            with suppress(subprocess.TimeoutExpired):
                client.wait(PATIENCE)
            if client.returncode != 0:
                _failed(client, words)

    def _stop(self) -> None:
        for client, words in self._started:
            client.kill()
            client.wait()
            for stream in (client.stdin, client.stdout, words):
                if stream is not None:
                    with suppress(BrokenPipeError):  # what was not read any more
                        stream.close()


def race(command: Sequence[str], workers: int, environment: Mapping[str, str] | None = None) -> Sample:
    """Start `workers` clients of one contender, let them go at the same moment, wait for all."""
    return sum_up(reports(command, workers, environment))


def reports(
    command: Sequence[str], workers: int, environment: Mapping[str, str] | None = None
) -> list[Report]:
    """The same, as each of them says it."""
    with Clients(command, workers, environment) as clients:
        return clients.run()


def _failed(client: "subprocess.Popen[str]", words: IO[str]) -> NoReturn:
    client.kill()
    client.wait()
    words.seek(0)
    said = words.read().strip()[-2000:]
    raise ClientFailed(said or f"a client ended with {client.returncode}")


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
