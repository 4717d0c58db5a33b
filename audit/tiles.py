"""The published log as files (c2sp.org/tlog-tiles), that any web server can hand out.

    checkpoint                      the newest published checkpoint, a signed note
    tile/<L>/<N>[.p/<W>]            hashes: level L counts by 8 levels of the tree, 256 hashes to a tile
    tile/entries/<N>[.p/<W>]        entries, each behind its length (2 bytes, big-endian), 256 to a bundle
    tile/signatures/<N>[.p/<W>]     beside them, the application's signature on each entry (`audit.keys`):
                                    key id and signature, 68 bytes; zeros for an entry without one

N is written in groups of three digits, all but the last with an x before: x001/x234/067. `.p/<W>` is a tile
that is not full, of width W. It stays until the full one is there. Whatever has been written is never
changed: an append that would is refused.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from audit import merkle
from audit.merkle import HASH

WIDTH = 256
ENTRIES, SIGNATURES = "entries", "signatures"
SIGNATURE = 68
Kind: TypeAlias = int | str
_CACHED = 1_024


class TreeBroken(Exception):
    """A tile is missing, cut short, or another one than it was."""


def tile_path(kind: Kind, number: int, width: int = WIDTH) -> str:
    """Where tile `number` of a level (or of the entries) lies, below the log's folder or address."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    path = f"tile/{kind}/{'/'.join(reversed(groups))}"
    return path if width == WIDTH else f"{path}.p/{width}"


def width_of(kind: Kind, number: int, size: int) -> int:
    """How many hashes (or entries) tile `number` has in a tree of `size` entries; 0 if it is not there."""
    there = size >> 8 * kind if isinstance(kind, int) else size
    return max(0, min(WIDTH, there - number * WIDTH))


