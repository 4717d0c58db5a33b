#!/usr/bin/env python3
"""明鉴核对程序：一个文件，只用 Python 标准库，不连网，也不读数据库。Mingjian's stand-alone checker.

    python3 mingjian_check.py BUNDLE.zip --witness-policy POLICY.txt     一件案件的证据包
    python3 mingjian_check.py RECEIPT.tlog-proof --witness-policy …      一张回执
    python3 mingjian_check.py LOG-FOLDER --witness-policy …              整本公开日志（拷贝在文件夹里）

Python 3.9 or newer. Exit status: 0 everything was checked and is sound; 1 a fault was found; 2 it could not
be checked at all; 3 no fault, but something that should have been checked could not be.

The formats are public: RFC 6962 hashing, RFC 8785 canonical JSON, and the C2SP specifications signed-note,
tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof and tlog-policy. The file is one on purpose: it is
handed to people who have nothing else of ours. Its parts, in order:

     1 limits and refusals    6 policy and quorum              11 an evidence bundle
     2 canonical JSON         7 receipts (tlog-proof)          12 a receipt, or a whole log
     3 the hash tree          8 entries, chains, time          13 every text
     4 Ed25519                9 a published log                14 the command
     5 signed notes          10 what is told
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional
from unicodedata import is_normalized

try:
    from cryptography.exceptions import InvalidSignature as _BadSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    _LibraryKey: Any = Ed25519PublicKey
except ImportError:  # then by hand, see part 4
    _LibraryKey = None

# 1 ── Limits and refusals ────────────────────────────────────────────────────────────────────────────────

SECONDS = 600
ENTRY = 16_384
NOTE = 65_536
SIGNATURES = 100
PROOF = 262_144
JSON_FILE = 16_777_216
DEPTH = 16
LARGEST = 2**53 - 1
MEMBERS = 60_000
DIRECTORY = 16_777_216
MEMBER = 536_870_912
TOTAL = 4_294_967_296
TILE = 256
ENTRY_TILE = TILE * (2 + ENTRY)
LATE_AFTER = timedelta(minutes=10)
CLOCKS_DIFFER = timedelta(minutes=5)


class Text(NamedTuple):
    zh: str
    en: str


class Refused(Exception):
    """Something that is not what it claims to be. `code` is one of SAID, `values` what its text names."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.what = code, said(code, **values)


def said(code: str, **values: object) -> Text:
    zh, en = SAID[code]
    return Text(zh.format(**values), en.format(**values))


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Refused("base64") from None
    if base64.b64encode(data).decode("ascii") != text:
        raise Refused("base64")
    return data


def decode_hash(text: str) -> bytes:
    data = decode_base64(text)
    if len(data) != 32:
        raise Refused("hash-length", size=len(data))
    return data


def decode_count(text: str) -> int:
    """Decimal digits without leading zeros, below 2^63."""
    if re.fullmatch(r"0|[1-9][0-9]{0,18}", text) is None or int(text) >= 2**63:
        raise Refused("count", text=ascii(text[:24]))
    return int(text)


# 2 ── Canonical JSON ─────────────────────────────────────────────────────────────────────────────────────


def read_json(data: bytes, limit: int = ENTRY, canonical: bool = True) -> Any:
    """The value of JSON bytes without duplicate keys, floats or huge numbers; if wanted, only canonical ones.

    Canonical means: these very bytes are what RFC 8785 writes for the value.
    """
    if len(data) > limit:
        raise Refused("too-large", what="JSON", limit=limit)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_int=_small_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
        _check_value(value, DEPTH)
        if canonical:
            again = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            if again.encode("utf-8") != data:
                raise Refused("not-canonical")
    except (ValueError, RecursionError) as error:
        raise Refused("not-json", why=type(error).__name__) from None
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("key-twice")
    return found


def _small_integer(digits: str) -> int:
    if len(digits) > 17 or not -LARGEST <= int(digits) <= LARGEST:
        raise Refused("integer")
    return int(digits)


def _no_float(text: str) -> Any:
    raise Refused("float")


def _check_value(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if not value.isascii() and not is_normalized("NFC", value):
            raise Refused("not-nfc")
    elif isinstance(value, (dict, list)):
        if depth == 0:
            raise Refused("too-deep", depth=DEPTH)
        if isinstance(value, dict) and not all(key.isascii() for key in value):
            raise Refused("key-ascii")
        for inner in value.values() if isinstance(value, dict) else value:
            _check_value(inner, depth - 1)


# 3 ── The hash tree (RFC 6962) ───────────────────────────────────────────────────────────────────────────

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(one) != 32 for one in hashes):
        raise Refused("proof-hash")


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise Refused unless `leaf` is number `index` of the tree of `size` leaves under `root`."""
    _require_hashes([leaf, root, *proof])
    if not 0 <= index < size:
        raise Refused("proof-outside", index=index, size=size)
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused("proof-long")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        place >>= 1
        last >>= 1
    if last != 0:
        raise Refused("proof-short")
    if found != root:
        raise Refused("proof-root")


def check_consistency(size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]) -> None:
    """Raise Refused unless the tree of `size2` only appends to the one of `size1` (both 1 or more)."""
    if not 1 <= size1 <= size2:
        raise Refused("sizes")
    if size1 == size2:
        if proof:
            raise Refused("proof-long")
        if root1 != root2:
            raise Refused("fork", size=size1)
        return
    _require_hashes([root1, root2, *proof])
    if not proof:
        raise Refused("proof-short")
    place, last = size1 - 1, size2 - 1
    while place & 1:
        place >>= 1
        last >>= 1
    rest = list(proof)
    old = new = rest.pop(0) if place else root1
    for sibling in rest:
        if last == 0:
            raise Refused("proof-long")
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        place >>= 1
        last >>= 1
    if last != 0:
        raise Refused("proof-short")
    if (old, new) != (root1, root2):
        raise Refused("not-extended")


class Frontier:
    """The right edge of a growing tree: the whole subtrees from left to right."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []

    def push(self, digest: bytes, height: int = 0) -> None:
        """Append a whole subtree of 2^height leaves. It must fit: size is a multiple of that."""
        self.size += 1 << height
        while self._stack and self._stack[-1][0] == height:
            digest = node_hash(self._stack.pop()[1], digest)
            height += 1
        self._stack.append((height, digest))

    def root(self) -> bytes:
        if not self._stack:
            return EMPTY_ROOT
        found = self._stack[-1][1]
        for _, left in reversed(self._stack[:-1]):
            found = node_hash(left, found)
        return found


_LEAF, _NODE = hashlib.sha256(b"\x00"), hashlib.sha256(b"\x01")
"""Begun once and copied: a million entries are two million hashes, and to begin one costs most of it."""
_PAIRS = struct.Struct("64s").iter_unpack
"""Cuts a row of hashes into pairs, at half the cost of slicing."""


def leaf_hashes(entries: Sequence[bytes]) -> bytes:
    """The leaf hashes of entries, concatenated as in a tile."""
    fresh, found = _LEAF.copy, []
    for entry in entries:
        leaf = fresh()
        leaf.update(entry)
        found.append(leaf.digest())
    return b"".join(found)


def fold(hashes: bytes) -> bytes:
    """The root over concatenated hashes, a power of two of them."""
    fresh = _NODE.copy
    while len(hashes) > 32:
        row = []
        for (pair,) in _PAIRS(hashes):
            node = fresh()
            node.update(pair)
            row.append(node.digest())
        hashes = b"".join(row)
    return hashes


# 4 ── Ed25519 (RFC 8032), checking only ──────────────────────────────────────────────────────────────────

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]  # x = X/Z, y = Y/Z, xy = T/Z
_NEUTRAL: _Point = (0, 1, 1, 0)


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _decode_point(data: bytes) -> Optional[_Point]:
    """A point from its one canonical encoding, None for anything else."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _encode_point(p: _Point) -> bytes:
    inverse = pow(p[2], _P - 2, _P)
    x, y = p[0] * inverse % _P, p[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _decode_point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little")) or _NEUTRAL


def _times(*pairs: tuple[int, _Point]) -> _Point:
    """The sum of n·P over all pairs (n, P)."""
    found = _NEUTRAL
    for bit in reversed(range(256)):
        found = _add(found, found)
        for number, point in pairs:
            if number >> bit & 1:
                found = _add(found, point)
    return found


@lru_cache(maxsize=256)
def _usable(public: bytes) -> Optional[_Point]:
    """The point of a public key; None for what is none, and for the few that would sign everything."""
    point = _decode_point(public) if len(public) == 32 else None
    if point is None or _encode_point(_times((8, point))) == _encode_point(_NEUTRAL):
        return None
    return point


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is good. With a library where there is one (60 times as fast), else by hand."""
    point = _usable(public)
    s = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= _ORDER:
        return False
    if _LibraryKey is not None:
        try:
            _LibraryKey.from_public_bytes(public).verify(signature, message)
        except _BadSignature:
            return False
        return True
    challenge = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(challenge, "little") % _ORDER
    minus = (_P - point[0], point[1], 1, _P - point[3])
    return _encode_point(_times((s, _BASE), (h, minus))) == signature[:32]


# 5 ── Signed notes, checkpoints, cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ──────

