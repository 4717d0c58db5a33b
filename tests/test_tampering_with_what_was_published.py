"""A running office's log, tampered with after it was published: pages, checkpoints, receipts, bundles.

The numbers are those of the list of attempts. Whoever tampers here holds the office's disk and, where it says
so, the log's key; the witnesses, their keys, and the inspection's policy and mirror are in other hands.
"""

import json
import shutil
import zipfile
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from published_log import pack

from audit.checker.mingjian_check import FAULTY, SOUND, UNCHECKABLE
from audit.note import NoteRefused
from audit.policy import NotSupported, Policy, PolicyFaulty
from audit.proof import Proof, prove
from audit.tiles import Leaf, bundle, unbundle


def checkpoint(outside, change):
    """The published checkpoint after `change(text)`."""
    path = outside.log / "checkpoint"
    altered = change(path.read_text())
    assert altered != path.read_text()
    path.write_text(altered)


def page(outside, kind, change):
    """The newest page of that kind after `change(content)`."""
    path = outside.tile(kind)
    path.write_bytes(change(path.read_bytes()))


def found_by_everybody(outside, status, code):
    """By the stand-alone checker and by a mirror that comes for the first time, which keeps nothing of it."""
    found, mirrored = outside.checked(), outside.mirrored(mirror="second")
    assert found.status == mirrored.status == status
    assert code in found.codes and code in mirrored.codes
    assert not (outside.folder / "second/seen").exists()
    return found


def test_what_the_office_published_is_sound_and_cosigned_by_both(outside):
    assert outside.seen().cosigned.keys() == {"inspection", "finance"}
    assert outside.checked().codes == outside.mirrored(mirror="second").codes == []


# Pages


def flip(content):
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


@pytest.mark.parametrize(("kind", "code"), [("entries", "tile-other"), ("0", "tile-other"),
                                            ("signatures", "signature")])  # fmt: skip
def test_01_02_a_flipped_byte_of_a_page_is_found(outside, kind, code):
    page(outside, kind, flip)
    assert any("tile/0/" in line or "signature" in line for line in
               found_by_everybody(outside, FAULTY, code).lines)  # fmt: skip
    assert outside.mirrored().status == SOUND, "the inspection has its own copy of what it has seen"


def test_03_two_entries_of_a_page_swapped_are_found(outside):
    def swap(content):
        entries = unbundle(content, outside.seen().checkpoint.size)
        entries[5], entries[6] = entries[6], entries[5]
        return bundle(entries)

    page(outside, "entries", swap)
    found_by_everybody(outside, FAULTY, "tile-other")


@pytest.mark.parametrize("kind", ["entries", "signatures", "0"])
def test_05_a_page_that_is_missing_is_not_sound(outside, kind):
    outside.tile(kind).unlink()
    found_by_everybody(outside, FAULTY, "tile-missing")


# Checkpoints and witnesses


@pytest.mark.parametrize("step", [-1, 1])
def test_06_another_size_in_the_checkpoint_is_found(outside, step):
    size = outside.seen().checkpoint.size
    checkpoint(outside, lambda text: text.replace(f"\n{size}\n", f"\n{size + step}\n"))
    found_by_everybody(outside, UNCHECKABLE, "signature")
    with pytest.raises(NoteRefused):
        outside.seen()


def test_07_a_log_set_back_is_found_by_the_mirror_and_the_witnesses(outside):
    """What was published earlier is sound in itself, and the stand-alone checker says that it cannot tell."""
    size = outside.seen().checkpoint.size
    shutil.copy(outside.folder / "older", outside.log / "checkpoint")
    older = outside.seen().checkpoint.size
    assert older < size
    alone = outside.checked()
    assert alone.status == SOUND and any("whether others are shown the same" in line for line in alone.lines)
    assert (outside.mirrored().status, outside.mirrored().codes) == (FAULTY, ["set-back"])
    _, answers = outside.ask(outside.tree(), older)
    assert [(answer.status, answer.body) for answer in answers] == [(409, f"{size}\n")] * 2


