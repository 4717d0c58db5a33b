"""An office that does nothing but write entries and publish them: the log without the cases."""

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, func, select, text

import audit
from audit import guards, keyring, tables
from audit.entry import READS
from audit.note import Note
from audit.policy import Policy, Seen
from audit.sequencer import Sequencer
from audit.tiles import Folder, Tree
from workflow.store import connect, transaction

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
DONE = audit.Draft(
    type="task_completed",
    vars={"passed": True},
    frm="VILLAGE_REVIEW",
    to="NOTICE_1",
    actor={"id": 17, "role": "VLIA", "org": "O-31", "on_behalf": None},
    task=None,
    at_claimed=NOON,
    rule="role",
    command={"name": "none"},
    kernel="3.2.0+1",
    request=None,
)
LOOKED = replace(DONE, type="file_read", vars={"what": "full_id"}, frm=None, to=None, log=READS)


@dataclass
class Office:
    """`at` is its clock. Everything is found below `home`; nothing is flushed to the disk."""

    url: str
    home: Path
    at: datetime = NOON
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine: Engine = connect(self.url)
        self.reader: Engine = connect(self.url, writer=False)
        self.vault = audit.open_vault(self.home, create=True)
        with self.engine.begin() as conn:
            tables.create(conn)
            if not keyring.in_force(conn, keyring.APPLICATION):
                keyring.add(conn, self.vault, self.vault.key(), keyring.APPLICATION, self.at)
        self.sequencer = self.another()

    def another(self, **options: Any) -> Sequencer:
        """A sequencer as a new process would have it."""
        given: dict[str, Any] = {"fsync": lambda descriptor: None, **self.options, **options}
        return Sequencer(
            self.engine, self.reader, lambda: transaction(self.engine), self.home, self.vault,
            lambda: self.at, **given,
        )  # fmt: skip

    def restarted(self, **options: Any) -> "Office":
        self.sequencer = self.another(**options)
        return self

    def write(self, count: int = 1, case: UUID | None = None, draft: audit.Draft = DONE) -> UUID:
        """So many entries of one case, each in a transaction of its own."""
        case = case or uuid4()
        for _ in range(count):
            with self.engine.begin() as conn:
                self.append(conn, case, draft)
        return case

    def append(self, conn: Connection, case: UUID, draft: audit.Draft = DONE) -> audit.Appended:
        return audit.append_next(conn, self.vault, case, replace(draft, at_claimed=self.at), self.at)

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)

    def round(self) -> Any:
        """One turn; raises what stopped the log of the cases."""
        done = self.sequencer.round()
        if done is not None and (fault := done[audit.LOG].fault) is not None:
            raise fault
        return done

    def policy(self) -> Policy:
        return Policy.parse((self.home / "log/policy").read_bytes())

    def seen(self, folder: str = "") -> Seen:
        """The published checkpoint, checked."""
        return self.policy().check((self.home / "log" / folder / "checkpoint").read_bytes())

    def note(self) -> Note:
        return Note.parse((self.home / "log/checkpoint").read_bytes())

    def tree(self, folder: str = "") -> Tree:
        """The published tree; its tiles give the root that was signed."""
        tree = Tree(Folder(self.home / "log" / folder), self.seen(folder).checkpoint.size)
        assert tree.root() == self.seen(folder).checkpoint.root
        return tree

    def entries(self, folder: str = "") -> list[dict[str, Any]]:
        """All published entries, in the order of the tree."""
        return [audit.canonical.decode_strict(leaf.entry) for leaf in self.tree(folder).leaves()]

    def report(self) -> audit.Report:
        with self.reader.connect() as conn:
            return audit.verify(conn, self.vault)

    def execute(self, statement: str, **values: Any) -> Any:
        with self.engine.begin() as conn:
            return conn.execute(text(statement), values)

    def pending(self) -> int:
        """How many rows wait for the sequencer."""
        with self.reader.connect() as conn:
            return int(conn.scalar(select(func.count()).select_from(tables.audit_pending)) or 0)

    @contextmanager
    def unguarded(self) -> Any:
        """What the owner of the database can do."""
        with self.engine.begin() as conn:
            guards.remove(conn)
        yield
        with self.engine.begin() as conn:
            guards.install(conn)

    def close(self) -> None:
        self.engine.dispose()
        self.reader.dispose()
