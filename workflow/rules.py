"""The rule book in force, and the ones that older cases still live by.

A case stays on the rule book it was started with. A rule book is one digest over all data files;
each file is kept once, by its own digest, so that a recorded command can be run again on the
very diagram, form, limit and tariff it was run on.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import NamedTuple

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

import bpmn
from bpmn import Fault, Rulebook, RulebookError, Text
from workflow import amounts, engine, forms
from workflow.errors import NotFound
from workflow.fitting import require_fitting
from workflow.store.models import InForce, RulebookRelease, RuleFile
from workflow.store.prepared import Prepared
from workflow.terms import Terms, terms_of


@dataclass(frozen=True)
class Rules:
    """A rule book with its parts made ready: diagrams, tariffs, and the terms of each policy set.

    `terms` by policy set; under "" what holds for a case without one.
    """

    rulebook: Rulebook
    model: engine.Model
    policies: Mapping[str, amounts.Policy]
    terms: Mapping[str, Terms]

    @cached_property
    def categories(self) -> Mapping[str, Text]:
        """Every category of person that any policy set knows, by its code."""
        known = dict(self.terms[""].categories)
        for policy in self.policies.values():
            known.update(policy.own_categories)
        return known

    @cached_property
    def pause_reasons(self) -> Mapping[str, Text]:
        """For each state, why a clock stands still in it: its legal reason, or its name."""
        return {code: state.paused or state.name for code, state in self.rulebook.states.items()} | {
            "": Text("", "")
        }

    @cached_property
    def kinds(self) -> Mapping[str, Mapping[str, Text]]:
        """Every kind of bill or grant that any policy set knows: its names, by the set that gives them."""
        known: dict[str, dict[str, Text]] = {}
        for policy in self.policies.values():
            for kind, name in policy.kinds.items():
                known.setdefault(kind, {})[policy.id] = name
        return known

    @property
    def digest(self) -> str:
        return self.rulebook.digest


def prepare(rulebook: Rulebook) -> Rules:
    """Check and parse everything; raises with all faults of the first part that has any.

    Raises:
        RulebookError, ModelRefused, PolicyRefused: file, element and reason.
    """
    forms.require_sound(rulebook)
    model = engine.read_model(rulebook.files)
    require_fitting(rulebook, model)
    policies = amounts.read_policies(rulebook.files)
    terms = terms_of(rulebook, model, policies)
    return Rules(rulebook=rulebook, model=model, policies=policies, terms=terms)


_ready: OrderedDict[str, Rules] = OrderedDict()
_ready_lock = Lock()
_READY = 4
"""So many rule books a process remembers ready-made: to read one takes a second."""


def ready(files: Mapping[str, bytes]) -> Rules:
    """The rule book of these files, made ready; one that was made ready lately is given once more.

    Raises:
        RulebookError, ModelRefused, PolicyRefused: see `prepare`.
    """
    digest = bpmn.digest_of({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})
    with _ready_lock:
        rules = _ready.get(digest)
    if rules is None:
        rules = prepare(bpmn.from_files(files))
        with _ready_lock:
            _ready[digest] = rules
            while len(_ready) > _READY:
                _ready.popitem(last=False)
    return rules


def policy_faults(files: Mapping[str, bytes], *, alone: bool) -> Sequence[Fault]:
    """What is wrong with the policy sets of a data folder; unless `alone`, what of it and of the limits does
    not fit its diagrams as well.
    """
    try:
        policies = amounts.read_policies(files)
        if not alone and "limits.toml" in files:
            rulebook = bpmn.from_files(files)
            model = engine.read_model(rulebook.files)
            require_fitting(rulebook, model)
            terms_of(rulebook, model, policies)
    except (amounts.PolicyRefused, RulebookError) as refused:
        return refused.faults
    return ()


class Release(NamedTuple):
    """A release as it stands in the database: newest `id` last. `packaged`: see `InForce`."""

    id: int
    digest: str
    since: datetime
    packaged: str


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('rule books', 0))")
_RELEASES = Prepared(select(InForce.id, InForce.digest, InForce.since, InForce.packaged).order_by(InForce.id))


def releases(connection: Connection) -> list[Release]:
    """All releases, the newest last; empty in a new database."""
    return [Release(*row) for row in _RELEASES.all(connection, {})]


def in_force(known: Sequence[Release], at: datetime) -> Release:
    """The newest release whose time has come; before the first one, that one.

    Raises:
        NotFound: nothing was ever released.
    """
    if not known:
        raise NotFound()
    return next((each for each in reversed(known) if each.since <= at), known[0])


def keep_files(connection: Connection, files: Iterable[bytes]) -> None:
    """Store what is not stored yet, each file by its own digest."""
    new = {hashlib.sha256(content).hexdigest(): content for content in files}
    stored = set(connection.scalars(select(RuleFile.sha256).where(RuleFile.sha256.in_(new))))
    rows = [{"sha256": sha, "content": content} for sha, content in new.items() if sha not in stored]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(RuleFile).on_conflict_do_nothing(), rows)


def files_of(connection: Connection, manifest: Mapping[str, str]) -> dict[str, bytes]:
    """The stored files of a rule book.

    Raises:
        RulebookError: names every file that is missing or was changed (audit-log, attempt 33).
    """
    wanted = set(manifest.values())
    rows = connection.execute(select(RuleFile.sha256, RuleFile.content).where(RuleFile.sha256.in_(wanted)))
    sound = {sha: data for sha, kept in rows if hashlib.sha256(data := bytes(kept)).hexdigest() == sha}
    altered = Text("内容与发布时不同或已丢失", "is not what was released, or is gone")
    faults = [Fault(path, "-", altered) for path, sha in manifest.items() if sha not in sound]
    if faults:
        raise RulebookError(faults)
    return {path: sound[sha] for path, sha in manifest.items()}


def one_at_a_time(connection: Connection) -> None:
    """Wait for whoever is deciding on rules now. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)