@pytest.mark.parametrize("name", ["inspection", "finance"])
def test_08_a_stripped_cosignature_is_found(outside, name):
    def strip(text):
        return "".join(line for line in text.splitlines(True) if f"— {name}.example" not in line)

    checkpoint(outside, strip)
    found_by_everybody(outside, FAULTY, "witness-missing")
    with pytest.raises(NotSupported, match="no quorum"):
        outside.seen()


def test_09_a_back_dated_cosignature_is_found(outside):
    def back_date(text):
        line = next(line for line in text.split("\n") if "— finance.example" in line)
        blob = bytearray(b64decode(line.split(" ")[2]))
        blob[4:12] = (int.from_bytes(blob[4:12], "big") - 86_400).to_bytes(8, "big")
        return text.replace(line.split(" ")[2], b64encode(blob).decode())

    checkpoint(outside, back_date)
    found_by_everybody(outside, UNCHECKABLE, "signature")


def other(leaves):
    """An entry says something else."""
    leaves[5] = replace(leaves[5], entry=leaves[5].entry.replace(b'"seq"', b'"Seq"'))


def longer(leaves):
    other(leaves)
    leaves += [Leaf(b"{}"), Leaf(b"[]")]


def evidence(outside):
    return [len(list((witness.folder / "evidence").glob("*"))) for witness in outside.witnesses]


@pytest.mark.parametrize(("change", "status"), [(other, 409), (longer, 422)], ids=["same size", "longer"])
def test_10_11_a_fork_under_the_logs_own_key_is_not_cosigned_and_kept_as_evidence(outside, change, status):
    before = outside.seen().checkpoint
    fork = outside.forged(change)
    note, answers = outside.ask(fork, before.size)
    assert [answer.status for answer in answers] == [status] * 2
    assert evidence(outside) == [1, 1]
    assert all(witness.seen(before.origin) == before for witness in outside.witnesses)
    (fork.folder.root / "checkpoint").write_bytes(bytes(note))
    assert "witness-missing" in outside.mirrored(fork.folder.root).codes, "nor does anybody else take it"


def test_12_a_stale_size_or_a_junk_proof_is_not_cosigned(outside):
    size = outside.seen().checkpoint.size
    grown = outside.forged(lambda leaves: leaves.append(Leaf(b"{}")))
    _, stale = outside.ask(grown, size - 1)
    assert [(answer.status, answer.body) for answer in stale] == [(409, f"{size}\n")] * 2
    for junk in ([], [bytes(32)], [bytes(32)] * 63, grown.consistency(size)[:-1]):
        _, answers = outside.ask(grown, size, junk)
        assert [answer.status for answer in answers] == [422, 422]
    assert evidence(outside) == [1, 1]
    _, answers = outside.ask(grown, size)
    assert [answer.status for answer in answers] == [200, 200], "it is the proof that counts"


def moved(leaves):
    """The newest entry of a case, put behind everything: no chain has a gap and every signature holds."""
    newest = {json.loads(leaf.entry)["case"]: place for place, leaf in enumerate(leaves)}
    leaves.append(leaves.pop(sorted(newest.values())[-2]))


def test_37_another_version_shown_to_the_inspection_is_found_by_its_mirror(outside):
    """Even if the witnesses lie and the other version is without a fault in itself."""
    fork = outside.sign(outside.forged(moved))
    assert outside.mirrored(fork, "second").status == SOUND, "who sees only this one cannot tell"
    found = outside.mirrored(fork)
    assert (found.status, found.codes) == (FAULTY, ["fork"])
    assert len(list((outside.folder / "mirror/evidence").iterdir())) == 1, "signed by the office itself"
    assert outside.mirrored().status == SOUND


def test_36_one_key_listed_as_two_witnesses_is_refused(outside):
    path = outside.folder / "policy"
    text = path.read_text()
    line = next(line for line in text.splitlines() if line.startswith("witness inspection"))
    path.write_text(text.replace("witness finance", "#").replace(
        line, f"{line}\n{line.replace('witness inspection', 'witness finance')}"
    ))  # fmt: skip
    with pytest.raises(PolicyFaulty, match="listed twice"):
        Policy.parse(path.read_bytes())
    found = outside.checked()
    assert found.status == UNCHECKABLE and "one public key is listed twice" in found.lines[0]


# Entries that somebody with the log's key adds: witnesses do not read them, verifiers do


