"""Layer 2: every entry gets its place in one tree, and the tree is signed and published.

A round, in this order, so that a kill between any two steps loses nothing:

1. pending entries get the next places, in one transaction (`audit.index`);
2. tiles are written from the stored bytes, hashed anew, and made to last (`audit.tiles`);
3. the checkpoint is written down, signed, cosigned and published (`audit.publishing`).

One sequencer at a time: a lock on the state folder and, on PostgreSQL, an advisory lock. Whatever does not
fit (the database behind what was signed, other tiles, an altered entry) stops that log with an error that
stays until somebody has looked: nothing is ever signed twice differently.

Below the home folder:

    log/                the published log (`audit.tiles`), and log/reads/, the one of reads and refusals
    log/policy          who may sign for both, a tlog-policy: an office adds its witnesses and quorum here
    log/keys.json       for convenience: origins, vkeys, and the application's keys with the places from and
                        to which they count. Whoever checks keeps keys and policy of their own
    keys/               app.key, log.key, reads.key: private keys
    sequencer/          what was signed last, the lock
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, text

from audit import index, keyring
from audit.canonical import encode
from audit.chain import LOGS
from audit.entry import LOG, READS
from audit.growing import Growing, Transaction
from audit.index import EntryAltered
from audit.keyfile import KeyRefused, create_signer, load_signer
from audit.note import NoteRefused, Signer
from audit.policy import PolicyFaulty
from audit.publishing import KEYS, POLICY, Behind, Contradiction, Publisher, Witnesses
from audit.system import append_system
from audit.tables import audit_tree
from audit.tiles import Folder, TreeBroken
from audit.vault import Vault
from audit.witnessing import AskedWitnesses

TICK_EVERY = timedelta(seconds=60)
IDLE_TICK_EVERY = timedelta(minutes=10)
"""Where nothing else happens: a claim older than this must say `late` anyway (`audit.entry.LATE_AFTER`)."""

PUBLISHED, STATE = "log", "sequencer"
SUBFOLDERS = {LOG: "", READS: "reads"}
KEY_FILES = {LOG: "log.key", READS: "reads.key"}
STOPPING = (
    Behind,
    Contradiction,
    TreeBroken,
    EntryAltered,
    PolicyFaulty,
    NoteRefused,
    OSError,
)
"""What stops one log until somebody has looked, or until there is room again."""
_LOCK = 0x6D696E676A69616E  # "mingjian"


class NotHere(Exception):
    """The key of the log is on another machine: that one publishes."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What a round did for one log. `fault` is what stopped it; `out`, whether all of it is published."""

    moved: int = 0
    size: int = 0
    out: bool = False
    fault: Exception | None = None