ED25519, COSIGNATURE = 1, 4


class Key(NamedTuple):
    """A public key with its name: `kind` is 1 for a log, 4 for a witness."""

    name: str
    id: bytes
    kind: int
    public: bytes


class Signature(NamedTuple):
    name: str
    id: bytes
    value: bytes


class Note(NamedTuple):
    body: bytes
    signatures: tuple[Signature, ...]


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def _is_name(text: str) -> bool:
    return bool(text) and "+" not in text and not any(one.isspace() for one in text)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    named = name.encode("utf-8", "surrogateescape") + b"\n"
    return hashlib.sha256(named + bytes([kind]) + public).digest()[:4]


def read_key(text: str) -> Key:
    """A verifier key: `name+hex id+base64(kind, public key)`."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _is_name(parts[0]) or re.fullmatch("[0-9a-f]{8}", parts[1]) is None:
        raise Refused("key-form")
    name, number, material = parts[0], bytes.fromhex(parts[1]), decode_base64(parts[2])
    if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
        raise Refused("key-kind")
    if key_id(name, material[0], material[1:]) != number:
        raise Refused("key-id")
    return Key(name, number, material[0], material[1:])


_CONTROL = re.compile("[\\x00-\\x09\\x0b-\\x1f]")


def read_note(data: bytes) -> Note:
    """A signed note: a text, an empty line, signature lines."""
    if len(data) > NOTE:
        raise Refused("too-large", what="checkpoint", limit=NOTE)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note-form") from None
    if _CONTROL.search(text):
        raise Refused("note-form")
    cut = text.rfind("\n\n")
    if cut < 0 or not text.endswith("\n") or len(text) == cut + 2:
        raise Refused("note-form")
    lines = text[cut + 2 : -1].split("\n")
    if len(lines) > SIGNATURES:
        raise Refused("note-signatures", limit=SIGNATURES)
    return Note(text[: cut + 1].encode("utf-8"), tuple(_read_signature(line) for line in lines))


def _read_signature(line: str) -> Signature:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if mark != "\u2014" or not _is_name(name):
        raise Refused("note-form")
    value = decode_base64(encoded)
    if len(value) < 5:
        raise Refused("note-form")
    return Signature(name, value[:4], value[4:])


def read_checkpoint(body: bytes) -> Checkpoint:
    """Origin, size and root out of the text of a note. Extension lines are allowed and ignored."""
    lines = body.decode("utf-8")[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise Refused("checkpoint-form")
    checkpoint = Checkpoint(lines[0], decode_count(lines[1]), decode_hash(lines[2]))
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise Refused("checkpoint-empty")
    return checkpoint


def verify_note(key: Key, note: Note) -> Optional[int]:
    """The time of a cosignature (seconds since 1970), 0 for a plain signature; None: this key did not sign.

    Raises Refused when the key's own signature is there and wrong.
    """
    found: Optional[int] = None
    for signature in note.signatures:
        if (signature.name, signature.id) != (key.name, key.id):
            continue
        value, message, at = signature.value, note.body, 0
        if key.kind == COSIGNATURE:
            at = int.from_bytes(value[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % at + note.body
            value = value[8:]
        if at >= 2**63 or not verify_ed25519(key.public, message, value):
            raise Refused("signature", name=key.name)
        found = max(at, found or 0)
    return found


# 6 ── Policy and quorum (C2SP tlog-policy) ───────────────────────────────────────────────────────────────


class Policy(NamedTuple):
    """Whose signatures are asked for. `groups`: name → (how many, members)."""

    logs: tuple[Key, ...]
    witnesses: Mapping[str, Key]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def satisfied(self, cosigned: frozenset[str]) -> bool:
        return self.quorum == "none" or self._has(self.quorum, cosigned)

    def _has(self, name: str, cosigned: frozenset[str]) -> bool:
        if name in self.witnesses:
            return name in cosigned
        least, members = self.groups[name]
        return sum(self._has(member, cosigned) for member in members) >= least

    @property
    def required(self) -> str:
        return self._told(self.quorum)

    def _told(self, name: str) -> str:
        if name not in self.groups:
            return name
        least, members = self.groups[name]
        return f"{name}({least}/{len(members)}: {', '.join(self._told(member) for member in members)})"


def read_policy(data: bytes) -> Policy:
    """A policy file. Raises Refused with the number of the faulty line."""
    if len(data) > NOTE or any((byte < 32 and byte not in b"\t\n") or byte == 127 for byte in data):
        raise Refused("policy-form")
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    quorum, publics, members_so_far = "", set[bytes](), set[str]()
    # Names are octets to the format: surrogateescape keeps those apart that are not UTF-8.
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        words = re.split("[ \t]+", line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            if words[0] == "log" and len(words) in (2, 3):
                key = _policy_key(words[1], ED25519, publics)
                logs.append(key)
            elif words[0] == "witness" and len(words) in (3, 4):
                _require_new(words[1], witnesses, groups)
                witnesses[words[1]] = _policy_key(words[2], COSIGNATURE, publics)
            elif words[0] == "group" and len(words) >= 4:
                _require_new(words[1], witnesses, groups)
                members = tuple(words[3:])
                for member in members:
                    if (member not in witnesses and member not in groups) or member in members_so_far:
                        raise Refused("policy-member", name=member)
                    members_so_far.add(member)
                least = {"all": len(members), "any": 1}.get(words[2])
                least = decode_count(words[2]) if least is None else least
                if not 1 <= least <= len(members):
                    raise Refused("policy-threshold")
                groups[words[1]] = least, members
            elif words[0] == "quorum" and len(words) == 2 and not quorum:
                if words[1] != "none" and words[1] not in witnesses and words[1] not in groups:
                    raise Refused("policy-member", name=words[1])
                quorum = words[1]
            else:
                raise Refused("policy-word")
        except Refused as error:
            zh, en = error.what
            raise Refused("policy-line", number=number, zh=zh, en=en) from None
    if not quorum:
        raise Refused("policy-quorum")
    return Policy(tuple(logs), witnesses, groups, quorum)


def _require_new(name: str, *known: Mapping[str, Any]) -> None:
    if name == "none" or any(name in names for names in known):
        raise Refused("policy-name", name=name)


def _policy_key(text: str, kind: int, publics: set[bytes]) -> Key:
    key = read_key(text)
    if key.kind != kind:
        raise Refused("key-kind")
    if key.public in publics:
        raise Refused("policy-key-twice")
    publics.add(key.public)
    return key


class Seen(NamedTuple):
    """A checkpoint whose signatures have been checked. `cosigned`: witness → seconds since 1970."""

    checkpoint: Checkpoint
    log: str
    cosigned: Mapping[str, int]
    quorum: bool

    @property
    def at(self) -> Optional[datetime]:
        """The time a quorum stands for: the latest of its cosignatures; None without any."""
        return _time(max(self.cosigned.values())) if self.quorum and self.cosigned else None


def _time(seconds: int) -> Optional[datetime]:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None


def verify_checkpoint(data: bytes, policy: Policy) -> Seen:
    """Check the log's signature and the witnesses'. Raises Refused; a missing quorum only shows in `Seen`."""
    note = read_note(data)
    checkpoint = read_checkpoint(note.body)
    signed = [
        key.name
        for key in policy.logs
        if key.name == checkpoint.origin and verify_note(key, note) is not None
    ]
    if not signed:
        raise Refused("not-signed", origin=checkpoint.origin)
    found = ((name, verify_note(key, note)) for name, key in policy.witnesses.items())
    cosigned = {name: at for name, at in found if at is not None}
    return Seen(checkpoint, signed[0], cosigned, policy.satisfied(frozenset(cosigned)))


# 7 ── Receipts (C2SP tlog-proof) ─────────────────────────────────────────────────────────────────────────


class Proof(NamedTuple):
    extra: Optional[bytes]
    number: int
    hashes: tuple[bytes, ...]
    note: bytes


def read_proof(data: bytes) -> Proof:
    """A tlog-proof file. Raises Refused."""
    if len(data) > PROOF:
        raise Refused("too-large", what="tlog-proof", limit=PROOF)
    head, cut, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Refused("receipt-form") from None
    if not cut or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused("receipt-form")
    extra = decode_base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Refused("receipt-form")
    index = decode_count(lines.pop(0)[6:])
    if len(lines) > 63:
        raise Refused("proof-long")
    return Proof(extra, index, tuple(decode_hash(line) for line in lines), note)


# 8 ── Entries, chains, openings, keys, time ──────────────────────────────────────────────────────────────

FIELDS = frozenset(
    {"v", "log", "case", "seq", "prev", "type", "from", "to", "actor", "task", "at_claimed", "at_recorded"}
    | {"vars", "commit", "attach", "rule", "command", "kernel", "request"}
)
OPTIONAL = frozenset({"late", "kid"})
ACTOR = frozenset({"id", "role", "org", "on_behalf"})
TASK = frozenset({"spec", "version", "spec_sha256", "node"})
DOMAIN = b"mingjian/v1\x00"
SALT = 32
BEGINNING = "00" * 32
_HEX = re.compile("[0-9a-f]{64}")
_KID = re.compile("[0-9a-f]{8}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)


def read_entry(data: bytes) -> dict[str, Any]:
    """An entry out of its canonical bytes. Raises Refused when its shape or its times are wrong."""
    entry = read_json(data)
    if not isinstance(entry, dict) or entry.get("v") != 1 or (entry.keys() - OPTIONAL) ^ FIELDS:
        raise Refused("entry-fields")
    shapes: tuple[tuple[str, object], ...] = (
        ("case", _is_text(entry["case"])),
        ("seq", _is_count(entry["seq"])),
        ("prev", _is_hash(entry["prev"])),
        ("type", all(_is_text(entry[name]) for name in ("log", "type", "rule", "kernel"))),
        ("from", all(entry[name] is None or _is_text(entry[name]) for name in ("from", "to", "request"))),
        ("actor", isinstance(entry["actor"], dict) and entry["actor"].keys() == ACTOR),
        ("task", entry["task"] is None or (isinstance(entry["task"], dict) and entry["task"].keys() == TASK)),
        ("vars", all(isinstance(entry[name], dict) for name in ("vars", "command", "commit"))),
        ("commit", isinstance(entry["commit"], dict) and all(map(_is_hash, entry["commit"].values()))),
        ("attach", isinstance(entry["attach"], list) and all(map(_is_attached, entry["attach"]))),
        ("late", entry.get("late", True) is True),
        ("kid", _is_text(entry.get("kid", "")) and _KID.fullmatch(entry.get("kid", "00000000"))),
    )
    for name, right in shapes:
        if not right:
            raise Refused("entry-field", name=name)
    claimed, recorded = instant(entry["at_claimed"]), instant(entry["at_recorded"])
    if claimed > recorded:
        raise Refused("entry-future")
    if (recorded - claimed > LATE_AFTER) is not ("late" in entry):
        raise Refused("entry-late")
    return entry


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _is_attached(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"commit", "size"}
        and _is_hash(item["commit"])
        and _is_count(item["size"])
    )


def instant(text: Any) -> datetime:
    """A time as the log writes it."""
    if not isinstance(text, str) or _INSTANT.fullmatch(text) is None:
        raise Refused("time-form")
    year, month, day, hour, minute, second, micro = map(int, _DIGITS.findall(text))
    try:
        return datetime(year, month, day, hour, minute, second, micro, timezone.utc)
    except ValueError:
        raise Refused("time-none", text=text) from None


class Chain:
    """The entries of one case, one after the other."""

    def __init__(self) -> None:
        self.next, self.leaf, self.recorded = 0, BEGINNING, ""

    def follow(self, entry: Mapping[str, Any], leaf: bytes) -> None:
        """Take the next entry. Raises Refused when it is not the next one; goes on from it all the same."""
        expected, before, recorded = self.next, self.leaf, self.recorded
        self.next, self.leaf, self.recorded = entry["seq"] + 1, leaf.hex(), entry["at_recorded"]
        if entry["seq"] > expected:
            raise Refused("chain-gap", seq=expected)
        if entry["seq"] < expected:
            raise Refused("chain-twice")
        if entry["prev"] != before:
            raise Refused("chain-prev")
        if entry["at_recorded"] < recorded:
            raise Refused("chain-time")


def commits_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Every commitment of an entry by field; papers are attach.N."""
    papers = {f"attach.{number}": paper["commit"] for number, paper in enumerate(entry["attach"])}
    return {**entry["commit"], **papers}


