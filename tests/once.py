"""What is dear to make and the same for every process of a test run: the first that asks makes it."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

_RUN = "MINGJIAN_TEST_RUN"


def begin(config: pytest.Config) -> None:
    """A folder for the whole run. The processes that pytest-xdist starts find it in their environment."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="mingjian-tests-")
        os.environ[_RUN] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


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