def bundle(entries: Sequence[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(content: bytes, width: int) -> list[bytes]:
    """The entries of a bundle. Raises TreeBroken when they are not exactly `width`."""
    entries, at = [], 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        entries.append(content[at + 2 : end])
        at = end
    if at != len(content) or len(entries) != width:
        raise TreeBroken(f"a bundle of {width} entries is cut short or longer")
    return entries


class Folder:
    """The files of one log."""

    def __init__(self, root: Path, fsync: Callable[[int], object] = os.fsync) -> None:
        self.root = root
        self._below = os.path.join(root, "")
        self._fsync = fsync
        self._touched: set[Path] = set()

    def read(self, kind: Kind, number: int, width: int) -> bytes:
        """A tile of that width, cut from the full one if only that is there. Raises TreeBroken."""
        for path in dict.fromkeys((tile_path(kind, number, width), tile_path(kind, number))):
            try:
                with open(self._below + path, "rb") as file:
                    content = file.read()
            except FileNotFoundError:
                continue
            if kind == ENTRIES:
                return content if path.endswith(f".p/{width}") or width == WIDTH else _cut(content, width)
            each = SIGNATURE if kind == SIGNATURES else HASH
            if len(content) not in (each * width, each * WIDTH):
                raise TreeBroken(f"{path} has {len(content)} bytes instead of {each * width}")
            return content[: each * width]
        raise TreeBroken(f"{tile_path(kind, number, width)} is not there")

    def entries(self, number: int, width: int) -> list[bytes]:
        return unbundle(self.read(ENTRIES, number, width), width)

    def signatures(self, number: int, width: int) -> list[bytes]:
        content = self.read(SIGNATURES, number, width)
        return [content[at : at + SIGNATURE] for at in range(0, len(content), SIGNATURE)]

    def keep(self, kind: Kind, number: int, width: int, content: bytes) -> None:
        """Write a tile if it is not there. Raises TreeBroken when another one is."""
        path = self.root / tile_path(kind, number, width)
        try:
            if path.read_bytes() == content:
                return
        except FileNotFoundError:
            self.write(path, content)
        else:
            raise TreeBroken(f"{path.relative_to(self.root)} would be changed")

    def write(self, path: Path, content: bytes) -> None:
        """The whole file or nothing. It lasts once `settle` has been called."""
        self._make(path.parent)
        beside = path.with_name(f".{path.name}.part")
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            self._fsync(file.fileno())
        os.replace(beside, path)
        self._touched.add(path.parent)

    def take_in(self, path: Path, whole: Path) -> None:
        """Move a file that is whole already to its place. It lasts once `settle` has been called."""
        self._make(path.parent)
        os.replace(whole, path)
        self._touched.add(path.parent)

    def settle(self) -> None:
        """Make the names of all files written since the last time as lasting as their contents."""
        for folder in sorted(self._touched):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                self._fsync(descriptor)
            finally:
                os.close(descriptor)
        self._touched.clear()

    def thin_out(self, kind: Kind, number: int) -> None:
        """Remove the narrower versions of a tile that is now full."""
        partial = self.root / (tile_path(kind, number) + ".p")
        if partial.is_dir():
            for file in partial.iterdir():
                file.unlink()
            partial.rmdir()

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            self._touched.add(folder.parent)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What goes into the tree for one entry: its exact bytes, and the application's signature or zeros."""

    entry: bytes
    signature: bytes = bytes(SIGNATURE)


def append(folder: Folder, size: int, leaves: Sequence[Leaf]) -> None:
    """Put leaves behind a tree of `size` entries and make it last. Doing it again changes nothing.

    Raises TreeBroken when the tree so far is not there or the new tiles contradict older ones; OSError.
    """
    hashes = [merkle.leaf_hash(leaf.entry) for leaf in leaves]
    full: list[tuple[Kind, int]] = []
    _grow(folder, ENTRIES, size, [leaf.entry for leaf in leaves], full)
    _grow(folder, SIGNATURES, size, [leaf.signature for leaf in leaves], full)
    level = 0
    while hashes:
        done = _grow(folder, level, size >> 8 * level, hashes, full)
        hashes = [merkle.fold(b"".join(tile)) for tile in done]
        level += 1
    folder.settle()
    for kind, number in full:
        folder.thin_out(kind, number)


def _grow(
    folder: Folder, kind: Kind, have: int, items: Sequence[bytes], full: list[tuple[Kind, int]]
) -> list[list[bytes]]:
    """Write the tiles of one level that begin or become wider; the full ones are returned."""
    number, width = divmod(have, WIDTH)
    row = [*(_items(folder, kind, number, width) if width else ()), *items]
    done = []
    for start in range(0, len(row), WIDTH):
        tile = row[start : start + WIDTH]
        content = bundle(tile) if kind == ENTRIES else b"".join(tile)
        folder.keep(kind, number, len(tile), content)
        if len(tile) == WIDTH:
            done.append(tile)
            full.append((kind, number))
        number += 1
    return done


def _items(folder: Folder, kind: Kind, number: int, width: int) -> list[bytes]:
    if kind == ENTRIES:
        return folder.entries(number, width)
    if kind == SIGNATURES:
        return folder.signatures(number, width)
    content = folder.read(kind, number, width)
    return [content[at : at + HASH] for at in range(0, len(content), HASH)]


def _cut(content: bytes, width: int) -> bytes:
    """The first entries of a full bundle."""
    return bundle(unbundle(content, WIDTH)[:width])


class Tree:
    """The first `size` entries of a log, read from its tiles. Nothing read is trusted: compare the root."""

    def __init__(self, folder: Folder, size: int) -> None:
        self.folder, self.size = folder, size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        return merkle.root(self.size, self.hash)

    def inclusion(self, index: int) -> list[bytes]:
        return merkle.inclusion_proof(index, self.size, self.hash)

    def consistency(self, old: int) -> list[bytes]:
        return merkle.consistency_proof(old, self.size, self.hash)

    def root_at(self, size: int) -> bytes:
        """The root when the log had `size` entries. Raises ValueError when it never had so many."""
        if size > self.size:
            raise ValueError(f"the tree has {self.size} entries, not {size}")
        return merkle.root(size, self.hash)

    def entry(self, index: int) -> bytes:
        number, place = divmod(index, WIDTH)
        return self.folder.entries(number, width_of(ENTRIES, number, self.size))[place]

    def leaves(self, first: int = 0) -> Iterator[Leaf]:
        """Entries and signatures in order, from the bundle that holds `first`."""
        for number in range(first // WIDTH, -(-self.size // WIDTH)):
            width = width_of(ENTRIES, number, self.size)
            pairs = zip(
                self.folder.entries(number, width), self.folder.signatures(number, width), strict=True
            )
            yield from (Leaf(entry, signature) for entry, signature in pairs)

    def hash(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree: what `audit.merkle` reads."""
        tiled, above = divmod(level, 8)
        number, place = divmod(index << above, WIDTH)
        tile = self._tile(tiled, number)
        return merkle.fold(tile[HASH * place : HASH * (place + (1 << above))])

    def _tile(self, level: int, number: int) -> bytes:
        key = level, number
        if key not in self._tiles:
            if len(self._tiles) >= _CACHED:
                self._tiles.clear()
            self._tiles[key] = self.folder.read(level, number, width_of(level, number, self.size))
        return self._tiles[key]
