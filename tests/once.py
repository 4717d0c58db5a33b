"""What is dear to make and the same for every process of a test run: the first that asks makes it."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

_RUN = "MINGJIAN_TEST_RUN"
MEMORY = "/dev/shm"  # noqa: S108 - fast, and thrown away after the run
ENOUGH = 6 << 30
"""Bytes that have to be free there: three processes need about a third of it."""


def begin(config: pytest.Config) -> None:
    """A folder for the whole run. The processes that pytest-xdist starts find it in their environment."""
    if not hasattr(config, "workerinput"):
        _keep_files_in_memory()
        folder = tempfile.mkdtemp(prefix="mingjian-tests-")
        os.environ[_RUN] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def _keep_files_in_memory() -> None:
    """What tests write lies in memory where there is room: a test waits for the disk longer than it works."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    about = os.statvfs(MEMORY)
    if about.f_bavail * about.f_frsize >= ENOUGH and not about.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder `name` as `make` has filled it; whoever comes meanwhile waits. Leave it as you find it."""
    folder = Path(os.environ[_RUN]) / name
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".made")
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what somebody has left half made
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
