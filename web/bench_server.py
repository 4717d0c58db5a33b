"""The product's own server for a measurement: started as `mingjian serve`, its processor time read."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workflow.bench.runner import ClientFailed

HOST = "127.0.0.1"
STARTS_WITHIN = 60.0
PROGRAM = "from workflow.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: int

    def cpu_seconds(self) -> float | None:
        """User and system time of the server with its workers; None where there is no /proc."""
        if not Path("/proc/self/stat").exists():
            return None
        tick, total = os.sysconf("SC_CLK_TCK"), 0
        family = {self.process}
        found: dict[int, tuple[int, int]] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    line = (folder / "stat").read_text()
                except (FileNotFoundError, ProcessLookupError):
                    continue  # ended while the folder was read
                fields = line.rsplit(")", 1)[1].split()
                found[int(folder.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
        grown = True
        while grown:
            members = {pid for pid, (parent, _) in found.items() if parent in family}
            grown = not members <= family
            family |= members
        for pid in family & found.keys():
            total += found[pid][1]
        return total / tick


@contextmanager
def serving(database: str, home: Path) -> Iterator[Server]:
    """`mingjian serve` on a free port of the loopback, with its worker, as anybody starts it.

    Raises:
        ClientFailed: it did not answer in time; the message is what it wrote.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-c", PROGRAM, "--database", database, "--home", str(home),
        "serve", "--host", HOST, "--port", str(port),
    ]  # fmt: skip
    log = home / "serve.log"
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, start_new_session=True)  # noqa: S603
        try:
            _wait(process, port, log)
            yield Server(port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/sign-in", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise ClientFailed(
        log.read_text(encoding="utf-8", errors="replace")[-2000:] or "the server did not start"
    )
