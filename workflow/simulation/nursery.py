"""Where worker processes come from: one process that has read the product and its rules once, and forks.

A new interpreter reads for seconds before it works. The nursery has no thread and no open database, so that a
fork of it is a whole process of its own, with connections of its own, and can be killed like any other.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import IO, Any

import bpmn
from workflow import rules
from workflow.simulation import worker_process

STREAMS = 3
GONE = -1
MOST = 65_536
"""Bytes of a wish: the folder, the address of the database and the moment."""


class NoNursery(Exception):
    """It has ended with an error; its last words are the message."""


@dataclass
class Born:
    """A process from the nursery, as whoever wished for it holds it: its number for good, and its streams."""

    handle: int
    stdin: IO[str]
    stdout: IO[str]
    stderr: IO[str]

    def kill(self) -> None:
        """kill -9, and wait until it is dead; one that is dead already stays so."""
        if self.handle == GONE:
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        select.select([self.handle], [], [])

    def close(self) -> None:
        """Let go of one that is dead; a second time does nothing."""
        if self.handle != GONE:
            os.close(self.handle)
        self.handle = GONE
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()


class Nursery:
    """The process, started when the first worker is wished for; it ends with the one that has started it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._wishes: socket.socket | None = None

    def bear(self, *told: str) -> Born:
        """A worker that is told this: see `worker_process.main`.

        Raises:
            NoNursery: the process that forks has failed.
        """
        pipes = [os.pipe() for _ in range(STREAMS)]
        mine = [pipes[0][1], pipes[1][0], pipes[2][0]]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        with self._lock:
            wishes = self._wishes or self._start()
            socket.send_fds(wishes, [json.dumps(told).encode()], theirs)
            for descriptor in theirs:
                os.close(descriptor)
            answer = wishes.recv(MOST)
            if not answer:
                for descriptor in mine:
                    os.close(descriptor)
                raise NoNursery(self._last_words())
            handle = os.pidfd_open(int(answer))  # before it is reaped, which only the next wish does
        streams: list[Any] = [os.fdopen(one, mode) for one, mode in zip(mine, "wrr", strict=True)]
        return Born(handle, *streams)

    def _start(self) -> socket.socket:
        self._wishes, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 — our own program
                [sys.executable, "-m", "workflow.simulation.nursery", str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
        return self._wishes

    def _last_words(self) -> str:
        words = self._process.stderr.read() if self._process and self._process.stderr else ""
        self.close()
        return words.strip()[-2000:]

    def close(self) -> None:
        """Let it end; the next wish starts another one."""
        if self._wishes is not None and self._process is not None:
            self._wishes.close()
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
        self._wishes = self._process = None


def _fork(wishes: socket.socket) -> bool:
    """Fulfil one wish; whether there was one."""
    told, streams, _, _ = socket.recv_fds(wishes, MOST, STREAMS)
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass  # reap who has died since
    if not told:
        return False
    process = os.fork()
    if process == 0:
        wishes.close()
        _live(json.loads(told), streams)
    for stream in streams:
        os.close(stream)
    wishes.send(str(process).encode())
    return True


def _live(told: list[str], streams: list[int]) -> None:
    """The life of a worker; it never comes back."""
    status = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        worker_process.main(*told)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def main(descriptor: str) -> None:
    """Read all that a worker needs, then fork one for each wish until nobody is there to wish."""
    rules.ready(bpmn.packaged_files())
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as wishes:
        while _fork(wishes):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