class Sequencer:
    """Both logs of one office. `name` begins the origins, e.g. mingjian/360829.

    `transaction` opens a transaction that commits on leaving; `reader` never writes; `now` is the clock;
    `observe` is told of every step (for tests); `fsync` makes files last.
    """

    def __init__(
        self,
        engine: Engine,
        reader: Engine,
        transaction: Transaction,
        home: Path,
        vault: Vault,
        now: Callable[[], datetime],
        *,
        name: str = "mingjian",
        witnesses: Callable[[Folder], Witnesses] | None = None,
        observe: Callable[[str], object] = lambda step: None,
        fsync: Callable[[int], object] = os.fsync,
    ) -> None:
        self.engine, self.reader, self.transaction = engine, reader, transaction
        self.home, self.vault, self.now, self.name = home, vault, now, name
        self._witnesses = witnesses or (lambda state: AskedWitnesses(state, now))
        self.witnesses: dict[str, Witnesses] = {}
        self.observe, self.fsync = observe, fsync
        self.logs: dict[str, Growing] = {}
        self._ticked: dict[str, tuple[datetime, int]] = {}

    def round(self) -> dict[str, Advance] | None:
        """One turn for both logs; None when another sequencer is at work.

        A log that cannot go on says so in its `fault`; the other one goes on. Raises NotHere, KeyRefused,
        DBAPIError (and what `transaction` raises) when nothing can be done at all.
        """
        with self._alone() as alone:
            if not alone:
                return None
            try:
                if not self.logs:
                    self._begin()
                done = {log: self._advance(growing) for log, growing in self.logs.items()}
                if any(advance.moved for advance in done.values()):
                    self._publish_keys()
            except BaseException:
                self._ticked.clear()
                raise
            return done

    def _advance(self, growing: Growing) -> Advance:
        try:
            growing.check()
            self._tick(growing)
            moved = growing.advance()
            out = growing.publish(self.witnesses[growing.log])
        except STOPPING as fault:
            self._ticked.pop(growing.log, None)
            return Advance(fault=fault)
        return Advance(moved, growing.size, out)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else is sequencing, here or on another machine, for as long as this lasts."""
        state = self.home / STATE
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(state / "lock", "ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            if self.engine.dialect.name != "postgresql":
                yield True
                return
            with self.engine.connect() as conn:  # its transaction holds the lock, behind a pooler too
                yield bool(conn.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}))

    def _begin(self) -> None:
        """Find the trees of both logs, or plant them. Raises NotHere, KeyRefused."""
        with self.reader.connect() as conn:
            known = index.trees(conn)
        signers = {log: self._signers(log, known) for log in LOGS}
        origins = {log: signers[log][0].key.name for log in LOGS}
        policy = self.home / PUBLISHED / POLICY
        if not policy.exists():
            lines = [f"log {signer.key.vkey}\n" for log in LOGS for signer in signers[log]]
            self._folder().write(policy, "".join([*lines, "quorum none\n"]).encode())
        if len(known) < len(LOGS):
            self._plant(signers)
            with self.reader.connect() as conn:
                known = index.trees(conn)
        self.witnesses = {log: self._witnesses(self._state(log)) for log in LOGS}
        self.logs = {
            log: Growing(
                log=log,
                tree=known[log][0],
                origin=origins[log],
                signers=signers[log],
                publisher=Publisher(
                    Folder(self.home / PUBLISHED / SUBFOLDERS[log], self.fsync),
                    self._state(log),
                    policy,
                    self.observe,
                ),
                transaction=self.transaction,
                reader=self.reader,
                observe=self.observe,
            )
            for log in LOGS
        }

    def _signers(self, log: str, known: dict[str, tuple[int, str]]) -> list[Signer]:
        """The log's key, and the one before it while both sign; a new one for a log without a tree."""
        path = self.home / "keys" / KEY_FILES[log]
        if log not in known and not path.exists():
            suffix = "" if log == LOG else "/reads"
            create_signer(path, f"{self.name}/{os.urandom(4).hex()}{suffix}")
        if not path.exists():
            raise NotHere(f"{path} is not here: this machine does not publish the log")
        paths = [path, path.with_suffix(".previous")]
        signers: list[Signer] = [load_signer(one) for one in paths if one.exists()]
        origin = known[log][1] if log in known else signers[0].key.name
        if any(signer.key.name != origin for signer in signers):
            raise KeyRefused(f"{path} is not the key of {origin}")
        return signers

    def _plant(self, signers: dict[str, list[Signer]]) -> None:
        with self.transaction() as conn:
            for log, number in LOGS.items():
                (signer,) = signers[log]
                row = {"tree": number, "log": number, "origin": signer.key.name}
                conn.execute(insert(audit_tree), row)
                self._add_key(conn, log, signer)

    def _add_key(self, conn: Connection, log: str, signer: Signer) -> None:
        only = {log: LOGS[log]}
        keyring.add(conn, self.vault, signer.key, keyring.TREE, self.now(), only)

    def _tick(self, growing: Growing) -> None:
        """Embed the newest published checkpoint in an entry, so that what follows it is later than that.

        The first one after a start also makes sure that all earlier commits have reached the standby.
        """
        now = self.now()
        last, size = self._ticked.get(growing.log, (None, 0))
        if last is not None:
            idle = growing.size <= size + 1
            wait = IDLE_TICK_EVERY if idle else TICK_EVERY
            if now - last < wait or (idle and growing.log == READS):
                return
        checkpoint = growing.published_note()
        facts = {"checkpoint": "" if checkpoint is None else bytes(checkpoint).decode()}
        with self.transaction() as conn:
            append_system(conn, self.vault, "tick", facts, now, growing.log)
        self._ticked[growing.log] = now, growing.size

    def _publish_keys(self) -> None:
        trees = {log: growing.tree for log, growing in self.logs.items()}
        with self.reader.connect() as conn:
            known = keyring.keys(conn, trees)
        content = {
            "format": "mingjian/keys/v1",
            "logs": [
                {"log": log, "origin": growing.origin, "folder": SUBFOLDERS[log]}
                for log, growing in self.logs.items()
            ],
            "keys": [
                {
                    "log": key.log, "kid": key.key.id.hex(), "purpose": key.purpose, "vkey": key.key.vkey,
                    "added": key.added, "revoked": key.revoked,
                }
                for key in known
            ],
        }  # fmt: skip
        path, encoded = self.home / PUBLISHED / KEYS, encode(content, 1 << 20)
        if not path.exists() or path.read_bytes() != encoded:
            self._folder().write(path, encoded)

    def _state(self, log: str) -> Folder:
        return Folder(self.home / STATE / SUBFOLDERS[log], self.fsync)

    def _folder(self) -> Folder:
        return Folder(self.home / PUBLISHED, self.fsync)
