"""Whether database, tiles and checkpoint say the same, and which of the three does not.

The root of the published checkpoint is computed twice, from the entries as the database holds them now and
from the published files. Whichever of the two gives another root is the altered one; if both give the same
other root, it is the checkpoint.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from audit import index, merkle
from audit.chain import LOGS
from audit.index import EntryAltered
from audit.note import NoteRefused
from audit.policy import NotSupported, Policy, PolicyFaulty, Seen
from audit.publishing import CHECKPOINT, POLICY
from audit.standing import NAMES, PUBLISHED, SUBFOLDERS
from audit.text import Text
from audit.tiles import WIDTH, Folder, Leaf, Tree, TreeBroken, tile_path

DATABASE, TILES, THE_CHECKPOINT = "database", "tiles", "checkpoint"
ALTERED = {
    DATABASE: Text("数据库被改动", "the database was altered"),
    TILES: Text("公开的文件被改动", "the published files were altered"),
    THE_CHECKPOINT: Text("检查点不是这本日志的", "the checkpoint is not of this log"),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """One log. `size`: entries under the published checkpoint, None if none is published here; `altered`:
    which of the three, None if they agree; `index`: the first place where database and tiles differ, if any.
    """

    log: str
    size: int | None
    altered: str | None = None
    index: int | None = None
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.altered is None

    def sentence(self) -> Text:
        name = NAMES[self.log]
        if self.size is None and self.ok:
            return Text(f"{name.zh}：本机没有公开的文件", f"{name.en}: nothing is published from here")
        if self.altered is None:
            return Text(
                f"{name.zh}：数据库、公开的文件、检查点一致，{self.size} 个条目",
                f"{name.en}: database, published files and checkpoint agree on {self.size} entries",
            )
        zh, en = ALTERED[self.altered]
        place = "" if self.index is None else f"#{self.index}"
        told = " ".join(part for part in (place, self.detail) if part)
        more = (f"（{told}）", f" ({told})") if told else ("", "")
        return Text(f"有误：{name.zh}：{zh}{more[0]}", f"Fault: {name.en}: {en}{more[1]}")

    def as_json(self) -> dict[str, Any]:
        return {
            "log": self.log, "size": self.size, "ok": self.ok, "altered": self.altered,
            "index": self.index, "detail": self.detail,
        }  # fmt: skip


@dataclass(slots=True)
class _Side:
    """What one of the two says: the hashes of its entries, and what made it impossible to read on."""

    hashes: list[bytes] = field(default_factory=list)
    broken: str = ""

    def root(self, size: int) -> bytes | None:
        return merkle.root_of(self.hashes) if len(self.hashes) == size and not self.broken else None


def agreements(conn: Connection, home: Path) -> list[Agreement]:
    """Both logs of the office at `home`. Raises nothing for what stands in rows or files."""
    known = index.trees(conn)
    return [_agreement(conn, home, log, *known.get(log, (-1, ""))) for log in LOGS]


def _agreement(conn: Connection, home: Path, log: str, tree: int, origin: str) -> Agreement:
    folder = home / PUBLISHED / SUBFOLDERS[log]
    try:
        seen = _checkpoint(folder, home / PUBLISHED / POLICY)
    except (NoteRefused, NotSupported, PolicyFaulty) as error:
        return Agreement(log, None, THE_CHECKPOINT, detail=str(error))
    if seen is None:
        return Agreement(log, None)
    size = seen.checkpoint.size
    if seen.checkpoint.origin != origin:
        return Agreement(log, size, THE_CHECKPOINT, detail=f"{seen.checkpoint.origin} ≠ {origin}")
    return _compared(conn, Tree(Folder(folder), size), log, tree, seen)


def _checkpoint(folder: Path, policy: Path) -> Seen | None:
    try:
        return Policy.parse(policy.read_bytes()).check((folder / CHECKPOINT).read_bytes())
    except FileNotFoundError:
        return None


def _compared(conn: Connection, tiles: Tree, log: str, tree: int, seen: Seen) -> Agreement:
    size, root = seen.checkpoint.size, seen.checkpoint.root
    stored, published, first = _Side(), _Side(), None
    pairs = zip_longest(_stored(conn, tree, size, stored), _published(tiles, published))
    for place, (ours, theirs) in enumerate(pairs):
        if first is None and ours != theirs:
            first = place
    database = stored.root(size) == root
    alike = first is None and not (stored.broken or published.broken)
    files = database if alike else published.root(size) == root
    if database and files and first is None:
        broken = _broken_hashes(tiles, stored.hashes)
        return Agreement(log, size, broken and TILES, detail=broken or "")
    altered = TILES if database else DATABASE
    if not database and not files and first is None:
        altered = THE_CHECKPOINT
    detail = published.broken if altered == TILES else stored.broken
    return Agreement(log, size, altered, first, detail)


def _broken_hashes(tiles: Tree, row: Sequence[bytes]) -> str | None:
    """The first published tile of hashes that is not what the entries give, level by level."""
    level = 0
    while row:
        full = []
        for number, start in enumerate(range(0, len(row), WIDTH)):
            tile = row[start : start + WIDTH]
            try:
                if tiles.folder.read(level, number, len(tile)) != b"".join(tile):
                    return tile_path(level, number, len(tile))
            except TreeBroken as error:
                return str(error)
            if len(tile) == WIDTH:
                full.append(merkle.root_of(tile))
        row, level = full, level + 1
    return None


def _stored(conn: Connection, tree: int, size: int, side: _Side) -> Iterator[Leaf]:
    try:
        for leaves in index.leaves(conn, tree, 0, size):
            for leaf in leaves:
                side.hashes.append(merkle.leaf_hash(leaf.entry))
                yield leaf
    except EntryAltered as error:
        side.broken = str(error)


def _published(tiles: Tree, side: _Side) -> Iterator[Leaf]:
    try:
        for leaf in tiles.leaves():
            side.hashes.append(merkle.leaf_hash(leaf.entry))
            yield leaf
    except (TreeBroken, ValueError) as error:
        side.broken = str(error)
