"""Take a case's recorded steps again from its evidence bundle alone, on the diagrams that are in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import bpmn
from audit.checker.mingjian_check import ENTRY, JSON_FILE, Refused, Source, read_json
from bpmn import Text
from workflow.errors import NotFound, WorkflowError
from workflow.replay import Course, Replayed, walk
from workflow.rules import Rules, ready

RULE_FILE: Final = 16_777_216


class BundleRefused(WorkflowError):
    """Not an evidence bundle, or a damaged one."""


class BundleBooks:
    """The rule books of a bundle, each only if it is what its digest says."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ready: dict[str, Rules] = {}

    def rules(self, digest: str) -> Rules:
        """Raises NotFound: it is not in there, or its files were changed. RulebookError and the like."""
        if digest not in self._ready:
            folder = f"rules/{digest}/"
            files = {
                name.removeprefix(folder): self._source.read(name, RULE_FILE)
                for name in self._source.names
                if name.startswith(folder)
            }
            manifest = {path: self._source.digest(folder + path)[0] for path in files}
            if bpmn.digest_of(manifest) != digest:
                raise NotFound()
            self._ready[digest] = ready(files)
        return self._ready[digest]


def replay_bundle(path: Path) -> Replayed:
    """Replay the case of a bundle. What is compared is each step's state against its entry.

    Raises:
        BundleRefused: it cannot be read at all. `audit.checker` says more.
    """
    try:
        source = Source(path)
        manifest = read_json(source.read("manifest.json", JSON_FILE), JSON_FILE, canonical=False)
        case_id, number = UUID(manifest["case"]), str(manifest["number"])
        course = Course(BundleBooks(source))
        entries, difference = walk(course, _entries(source))
    except (Refused, OSError, KeyError, TypeError, ValueError) as error:
        told = error.what if isinstance(error, Refused) else Text(str(error), str(error))
        raise BundleRefused(
            Text(f"证据包读不出来：{told.zh}。", f"The bundle cannot be read: {told.en}.")
        ) from error
    return Replayed(case_id, number, entries, course.commands, difference)


def _entries(source: Source) -> Iterator[bytes]:
    for name in source.names:
        if name.startswith("entries/") and name.endswith(".json"):
            yield source.read(name, ENTRY)
