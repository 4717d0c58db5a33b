"""The rule book: everything a county changes without a programmer, under one digest.

Reading is strict and complete: every fault of every file is reported at once, and nothing of a
faulty rule book is used.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bpmn.conformance import FILE as CONFORMANCE
from bpmn.conformance import check_deviating
from bpmn.faults import Fault, RulebookError
from bpmn.forms import Choice, Form, check_conditions, read_form
from bpmn.letters import (
    CLOSING,
    RIGHTS,
    Letter,
    LetterField,
    Shared,
    is_rights,
    read_field,
    read_letter,
    read_shared,
    types_of,
)
from bpmn.reader import Section, read_toml
from bpmn.retention import FILE as RETENTION
from bpmn.retention import check_retention
from bpmn.spot_checks import FILE as SPOT_CHECKS
from bpmn.spot_checks import check_spot_checks
from bpmn.tables import (
    GOVERNMENT,
    TABLES,
    CategoryRow,
    FlowRow,
    LimitRow,
    OfficeRow,
    PaperRow,
    ReasonRow,
    RoleRow,
    StateRow,
    Station,
    VariableRow,
    split_place,
)
from bpmn.text import Text

DATA = Path(__file__).parent
SUFFIXES = frozenset({".toml", ".bpmn", ".dmn", ".csv"})
APART = frozenset({"flags", "indicators", "evaluations", "reports"})
"""Folders that belong to those who check the office: no part of the rule book that the office releases."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Rulebook:
    """One consistent set of data files. `files`: "flows/x.bpmn" → bytes; `manifest`: path → SHA-256."""

    digest: str
    files: Mapping[str, bytes]
    manifest: Mapping[str, str]
    forms: Mapping[str, Form]
    letters: Mapping[str, Letter]
    letter_fields: Mapping[str, LetterField]
    limits: Mapping[str, LimitRow]
    roles: Mapping[str, RoleRow]
    reasons: Mapping[str, ReasonRow]
    categories: Mapping[str, CategoryRow]
    papers: Mapping[str, PaperRow]
    states: Mapping[str, StateRow]
    variables: Mapping[str, VariableRow]
    offices: Mapping[str, OfficeRow]
    flows: Mapping[str, FlowRow]

    def station(self, code: str) -> Station:
        """Where "TLEAD", "SUP@township" or "SUP@finance" sits. KeyError for an unknown role."""
        role, _, place = code.partition("@")
        row = self.roles[role]
        level, kind = split_place(place) if place else (row.level, row.kind)
        return Station(role, level, kind)


def load(root: Path = DATA) -> Rulebook:
    """Read the data files under `root`; those that came with the program unless told otherwise.

    Raises:
        RulebookError: with every fault of every file.
    """
    return from_files(packaged_files(root))


def packaged_files(root: Path = DATA) -> dict[str, bytes]:
    """The data files under `root`, unread: "flows/x.bpmn" → bytes."""
    paths = (
        path
        for path in root.rglob("*")
        if path.suffix in SUFFIXES and path.is_file() and path.relative_to(root).parts[0] not in APART
    )
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def from_files(files: Mapping[str, bytes]) -> Rulebook:
    """Build the rule book from file contents.

    Raises:
        RulebookError: with every fault of every file.
    """
    faults: list[Fault] = []
    tables: dict[str, dict[str, Any]] = {
        name: _read_table(faults, files, f"{name}.toml", read) for name, read in TABLES.items()
    }
    _check_roles(faults, tables["roles"], tables["offices"])
    _check_limits(faults, tables["limits"], tables["roles"])
    forms = _read_forms(faults, files, tables)
    fields = _read_table(faults, files, "letter_fields.toml", read_field)
    letters = _read_letters(faults, files, fields)
    _check_others(faults, files)
    if faults:
        raise RulebookError(faults)
    manifest = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    return Rulebook(
        digest=digest_of(manifest),
        files=MappingProxyType(dict(files)),
        manifest=MappingProxyType(manifest),
        forms=MappingProxyType(forms),
        letters=MappingProxyType(letters),
        letter_fields=MappingProxyType(fields),
        **{name: MappingProxyType(rows) for name, rows in tables.items()},
    )