def commitment(salt: bytes, field: str, value: Any) -> str:
    encoded = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return hmac.new(salt, DOMAIN + field.encode("ascii") + b"\x00" + encoded, hashlib.sha256).hexdigest()


class Bound(NamedTuple):
    """A cosigned checkpoint at a place in the log: what comes after `place` was recorded later than its time,
    what it covers earlier.
    """

    place: int
    seen: Seen


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def check_time(recorded: datetime, index: int, bounds: Sequence[Bound]) -> None:
    """Raise Refused when an entry was recorded before what it follows, or after what covers it."""
    for bound in bounds:
        at = bound.seen.at
        if at is None:
            continue
        if bound.place < index and recorded < at - CLOCKS_DIFFER:
            raise Refused("time-early", recorded=_told(recorded), at=_told(at))
        if index < bound.seen.checkpoint.size and recorded > at + CLOCKS_DIFFER:
            raise Refused("time-after", recorded=_told(recorded), at=_told(at))


TICK, ERASURE, KEY_ADDED, KEY_REVOKED = "tick", "erasure", "key_added", "key_revoked"


def read_tick(entry: Mapping[str, Any], verify: Callable[[bytes], Seen]) -> Optional[Seen]:
    """The checkpoint inside a tick; None for the first ticks of a log, which have none to show."""
    note = entry["vars"].get("checkpoint")
    if not note:
        return None
    if not isinstance(note, str):
        raise Refused("checkpoint-form")
    seen = verify(note.encode("utf-8"))
    return seen if seen.at is not None else None


SIGNATURE = 68
SIGNED_FOR = b"mingjian/entry/v1\n"
APPLICATION = "application"


class KeyRing:
    """The application's keys, that sign every entry. A key counts by its place in the log, not by time:
    from the entry that adds it (the first one signs that itself) up to the one that revokes it.
    """

    def __init__(self) -> None:
        self.added: dict[str, tuple[int, Key]] = {}
        self.revoked: dict[str, int] = {}

    def check(self, index: int, entry: Mapping[str, Any], leaf: bytes, signature: bytes) -> None:
        """Raise Refused unless a key that counts there has signed the entry. Call it in the log's order."""
        change = (entry["type"], entry["vars"].get("purpose"))
        added = self._read(entry) if change == (KEY_ADDED, APPLICATION) else None
        if added is not None and not self.added:
            self.added[added.id.hex()] = index, added
        if self.added:
            self._signed(entry, leaf, signature)
        elif "kid" in entry or any(signature):
            raise Refused("key-unknown", kid=str(entry.get("kid")))
        if added is not None:
            self.added.setdefault(added.id.hex(), (index, added))
        if change == (KEY_REVOKED, APPLICATION):
            self.revoked.setdefault(str(entry["vars"].get("kid")), index)

    def _signed(self, entry: Mapping[str, Any], leaf: bytes, signature: bytes) -> None:
        kid = entry.get("kid")
        if kid is None:
            raise Refused("unsigned")
        if kid not in self.added:
            raise Refused("key-unknown", kid=kid)
        if kid in self.revoked:
            raise Refused("key-revoked", kid=kid, index=self.revoked[kid])
        key = self.added[kid][1]
        if signature[:4] != key.id or not verify_ed25519(key.public, SIGNED_FOR + leaf, signature[4:]):
            raise Refused("signature", name=key.name)

    def _read(self, entry: Mapping[str, Any]) -> Key:
        key = read_key(str(entry["vars"].get("vkey")))
        if key.id.hex() != entry["vars"].get("kid"):
            raise Refused("key-id")
        return key


def erasures(entries: Iterable[Mapping[str, Any]]) -> list[tuple[int, frozenset[str], int]]:
    """(up to which entry of the case, which fields, by which entry) values were erased. One that two people
    have not approved does not count: what it took is WITHHELD.
    """
    found = []
    for entry in entries:
        through, fields, people = (entry["vars"].get(key) for key in ("through", "fields", "approved_by"))
        if entry["type"] != ERASURE or not _is_count(through) or through >= entry["seq"]:
            continue
        if isinstance(fields, list) and isinstance(people, list) and len(set(map(str, people))) > 1:
            found.append((through, frozenset(map(str, fields)), entry["seq"]))
    return found


# 9 ── A published log (C2SP tlog-tiles) ──────────────────────────────────────────────────────────────────

Read = Callable[[str, int], Optional[bytes]]
"""(path, most bytes) → the file, or None when it is not there."""
Take = Callable[[int, Sequence[bytes], bytes], None]
"""(place in the log of the first, the entries of a bundle, the application's signatures on them)"""
ENTRIES, SIGNATURE_TILES = "entries", "signatures"


