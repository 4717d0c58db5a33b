"""Canonical JSON: the part of RFC 8785 in which there is only one way to write a value.

No floats, integers below 2^53, ASCII keys, strings in NFC and without lone surrogates. Inside these limits
sorted keys and minimal escapes are exactly RFC 8785; outside them encoders may differ: all else is refused.
"""

import json
from typing import Any
from unicodedata import is_normalized

import orjson

LIMIT = 16_384
"""Largest entry, in bytes."""
DEPTH = 16
LARGEST = 2**53 - 1


class CanonicalError(ValueError):
    """A value that has no single canonical form, or bytes that are not it."""


def encode(value: Any, limit: int = LIMIT) -> bytes:
    """The canonical bytes of `value`, at most `limit` long. Raises CanonicalError."""
    _check(value, DEPTH)
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise CanonicalError(f"cannot be written as UTF-8: {error}") from error
    if len(encoded) > limit:
        raise CanonicalError(f"{len(encoded)} bytes are more than {limit}")
    return encoded


def decode_strict(encoded: bytes, limit: int = LIMIT) -> Any:
    """The value behind canonical bytes. Raises CanonicalError when they are not what `encode` would write."""
    if len(encoded) > limit:
        raise CanonicalError(f"{len(encoded)} bytes are more than {limit}")
    try:
        value = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        raise CanonicalError(f"not JSON: {error}") from error
    # A duplicate key, white space, another order or escape: each makes the second writing differ.
    if encode(value, limit) != encoded:
        json.loads(encoded, object_pairs_hook=_unique)
        raise CanonicalError("written in another way than the canonical one")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise CanonicalError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return found


def _check(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                raise CanonicalError(f"the key {key!a} is not ASCII text")
        inside = value.values()
    elif kind is list or kind is tuple:
        inside = value
    else:
        inside = (value,)
        depth += 1
    if depth == 0:
        raise CanonicalError(f"nested more than {DEPTH} levels deep")
    for item in inside:  # one loop for all plain values: a call for each would take three times as long
        kind = type(item)
        if kind is str:
            if not item.isascii() and not is_normalized("NFC", item):
                raise CanonicalError(f"a text is not in NFC: {item[:40]!a}")
        elif kind is int:
            if not -LARGEST <= item <= LARGEST:
                raise CanonicalError(f"the integer {item} is not below 2^53")
        elif kind is dict or kind is list or kind is tuple:
            _check(item, depth - 1)
        elif item is not None and kind is not bool:
            raise CanonicalError(f"a {kind.__name__} has no canonical form")
