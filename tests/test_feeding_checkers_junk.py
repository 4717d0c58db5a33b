"""Attempt 40: whatever a checker is fed ends with a clear message in time, never with a hang or a pass.

The files of a running office, cut short, with bytes flipped, put in or repeated, or junk altogether: for the
stand-alone checker, the mirror and the witness. `audit verify` is fed junk in test_attacking_the_log, the
public page in test_handing_out_receipts.
"""

import shutil
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.checker.mingjian_check import FAULTY, PARTLY, SOUND, UNCHECKABLE
from audit.proof import prove
from audit.witness.asking import LONGEST, Request

SECONDS = 20
JUNK = [
    b"", b"\x00", b"\xff" * 300, b"{}", b"[" * 20_000, b'{"a":' * 5_000, b"1" * 100_000, b"=" * 5_000,
    b"A" * 70_000, "— x AAAA\n".encode() * 2_000, b"\n" * 50_000, b"PK\x05\x06" + bytes(18),
    b"x" * 40_000_000,
]  # fmt: skip
fed = settings(
    max_examples=25,
    deadline=SECONDS * 1000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


@st.composite
def spoiled(draw):
    """A change that makes other bytes of a file's content."""
    how = draw(st.sampled_from(["junk", "cut", "flip", "put in", "again"]))
    at, more = draw(st.floats(0, 1, exclude_max=True)), draw(st.binary(min_size=1, max_size=40))
    junk, bit = draw(st.sampled_from(JUNK)), draw(st.integers(0, 7))

    def change(content):
        place = int(at * len(content))
        return {
            "junk": junk,
            "cut": content[:place],
            "flip": content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :],
            "put in": content[:place] + more + content[place:],
            "again": content * 2,
        }[how]

    return change


def in_time(check):
    """The verdict, which has come in time and says something."""
    begun = time.monotonic()
    found = check()
    assert time.monotonic() - begun < SECONDS
    assert found.lines and found.status in (SOUND, FAULTY, UNCHECKABLE, PARTLY)
    return found


@fed
@given(kind=st.sampled_from(["checkpoint", "0", "entries", "signatures"]), change=spoiled())
def test_40_no_spoiled_file_of_the_log_passes(outside, kind, change):
    path = outside.log / "checkpoint" if kind == "checkpoint" else outside.tile(kind)
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    try:
        shutil.rmtree(outside.folder / "fresh", ignore_errors=True)
        for found in (in_time(outside.checked), in_time(lambda: outside.mirrored(mirror="fresh"))):
            assert found.status in (FAULTY, UNCHECKABLE) and found.codes
    finally:
        path.write_bytes(whole)


@fed
@given(change=spoiled())
def test_40_no_spoiled_receipt_passes(outside, change):
    path = outside.folder / "receipt.tlog-proof"
    path.write_bytes(change(str(prove(outside.tree(), outside.note(), 5)).encode()))
    assert in_time(lambda: outside.checked(path)).status in (FAULTY, UNCHECKABLE)


@fed
@given(change=spoiled())
def test_40_a_spoiled_bundle_ends_with_a_verdict(outside, change):
    """A byte may be one that says nothing, as a date in the archive; what was cut short never passes."""
    whole, path = (outside.folder / "case.zip").read_bytes(), outside.folder / "spoiled.zip"
    path.write_bytes(change(whole))
    found = in_time(lambda: outside.checked(path))
    assert found.status != SOUND or path.stat().st_size >= len(whole)


@fed
@given(change=spoiled())
def test_40_a_spoiled_policy_ends_with_a_verdict(outside, change):
    path = outside.folder / "policy"
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    try:
        in_time(outside.checked)
    finally:
        path.write_bytes(whole)


@fed
@given(change=spoiled())
def test_40_no_spoiled_request_is_cosigned(outside, change):
    size = outside.seen().checkpoint.size
    note, answers = outside.ask(outside.tree(), size)
    assert [answer.status for answer in answers] == [200, 200], "the same size once more is nothing new"
    request = bytes(Request(size, (), note))
    for witness in outside.witnesses:
        answer = witness.answer(change(request))
        assert 400 <= answer.status < 500 and answer.body
        assert witness.seen(outside.seen().checkpoint.origin).size == size


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1])
def test_40_a_request_of_any_length_is_refused_at_once(outside, length):
    assert outside.witnesses[0].answer(b"A" * length).status == 400
