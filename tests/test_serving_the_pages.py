"""`mingjian serve` as a program: it starts, answers, watches the time, and stops when told."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from pages.houses import staffed_house

START = "from workflow.cli import main; main()"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def home():
    house = staffed_house()
    house.close()
    return house.home


def test_it_starts_answers_and_stops(home):
    port = free_port()
    program = subprocess.Popen(
        [sys.executable, "-c", START, "--home", str(home), "serve", "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert answer(f"http://127.0.0.1:{port}/health", 60) == b"ok\n"
        assert "登录".encode() in answer(f"http://127.0.0.1:{port}/sign-in", 5)
    finally:
        program.send_signal(signal.SIGTERM)
        out, error = program.communicate(timeout=30)
    assert program.returncode == 0, error
    assert f"http://127.0.0.1:{port}" in out
    assert "Traceback" not in error


def answer(address, patience):
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310
                return response.read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def test_sqlite_takes_one_process_only(home):
    done = subprocess.run(
        [sys.executable, "-c", START, "--home", str(home), "serve", "--processes", "2"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "SQLite" in done.stderr
