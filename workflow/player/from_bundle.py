"""The record of a case out of an evidence bundle alone: no database, no keys, nothing is stored.

What the checker finds wrong with the bundle is told beside it; what is in there is shown all the same.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from audit.checker.mingjian_check import (
    ENTRY,
    JSON_FILE,
    Bundle,
    Policy,
    Refused,
    Report,
    Source,
    erasures,
    read_json,
)
from audit.tables import audit_entry
from bpmn import Text
from bpmn.rulebook import DATA
from workflow.deadlines import Calendar, read_calendar
from workflow.evidence.bundle import log_keys
from workflow.evidence.documents import LETTER, SHEET
from workflow.evidence.replaying import BundleBooks, BundleRefused
from workflow.house import House
from workflow.player.film import Film, Frame, film
from workflow.player.record import Held, LetterThen, PaperThen, Record, SheetThen
from workflow.player.values import Sealed


@dataclass(frozen=True)
class Bundled:
    """The record of a bundle, what the checker says of it, and the log keys the office named in it."""

    record: Record
    report: Report
    keys: frozenset[str]


def record_of_bundle(path: Path, policy: Policy | None = None, name: str = "") -> Bundled:
    """Read, check and execute the case of a bundle. `policy`: the inspection's own, which says whose log it
    has to be; `name`: what the report calls it.

    Raises:
        BundleRefused: it cannot be read at all.
    """
    report = Report(name or path.name)
    try:
        source = Source(path)
        bundle = Bundle(source, policy, report)
        case_id, number = UUID(bundle.manifest["case"]), str(bundle.manifest["number"])
        encoded = _entries(source)
    except (Refused, OSError, KeyError, TypeError, ValueError) as error:
        zh, en = error.what if isinstance(error, Refused) else (str(error), str(error))
        raise BundleRefused(Text(f"证据包读不出来：{zh}。", f"The bundle cannot be read: {en}.")) from error
    try:
        bundle.check()
    except Refused as error:
        report.bad(error)
    books = BundleBooks(source)
    done = film(books, encoded)
    entries = [frame.entry for frame in done.frames if frame.entry is not None]
    closed = {int(seq): frozenset(names) for seq, names in bundle.manifest["closed"].items() if seq.isdigit()}
    sealed = Sealed(_openings(source, report), opened=True, erased=erasures(entries), closed=closed)
    record = Record(
        case_id, number, books, encoded, done, sealed, Calendar({}, frozenset()),
        sheets=_sheets(source, done, sealed),
    )  # fmt: skip
    record.calendar = _calendar(record)
    record.papers = _papers(bundle, record)
    record.letters = _letters(source, record)
    record.notes = tuple(_notes(record, bundle))
    return Bundled(record, report, frozenset(map(str, bundle.manifest.get("log_keys", []))))


def beside(house: House, conn: Connection, bundled: Bundled) -> list[Text]:
    """How a bundle stands to the log of this office: whether it is of the same log, and the same case."""
    own, told = set(log_keys(house.home)), []
    if bundled.keys and own and not bundled.keys & own:
        told.append(
            Text(
                "这个证据包来自另一本日志：它的日志公钥不是本单位的。下面只按包里的内容显示。",
                "This bundle is of another log: its keys are not this office's. Below is what it holds.",
            )
        )
    rows = select(audit_entry.c.seq, audit_entry.c.bytes).where(audit_entry.c.chain == bundled.record.case_id)
    here = {row.seq: bytes(row.bytes) for row in conn.execute(rows)}
    if not here:
        told.append(Text("本单位的数据库里没有这件案卷。", "This case is not in this office's database."))
        return told
    given = bundled.record.encoded
    other = next((seq for seq, one in enumerate(given) if here.get(seq) != one), None)
    if other is not None:
        told.append(
            Text(
                f"第{other + 1}条与本单位数据库里的不同，请核对是哪一边改过。",
                f"Entry {other + 1} is not the one in this office's database: find out which was changed.",
            )
        )
    else:
        more = len(here) - len(given)
        told.append(
            Text(
                f"与本单位数据库里的条目逐字节相同，数据库里另有后来的{more}条。",
                f"The entries are those of this office's database, byte for byte; it has {more} later ones.",
            )
        )
    return told


def _entries(source: Source) -> list[bytes | None]:
    found = {
        int(PurePosixPath(name).stem): source.read(name, ENTRY)
        for name in source.names
        if name.startswith("entries/") and name.endswith(".json") and PurePosixPath(name).stem.isdigit()
    }
    most = max(found, default=-1)
    if most >= MOST:
        raise ValueError(f"entry {most} of one case")
    return [found.get(seq) for seq in range(most + 1)]


MOST = 100_000
"""Entries of one case; a number beyond is no number of an entry."""


def _openings(source: Source, report: Report) -> dict[int, Mapping[str, tuple[bytes, Any]]]:
    found: dict[int, Mapping[str, tuple[bytes, Any]]] = {}
    for name in source.names:
        stem = PurePosixPath(name).stem
        if not (name.startswith("openings/") and stem.isdigit()):
            continue
        try:
            given = read_json(source.read(name, JSON_FILE), JSON_FILE, canonical=False)
            found[int(stem)] = {field: (bytes.fromhex(salt), value) for field, (salt, value) in given.items()}
        except (Refused, AttributeError, TypeError, ValueError):  # the checker has said so
            continue
    return found


def _attached(done: Film) -> Iterator[tuple[Frame, int, Mapping[str, Any]]]:
    for frame in done.frames:
        for number, attached in enumerate(frame.entry["attach"] if frame.entry is not None else ()):
            yield frame, number, attached


def _papers(bundle: Bundle, record: Record) -> list[PaperThen]:
    sealed = record.sealed
    names = {
        kind: row.name for rules in record.known_rules.values() for kind, row in rules.rulebook.papers.items()
    }
    there = {one[0]: name for name, one in bundle.digests.items() if name.startswith("papers/")}
    found = []
    for frame, number, attached in _attached(record.film):
        field = f"attach.{number}"
        digest = sealed.digest(frame.seq, field, attached["commit"])
        state: Held = "held" if digest in there else "gone"
        if digest is None:
            state = "erased" if any(frame.seq <= t and field in n for t, n, _ in sealed.erased) else "closed"
        elif digest in bundle.manifest["left_out"]:
            state = "closed"
        name = Text(f"第{number + 1}份", f"paper {number + 1}")
        if digest in there:
            kind = PurePosixPath(there[digest]).stem.partition("-")[2]
            name = names.get(kind, Text(kind, kind))
        found.append(PaperThen(frame.seq, name, attached["size"], digest, state))
    return found


def _sheets(source: Source, done: Film, sealed: Sealed) -> list[SheetThen]:
    found = []
    for name in source.names:
        stem = PurePosixPath(name).stem
        if not (name.startswith("calculations/") and stem.isdigit()):
            continue
        seq = int(stem)
        wanted = _sealed_digests(done, sealed, SHEET).get(seq, {None})
        try:
            content = source.read(name, JSON_FILE)
            given = json.loads(content)
            fits = hashlib.sha256(content).hexdigest() in wanted
            found.append(SheetThen(seq, str(given["policy"]), Decimal(given["aid"]), given["sheet"], fits))
        except (Refused, ArithmeticError, KeyError, TypeError, ValueError):  # the checker has said so
            continue
    return found


def _sealed_digests(done: Film, sealed: Sealed, prefix: str) -> dict[int, set[str | None]]:
    return {
        frame.seq: {
            sealed.digest(frame.seq, name, commit)
            for name, commit in frame.entry["commit"].items()
            if name.startswith(prefix)
        }
        for frame in done.frames
        if frame.entry is not None
    }


def _letters(source: Source, record: Record) -> list[LetterThen]:
    digests = _sealed_digests(record.film, record.sealed, LETTER)
    found = []
    for name in source.names:
        if not (name.startswith("letters/") and name.endswith(".json")):
            continue
        try:
            content = source.read(name, JSON_FILE)
            given = json.loads(content)
            digest, kind, number = (
                hashlib.sha256(content).hexdigest(),
                str(given["kind"]),
                str(given["number"]),
            )
        except (Refused, KeyError, TypeError, ValueError):  # the checker has said so
            continue
        seq = next((seq for seq, wanted in digests.items() if digest in wanted), None)
        if seq is not None:
            titles = {
                k: v.title for rules in record.known_rules.values() for k, v in rules.rulebook.letters.items()
            }
            found.append(LetterThen(seq, titles.get(kind, Text(kind, kind)), number))
    return found


def _calendar(record: Record) -> Calendar:
    """The working days as the newest rule book of the case has them; those of the program without one."""
    for frame in reversed(record.film.frames):
        rules = record.rules(frame.entry["rule"]) if frame.entry is not None else None
        if rules is not None and "calendar/cn.csv" in rules.rulebook.files:
            files = rules.rulebook.files
            return read_calendar(files["calendar/cn.csv"], files["calendar/years.csv"])
    folder = DATA / "calendar"
    return read_calendar((folder / "cn.csv").read_bytes(), (folder / "years.csv").read_bytes())


def _notes(record: Record, bundle: Bundle) -> Iterator[Text]:
    named = {frame.entry["rule"] for frame in record.film.frames if frame.entry is not None}
    for digest in sorted(named - record.known_rules.keys()):
        yield Text(
            f"规则{digest[:12]}不在包里，或者被改过：依据它的步骤不能重走，也画不出图。",
            f"Rules {digest[:12]} are missing or were changed: their steps cannot be run or drawn.",
        )
    if record.sealed.erased:
        yield Text(
            "个人信息已依法删除：流程、数字和时间还在，封存的内容不能再看。",
            "The personal data were erased by law: steps, figures and times are there, values are not.",
        )
    if bundle.manifest["closed"]:
        yield Text(
            "有些封存内容导出人无权看，包里没有。",
            "Some sealed values were closed to whoever took the bundle; they are not in it.",
        )
