"""The second layer of the log: how fast it grows, how far it is behind, what checking it and proving an
entry cost, and whether a transition notices any of it.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import bindparam, select, text

from audit import LOG, index, tiles
from audit.checker import mingjian_check as checker
from audit.checkpoint import Checkpoint
from audit.driver import on_postgresql
from audit.keyfile import FileSigner
from audit.note import SIGNS, Note
from audit.proof import prove
from audit.publishing import CHECKPOINT
from audit.standing import PUBLISHED
from audit.tables import audit_entry, audit_index
from audit.tiles import Folder, Leaf, Tree
from audit.triggers_postgresql import FUNCTIONS
from workflow.bench.contenders import environment
from workflow.bench.databases import Place, fresh
from workflow.bench.ground import lay, open_bench_house
from workflow.bench.runner import ClientFailed, Clients, Sample, percentile, race
from workflow.sequencing import Sequencing
from workflow.store import connect

ENTRY = 1_100
"""Bytes of an entry: what those of F01 have."""
BATCH = 1_000
LOOK_EVERY = 0.01
PATIENCE = 300.0
_QUEUES = "audit_entry_is_pending"
_MOVES_HEAD = "audit_entry_moves_head"
_QUEUE = "INSERT INTO audit_pending (log, chain, seq) VALUES (NEW.log, NEW.chain, NEW.seq);"
_RECORDED = (
    select(audit_entry.c.recorded_at)
    .join(
        audit_index, (audit_index.c.chain == audit_entry.c.chain) & (audit_index.c.seq == audit_entry.c.seq)
    )
    .where(audit_index.c.tree == bindparam("tree"), audit_index.c.idx >= bindparam("first"))
    .order_by(audit_index.c.idx)
)


@dataclass(frozen=True, slots=True)
class Load:
    """`entries` of the tree that is grown and checked, `proofs` from it; `cases` of each of the `writers`."""

    entries: int
    proofs: int
    cases: int
    rounds: int = 1
    writers: int = 8


FULL = Load(1_000_000, 500, 40, 6)


def tree(load: Load) -> dict[str, Any]:
    """Grow a tree of that many entries on the disk, check all of it, and draw proofs from it.

    Checking: every entry and tile against the signed root, as whoever holds a copy does. What an entry says
    and who signed it are not looked at. Processor time of one process.
    """
    signer = FileSigner("bench", SIGNS, bytes(32))
    with tempfile.TemporaryDirectory(prefix="mingjian-bench-") as place:
        folder = Folder(Path(place))
        began = time.perf_counter()
        for first in range(0, load.entries, BATCH):
            last = min(first + BATCH, load.entries)
            tiles.append(folder, first, [Leaf(_entry(number)) for number in range(first, last)])
            note = _sign(folder, last, signer)
        grown = time.perf_counter() - began
        at = Checkpoint.parse(note.text)
        began = time.process_time()
        reader = checker.LogReader(
            checker.folder_reader(folder.root), lambda first, entries, signatures: None
        )
        reader.run(checker.Checkpoint(at.origin, at.size, at.root))
        checked = time.process_time() - began
        return {
            "entries": load.entries,
            "appended_per_second": round(load.entries / grown),
            "verified_per_second": round(load.entries / checked),
            "verify_us": round(1e6 * checked / load.entries, 3),
            "proof": _proofs(folder, note, at, load.proofs),
        }


def _entry(number: int) -> bytes:
    return b'{"number":"%09d"' % number + b"x" * (ENTRY - 20) + b"}"


def _sign(folder: Folder, size: int, signer: FileSigner) -> Note:
    note = Checkpoint("bench", size, Tree(folder, size).root()).signed(signer)
    folder.write(folder.root / CHECKPOINT, bytes(note))
    folder.settle()
    return note


def _proofs(folder: Folder, note: Note, at: Checkpoint, count: int) -> dict[str, Any]:
    """Each from the files, nothing remembered from the one before."""
    random, seconds = Random(1), []  # noqa: S311 — which entries
    for _ in range(count):
        place = random.randrange(at.size)
        began = time.perf_counter()
        proof = prove(Tree(folder, at.size), note, place)
        seconds.append(time.perf_counter() - began)
    return {
        "proofs": count,
        "hashes": len(proof.path),
        "p50_ms": round(1000 * percentile(seconds, 0.5), 3),
        "p99_ms": round(1000 * percentile(seconds, 0.99), 3),
    }


def lag(server: str | None, load: Load) -> dict[str, Any]:
    """How long an entry waits from its commit until it is under a published checkpoint, beside writers."""
    with fresh(server) as place:
        lay(place.url, place.home, load.writers * (load.cases + 3))
        with sequencing(place):
            looking = Looking(place)
            with Clients(_client(place, load.cases), load.writers, environment()) as clients:
                looking.start()
                clients.run()
            engine = connect(place.url, writer=False)
            with engine.connect() as conn:
                wanted = conn.scalar(text("SELECT count(*) FROM audit_entry WHERE log = 0")) or 0
            engine.dispose()
            _wait(place, None, wanted)
            lags = _lags(place, looking.stop())
    return {
        "writers": load.writers,
        "entries": len(lags),
        "p50_s": round(percentile(lags, 0.5), 3),
        "p99_s": round(percentile(lags, 0.99), 3),
        "worst_s": round(max(lags), 3),
    }


def cost(server: str | None, load: Load) -> dict[str, Any]:
    """What a transition costs with the second layer at work, against one without queue and sequencer.

    Whichever goes first is up to a fifth slower (measured), so they take turns at it.
    """
    ratios: dict[str, list[float]] = {"p50": [], "cpu": []}
    for number in range(load.rounds):
        first = number % 2 == 1
        samples = {layer: _transitions(server, load, layer=layer) for layer in (first, not first)}
        with_it, without = samples[True], samples[False]
        ratios["p50"].append(with_it.p50_ms / without.p50_ms)
        ratios["cpu"].append(with_it.cpu_ms / without.cpu_ms)
    return {name: round(percentile(found, 0.5), 3) for name, found in ratios.items()}


def _transitions(server: str | None, load: Load, *, layer: bool) -> Sample:
    with fresh(server) as place:
        lay(place.url, place.home, load.cases + 3)
        if not layer:
            _without_queue(place)
            return race(_client(place, load.cases), 1, environment())
        with sequencing(place):
            return race(_client(place, load.cases), 1, environment())


def _without_queue(place: Place) -> None:
    """The trigger as it would be without a second layer."""
    engine = connect(place.url)
    with engine.begin() as conn:
        if on_postgresql(conn):
            body = FUNCTIONS[_MOVES_HEAD].replace(_QUEUE, "")
            rights = "SECURITY DEFINER SET search_path FROM CURRENT"  # heads are written with them anyway
            made = f"CREATE OR REPLACE FUNCTION {_MOVES_HEAD}() RETURNS trigger LANGUAGE plpgsql {rights}"
            conn.execute(text(f"{made} AS $${body}$$"))
        else:
            conn.execute(text(f"DROP TRIGGER {_QUEUES}"))
    engine.dispose()


def _client(place: Place, cases: int) -> list[str]:
    where = ["--home", str(place.home), "--database", place.url]
    return [sys.executable, "-m", "workflow.bench.ours", *where, "--cases", str(cases), "--warm", "3"]


@contextmanager
def sequencing(place: Place) -> Iterator[None]:
    """A sequencer as a process of its own beside the writers; it has caught up when this begins."""
    command = [sys.executable, "-m", "workflow.bench.log", place.url, str(place.home)]
    process = subprocess.Popen(command, env=environment())  # noqa: S603 — our own program
    try:
        _wait(place, process, 1)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(place: Place, process: "subprocess.Popen[bytes] | None", size: int) -> None:
    until = time.monotonic() + PATIENCE
    while _published(place) < size:
        if time.monotonic() > until or (process is not None and process.poll() is not None):
            raise ClientFailed("the sequencer does not publish")
        time.sleep(LOOK_EVERY)


def _published(place: Place) -> int:
    try:
        note = Note.parse((place.home / PUBLISHED / CHECKPOINT).read_bytes())
    except FileNotFoundError:
        return 0
    return Checkpoint.parse(note.text).size


class Looking:
    """Looks at the published checkpoint a hundred times a second: [(POSIX time, size)]."""

    def __init__(self, place: Place) -> None:
        self.seen: list[tuple[float, int]] = []
        self._place, self._over = place, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> list[tuple[float, int]]:
        self._over.set()
        self._thread.join()
        return self.seen

    def _look(self) -> None:
        while True:
            over = self._over.is_set()
            self.seen.append((time.time(), _published(self._place)))
            if over:
                return
            time.sleep(LOOK_EVERY)


def _lags(place: Place, seen: list[tuple[float, int]]) -> list[float]:
    """Seconds between an entry's recording by the database's clock and its publication, for what came in
    after the first look.
    """
    engine = connect(place.url, writer=False)
    with engine.connect() as conn:
        main = index.trees(conn)[LOG][0]
        recorded = conn.scalars(_RECORDED, {"tree": main, "first": seen[0][1]}).all()
    engine.dispose()
    looks, lags = iter(seen), []
    at, size = next(looks)
    for number, written in enumerate(recorded, start=size):
        while size <= number:
            at, size = next(looks)
        lags.append(at - written.timestamp())
    return lags


def _sequence(url: str, home: Path) -> None:
    """What `sequencing` starts: turn after turn until it is ended."""
    Sequencing(open_bench_house(url, home, product=False)).loop()


if __name__ == "__main__":
    _sequence(sys.argv[1], Path(sys.argv[2]))
