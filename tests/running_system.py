"""A running system for those who attack it: a county at work, two witnesses, an inspection with its mirror.

One case is decided and paid, another waits for its decision; everything is published and cosigned. Built
once for each kind of database; every attack gets a copy of its own. What lies outside the database is an
`Outside`; a `System` has the offices too.
"""

import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from house_templates import AT_ONCE, Template, copy_home, guards_down, opened
from small_county import CaseFile, SetClock, SmallCounty
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

import audit
from audit import index
from audit.checker import mingjian_check as check
from audit.checkpoint import Checkpoint
from audit.keyfile import load_signer
from audit.mirror import Mirror, source_reader
from audit.note import Key, Note, cosign
from audit.policy import Policy, Seen
from audit.tiles import Folder, Leaf, Tree, append
from audit.witness.answering import Answer, Witness
from audit.witness.asking import Request
from audit.witness.serving import Server
from workflow.evidence.bundle import write_bundle
from workflow.sequencing import sequence

WITNESSES = ("inspection", "finance")


@dataclass(frozen=True)
class Found:
    """What a checker says: exit status, the codes of what is wrong, every line in English, limits too."""

    status: int
    codes: list[str]
    lines: list[str]

    @classmethod
    def of(cls, told: dict[str, Any], status: int) -> "Found":
        wrong = [line["code"] for line in told["lines"] if line["mark"] in ("bad", "gap")]
        return cls(status, wrong, [line["en"] for line in (*told["lines"], *told["limits"])])


