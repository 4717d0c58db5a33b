"""The stop-watch and the manners all contenders share. Only the standard library: other environments run it.

A contender is started with the options below and says `ready` when it has warmed up. Each line that it then
reads says how many cases to run; it answers with one line of JSON: seconds of every transition, processor
seconds, begin and end.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

CLIENT_SHARE = 2_048
"""Bytes of case data that come with the start of a case: the figure all contenders carry."""
TRANSITIONS = 4


class Pace:
    """Time spent inside `with pace:`, one transition each; the process's own user and system time."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.cpu = 0.0

    def __enter__(self) -> None:
        self._cpu, self._at = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        now = time.perf_counter()
        self.cpu += time.process_time() - self._cpu
        self.seconds.append(now - self._at)


def options() -> argparse.Namespace:
    """What every contender is told: where the database is, how many cases, and which worker it is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True, help="a file of SQLite, or a PostgreSQL address")
    parser.add_argument("--prepare", action="store_true", help="make the tables and stop")
    parser.add_argument("--cases", type=int, default=1)
    parser.add_argument("--warm", type=int, default=2, help="cases that are run before and not measured")
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--script", help="for those who read diagrams: a JSON file with process and answers")
    return parser.parse_args()


def payload(number: int) -> str:
    """2 kB of text, different for every case, mostly Chinese: three bytes a character."""
    head = f"第{number}件。"
    text = "家里主要靠务工收入，今年住院花费大，报销后自己负担仍然很重，生活确有困难。"
    room = CLIENT_SHARE - len(head.encode())
    whole, rest = divmod(room, len(text.encode()))
    return head + text * whole + text[: rest // 3] + "." * (rest % 3)


def race(cases: int, warm: int, one: Callable[[Pace, int], None], worker: int = 0) -> None:
    """Warm up, then run as many cases as each line asks for (`all`: what is left) and report them."""
    first = worker * 1_000_000
    for number in range(warm):
        one(Pace(), first + number)
    print("ready", flush=True)
    done, end = warm, warm + cases
    for line in sys.stdin:
        until = end if line == "all\n" else done + int(line)
        pace, began = Pace(), time.monotonic()
        for number in range(done, until):
            one(pace, first + number)
        done, ended = until, time.monotonic()
        report = {"seconds": pace.seconds, "cpu": pace.cpu, "began": began, "ended": ended}
        print(json.dumps(report), flush=True)