def tile_path(level: str, number: int, width: int = TILE) -> str:
    """Where a tile lies: level is "0" to "7", "entries", or "signatures" beside them (ours)."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03d}")
    return f"tile/{level}/{'/'.join(parts)}" + ("" if width == TILE else f".p/{width}")


def read_tile(read: Read, level: str, number: int, width: int, each: int = 32) -> bytes:
    """The hashes of a tile: from its own file, or from the full tile that has replaced a partial one."""
    path, full = tile_path(level, number, width), TILE * each
    data = read(path, full)
    if data is None and width < TILE:
        data = read(tile_path(level, number), full)
        data = None if data is None or len(data) != full else data[: width * each]
    if data is None:
        raise Refused("tile-missing", path=path)
    if len(data) != width * each:
        raise Refused("tile-length", path=path)
    return data


def read_entries(read: Read, number: int, width: int) -> list[bytes]:
    """The entries of a bundle, `width` of them."""
    path = tile_path(ENTRIES, number, width)
    data, full = read(path, ENTRY_TILE), width == TILE
    if data is None and not full:
        data, full = read(tile_path(ENTRIES, number), ENTRY_TILE), True
    if data is None:
        raise Refused("tile-missing", path=path)
    found, at = [], 0
    try:
        for _ in range(TILE if full else width):
            start = at + 2
            at = start + (data[at] << 8 | data[at + 1])
            found.append(data[start:at])
    except IndexError:
        at = -1
    if at != len(data):
        raise Refused("tile-length", path=path)
    return found[:width]


class LogReader:
    """Reads a log from its first entry (or from a whole tile on) and compares all its tiles on the way.

    `known` are checkpoints seen earlier: a tree that passes one of their sizes with another root is a fork.
    `signed`: there are signatures beside the entries, as in every log of ours.
    """

    def __init__(self, read: Read, take: Take, known: Sequence[Checkpoint] = (), signed: bool = True) -> None:
        self._read, self._take, self._signed = read, take, signed
        self._known = {one.size: one.root for one in known}
        self._edge = Frontier()
        self._above: list[tuple[int, bytes]] = []  # by level from 1: number of the tile begun, its hashes

    def run(self, checkpoint: Checkpoint, first: int = 0) -> None:
        """Read from tile `first` (all before it were checked earlier) up to the checkpoint.

        Raises Refused at the first thing that is missing or does not fit.
        """
        self._begin(first, checkpoint.size)
        for number in range(first, -(-checkpoint.size // TILE)):
            width = min(TILE, checkpoint.size - number * TILE)
            entries = read_entries(self._read, number, width)
            leaves = leaf_hashes(entries)
            if read_tile(self._read, "0", number, width) != leaves:
                raise Refused("tile-other", path=tile_path("0", number, width))
            signatures = b""
            if self._signed:
                signatures = read_tile(self._read, SIGNATURE_TILES, number, width, SIGNATURE)
            self._take(number * TILE, entries, signatures)
            self._grow(leaves, width)
        for level, (number, hashes) in enumerate(self._above, start=1):
            if hashes:
                self._compare(level, number, hashes)
        if self._edge.root() != checkpoint.root:
            raise Refused("tree-root")

    def _begin(self, first: int, size: int) -> None:
        """The right edge as it stood before tile `first`, out of the tiles of a tree of `size`."""
        count = first
        while count:
            number, width = divmod(count, TILE)
            level = len(self._above) + 1
            there = min(TILE, (size >> 8 * level) - number * TILE)
            hashes = read_tile(self._read, str(level), number, there)[: width * 32] if width else b""
            self._above.append((number, hashes))
            count = number
        for level in range(len(self._above), 0, -1):
            hashes = self._above[level - 1][1]
            for at in range(0, len(hashes), 32):
                self._edge.push(hashes[at : at + 32], 8 * level)
        self._compare_known()

    def _grow(self, leaves: bytes, width: int) -> None:
        start = self._edge.size
        if width == TILE:
            whole = fold(leaves)
            if any(start < size < start + TILE for size in self._known):
                self._one_by_one(leaves)
            else:
                self._edge.push(whole, 8)
            self._climb(1, whole)
        else:
            self._one_by_one(leaves)
        self._compare_known()

    def _one_by_one(self, leaves: bytes) -> None:
        for at in range(0, len(leaves), 32):
            self._edge.push(leaves[at : at + 32])
            self._compare_known()

    def _climb(self, level: int, digest: bytes) -> None:
        if len(self._above) < level:
            self._above.append((0, b""))
        number, hashes = self._above[level - 1]
        hashes += digest
        if len(hashes) < TILE * 32:
            self._above[level - 1] = number, hashes
            return
        self._compare(level, number, hashes)
        self._above[level - 1] = number + 1, b""
        self._climb(level + 1, fold(hashes))

    def _compare(self, level: int, number: int, hashes: bytes) -> None:
        width = len(hashes) // 32
        if read_tile(self._read, str(level), number, width) != hashes:
            path = tile_path(str(level), number, width)
            raise Refused("tile-other", path=path)

    def _compare_known(self) -> None:
        size = self._edge.size
        if size in self._known and self._known[size] != self._edge.root():
            raise Refused("fork", size=size)


# 10 ── What is told ─────────────────────────────────────────────────────────────────────────────────────

MARKS = {"ok": "√", "bad": "×", "gap": "？", "info": "·"}
SOUND, FAULTY, UNCHECKABLE, PARTLY = 0, 1, 2, 3
VERDICTS = {
    SOUND: Text("核对通过", "Sound"),
    FAULTY: Text("核对未通过", "NOT sound"),
    UNCHECKABLE: Text("不能核对，不等于通过", "Cannot be checked, which is not the same as sound"),
    PARTLY: Text(
        "没有发现错误，但应当核对的没有全部核对", "No fault was found, but not everything could be checked"
    ),
}
MOST_LINES = 200


class Line(NamedTuple):
    """`mark`: ok, bad, gap (should have been checked and was not) or info. `entry` counts from 0."""

    mark: str
    code: str
    what: Text
    entry: Optional[int]


class Report:
    """What was looked at, what was found, and what nobody can see from here."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.lines: list[Line] = []
        self.limits: list[Text] = []
        self.counts = dict.fromkeys(MARKS, 0)
        self.refused = False

    def tell(self, mark: str, code: str, entry: Optional[int] = None, **values: object) -> None:
        self.add_line(Line(mark, code, said(code, **values), entry))

    def bad(self, error: Refused, entry: Optional[int] = None, where: str = "") -> None:
        """A fault that a check has refused; `where` says at what."""
        zh, en = error.what
        self.add_line(Line("bad", error.code, Text(f"{where}{zh}", f"{where}{en}"), entry))

    def give_up(self, error: Refused) -> None:
        self.refused = True
        self.bad(error)

    def add_line(self, line: Line) -> None:
        self.counts[line.mark] += 1
        if self.counts[line.mark] <= MOST_LINES:
            self.lines.append(line)

    @property
    def status(self) -> int:
        if self.refused:
            return UNCHECKABLE
        return FAULTY if self.counts["bad"] else PARTLY if self.counts["gap"] else SOUND

    def sentences(self) -> Iterator[tuple[str, Text]]:
        """The report line by line, each with its mark."""
        yield "", said("title", subject=self.subject)
        for line in self.lines:
            zh, en = line.what
            if line.entry is not None:
                zh, en = f"第{line.entry}条：{zh}", f"entry {line.entry}: {en}"
            yield MARKS[line.mark], Text(zh, en)
        for mark, count in self.counts.items():
            if count > MOST_LINES:
                yield MARKS[mark], said("more", count=count - MOST_LINES)
        if self.limits:
            yield "", said("limits")
        for limit in self.limits:
            yield MARKS["info"], limit
        zh, en = VERDICTS[self.status]
        yield "", said("result", zh=zh, en=en, bad=self.counts["bad"], gap=self.counts["gap"])

    def as_json(self) -> dict[str, Any]:
        lines = [
            {"mark": one.mark, "code": one.code, "entry": one.entry, **one.what._asdict()}
            for one in self.lines
        ]
        return {
            "subject": self.subject,
            "status": self.status,
            "verdict": VERDICTS[self.status]._asdict(),
            "counts": self.counts,
            "lines": lines,
            "limits": [one._asdict() for one in self.limits],
        }


def tell_witnesses(report: Report, seen: Seen, policy: Policy) -> None:
    """Who has signed a checkpoint, and whether that is enough."""
    report.tell(
        "ok" if seen.quorum else "bad",
        "witnessed" if seen.quorum else "witness-missing",
        size=seen.checkpoint.size,
        names=", ".join(seen.cosigned) or "-",
        at=_told(seen.at) if seen.at else "-",
        required=policy.required,
    )


# 11 ── An evidence bundle ────────────────────────────────────────────────────────────────────────────────

FORMAT = "mingjian-bundle/1"
PARTS = {"case": str, "files": dict, "closed": dict, "left_out": list, "log_keys": list}
STATUSES = ("MATCH", "MISMATCH", "ERASED", "CLOSED", "WITHHELD")
_ENTRY_NAME = re.compile(r"entries/(\d{6})\.json")
_CONTEXT_NAME = re.compile(r"log/(\d{12})\.json")
READS = "reads/"
"""Where the entries of the log of reads lie in a bundle, laid out as those of the case are."""
_RULE_NAME = re.compile(r"rules/([0-9a-f]{64})/(.+)")


