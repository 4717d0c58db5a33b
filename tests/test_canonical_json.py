"""There is one way to write an entry, and everything else is refused."""

import json
import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from unicodedata import normalize

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import DEPTH, LARGEST, LIMIT, CanonicalError, decode_strict, encode

VECTORS = Path(os.environ.get("MINGJIAN_VECTORS", Path(__file__).parents[2] / "shared" / "vectors")) / "jcs"
INSIDE = {"arrays", "structures"}  # the others hold floats, keys beyond ASCII, or a text that is not in NFC

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda text: normalize("NFC", text)
)
keys = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_bytes_are_those_of_rfc_8785(value):
    encoded = encode(value)
    assert encoded == rfc8785.dumps(value)
    assert encoded.decode() == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert decode_strict(encoded) == value


@given(st.binary(max_size=40) | values.map(lambda value: json.dumps(value, indent=1).encode()))
def test_bytes_are_accepted_only_when_encoding_gives_them_back(encoded):
    try:
        value = decode_strict(encoded)
    except CanonicalError:
        return
    assert encode(value) == encoded


def test_every_control_character_is_written_as_the_standard_says():
    for code in range(0x80):
        assert encode(chr(code)) == rfc8785.dumps(chr(code))


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_public_vectors_agree_or_lie_outside_our_limits(name):
    if not VECTORS.is_dir():
        pytest.skip(f"public test vectors are not at {VECTORS}; set MINGJIAN_VECTORS")
    value = json.loads((VECTORS / "input" / f"{name}.json").read_bytes().replace(b"56.0", b"56"))
    expected = (VECTORS / "output" / f"{name}.json").read_bytes()
    if name in INSIDE:
        assert encode(value) == expected
        assert decode_strict(expected) == value
    else:
        with pytest.raises(CanonicalError):
            encode(value)
        with pytest.raises(CanonicalError):
            decode_strict(expected)


def nested(depth):
    value = "inside"
    for _ in range(depth):
        value = [value]
    return value


class Word(StrEnum):
    YES = "yes"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "float"),
        ({"amount": [1.5]}, "float"),
        (float("nan"), "float"),
        (2**53, "below 2"),
        (-(2**53), "below 2"),
        (["e\u0301"], "NFC"),
        ("\ud800", "UTF-8"),
        ({"é": 1}, "ASCII"),
        ({1: "x"}, "ASCII"),
        (b"bytes", "bytes"),
        (datetime(2026, 3, 1, tzinfo=UTC), "datetime"),
        (Word.YES, "Word"),
        (nested(DEPTH + 1), "nested"),
        ("x" * LIMIT, "more than"),
    ],
)
def test_a_value_without_a_single_form_is_refused(value, reason):
    with pytest.raises(CanonicalError, match=reason):
        encode(value)


def test_a_value_at_the_limits_is_accepted():
    for value in (LARGEST, -LARGEST, nested(DEPTH), "x" * (LIMIT - 2), ("a", "b")):
        assert encode(value)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (b'{"a":1,"a":1}', "'a' stands twice"),
        (b'{"a":{"b":1,"c":2,"b":1}}', "'b' stands twice"),
        (b'{"b":1,"a":2}', "another way"),
        (b'{"a": 1}', "another way"),
        (b'"\\u0041"', "another way"),
        (b"-0", "another way"),
        (b"1.0", "float"),
        (b"1e2", "float"),
        (b"123456789012345678901234567890", "float"),
        (b"NaN", "not JSON"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'"\xff"', "not JSON"),
        (b'"\\ud800"', "not JSON"),
        (b"1 2", "not JSON"),
        (b"[" * 9_000 + b"]" * 1, "not JSON"),
        (b"[" * 100 + b"]" * 100, "nested"),
        (b'"' + b"x" * LIMIT + b'"', "more than"),
        ('"e\u0301"'.encode(), "NFC"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused_with_a_reason(encoded, reason):
    with pytest.raises(CanonicalError, match=reason):
        decode_strict(encoded)
