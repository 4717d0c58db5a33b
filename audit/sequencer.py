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
    keys/               app.key, log.key, reads.key: private keys, or on which token they lie
    sequencer/          what was signed last, the lock
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert, text

from audit import index, keyring
from audit.canonical import encode
from audit.chain import LOGS
from audit.entry import LOG, READS
from audit.growing import Growing, Transaction
from audit.index import EntryAltered
from audit.keyfile import create_signer, load_signer
from audit.note import NoteRefused, Signer
from audit.policy import PolicyFaulty
from audit.private import KeyRefused
from audit.publishing import KEYS, POLICY, Behind, Contradiction, Publisher, Witnesses
from audit.standing import PUBLISHED, STATE, SUBFOLDERS, note_stop
from audit.system import append_system
from audit.tables import audit_tree
from audit.tiles import Folder, TreeBroken
from audit.token_key import TokenRefused
from audit.vault import Vault
from audit.witnessing import AskedWitnesses

TICK_EVERY = timedelta(seconds=60)
IDLE_TICK_EVERY = timedelta(minutes=10)
"""Where nothing else happens: a claim older than this must say `late` anyway (`audit.entry.LATE_AFTER`)."""

KEY_FILES = {LOG: "log.key", READS: "reads.key"}
STOPPING = (
    Behind,
    Contradiction,
    TreeBroken,
    EntryAltered,
    PolicyFaulty,
    NoteRefused,
    TokenRefused,
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
        self._stamps: list[int] = []
        self._policy = home / PUBLISHED / POLICY
        self._keys_file: tuple[int, ...] | None = None

    def round(self) -> dict[str, Advance] | None:
        """One turn for both logs; None when another sequencer is at work.

        A log that cannot go on says so in its `fault`; the other one goes on. Raises NotHere, KeyRefused,
        DBAPIError (and what `transaction` raises) when nothing can be done at all.
        """
        with self.alone() as alone:
            if not alone:
                return None
            try:
                if not self.logs or self._stamps != self._key_stamps():
                    self._begin()
                done = {log: self._advance(growing) for log, growing in self.logs.items()}
                if any(advance.moved for advance in done.values()) and not self._keys_are_told():
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
            self._note_stop(growing.log, fault)
            return Advance(fault=fault)
        self._note_stop(growing.log, None)
        return Advance(moved, growing.size, out)

    def _note_stop(self, log: str, fault: Exception | None) -> None:
        with suppress(OSError):  # on a full disk it cannot be written down; the caller is told anyway
            note_stop(self._state(log), fault, self.now())

    @contextmanager
    def alone(self) -> Iterator[bool]:
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

    def forget(self) -> None:
        """Begin anew with the next round: keys or trees are others now."""
        self.logs = {}
        self._ticked.clear()

    def new_origin(self, log: str) -> str:
        """A name that no log has had."""
        return f"{self.name}/{os.urandom(4).hex()}{'' if log == LOG else '/reads'}"

    def growing(self, log: str, known: Mapping[str, tuple[int, str]]) -> Growing:
        """A log as it stands, with the number and origin of its tree. Raises NotHere, KeyRefused."""
        return Growing(
            log=log,
            tree=known[log][0],
            origin=known[log][1],
            signers=self._signers(log, known[log][1]),
            publisher=Publisher(
                Folder(self.home / PUBLISHED / SUBFOLDERS[log], self.fsync),
                self._state(log),
                self._policy,
                self.observe,
            ),
            transaction=self.transaction,
            reader=self.reader,
            observe=self.observe,
        )

    def _begin(self) -> None:
        """Find the trees of both logs, or plant them. Raises NotHere, KeyRefused."""
        self._stamps = self._key_stamps()
        with self.reader.connect() as conn:
            known = index.trees(conn)
        if len(known) < len(LOGS):
            known = self._plant()
        self.witnesses = {log: self._witnesses(self._state(log)) for log in LOGS}
        self.logs = {log: self.growing(log, known) for log in LOGS}

    def _signers(self, log: str, origin: str) -> list[Signer]:
        """The log's key, and the one before it while both sign."""
        path = self.home / "keys" / KEY_FILES[log]
        if not path.exists():
            raise NotHere(f"{path} is not here: this machine does not publish the log")
        paths = [path, path.with_suffix(".previous")]
        signers: list[Signer] = [load_signer(one) for one in paths if one.exists()]
        if any(signer.key.name != origin for signer in signers):
            raise KeyRefused(f"{path} is not the key of {origin}")
        return signers

    def _plant(self) -> dict[str, tuple[int, str]]:
        """A key, a tree and an origin for each log, and a policy that asks nobody, once."""
        keys = {}
        for log in LOGS:
            create_signer(self.home / "keys" / KEY_FILES[log], self.new_origin(log))
            keys[log] = load_signer(self.home / "keys" / KEY_FILES[log]).key
        if not self._policy.exists():
            lines = [f"log {key.vkey}\n" for key in keys.values()]
            self._folder().write(self._policy, "".join([*lines, "quorum none\n"]).encode())
        with self.transaction() as conn:
            for log, number in LOGS.items():
                key = keys[log]
                conn.execute(insert(audit_tree), {"tree": number, "log": number, "origin": key.name})
                keyring.add(conn, self.vault, key, keyring.TREE, self.now(), {log: number})
            return index.trees(conn)

    def _key_stamps(self) -> list[int]:
        """Other numbers when a key file has been replaced."""
        paths = [self.home / "keys" / file for file in KEY_FILES.values()]
        both = [one for path in paths for one in (path, path.with_suffix(".previous"))]
        return [path.stat().st_ino if path.exists() else 0 for path in both]

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
        self._keys_file = _stamp(path)
        for growing in self.logs.values():
            growing.keys_told = True

    def _keys_are_told(self) -> bool:
        """Whether the file is the one we wrote, and no key has been added or revoked since."""
        same = self._keys_file == _stamp(self.home / PUBLISHED / KEYS)
        return same and all(growing.keys_told for growing in self.logs.values())

    def _state(self, log: str) -> Folder:
        return Folder(self.home / STATE / SUBFOLDERS[log], self.fsync)

    def _folder(self) -> Folder:
        return Folder(self.home / PUBLISHED, self.fsync)


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Another one when the file has been replaced or changed; None without a file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
