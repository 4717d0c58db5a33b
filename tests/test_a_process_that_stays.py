"""What a process that serves for long is spared: to search again and again what it will never free."""

import subprocess
import sys

LOADED = """
import gc, weakref
from workflow.staying import stay

class Ring:
    def __init__(self):
        self.me = self

kept = [Ring() for _ in range(50_000)]
lost = weakref.ref(Ring())
stay()
"""


def said(program: str) -> list[str]:
    command = [sys.executable, "-c", LOADED + program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_was_loaded_is_passed_over_and_what_was_lost_is_not_kept_for_it():
    looked_at, frozen, left = said("print(len(gc.get_objects()), gc.get_freeze_count(), lost())")
    assert int(frozen) > 50_000 > 10 * int(looked_at)
    assert left == "None", "rubbish is cleared before it would be frozen in"


def test_rings_made_later_are_still_found():
    assert said("late = weakref.ref(Ring()); gc.collect(); print(late(), len(kept))") == ["None", "50000"]
