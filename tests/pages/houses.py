"""Houses for tests of pages: built once per test run, by the real services, then shared or copied."""

import atexit
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

from once import made_once

from workflow.demo.county import build
from workflow.demo.staff import PASSWORD, place_staff
from workflow.house import House, open_house
from workflow.register.organisations import seed_county
from workflow.store import transaction

NOW = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)  # Thursday, 14:00 in Anfu
SHARED = (1, 20261119)
"""Cases, and the seed, of the demonstration that tests share."""
TOWNSHIP, VILLAGE = "360829104000", "360829104201"


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mingjian-pages-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _copy(made: Path) -> House:
    home = _folder()
    shutil.copytree(made, home, dirs_exist_ok=True)
    return open_house(None, home, now=lambda: NOW, migrate=False)


def _staffed(home: Path) -> None:
    house = open_house(None, home, now=lambda: NOW)
    with transaction(house.engine) as connection:
        seed_county(connection)
        place_staff(connection, Random(1), NOW, [TOWNSHIP], [VILLAGE], "360829000000")
    house.close()


def staffed_house() -> House:
    """A county with divisions, offices and people on their seats, and not one case; a copy of one's own."""
    return _copy(made_once("staffed", _staffed))


def _demonstration(home: Path) -> None:
    house = open_house(None, home, now=lambda: NOW)
    build(house, *SHARED, lambda done, of: None)
    house.close()


@cache
def demonstration_house() -> House:
    """The demonstration county with every branch once; shared in a process, so leave it as you find it."""
    return demonstration_copy()


def demonstration_copy() -> House:
    """The same county as a copy of one's own, to be changed at will."""
    return _copy(made_once("demonstration", _demonstration))


__all__ = [
    "NOW",
    "PASSWORD",
    "SHARED",
    "TOWNSHIP",
    "VILLAGE",
    "demonstration_copy",
    "demonstration_house",
    "staffed_house",
]