def put_in_force(
    connection: Connection,
    manifest: Mapping[str, str],
    *,
    at: datetime,
    since: datetime,
    packaged: str,
    seq: int,
    proposal: int | None = None,
) -> None:
    """Let a checked rule book, whose files are stored, hold from `since` on.

    `seq`: the entry of the system's chain that says so, written in the same transaction.
    """
    digest = bpmn.digest_of(manifest)
    known = select(RulebookRelease.digest).where(RulebookRelease.digest == digest)
    if connection.scalar(known) is None:
        row = {"digest": digest, "manifest": dict(manifest), "released_at": at}
        connection.execute(insert(RulebookRelease), row)
    force = {
        "digest": digest, "since": since, "released_at": at, "packaged": packaged, "proposal_id": proposal,
        "seq": seq,
    }  # fmt: skip
    connection.execute(insert(InForce), force)


def manifest_of(connection: Connection, digest: str) -> dict[str, str]:
    """path → sha256 of a released rule book.

    Raises:
        NotFound: no such rule book was released here.
    """
    found = connection.scalar(select(RulebookRelease.manifest).where(RulebookRelease.digest == digest))
    if found is None:
        raise NotFound()
    return dict(found)


FRESH = 1.0
"""Seconds for which a process trusts what it has read about releases; a case is opened on a fresh look."""


class Shelf:
    """All rule books ever in force, prepared once per process."""

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        self._ready: dict[str, Rules] = {}
        self._releases: tuple[float, list[Release]] | None = None
        self._lock = Lock()

    def put(self, rules: Rules) -> None:
        """Spare the preparing of a rule book that was prepared already."""
        self._ready[rules.digest] = rules

    def forget_releases(self) -> None:
        """Look anew: somebody has released."""
        self._releases = None

    def current(self, at: datetime) -> Rules:
        """The rule book in force at a time, as far as this process has heard.

        Raises:
            NotFound: nothing was ever released.
        """
        heard = self._releases
        if heard is None or not heard[1] or monotonic() - heard[0] > FRESH:
            with self._reader.connect() as connection:
                heard = self._releases = (monotonic(), releases(connection))
        return self.get(in_force(heard[1], at).digest)

    def get(self, digest: str) -> Rules:
        """One rule book by its digest.

        Raises:
            NotFound: it was never released here.
        """
        rules = self._ready.get(digest)
        if rules is None:
            with self._lock:
                rules = self._ready.get(digest) or self._read(digest)
                self._ready[digest] = rules
        return rules

    def _read(self, digest: str) -> Rules:
        with self._reader.connect() as connection:
            return ready(released_files(connection, digest))


def released_files(connection: Connection, digest: str) -> dict[str, bytes]:
    """The very files a released digest stands for.

    Raises:
        NotFound: no such rule book was released here.
        RulebookError: names every file that is missing or was changed (audit-log, attempt 33).
    """
    manifest = manifest_of(connection, digest)
    files = files_of(connection, manifest)
    if bpmn.digest_of(manifest) != digest:
        altered = Text("内容与发布时不同", "is not what was released")
        raise RulebookError([Fault("manifest", "-", altered)])
    return files
