"""The rule book in force, and the ones that older cases still live by.

A case stays on the rule book it was started with. A rule book is one digest over all data files;
each file is kept once, by its own digest, so that a recorded command can be run again on the
very diagram, form, limit and tariff it was run on.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

from sqlalchemy import Connection, Engine, insert, select

import bpmn
from bpmn import Fault, Rulebook, RulebookError, Text
from workflow import amounts, engine, forms
from workflow.errors import NotFound
from workflow.fitting import require_fitting
from workflow.store.models import RulebookRelease, RuleFile
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


def policy_faults(files: Mapping[str, bytes], *, alone: bool) -> Sequence[Fault]:
    """What is wrong with the policy sets of a data folder; unless `alone`, beside its diagrams as well."""
    try:
        policies = amounts.read_policies(files)
        if not alone and "limits.toml" in files:
            rulebook = bpmn.from_files(files)
            terms_of(rulebook, engine.read_model(rulebook.files), policies)
    except (amounts.PolicyRefused, RulebookError) as refused:
        return refused.faults
    return ()


def release(connection: Connection, rulebook: Rulebook, at: datetime) -> bool:
    """Put a checked rule book into force; False when it already was."""
    known = connection.execute(
        select(RulebookRelease.digest).where(RulebookRelease.digest == rulebook.digest)
    ).first()
    if known:
        return False
    stored = set(connection.scalars(select(RuleFile.sha256)))
    new = {sha: rulebook.files[path] for path, sha in rulebook.manifest.items() if sha not in stored}
    if new:
        connection.execute(
            insert(RuleFile), [{"sha256": sha, "content": content} for sha, content in new.items()]
        )
    connection.execute(
        insert(RulebookRelease),
        {"digest": rulebook.digest, "manifest": dict(rulebook.manifest), "released_at": at},
    )
    return True


class Shelf:
    """All rule books ever in force, prepared once per process."""

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        self._ready: dict[str, Rules] = {}
        self._current: str | None = None
        self._lock = Lock()

    def put(self, rules: Rules) -> None:
        self._ready[rules.digest] = rules
        self._current = rules.digest

    def anything(self) -> bool:
        """Whether any rule book was ever in force here."""
        with self._reader.connect() as connection:
            return connection.scalar(select(RulebookRelease.digest).limit(1)) is not None

    def current(self) -> Rules:
        """The newest rule book of the database."""
        if self._current is None:
            with self._reader.connect() as connection:
                newest = connection.scalar(
                    select(RulebookRelease.digest).order_by(RulebookRelease.released_at.desc()).limit(1)
                )
            if newest is None:
                raise NotFound()
            self._current = newest
        return self.get(self._current)

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
            manifest = connection.scalar(
                select(RulebookRelease.manifest).where(RulebookRelease.digest == digest)
            )
            if manifest is None:
                raise NotFound()
            rows = connection.execute(
                select(RuleFile.sha256, RuleFile.content).where(RuleFile.sha256.in_(manifest.values()))
            )
            content = {sha: bytes(data) for sha, data in rows}
            require_unaltered(connection, digest)
        return prepare(bpmn.from_files({path: content[sha] for path, sha in manifest.items()}))


def require_unaltered(connection: Connection, digest: str) -> None:
    """Make sure that the database still holds the very files the digest stands for.

    Raises:
        NotFound: no such rule book was released here.
        RulebookError: names every file that is missing or was changed (audit-log, attempt 33).
    """
    manifest = connection.scalar(select(RulebookRelease.manifest).where(RulebookRelease.digest == digest))
    if manifest is None:
        raise NotFound()
    rows = connection.execute(
        select(RuleFile.sha256, RuleFile.content).where(RuleFile.sha256.in_(manifest.values()))
    )
    sound = {sha for sha, content in rows if hashlib.sha256(bytes(content)).hexdigest() == sha}
    altered = Text("内容与发布时不同或已丢失", "is not what was released, or is gone")
    faults = [Fault(path, "-", altered) for path, sha in manifest.items() if sha not in sound]
    if not faults and bpmn.digest_of(manifest) != digest:
        faults = [Fault("manifest", "-", altered)]
    if faults:
        raise RulebookError(faults)