class Source:
    """The files of a bundle: a zip file, or the folder it was unpacked to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: Optional[zipfile.ZipFile] = None
        self._sizes = self._of_folder() if path.is_dir() else self._of_zip()
        if len(self._sizes) > MEMBERS or sum(self._sizes.values()) > TOTAL:
            raise Refused("bundle-large")

    def _of_folder(self) -> dict[str, int]:
        files = (Path(folder, name) for folder, _, names in os.walk(self._path) for name in names)
        return {file.relative_to(self._path).as_posix(): file.lstat().st_size for file in files}

    def _of_zip(self) -> dict[str, int]:
        _require_small_directory(self._path)
        try:
            self._zip = zipfile.ZipFile(self._path)
            members = [one for one in self._zip.infolist() if not one.is_dir()]
        except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, EOFError) as error:
            raise Refused("zip", why=error) from None
        for member in members:
            parts = member.filename.split("/")
            if "" in parts or ".." in parts or "\\" in member.filename:
                raise Refused("zip-names")
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refused("zip-packed")
        sizes = {member.filename: member.file_size for member in members}
        if len(sizes) != len(members):
            raise Refused("zip-names")
        return sizes

    @property
    def names(self) -> list[str]:
        return sorted(self._sizes)

    def chunks(self, name: str, limit: int) -> Iterator[bytes]:
        """The content of a file in parts, at most `limit` bytes. Raises Refused."""
        done = 0
        try:
            with self._zip.open(name) if self._zip else open(self._path / name, "rb") as file:
                while chunk := file.read(1 << 20):
                    done += len(chunk)
                    if done > limit:
                        raise Refused("too-large", what=name, limit=limit)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
            raise Refused("unreadable", name=name, why=type(error).__name__) from None

    def read(self, name: str, limit: int) -> bytes:
        if name not in self._sizes:
            raise Refused("file-missing", name=name)
        return b"".join(self.chunks(name, limit))

    def digest(self, name: str) -> tuple[str, int]:
        """SHA-256 in hex and size."""
        digest, size = hashlib.sha256(), 0
        for chunk in self.chunks(name, MEMBER):
            digest.update(chunk)
            size += len(chunk)
        return digest.hexdigest(), size


def _require_small_directory(path: Path) -> None:
    """A zip file names in its last bytes how large its directory is: look before reading all of it."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 66_000))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise Refused("zip", why="PK 5 6")
    count, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    if count > MEMBERS or directory > DIRECTORY:
        raise Refused("bundle-large")


