"""The inspection's own copy of a published log: downloaded whole, checked whole, never set back.

Below the mirror's folder, which only the inspection writes:

    log/         the tiles that have been checked, as the log publishes them
    seen/        every checkpoint that was accepted, by its size: what was shown once cannot be taken back
    evidence/    checkpoints that contradict those: a log set back, or a second version of it

Nothing is taken from the log but the log: keys and quorum stand in the inspection's policy.
"""

import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from audit.checker.mingjian_check import (
    NOTE,
    Checkpoint,
    History,
    LogReader,
    Policy,
    Read,
    Refused,
    Report,
    Seen,
    folder_reader,
    read_checkpoint,
    read_note,
    said,
    tell_witnesses,
    verify_checkpoint,
)
from audit.tiles import Folder

SECONDS = 30
"""How long one file may take."""
MOST_ENTRIES = 200_000_000


def source_reader(source: str) -> Read:
    """Files below an address (http, https) or a folder; each at most as long as the reader asks for."""
    if source.startswith(("http://", "https://")):
        return _web_reader(source.rstrip("/"))
    return folder_reader(Path(source))


def _web_reader(address: str) -> Read:
    def read(path: str, limit: int) -> bytes | None:
        request = Request(f"{address}/{path}", headers={"Accept-Encoding": "identity"})  # noqa: S310 - checked above
        try:
            with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                data: bytes = answer.read(limit + 1)
        except HTTPError as error:
            error.close()
            if error.code in (404, 410):
                return None
            raise Refused("unreadable", name=path, why=error.code) from None
        except (OSError, HTTPException) as error:
            raise Refused("unreadable", name=path, why=type(error).__name__) from None
        if len(data) > limit:
            raise Refused("too-large", what=path, limit=limit)
        return data

    return read


class Mirror:
    """One log, as the inspection has seen it."""

    def __init__(self, home: Path, policy: Policy) -> None:
        self.home, self.policy = home, policy
        self.history: History | None = None

    def update(self, source: Read, report: Report) -> None:
        """Fetch what is new, read everything, and keep it if it is sound. The report gets what is found."""
        try:
            note = source("checkpoint", NOTE)
            if note is None:
                raise Refused("file-missing", name="checkpoint")
            seen = verify_checkpoint(note, self.policy)
            if seen.checkpoint.size > MOST_ENTRIES:
                raise Refused("too-large", what="log", limit=MOST_ENTRIES)
            known = [one for one in self.known() if one.origin == seen.checkpoint.origin]
        except Refused as error:
            report.give_up(error)
            return
        tell_witnesses(report, seen, self.policy)
        try:
            self._read(source, seen, known, report)
        except Refused as error:
            report.bad(error)
        if report.counts["bad"]:
            self._keep("evidence", seen.checkpoint, note)
        else:
            self._accept(seen.checkpoint, note)
            report.tell("ok", "mirrored", size=seen.checkpoint.size, checkpoints=len(list(self.known())))
        report.limits += [said("limit-sealed"), said("limit-true"), said("limit-checker")]

    def known(self) -> Iterator[Checkpoint]:
        """The checkpoints accepted so far. Raises Refused when one of these files is damaged."""
        for path in sorted((self.home / "seen").glob("[0-9]*")):
            yield read_checkpoint(read_note(path.read_bytes()).body)

    def _read(self, source: Read, seen: Seen, known: list[Checkpoint], report: Report) -> None:
        newest = max((one.size for one in known), default=0)
        if seen.checkpoint.size < newest:
            raise Refused("set-back", size=seen.checkpoint.size, before=newest)
        if any(one.size == seen.checkpoint.size and one.root != seen.checkpoint.root for one in known):
            raise Refused("fork", size=seen.checkpoint.size)
        incoming = self.home / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        self.history = History(lambda note: verify_checkpoint(note, self.policy), report)
        read = _keeping(folder_reader(self.home / "log"), source, Folder(incoming))
        LogReader(read, self.history.take, known).run(seen.checkpoint)
        report.tell("ok", "tree", size=seen.checkpoint.size)
        self.history.finish(seen)

    def tell_case(self, case: str, report: Report) -> None:
        """How many entries of a case the log has: all of them, none twice, or a fault was told before."""
        chain = None if self.history is None else self.history.chains.get(case)
        if chain is None:
            report.tell("gap", "case-unknown", case=case)
        else:
            report.tell("info", "case-entries", case=case, count=chain.next, last=chain.next - 1)

    def _accept(self, checkpoint: Checkpoint, note: bytes) -> None:
        incoming, log = self.home / "incoming", Folder(self.home / "log")
        for path in sorted(incoming.rglob("*")):
            if path.is_file():
                log.take_in(log.root / path.relative_to(incoming), path)
        log.settle()
        shutil.rmtree(incoming, ignore_errors=True)
        self._keep("seen", checkpoint, note)

    def _keep(self, folder: str, checkpoint: Checkpoint, note: bytes) -> None:
        """A checkpoint under its size and its own hash: another one of that size lies beside it."""
        name = f"{checkpoint.size:012d}-{sha256(read_note(note).body).hexdigest()[:16]}"
        kept = Folder(self.home / folder)
        kept.write(kept.root / name, note)
        kept.settle()


def _keeping(have: Read, source: Read, incoming: Folder) -> Callable[[str, int], bytes | None]:
    """What is here already is read from here; the rest is fetched and laid aside until it is checked."""

    def read(path: str, limit: int) -> bytes | None:
        data = have(path, limit)
        if data is None and (data := source(path, limit)) is not None:
            incoming.write(incoming.root / path, data)
        return data

    return read
