"""Check a whole rule book before anybody may rely on it: everything at once, file by file."""

import hashlib
import tomllib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Connection, select

import bpmn
from bpmn import Fault, RulebookError, Text
from workflow.amounts import PolicyRefused
from workflow.engine import ModelRefused
from workflow.rules import Rules, ready
from workflow.store.models import RulebookRelease, RuleFile

DRAWN = (".bpmn", ".dmn")
KEPT = 4
WITH_THE_PROGRAM = "permissions.toml"
"""Who may do what is read when the program starts; an office cannot change it here."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check has found: the rules made ready, or every fault."""

    rules: Rules | None
    faults: tuple[Fault, ...]


_done: OrderedDict[str, Examined] = OrderedDict()
_lock = Lock()


def manifest_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """path → sha256, in order of paths."""
    return {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}


def examine(files: Mapping[str, bytes]) -> Examined:
    """Everything that holds for a rule book by itself; what was examined lately is remembered."""
    digest = bpmn.digest_of(manifest_of(files))
    with _lock:
        found = _done.get(digest)
    if found is None:
        found = _examine(files)
        with _lock:
            _done[digest] = found
            while len(_done) > KEPT:
                _done.popitem(last=False)
    return found


def _examine(files: Mapping[str, bytes]) -> Examined:
    try:
        rules = ready(files)
    except (RulebookError, ModelRefused, PolicyRefused) as refused:
        return Examined(None, tuple(refused.faults))
    from workflow.engine.lint import lint  # late: a process that only serves cases never explores diagrams

    drawn = {path: content for path, content in files.items() if path.endswith(DRAWN)}
    found = lint(drawn, rules.rulebook, is_read=True)
    faults = tuple(Fault(fault.file, fault.element, fault.reason) for fault in found)
    return Examined(None, faults) if faults else Examined(rules, ())


def faults_against_the_past(
    conn: Connection, files: Mapping[str, bytes], base: Mapping[str, str], origin: str = "office"
) -> Iterator[Fault]:
    """What a rule book by itself does not show: a released version never changes (design, "policies").

    `base`: the manifest of the version it is to follow; `origin`: office or program.
    """
    manifest = manifest_of(files)
    if origin == "office" and base.get(WITH_THE_PROGRAM) != manifest.get(WITH_THE_PROGRAM):
        told = Text("权限表随程序更新，不能在这里改", "permissions come with the program, not from here")
        yield Fault(WITH_THE_PROGRAM, "-", told)
    changed = [
        path.rpartition("/")[0]
        for path in manifest
        if path.startswith("policies/") and path.endswith("/policy.toml")
        if _folder(manifest, path) != _folder(base, path)
    ]
    if not changed:
        return
    former = conn.scalars(select(RulebookRelease.manifest)).all()
    for folder in changed:
        path = f"{folder}/policy.toml"
        others = {
            known[path]
            for known in former
            if path in known and _folder(known, path) != _folder(manifest, path)
        }
        rows = conn.scalars(select(RuleFile.content).where(RuleFile.sha256.in_(others)))
        version = _version(files[path])
        if version is not None and version in {_version(bytes(content)) for content in rows}:
            told = Text(
                f"内容变了，版本号{version}却已经发布过；改了内容就要换版本号",
                f"the contents differ from what was released as version {version}; give it a new version",
            )
            yield Fault(path, "version", told)


def _folder(manifest: Mapping[str, str], path: str) -> dict[str, str]:
    folder = path.rpartition("/")[0] + "/"
    return {name: sha for name, sha in manifest.items() if name.startswith(folder)}


def _version(content: bytes) -> str | None:
    try:
        return str(tomllib.loads(content.decode()).get("version"))
    except (ValueError, UnicodeDecodeError):
        return None