class Bundle:
    """Goes through a bundle part by part and tells the report what it finds."""

    def __init__(self, source: Source, policy: Optional[Policy], report: Report) -> None:
        self.source, self.policy, self.report = source, policy, report
        self.manifest = self._manifest()
        self.digests: dict[str, tuple[str, int]] = {}
        self.entries: dict[int, dict[str, Any]] = {}
        self.leaves: dict[int, bytes] = {}
        self.signed: list[tuple[int, str, Mapping[str, Any], bytes]] = []
        self.index: dict[int, int] = {}
        self.context: dict[int, dict[str, Any]] = {}
        self.opened: dict[int, dict[str, Any]] = {}
        self._notes: dict[bytes, Seen] = {}

    def _manifest(self) -> dict[str, Any]:
        found = read_json(self.source.read("manifest.json", JSON_FILE), JSON_FILE, canonical=False)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise Refused("manifest-format")
        for name, kind in PARTS.items():
            if not isinstance(found.get(name), kind):
                raise Refused("manifest-lacks", name=name)
        return found

    def check(self) -> None:
        self._files()
        self._chain()
        self._tree()
        self._signatures()
        self._times()
        self._openings()
        self._papers()
        self._rules()
        self._letters_and_sheets()
        limits = ["later", "revoked", "replay", "true", "checker"]
        if any(name.startswith(READS) for name in self.digests):
            ReadsOfCase(self).check()
            limits.insert(1, "reads")
        self.report.limits += [said(f"limit-{one}") for one in limits]

    def _well(self, faults: int, code: str, **values: object) -> None:
        """A part without a new fault is told to be sound."""
        if self.report.counts["bad"] == faults:
            self.report.tell("ok", code, None, **values)

    def _files(self) -> None:
        """All files are those of the manifest: a help against accidents, not against forgers."""
        listed, faults = self.manifest["files"], self.report.counts["bad"]
        for name in self.source.names:
            if name == "manifest.json":
                continue
            self.digests[name] = self.source.digest(name)
            if listed.get(name) != list(self.digests[name]):
                self.report.tell("bad", "file-other", name=name)
        for name in sorted(listed.keys() - self.digests.keys()):
            self.report.tell("bad", "file-missing", name=name)
        self._well(faults, "files", count=len(self.digests))

    # The entries

    def _chain(self) -> None:
        """Canonical bytes, numbered without a gap, each after the other."""
        chain, faults = Chain(), self.report.counts["bad"]
        for name, (seq,) in self._numbered(_ENTRY_NAME):
            try:
                data = self.source.read(name, ENTRY)
                entry = read_entry(data)
                if (entry["case"], entry["seq"]) != (self.manifest["case"], seq):
                    raise Refused("entry-place")
                self.entries[seq], self.leaves[seq] = entry, leaf_hash(data)
                chain.follow(entry, self.leaves[seq])
            except Refused as error:
                self.report.bad(error, seq)
        if not self.entries:
            self.report.tell("bad", "no-entries")
            return
        recorded = [entry["at_recorded"] for entry in self.entries.values()]
        self._well(faults, "entries", count=len(recorded), last=len(recorded) - 1)
        self.report.tell("info", "span", case=self.manifest["case"], first=recorded[0], last=recorded[-1])
        for seq, entry in self.entries.items():
            if "late" in entry:
                self.report.tell(
                    "info", "late", seq, recorded=entry["at_recorded"], claimed=entry["at_claimed"]
                )

    def _numbered(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
        for name in self.source.names:
            match = pattern.fullmatch(name)
            if match:
                yield name, tuple(map(int, match.groups()))

    # The tree

    def _seen(self, note: bytes) -> Seen:
        """A checkpoint with its signatures checked, once for each different one."""
        if note not in self._notes:
            policy = self.policy
            if policy is None:
                keys = [read_key(str(text)) for text in self.manifest["log_keys"]]
                policy = Policy(tuple(keys), {}, {}, "none")
            self._notes[note] = verify_checkpoint(note, policy)
        return self._notes[note]

    def _place(self, name: str, leaf: bytes) -> int:
        """The index of an entry by its receipt beside it."""
        proof = read_proof(self.source.read(name[:-5] + ".tlog-proof", PROOF))
        tree = self._seen(proof.note).checkpoint
        check_inclusion(proof.number, tree.size, leaf, proof.hashes, tree.root)
        return proof.number

    def _tree(self) -> None:
        """Every entry stands in the signed and cosigned log, in its order."""
        without, faults = [], self.report.counts["bad"]
        for seq, leaf in self.leaves.items():
            name = f"entries/{seq:06d}.json"
            if name[:-5] + ".tlog-proof" not in self.digests:
                without.append(seq)
                continue
            try:
                self.index[seq] = self._place(name, leaf)
                self.signed.append((self.index[seq], name, self.entries[seq], leaf))
            except Refused as error:
                self.report.bad(error, seq)
        for name, (index,) in self._numbered(_CONTEXT_NAME):
            self._context(name, index)
        places = list(self.index.values())
        if places != sorted(set(places)):
            self.report.tell("bad", "order")
        if places:
            self._well(faults, "included", count=len(places))
        if without:
            listed = ", ".join(map(str, without[:20]))
            self.report.tell("gap", "not-included", count=len(without), listed=listed)
        if self.policy is None:
            self.report.tell("gap", "no-policy")
        else:
            for seen in self._notes.values():
                tell_witnesses(self.report, seen, self.policy)

    def _context(self, name: str, index: int) -> None:
        """An entry of the log outside the case: keys and ticks."""
        try:
            data = self.source.read(name, ENTRY)
            entry = read_entry(data)
            leaf = leaf_hash(data)
            if self._place(name, leaf) != index:
                raise Refused("entry-place")
            self.context[index] = entry
            self.signed.append((index, name, entry, leaf))
        except Refused as error:
            self.report.bad(error, where=f"{name} ")

    def _signatures(self) -> None:
        """A key of the application that counted at its place has signed every entry."""
        keys, faults = KeyRing(), self.report.counts["bad"]
        for index, name, entry, leaf in sorted(self.signed, key=lambda one: one[0]):
            beside = name[:-5] + ".sig"
            try:
                signature = self.source.read(beside, SIGNATURE) if beside in self.digests else b""
                keys.check(index, entry, leaf, signature)
            except Refused as error:
                self.report.bad(error, where=f"{name} ")
        if keys.added:
            self._well(faults, "signatures", count=len(self.signed), keys=len(keys.added))
        else:
            self.report.tell("gap", "no-keys")

    # Time

    def _times(self) -> None:
        """Cosigned checkpoints bound the time of every entry from both sides."""
        bounds = [Bound(seen.checkpoint.size, seen) for seen in self._notes.values()]
        faults = self.report.counts["bad"]
        for index, entry in sorted(self.context.items()):
            try:
                seen = read_tick(entry, self._seen) if entry["type"] == TICK else None
            except Refused as error:
                self.report.bad(error, where=f"log {index} ")
                continue
            if seen is not None:
                bounds.append(Bound(index, seen))
        for seq, index in self.index.items():
            try:
                check_time(instant(self.entries[seq]["at_recorded"]), index, bounds)
            except Refused as error:
                self.report.bad(error, seq)
        cosigned = sum(bound.seen.at is not None for bound in bounds)
        if cosigned:
            self._well(faults, "times", count=cosigned)
        else:
            self.report.tell("gap", "no-times")

    # Sealed values

    def _openings(self) -> None:
        """Every commitment: MATCH, MISMATCH, ERASED, CLOSED to this reader, or WITHHELD."""
        counts: dict[str, Any] = dict.fromkeys(STATUSES, 0)
        erased = erasures(self.entries.values())
        salts: set[str] = set()
        for seq, entry in self.entries.items():
            given, commits = self._given(seq), commits_of(entry)
            for field in sorted(commits.keys() | given.keys()):
                status = self._status(seq, field, commits.get(field), given, erased)
                counts[status] += 1
                if status == "MATCH":
                    self.opened.setdefault(seq, {})[field] = given[field][1]
            used = [salt for salt, _ in given.values()]
            if len(set(used)) < len(used) or salts.intersection(used):
                self.report.tell("bad", "salt-twice", seq)
            salts.update(used)
        sound = not counts["MISMATCH"] and not counts["WITHHELD"]
        self.report.tell("ok" if sound else "bad", "openings", None, **counts)

    def _given(self, seq: int) -> dict[str, tuple[str, Any]]:
        """The openings of one entry: field → (salt in hex, value)."""
        name = f"openings/{seq:06d}.json"
        if name not in self.digests:
            return {}
        try:
            found = read_json(self.source.read(name, JSON_FILE), JSON_FILE, canonical=False)
            if not isinstance(found, dict) or not all(map(_is_opening, found.values())):
                raise Refused("openings-form")
        except Refused as error:
            self.report.bad(error, seq)
            return {}
        return {field: (salt, value) for field, (salt, value) in found.items()}

    def _status(
        self, seq: int, field: str, commit: Optional[str], given: Mapping[str, tuple[str, Any]],
        erased: Sequence[tuple[int, frozenset[str], int]],
    ) -> str:  # fmt: skip
        by = next((n for through, fields, n in erased if seq <= through and field in fields), None)
        if field in given:
            salt, value = given[field]
            if commit is None or commitment(bytes.fromhex(salt), field, value) != commit:
                self.report.tell("bad", "MISMATCH", seq, field=field)
                return "MISMATCH"
            if by is not None:
                self.report.tell("bad", "erased-yet-here", seq, field=field, by=by)
            return "MATCH"
        if by is not None:
            self.report.tell("info", "ERASED", seq, field=field, by=by)
            return "ERASED"
        closed = self.manifest["closed"].get(str(seq))
        if isinstance(closed, list) and field in closed:
            return "CLOSED"
        self.report.tell("bad", "WITHHELD", seq, field=field)
        return "WITHHELD"

    # Files that entries commit to

    def _papers(self) -> None:
        """Each paper is the very file whose fingerprint an entry commits to."""
        wanted: dict[str, tuple[int, int]] = {}
        for seq, opened in self.opened.items():
            for number, paper in enumerate(self.entries[seq]["attach"]):
                digest = opened.get(f"attach.{number}")
                if isinstance(digest, str):
                    wanted[digest] = seq, paper["size"]
        there = {one[0]: (name, one[1]) for name, one in self.digests.items() if name.startswith("papers/")}
        left_out, faults = 0, self.report.counts["bad"]
        for digest, (seq, size) in wanted.items():
            if digest in there:
                if there[digest][1] != size:
                    self.report.tell("bad", "paper-size", seq)
            elif digest in self.manifest["left_out"]:
                left_out += 1
            else:
                self.report.tell("bad", "paper-missing", seq, digest=digest)
        for digest, (name, _) in there.items():
            if digest not in wanted:
                self.report.tell("bad", "file-stranger", name=name)
        self._well(faults, "papers", count=len(there))
        if left_out:
            self.report.tell("info", "papers-left-out", count=left_out)

    def _rules(self) -> None:
        """The rule books under their digests, and each step on a diagram of its rule book."""
        books: dict[str, dict[str, str]] = {}
        for name, (digest, _) in self.digests.items():
            match = _RULE_NAME.fullmatch(name)
            if match:
                books.setdefault(match.group(1), {})[match.group(2)] = digest
        faults = self.report.counts["bad"]
        for book, files in books.items():
            listed = json.dumps(files, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
            if hashlib.sha256(listed.encode("ascii")).hexdigest() != book:
                self.report.tell("bad", "rules-other", book=book)
        for seq, entry in self.entries.items():
            rules, task = books.get(entry["rule"]), entry["task"]
            if rules is None:
                self.report.tell("bad", "rules-missing", seq, book=entry["rule"])
            elif task and rules.get(f"flows/{task['spec']}.bpmn") != task["spec_sha256"]:
                self.report.tell("bad", "diagram-other", seq, spec=task["spec"])
        self._well(faults, "rules", count=len(books))

    def _letters_and_sheets(self) -> None:
        """Letters and calculation sheets: JSON files whose digest an entry has sealed."""
        for folder, prefix in (("letters", "letter."), ("calculations", "sheet")):
            there = {
                name: digest
                for name, (digest, _) in self.digests.items()
                if name.startswith(folder + "/") and name.endswith(".json")
            }
            wanted = {
                str(value): seq
                for seq, opened in self.opened.items()
                for field, value in opened.items()
                if field.startswith(prefix)
            }
            faults = self.report.counts["bad"]
            for digest, seq in wanted.items():
                if digest not in there.values():
                    self.report.tell("bad", f"{folder}-missing", seq)
            for name, digest in there.items():
                if digest not in wanted:
                    self.report.tell("bad", "file-stranger", name=name)
            self._well(faults, folder, count=len(there))


class Below(Source):
    """The files of a bundle in one folder of it, by their names below that."""

    def __init__(self, source: Source, folder: str) -> None:
        self._source, self._folder = source, folder

    @property
    def names(self) -> list[str]:
        return [name[len(self._folder) :] for name in self._source.names if name.startswith(self._folder)]

    def read(self, name: str, limit: int) -> bytes:
        return self._source.read(self._folder + name, limit)


class ReadsOfCase(Bundle):
    """Who has looked at the case: entries of another log of the office, with its own checkpoint and keys.

    Checked as the entries of the case are, but for what is sealed in them: their reasons are not in a bundle.
    """

    def __init__(self, whole: Bundle) -> None:
        super().__init__(whole.source, whole.policy, Report(whole.report.subject))
        self.whole = whole
        self.source = Below(whole.source, READS)
        self.digests = dict.fromkeys(self.source.names, ("", 0))
        self._foreign = {seen.checkpoint.origin for seen in whole._notes.values()}

    def check(self) -> None:
        self._chain()
        self._one_log()
        self._tree()
        self._signatures()
        self._times()
        report, sizes = self.whole.report, [seen.checkpoint.size for seen in self._notes.values()]
        told = {line.code for line in report.lines}
        unknown = any(line.code == "not-signed" for line in self.report.lines)
        if unknown:
            report.tell("gap", "reads-unknown")
        for mark, code, (zh, en), entry in self.report.lines:
            if code != "not-signed" and (
                mark == "bad" or (mark == "gap" and code not in told and not unknown)
            ):
                place = "" if entry is None else f" {entry}"
                report.add_line(Line(mark, code, Text(f"查看日志{place}：{zh}", f"reads{place}: {en}"), None))
        if not self.report.counts["bad"]:
            report.tell("ok", "reads", None, count=len(self.index), size=max(sizes, default=0))

    def _one_log(self) -> None:
        """None of them is of the case's own log, or of two logs."""
        own = {entry["log"] for entry in self.whole.entries.values()}
        logs = {entry["log"] for entry in self.entries.values()}
        if own & logs or len(logs) > 1:
            self.report.tell("bad", "reads-log")

    def _seen(self, note: bytes) -> Seen:
        """Under a checkpoint of the case's own log they would prove nothing."""
        seen = super()._seen(note)
        if seen.checkpoint.origin in self._foreign:
            raise Refused("reads-log")
        return seen


def _is_opening(item: Any) -> bool:
    """[salt in hex, value]"""
    return isinstance(item, list) and len(item) == 2 and _is_hash(item[0])


# 12 ── A receipt, or a whole log ─────────────────────────────────────────────────────────────────────────


def check_receipt(data: bytes, policy: Policy, entry: Optional[bytes], report: Report) -> None:
    """A tlog-proof: the entry behind it stands in a log that the policy accepts."""
    proof = read_proof(data)
    leaf = proof.extra if entry is None else leaf_hash(entry)
    if leaf is None or len(leaf) != 32:
        raise Refused("receipt-leaf")
    seen = verify_checkpoint(proof.note, policy)
    tree = seen.checkpoint
    try:
        check_inclusion(proof.number, tree.size, leaf, proof.hashes, tree.root)
        report.tell("ok", "receipt", origin=tree.origin, index=proof.number, leaf=leaf.hex())
    except Refused as error:
        report.bad(error)
    tell_witnesses(report, seen, policy)
    report.limits += [said("limit-true"), said("limit-checker")]


def check_folder(path: Path, policy: Policy, report: Report) -> None:
    """A whole published log in a folder: tiles, entries, chains, times."""
    read = folder_reader(path)
    data = read("checkpoint", NOTE)
    if data is None:
        raise Refused("file-missing", name="checkpoint")
    seen = verify_checkpoint(data, policy)
    history = History(lambda note: verify_checkpoint(note, policy), report)
    try:
        LogReader(read, history.take).run(seen.checkpoint)
        report.tell("ok", "tree", size=seen.checkpoint.size)
    except Refused as error:
        report.bad(error)
    history.finish(seen)
    tell_witnesses(report, seen, policy)
    report.limits += [said("limit-other-copies"), said("limit-true"), said("limit-checker")]


def folder_reader(root: Path) -> Read:
    below = os.path.join(root, "")

    def read(path: str, limit: int) -> Optional[bytes]:
        try:
            with open(below + path, "rb") as file:
                # No larger buffer than the file asks for: the limit of a bundle is 4 MB.
                data = file.read(min(limit, os.fstat(file.fileno()).st_size) + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if len(data) > limit:
            raise Refused("too-large", what=path, limit=limit)
        return data

    return read


class History:
    """All entries of a log in order: every chain from its beginning, every entry signed, every time within
    its bounds.
    """

    def __init__(
        self, verify: Callable[[bytes], Seen], report: Report,
        chains: Optional[MutableMapping[str, Chain]] = None,
    ) -> None:  # fmt: skip
        self.chains: MutableMapping[str, Chain] = {} if chains is None else chains
        self.keys, self.entries = KeyRing(), 0
        self._verify, self._report = verify, report
        self._uncovered: list[tuple[int, datetime]] = []
        self._tick: list[Bound] = []

    def take(self, first: int, entries: Sequence[bytes], signatures: bytes) -> None:
        """The entries of a bundle, as LogReader hands them on."""
        for place, data in enumerate(entries):
            self._one(first + place, data, signatures[place * SIGNATURE : (place + 1) * SIGNATURE])

    def _one(self, index: int, data: bytes, signature: bytes) -> None:
        self.entries += 1
        try:
            entry = read_entry(data)
            chain, leaf = self.chains.get(entry["case"]) or Chain(), leaf_hash(data)
            recorded = instant(entry["at_recorded"])
            self._uncovered.append((index, recorded))
            try:
                chain.follow(entry, leaf)
            finally:
                self.chains[entry["case"]] = chain
            self.keys.check(index, entry, leaf, signature)
            check_time(recorded, index, self._tick)
            seen = read_tick(entry, self._verify) if entry["type"] == TICK else None
        except Refused as error:
            self._report.bad(error, where=f"log {index} ")
            return
        if seen is not None:
            self._cover(seen)
            self._tick = [Bound(index, seen)]

    def finish(self, seen: Seen) -> None:
        self._cover(seen)
        self._report.tell("info", "history", entries=self.entries, chains=len(self.chains))

    def _cover(self, seen: Seen) -> None:
        """What a cosigned checkpoint covers was recorded before it."""
        size = seen.checkpoint.size
        for index, recorded in self._uncovered:
            try:
                check_time(recorded, index, [Bound(size, seen)])
            except Refused as error:
                self._report.bad(error, where=f"log {index} ")
        self._uncovered = [one for one in self._uncovered if one[0] >= size]


# 13 ── Every text ────────────────────────────────────────────────────────────────────────────────────────

_WORDS = """
title | 明鉴核对：{subject} | Mingjian checker: {subject}
more | 还有{count}项没有一一列出 | {count} more are not listed
limits | 从这里看不出来的： | What cannot be seen from here:
result | 结论：{zh}（错误{bad}项，未核对{gap}项） | Result: {en} ({bad} faults, {gap} not checked)

# checked and sound
files | {count}个文件与清单一致 | {count} files are as listed
entries | {count}个条目（第0条到第{last}条）写法规范，编号连续，逐条相接 | {count} entries (0 to {last}) are canonical, numbered without a gap, each after the other
reads | 谁查看过、谁被拒绝：{count}个条目都在查看与拒绝日志里（检查点大小{size}），逐条相接，签名相符；封存的理由不在包里 | who looked at the case or was refused: {count} entries stand in the log of reads (checkpoint of size {size}), in order and signed; their sealed reasons are not in here
included | {count}个条目都在签了名的日志里，先后一致 | {count} entries stand in the signed log, in order
signatures | {count}个条目都有当时有效的程序密钥签名（{keys}把密钥） | {count} entries are signed by keys of the application that counted there ({keys} keys)
witnessed | 检查点（大小{size}）有日志签名，{names}见证，时间{at}，达到策略要求 | the checkpoint of size {size} is signed, and cosigned by {names} at {at}: a quorum
times | 入库时间都在{count}个见证时间划出的范围之内 | all times lie within the bounds of {count} cosignatures
openings | 封存的内容：相符{MATCH}，不符{MISMATCH}，已依法删除{ERASED}，不向本读者开启{CLOSED}，缺失{WITHHELD} | sealed values: {MATCH} MATCH, {MISMATCH} MISMATCH, {ERASED} ERASED, {CLOSED} closed to this reader, {WITHHELD} WITHHELD
papers | {count}份材料与条目里的指纹一致 | {count} papers are those whose fingerprints are sealed
rules | {count}套规则（流程图、表单、期限、政策）与条目记录的一致 | {count} rule books (diagrams, forms, limits, policies) are those the entries name
letters | {count}份文书与条目里的指纹一致 | {count} letters are those whose fingerprints are sealed
calculations | {count}份计算表与条目里的指纹一致 | {count} calculation sheets are those that are sealed
receipt | 条目在日志{origin}里，序号{index}，指纹{leaf} | the entry is number {index} of {origin}, hash {leaf}
tree | {size}个条目、全部瓦片和检查点的根一致 | {size} entries, all tiles and the root agree
mirrored | 镜像已更新到{size}个条目，共接受过{checkpoints}个检查点 | the mirror now has {size} entries; {checkpoints} checkpoints were accepted

# to know
case-entries | 案件{case}在日志里有{count}个条目（第0条到第{last}条），一个不缺，没有重复 | the log has {count} entries of case {case} (0 to {last}), none missing, none twice
span | 案件{case}，{first}至{last} | case {case}, {first} to {last}
late | 补记：{recorded}入库，说明办理于{claimed} | entered late: recorded {recorded}, said to be of {claimed}
ERASED | {field}已依法删除，见#{by} | {field} was erased by #{by}
papers-left-out | {count}份材料没有放进证据包 | {count} papers were left out of the bundle
history | 读了{entries}个条目，{chains}条链 | {entries} entries of {chains} chains were read

# should have been checked
not-included | {count}个条目还没有回执，没有证明在日志里：第{listed}条 | {count} entries have no receipt yet: {listed}
no-policy | 没有给出见证策略：签名只与证据包自带的公钥相符，不能排除整本日志是伪造的。请用 --witness-policy 指明监督部门自己保管的策略文件 | no witness policy: the signatures only fit the keys that came with the bundle, and the whole log may be made up. Give the policy that the inspection keeps itself, with --witness-policy
reads-unknown | 认可的公钥里没有查看与拒绝日志的，这一部分没有核对 | no accepted key is of the log of reads: this part was not checked
no-keys | 日志里没有程序密钥，条目没有签名 | the log names no key, the entries are not signed
no-times | 没有见证时间：入库时间只是单位自己的说法 | no cosignature bounds the times: they are what the office says
case-unknown | 日志里没有案件{case} | the log has no case {case}

# nobody can see from here
limit-sealed | 封存的内容：镜像里只有编号和指纹，由证据包核对 | sealed values: the mirror holds only numbers and fingerprints; an evidence bundle opens them
limit-later | 证据包之后有没有新的条目：由监督部门的日志镜像（mingjian audit mirror）核对 | whether there are later entries than these: the inspection's mirror shows that
limit-reads | 这个检查点以后谁查看过，以及同时列出许多案件的页面：在查看与拒绝日志里，由监督部门的日志镜像核对 | who looked at it after that checkpoint, and pages that list many cases: the log of reads has them, the inspection's mirror shows that
limit-revoked | 证据包以外有没有撤销过密钥：由监督部门的日志镜像核对 | whether a key was revoked by an entry that is not in here: the inspection's mirror shows that
limit-replay | 每一步是否符合流程图：在装有明鉴的机器上运行 mingjian replay --bundle 逐步重走 | whether the diagrams allow each step: `mingjian replay --bundle` takes them again
limit-true | 当时写下的内容是否属实：核对只说明写下以后没有改动 | whether what was written was true: a check only shows that it has not changed since
limit-checker | 这个程序本身：请用监督部门自己保存的一份，不要用被查单位给的 | this program itself: use the inspection's own copy, not one the office has handed over
limit-other-copies | 别人看到的是不是同一本日志：见证人的签名保证这一点，所以要有策略 | whether others are shown the same log: that is what the witnesses of the policy are for

# wrong
unreadable | {name}读不出来（{why}） | {name} cannot be read ({why})
too-large | {what}超过{limit}字节 | {what} has more than {limit} bytes
needs-policy | 核对它要有策略文件（--witness-policy） | this needs a policy (--witness-policy)
base64 | 不是规范的base64 | not the one canonical base64
hash-length | 哈希值应为32字节，实为{size}字节 | a hash has 32 bytes, not {size}
count | 不是数目：{text} | not a count: {text}
not-json | 不是JSON（{why}） | not JSON ({why})
not-canonical | JSON的写法不是唯一的规范写法 | JSON written in another way than the canonical one
key-twice | JSON里同一个键出现了两次 | a key stands twice in the JSON
key-ascii | JSON的键不是ASCII文字 | a key of the JSON is not ASCII
integer | 整数不小于2的53次方 | an integer is not below 2^53
float | 有小数，没有规范写法 | a float has no canonical form
not-nfc | 文字不是NFC形式 | a text is not in NFC
too-deep | 嵌套超过{depth}层 | nested more than {depth} levels deep
proof-hash | 证明里有长度不对的哈希值 | a hash of the proof has not 32 bytes
proof-outside | 没有第{index}个条目：树里只有{size}个 | there is no leaf {index} in a tree of {size}
proof-long | 证明太长 | the proof is too long
proof-short | 证明太短 | the proof is too short
proof-root | 按证明算出的根与检查点不符 | the proof does not lead to the root of the checkpoint
sizes | 两次的大小前后颠倒 | the sizes do not follow each other
fork | 日志分叉：大小为{size}时有两个不同的根 | fork: there are two different roots at size {size}
set-back | 日志退回去了：现在只有{size}个条目，以前见过{before}个 | the log was set back: it has {size} entries, {before} were seen before
not-extended | 新的日志接不上旧的：历史被改写 | the newer tree does not extend the older one
tree-root | 全部条目算出的根与检查点不符 | the entries do not lead to the root of the checkpoint
tile-missing | {path}不在 | {path} is not there
tile-length | {path}的长度不对 | {path} is cut short or too long
tile-other | {path}与条目不符 | {path} does not fit the entries
key-form | 公钥的写法不对 | not a verifier key
key-kind | 公钥的种类不对 | a verifier key of another kind
key-id | 公钥与它的编号不符 | a verifier key does not fit its id
note-form | 不是签名文件，或者写法不对 | not a signed note, or a malformed one
note-signatures | 签名超过{limit}个 | more than {limit} signatures
unsigned | 没有程序密钥的签名：绕过程序写进去的 | not signed: written past the application
key-unknown | 签名的密钥{kid}在这之前没有登记 | signed with the key {kid}, which was not added before
key-revoked | 签名的密钥{kid}已经被日志第{index}号撤销 | signed with the key {kid}, which log entry {index} revoked
signature | {name}的签名是假的或被改过 | the signature of {name} is wrong
checkpoint-form | 不是检查点 | not a checkpoint
checkpoint-empty | 空日志的根不对 | the root of an empty tree is another one
not-signed | 认可的日志公钥没有签过{origin}的检查点 | no accepted log key has signed the checkpoint of {origin}
witness-missing | 检查点（大小{size}）的见证不足：有{names}，要求{required} | the checkpoint of size {size} lacks witnesses: has {names}, needs {required}
policy-form | 策略文件太大，或者有控制字符（如Windows换行） | the policy is too large or holds control characters
policy-line | 策略文件第{number}行：{zh} | policy, line {number}: {en}
policy-word | 不认识这一行，或者写了两次 | the line is unknown or stands twice
policy-name | {name}这个名字已用过 | the name {name} is taken
policy-member | {name}没有定义或用了两次 | {name} is unknown or used twice
policy-threshold | 人数不对 | the threshold is out of range
policy-key-twice | 同一把公钥写了两次 | one public key is listed twice
policy-quorum | 策略文件没有quorum这一行 | the policy has no quorum line
receipt-form | 不是回执，或者写法不对 | not a tlog-proof, or a malformed one
receipt-leaf | 回执里没有条目的指纹，请用 --entry 给出条目 | no leaf hash in the receipt: give --entry
entry-fields | 不是条目，或者字段不对 | not an entry, or with other fields
entry-field | 字段{name}的内容不对 | the field {name} is malformed
entry-future | 办理时间晚于入库时间 | claimed for a time after its recording
entry-late | 补记标记与时间不符 | late is set or missing against its times
entry-place | 这是另一件案件或另一个位置的条目 | the entry belongs elsewhere
time-form | 时间的写法不对 | not a time in UTC with six decimals
time-none | 没有{text}这个时间 | no calendar has {text}
time-early | 入库时间{recorded}早于它之前的见证时间{at}：时钟被拨回 | recorded {recorded}, before the cosignature of {at} that it follows: a clock was set back
time-after | 入库时间{recorded}晚于见证时间{at} | recorded {recorded}, after it was cosigned at {at}
chain-gap | 缺少第{seq}条 | entry {seq} is missing
chain-twice | 这个编号已经有过 | this number was there before
chain-prev | 没有接在上一条之后 | does not follow the entry before it
chain-time | 入库时间早于上一条 | recorded before the entry it follows
order | 条目在日志里的先后与编号不符 | the log has the entries in another order
zip | 不是完整的zip文件（{why}） | not a whole zip file ({why})
zip-names | 证据包里有重复或不安全的文件名 | the bundle has doubled or unsafe names
zip-packed | 证据包加了密，或用了别的压缩方法 | the bundle is encrypted or packed otherwise
bundle-large | 证据包里的文件太多或太大 | the bundle holds too much
manifest-format | 不是明鉴的证据包，或者版本不同 | not a bundle of Mingjian, or of another version
manifest-lacks | manifest.json缺少{name} | manifest.json lacks {name}
file-other | {name}与清单不符 | {name} is not as listed
file-missing | 缺少{name} | {name} is missing
file-stranger | {name}：没有条目承诺过它 | {name}: no entry commits to it
reads-log | 不是查看与拒绝日志的条目，或者混有两本日志 | not of the log of reads, or of two logs
no-entries | 没有一个条目 | there is no entry
openings-form | 开封文件的内容不对 | the openings are malformed
MISMATCH | {field}的内容与承诺值不符 | {field} differs from the commitment
WITHHELD | {field}的内容缺失，又没有删除记录 | {field} is gone without an erasure
erased-yet-here | #{by}说{field}已删除，内容却还在 | {field} was erased by #{by}, and yet it is here
salt-twice | 盐值用了两次 | a salt was used twice
paper-missing | 缺少材料{digest} | the paper {digest} is missing
paper-size | 材料的大小与条目不符 | a paper has another size
rules-missing | 缺少这一条依据的规则{book} | the rule book {book} of this entry is missing
rules-other | 规则{book}的文件与发布时不同 | the rule book {book} is not as it was released
diagram-other | 这一步的流程图{spec}不是规则里的那一张 | the step was taken on another diagram {spec}
letters-missing | 缺少一份文书，或者被改过 | a letter is missing or altered
calculations-missing | 缺少一份计算表，或者被改过 | a calculation sheet is missing or altered
timeout | 核对超过{seconds}秒，已停止，不等于通过 | stopped after {seconds} s, which is not the same as sound
"""
"""code | Chinese | English; what stands in braces is filled in."""


def _read_words(words: str) -> dict[str, Text]:
    rows = (line.split(" | ") for line in words.split("\n") if line and not line.startswith("#"))
    return {code: Text(zh, en) for code, zh, en in rows}


SAID = _read_words(_WORDS)


# 14 ── The command ───────────────────────────────────────────────────────────────────────────────────────


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="mingjian_check.py",
        description="核对明鉴的证据包、回执或公开日志。Check a bundle, a receipt or a log of Mingjian.",
    )
    parser.add_argument("subject", type=Path, help="证据包、回执或日志文件夹 / bundle, receipt, log folder")
    parser.add_argument("--witness-policy", type=Path, metavar="FILE", help="监督部门保管的策略 / the policy")
    parser.add_argument("--entry", type=Path, metavar="FILE", help="回执对应的条目 / the entry of a receipt")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 / language")
    parser.add_argument("--json", action="store_true", help="以JSON输出 / print JSON")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="最多用多少秒 / time limit in seconds")
    options = parser.parse_args(arguments)
    watch = threading.Timer(options.seconds, _out_of_time, [options.seconds])
    watch.daemon = True
    watch.start()
    report = Report(options.subject.name)
    try:
        _check(options, report)
    except Refused as error:
        report.give_up(error)
    except (OSError, MemoryError) as error:
        report.give_up(Refused("unreadable", name=options.subject.name, why=type(error).__name__))
    finally:
        watch.cancel()
    lines = (
        f"{mark} {what.en if options.lang == 'en' else what.zh}".strip() for mark, what in report.sentences()
    )
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=1) if options.json else "\n".join(lines)
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
    return report.status


def _check(options: argparse.Namespace, report: Report) -> None:
    policy = read_policy(_file(options.witness_policy, NOTE)) if options.witness_policy else None
    subject: Path = options.subject
    folder = subject.is_dir()
    log = folder and not (subject / "manifest.json").is_file()
    receipt = not folder and _file(subject, TOTAL, 22) == b"c2sp.org/tlog-proof@v1"
    if not log and not receipt:
        Bundle(Source(subject), policy, report).check()
    elif policy is None:
        raise Refused("needs-policy")
    elif log:
        check_folder(subject, policy, report)
    else:
        entry = _file(options.entry, ENTRY) if options.entry else None
        check_receipt(_file(subject, PROOF), policy, entry, report)


def _file(path: Path, limit: int, first: Optional[int] = None) -> bytes:
    """A file of at most `limit` bytes, or its first bytes."""
    with open(path, "rb") as file:
        data = file.read(limit + 1 if first is None else first)
    if len(data) > limit:
        raise Refused("too-large", what=path.name, limit=limit)
    return data


def _out_of_time(seconds: int) -> None:
    print("× " + " / ".join(said("timeout", seconds=seconds)), flush=True)
    os._exit(UNCHECKABLE)


if __name__ == "__main__":
    sys.exit(main())