def test_30_an_entry_sequenced_twice_is_found(outside):
    leaf = list(outside.tree().leaves())[5]
    outside.add(leaf.entry, signature=leaf.signature)
    found_by_everybody(outside, FAULTY, "chain-twice")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (lambda entry: entry.replace(b'"kernel"', b'"kernel":"x","kernel"'), "key-twice"),
        (lambda entry: entry.replace(b'"v":1', b'"v": 1'), "not-canonical"),
        (lambda entry: entry + b"\n", "not-canonical"),
        (lambda entry: b"\x01" + bytes(64), "not-json"),
        (lambda entry: b"[" * 16_000, "not-json"),
        (lambda entry: b"{}", "entry-fields"),
    ],
    ids=["key twice", "a space", "a line", "an inner node", "40 deep", "no entry"],
)
def test_34_bytes_that_are_no_canonical_entry_are_found(outside, entry, code):
    outside.add(entry(list(outside.tree().leaves())[5].entry))
    found_by_everybody(outside, FAULTY, code)


# Receipts


def receipt(outside, at=5):
    return prove(outside.tree(), outside.note(), at)


def checked_receipt(outside, text, *more):
    path = outside.folder / "receipt.tlog-proof"
    path.write_text(text)
    return outside.checked(path, *more)


@pytest.mark.parametrize(
    "path",
    [
        lambda path: (b"", *path[1:]),
        lambda path: (path[0][:31], *path[1:]),
        lambda path: (*path, b""),
        lambda path: path[1:],
        lambda path: (*path, bytes(32)),
        lambda path: (),
    ],
    ids=["empty", "short", "empty at the end", "one less", "one more", "none"],
)
def test_35_an_empty_or_short_hash_or_path_is_refused(outside, path):
    whole = receipt(outside)
    assert checked_receipt(outside, str(whole)).status == SOUND
    forged = str(replace(whole, path=path(whole.path)))
    found = checked_receipt(outside, forged)
    assert found.status in (FAULTY, UNCHECKABLE) and found.codes
    with pytest.raises((NoteRefused, NotSupported)):
        Proof.parse(forged).check(outside.policy())


# Bundles


@pytest.mark.parametrize("seq", [0, 3])
def test_04_an_entry_taken_out_of_a_bundle_is_found(outside, seq):
    path = outside.folder / "case.zip"
    assert outside.checked(path).status == SOUND
    with zipfile.ZipFile(path) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    kept = {name: content for name, content in files.items() if not name.startswith(f"entries/{seq:06d}.")}
    found = outside.checked(pack(kept, outside.folder / "less.zip"))
    assert found.status == FAULTY and "chain-gap" in found.codes


# Any entry whatever


def tampered(leaves, how, at, other, bit):
    """The leaves after one of them was altered, taken out, repeated, or put elsewhere."""
    one = leaves[at]
    if how == "alter":
        altered = bytearray(one.entry)
        altered[bit % len(altered)] ^= 1 << bit % 8
        leaves[at] = replace(one, entry=bytes(altered))
    elif how == "sign":
        leaves[at] = replace(one, signature=leaves[other].signature)
    elif how == "remove":
        del leaves[at]
    elif how == "repeat":
        leaves.insert(other, one)
    else:
        leaves.insert(other, leaves.pop(at))


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(
    how=st.sampled_from(["alter", "sign", "remove", "repeat", "reorder"]),
    at=st.integers(0, 60), other=st.integers(0, 60), bit=st.integers(0, 10**6),
)  # fmt: skip
def test_any_single_entry_altered_removed_repeated_or_reordered_is_found(outside, how, at, other, bit):
    """First under the true checkpoint; then signed by the office and by lying witnesses.

    The mirror goes by its own copy of signatures it has seen: others find it when these are exchanged.
    """
    before = list(outside.tree().leaves())
    forged = outside.forged(lambda leaves: tampered(leaves, how, at, other, bit))
    root = forged.folder.root
    if list(forged.leaves()) == before:
        assert outside.checked(root).status == SOUND
        return
    assert outside.checked(root).status == FAULTY
    outside.sign(forged)
    assert outside.mirrored(root).status == (SOUND if how == "sign" else FAULTY)