@dataclass
class Outside:
    """What lies in files: the published log, the office's keys, the witnesses, what the inspection has."""

    folder: Path
    at: datetime

    def __post_init__(self) -> None:
        self.home, self.log = self.folder / "home", self.folder / "home" / "log"
        now = lambda: self.at.timestamp()  # noqa: E731
        self.witnesses = [Witness(self.folder / name, now, AT_ONCE) for name in WITNESSES]
        self.tiles = Folder(self.log, AT_ONCE)

    # Who checks

    def checked(self, subject: Path | None = None, *more: str) -> Found:
        """The stand-alone checker's verdict on the published log, or on a bundle or receipt."""
        policy, told = self.folder / "policy", io.StringIO()
        with redirect_stdout(told):
            status = check.main([str(subject or self.log), "--witness-policy", str(policy), *more, "--json"])
        return Found.of(json.loads(told.getvalue()), status)

    def mirrored(self, source: Path | None = None, mirror: str = "mirror") -> Found:
        """What the inspection's mirror says; another name is a mirror that has seen nothing yet."""
        report = check.Report("log")
        policy = check.read_policy((self.folder / "policy").read_bytes())
        Mirror(self.folder / mirror, policy).update(source_reader(str(source or self.log)), report)
        return Found.of(report.as_json(), report.status)

    # What is published

    def policy(self) -> Policy:
        return Policy.parse((self.folder / "policy").read_bytes())

    def note(self) -> Note:
        return Note.parse((self.log / "checkpoint").read_bytes())

    def seen(self) -> Seen:
        return self.policy().check(bytes(self.note()))

    def tree(self) -> Tree:
        return Tree(self.tiles, self.seen().checkpoint.size)

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(leaf.entry) for leaf in self.tree().leaves()]

    def tile(self, kind: str) -> Path:
        """The newest page of the log of that kind."""
        size = self.seen().checkpoint.size
        return self.log / check.tile_path(kind, (size - 1) // 256, (size - 1) % 256 + 1)

    # Somebody with the log's key

    @property
    def signers(self) -> list[Any]:
        return [load_signer(self.home / "keys/log.key")]

    def ask(self, tree: Tree, old: int, proof: list[bytes] | None = None) -> tuple[Note, list[Answer]]:
        """A tree, signed with the log's key, shown to the witnesses, who believe to stand at `old`."""
        note = Checkpoint(self.seen().checkpoint.origin, tree.size, tree.root()).signed(*self.signers)
        if proof is None:
            proof = tree.consistency(old) if 0 < old < tree.size else []
        body = bytes(Request(old, tuple(proof), note))
        return note, [witness.answer(body) for witness in self.witnesses]

    def add(self, *entries: bytes, signature: bytes = bytes(68)) -> None:
        """Entries put behind the log past the sequencer, signed and cosigned: witnesses do not read them."""
        old = self.seen().checkpoint.size
        append(self.tiles, old, [Leaf(entry, signature) for entry in entries])
        note, answers = self.ask(Tree(self.tiles, old + len(entries)), old)
        assert [answer.status for answer in answers] == [200, 200]
        whole = bytes(note).decode() + "".join(answer.body for answer in answers)
        (self.log / "checkpoint").write_text(whole)

    def forged(self, change: Callable[[list[Leaf]], Any]) -> Tree:
        """Another history in a folder of its own: the published one after `change(leaves)`."""
        leaves = list(self.tree().leaves())
        change(leaves)
        shutil.rmtree(self.folder / "forged", ignore_errors=True)
        folder = Folder(self.folder / "forged", AT_ONCE)
        append(folder, 0, leaves)
        shutil.copy(self.log / "checkpoint", folder.root)
        return Tree(folder, len(leaves))

    def sign(self, tree: Tree) -> Path:
        """A tree's checkpoint, signed with the log's key and by witnesses who sign anything."""
        note = Checkpoint(self.seen().checkpoint.origin, tree.size, tree.root()).signed(*self.signers)
        signed = note.adding(cosign(note.text, one.signer, int(one.clock())) for one in self.witnesses)
        (tree.folder.root / "checkpoint").write_bytes(bytes(signed))
        return tree.folder.root


@dataclass
class System(Outside):
    """The offices at work on top of it."""

    county: SmallCounty = field(repr=False)
    paid: CaseFile
    waiting: CaseFile

    def __post_init__(self) -> None:
        super().__post_init__()
        for witness in self.witnesses:
            witness.clock = lambda: self.county.clock.at.timestamp()
        self.restart()

    def restart(self) -> None:
        """The sequencer as a new process has it."""
        self.county.house._sequencer = None

    def turn(self) -> dict[str, Any]:
        """One turn of the sequencer, as the worker does it; what stopped a log, by its name."""
        sequence(self.county.house)
        done = self.county.house.sequencer().round() or {}
        return {log: advance.fault for log, advance in done.items() if advance.fault is not None}

    def verified(self) -> list[tuple[UUID, int, str]]:
        """`mingjian audit verify`: chain, entry and code of the first fault of every faulty chain."""
        with self.county.house.reader.connect() as conn:
            report = audit.verify(conn, self.county.house.vault)
        assert report.ok is not bool(report.faults or report.missing_guards)
        return [(UUID(one.chain), one.seq, one.code) for one in report.faults]

    def bundle(self, case: CaseFile) -> Path:
        """The evidence of a case as the office makes it from its database now."""
        house, actor = self.county.house, self.county.staff["insp"].actor
        path = self.folder / "case.zip"
        with house.reader.connect() as conn, open(path, "w+b") as file:
            write_bundle(house, conn, actor, case.id, file, self.county.clock.at)
        return path

    def places(self, case: CaseFile) -> list[int]:
        """Where the entries of a case stand in the published log."""
        wanted = [(case.id, seq) for seq in range(case.row.seq + 1)]
        with self.county.house.reader.connect() as conn:
            found = index.places(conn, index.trees(conn)[audit.LOG][0], wanted)
        return [found[one] for one in wanted]

    @contextmanager
    def owned(self) -> Iterator[Connection]:
        """The owner of the database at work: no trigger and no foreign key stands in the way."""
        with guards_down(self.county) as conn:
            if conn.dialect.name == "postgresql":
                conn.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                conn.execute(text("PRAGMA defer_foreign_keys = ON"))
            yield conn


@contextmanager
def serving(witnesses: list[Witness]) -> Iterator[list[str]]:
    """The witnesses answer over HTTP."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(("127.0.0.1", 0), witness)) for witness in witnesses]
        for server in servers:
            thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield [f"http://127.0.0.1:{server.server_port}" for server in servers]


def agree(home: Path, witnesses: list[Witness], urls: list[str]) -> str:
    """The policy: both witnesses have to sign."""
    path = home / "log/policy"
    logs = [line for line in path.read_text().splitlines() if line.startswith("log ")]
    lines = [
        f"witness {name} {witness.signer.key.vkey} {url}"
        for name, witness, url in zip(WITNESSES, witnesses, urls, strict=True)
    ]
    content = "\n".join([*logs, *lines, f"group both all {' '.join(WITNESSES)}", "quorum both", ""])
    path.write_text(content)
    return content


@dataclass(frozen=True)
class Built:
    """A system that rests: its folder, its database, its cases, its time."""

    kind: str
    folder: Path
    url: str
    paid: UUID
    waiting: UUID
    at: datetime

    def copy(self, folder: Path, template: Template) -> tuple["Built", Callable[[], None]]:
        """A whole copy, and how to be rid of it."""
        copy_home(self.folder, folder)
        if self.kind == "sqlite":
            url = f"sqlite+pysqlite:///{folder / 'home' / 'mingjian.sqlite'}"
            return replace(self, folder=folder, url=url), lambda: None
        url = template.postgres().fresh_database(str(make_url(self.url).database))
        return replace(self, folder=folder, url=url), partial(template.postgres().drop, url)

    @contextmanager
    def running(self, template: Template) -> Iterator[System]:
        """The copy at work: the house is open and the witnesses answer."""
        clock = SetClock(self.at)
        county = SmallCounty(opened(template, self.url, self.folder / "home", clock), clock)
        cases = CaseFile(county, self.paid), CaseFile(county, self.waiting)
        system = System(self.folder, self.at, county, *cases)
        with serving(system.witnesses) as urls:
            agree(system.home, system.witnesses, urls)
            yield system
        county.house.close()


def build(template: Template, kind: str, folder: Path) -> Built:
    """From an empty county to a published case whose money has arrived."""
    clock, home = SetClock(), folder / "home"
    url = template.copy(kind, home)
    county = SmallCounty(opened(template, url, home, clock), clock)
    county.night()
    made = [Witness.create(folder / name, f"{name}.example") for name in WITNESSES]
    logs = [line.split(" ")[1] for line in (home / "log/policy").read_text().splitlines()[:2]]
    for witness in made:
        for vkey in logs:
            witness.trust(Key.parse(vkey).vkey)
        witness.clock = lambda: clock.at.timestamp()
    with serving(made) as urls:
        (folder / "policy").write_text(agree(home, made, urls))
        clerk = county.staff["vlia1"]
        paid = county.drive(clerk.files(*county.household()), "archive_case", {})
        county.night()
        shutil.copy(home / "log/checkpoint", folder / "older")
        waiting = county.drive(clerk.files(*county.household()), "sign_decision", {})
        county.night()
        system = System(folder, clock.at, county, paid, waiting)
        assert system.turn() == {} and system.verified() == []
        assert system.checked().status == system.mirrored().status == check.SOUND
        assert system.checked(system.bundle(paid)).status == check.SOUND
    county.house.close()
    return Built(kind, folder, url, paid.id, waiting.id, clock.at)


@pytest.fixture(scope="session")
def built(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """The system that rests, on that kind of database."""
    known: dict[str, Built] = {}

    def of(kind: str) -> Built:
        if kind not in known:
            known[kind] = build(template, kind, tmp_path_factory.mktemp(f"system-{kind}"))
        return known[kind]

    return of


@pytest.fixture(params=["sqlite", "postgresql"])
def system(
    request: pytest.FixtureRequest, built: Callable[[str], Built], template: Template, tmp_path: Path
) -> Iterator[System]:
    copy, forget = built(request.param).copy(tmp_path / "system", template)
    with copy.running(template) as system:
        yield system
    forget()


@pytest.fixture(params=["sqlite", "postgresql"])
def outside(request: pytest.FixtureRequest, built: Callable[[str], Built], tmp_path: Path) -> Outside:
    """What a system on that database has published, and everybody who looks at it."""
    resting = built(request.param)
    shutil.copytree(resting.folder, tmp_path / "system", ignore=shutil.ignore_patterns("*.sqlite*", "papers"))
    return Outside(tmp_path / "system", resting.at)