def digest_of(manifest: Mapping[str, str]) -> str:
    """SHA-256 over the manifest as JSON: keys sorted, no spaces, ASCII only."""
    text = json.dumps(dict(manifest), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _check_others(faults: list[Fault], files: Mapping[str, bytes]) -> None:
    """Files that other parts read (permissions, county …) must at least be TOML."""
    own = {"letter_fields.toml", *(f"{name}.toml" for name in TABLES)}
    for path, content in sorted(files.items()):
        if path == RETENTION:
            check_retention(faults, content)
        elif path == SPOT_CHECKS:
            check_spot_checks(faults, content)
        elif path == CONFORMANCE:
            check_deviating(faults, content)
        elif path.endswith(".toml") and "/" not in path and path not in own:
            read_toml(faults, path, content)


def _missing(faults: list[Fault], file: str) -> None:
    faults.append(Fault(file, "-", Text("缺少这个文件", "this file is missing")))


def _read_table(
    faults: list[Fault], files: Mapping[str, bytes], file: str, read: Callable[[Section], Row]
) -> dict[str, Row]:
    if file not in files:
        _missing(faults, file)
        return {}
    whole = read_toml(faults, file, files[file])
    rows: dict[str, Row] = {}
    for name in whole.keys() if whole else ():
        part = whole.under(name) if whole else None
        if part is not None:
            rows[name] = read(part)
            part.close()
    return rows


def _check_roles(faults: list[Fault], roles: Mapping[str, RoleRow], offices: Mapping[str, OfficeRow]) -> None:
    for role in roles.values():
        for _, kind in role.sits_at:
            if kind != GOVERNMENT and kind not in offices:
                reason = Text(f"没有“{kind}”这类机构", f"there is no kind of office {kind!r}")
                faults.append(Fault("roles.toml", f"{role.id}.kind", reason))


def _check_limits(faults: list[Fault], limits: Mapping[str, LimitRow], roles: Mapping[str, RoleRow]) -> None:
    for limit in limits.values():
        for code in limit.escalate:
            role, _, place = code.partition("@")
            if role not in roles or (place and place not in roles[role].places):
                reason = Text(f"没有“{code}”这个角色或位置", f"there is no role or place {code!r}")
                faults.append(Fault("limits.toml", f"{limit.id}.escalate", reason))


def _read_forms(
    faults: list[Fault], files: Mapping[str, bytes], tables: Mapping[str, Mapping[str, Any]]
) -> dict[str, Form]:
    lists = {
        "reasons": tuple(Choice(row.id, row.name) for row in tables["reasons"].values() if row.refuses),
        "categories": tuple(Choice(row.id, row.name) for row in tables["categories"].values()),
        "papers": tuple(Choice(row.id, row.name) for row in tables["papers"].values()),
    }
    read: list[tuple[Section, Form]] = []
    for path in _within(files, "forms"):
        section = read_toml(faults, path, files[path])
        if section is not None:
            read.append((section, read_form(section, lists)))
    known = frozenset(tables["variables"]).union(*(form.variables for _, form in read))
    for section, form in read:
        check_conditions(section, form, known)
    return {form.id: form for _, form in read}


def _read_letters(
    faults: list[Fault], files: Mapping[str, bytes], known: Mapping[str, LetterField]
) -> dict[str, Letter]:
    paths = {path.removeprefix("letters/").removesuffix(".toml"): path for path in _within(files, "letters")}
    shared: dict[str, Section] = {}
    for stem in sorted({RIGHTS, CLOSING, *filter(is_rights, paths)}):
        if stem not in paths:
            _missing(faults, f"letters/{stem}.toml")
        elif (section := read_toml(faults, paths[stem], files[paths[stem]])) is not None:
            shared[stem] = section
    types = MappingProxyType(types_of(known))
    closing = shared.pop(CLOSING, None)
    common = read_shared(shared, closing, types) if closing is not None and RIGHTS in shared else Shared()
    letters = {}
    for stem, path in paths.items():
        if stem == CLOSING or is_rights(stem):
            continue
        section = read_toml(faults, path, files[path])
        if section is not None:
            letter = read_letter(section, common, types)
            letters[letter.id] = letter
    return letters


def _within(files: Mapping[str, bytes], folder: str) -> list[str]:
    return sorted(path for path in files if path.startswith(f"{folder}/") and path.endswith(".toml"))
