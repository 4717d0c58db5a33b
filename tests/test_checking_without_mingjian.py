"""The stand-alone checker: one file, standard library only, that believes nobody.

Public vectors, receipts and whole logs here; evidence bundles in test_handing_out_evidence.
"""

import ast
import base64
import hashlib
import json
import os
import runpy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_log import (
    APP,
    ARCHIVE,
    FINANCE,
    FIRST,
    INSPECTION,
    LOG,
    NEXT_APP,
    NOON,
    ORIGIN,
    POLICY,
    SECOND,
    SYSTEM,
    THIRD,
    Hand,
    PublishedLog,
    evidence,
    pack,
    sealed,
    three_cases,
)

from audit import merkle
from audit.checker import mingjian_check as check
from audit.checker.mingjian_check import FAULTY, PARTLY, SOUND, UNCHECKABLE, Refused
from audit.merkle import leaf_hash
from audit.note import COSIGNS

FILE = Path(check.__file__)
VECTORS = Path(os.environ.get("MINGJIAN_VECTORS", Path(__file__).parents[2] / "shared" / "vectors"))
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason=f"public test vectors are not at {VECTORS}; set MINGJIAN_VECTORS"
)


@pytest.fixture(params=["library", "by hand"])
def ed25519(request, monkeypatch):
    """Signatures are checked both ways: with the library, and where there is none."""
    if request.param == "by hand":
        monkeypatch.setattr(check, "_LibraryKey", None)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return three_cases(tmp_path_factory.mktemp("log"))


@pytest.fixture
def log(tmp_path):
    return three_cases(tmp_path / "log")


@pytest.fixture
def policy_file(tmp_path):
    path = tmp_path / "policy"
    path.write_text(POLICY, encoding="utf-8")
    return path


def run(capsys, *arguments):
    status = check.main([str(one) for one in arguments])
    return status, capsys.readouterr().out


def codes(capsys, *arguments):
    """Exit status and the codes of the faults."""
    status, out = run(capsys, *arguments, "--json")
    return status, [line["code"] for line in json.loads(out)["lines"] if line["mark"] == "bad"]


def refusal(function, *arguments):
    with pytest.raises(Refused) as refused:
        function(*arguments)
    return refused.value.code


# What the file is


def test_the_file_needs_nothing_but_python_3_9():
    source = FILE.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}, "and that one only where it is there"


NEWER = {
    "UTC", "pairwise", "batched", "bit_count", "file_digest", "StrEnum", "Self", "override", "ExceptionGroup",
    "NoneType", "TaskGroup", "aclosing", "full_match", "cbrt", "sumprod", "anext", "aiter", "tomllib",
}  # fmt: skip
"""Names of the standard library that Python 3.9 does not have."""


def test_the_file_uses_no_name_and_no_option_that_came_after_python_3_9():
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert not names & NEWER
    options = {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}
    assert not options & {"strict", "slots", "kw_only", "root_dir", "delete_on_close"}
    annotated = [
        part
        for node in ast.walk(tree)
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if part is not None
    ]
    unions = [one for part in annotated for one in ast.walk(part) if isinstance(one, ast.BinOp)]
    assert not unions, "X | Y is no type before Python 3.10"


def python_3_9():
    """Interpreters of that version on this machine."""
    places = [*Path.home().glob(".pyenv/versions/3.9.*/bin/python3.9"), Path("/usr/bin/python3.9")]
    return [str(place) for place in places if place.is_file()][:1]


@pytest.mark.parametrize("python", [pytest.param(one, id="3.9") for one in python_3_9()] or [sys.executable])
def test_the_file_runs_on_the_oldest_python_that_is_here(python, log, policy_file, tmp_path, bundle):
    """A log, a receipt and a bundle; without libraries, so that the signatures are checked by hand."""
    receipt = tmp_path / "r.tlog-proof"
    receipt.write_text(str(log.receipt(5)), encoding="utf-8")
    for subject in (log.root, receipt, bundle(log, FIRST)):
        command = [python, "-I", "-S", str(FILE), str(subject), "--witness-policy", str(policy_file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (SOUND, ""), subject


def test_the_file_runs_alone_where_no_library_is(log, policy_file, tmp_path):
    """-I -S: no site packages, no environment, only the file and the standard library."""
    alone = tmp_path / "mingjian_check.py"
    alone.write_bytes(FILE.read_bytes())
    command = [sys.executable, "-I", "-S", str(alone), str(log.root), "--witness-policy", str(policy_file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stderr) == (SOUND, "")
    assert "核对通过" in done.stdout and "纪检监察" in done.stdout


def test_every_text_is_there_in_both_languages():
    for code, (zh, en) in check.SAID.items():
        assert zh and en and zh != en
        names = [
            {name for _, name, _, _ in Formatter().parse(text) if name} - {"zh", "en"} for text in (zh, en)
        ]
        assert names[0] == names[1], code


# Public vectors


@needs_vectors
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_public_proofs_are_judged_as_their_authors_say(kind):
    def decoded(value):
        return base64.b64decode(value or "")

    files = sorted((VECTORS / "merkle" / kind).rglob("*.json"))
    assert len(files) == 98
    for file in files:
        case = json.loads(file.read_text())
        proof = [decoded(node) for node in case["proof"] or ()]
        try:
            if kind == "inclusion":
                leaf, root = decoded(case["leafHash"]), decoded(case["root"])
                check.check_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
            else:
                roots = decoded(case["root1"]), decoded(case["root2"])
                check.check_consistency(case["size1"], roots[0], case["size2"], roots[1], proof)
        except Refused:
            assert case["wantErr"], file
        else:
            assert not case["wantErr"], file


@needs_vectors
def test_the_public_log_is_sound_at_every_size_and_grows_without_a_fork():
    root = VECTORS / "tessera-log"
    policy = check.Policy((check.read_key(TESSERA),), {}, {}, "none")
    seen = [check.verify_checkpoint((root / f"checkpoint.{size}").read_bytes(), policy) for size in range(16)]
    for size, one in enumerate(seen):
        taken = []
        known = [earlier.checkpoint for earlier in seen[:size]]
        check.LogReader(
            check.folder_reader(root),
            lambda _, entries, signatures, to=taken: to.extend(entries),
            known,
            signed=False,
        ).run(one.checkpoint)
        assert (one.checkpoint.size, len(taken)) == (size, size)
    other = check.Checkpoint("x", 7, bytes(32))
    assert (
        refusal(
            check.LogReader(check.folder_reader(root), print_nothing, [other], signed=False).run,
            seen[9].checkpoint,
        )
        == "fork"
    )


def print_nothing(first, entries, signatures):
    pass


def test_the_note_of_the_reference_opens_and_an_altered_one_does_not(ed25519):
    key = check.read_key(PETER)
    assert check.verify_note(key, check.read_note(PETERS_NOTE.encode())) == 0
    altered = check.read_note(PETERS_NOTE.replace("answer", "question").encode())
    assert refusal(check.verify_note, key, altered) == "signature"


@needs_vectors
@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_public_json_agrees_or_lies_outside_our_limits(name):
    value = json.loads((VECTORS / "jcs" / "input" / f"{name}.json").read_bytes().replace(b"56.0", b"56"))
    expected = (VECTORS / "jcs" / "output" / f"{name}.json").read_bytes()
    if name in {"arrays", "structures"}:
        assert check.read_json(expected) == value
    else:
        with pytest.raises(Refused):
            check.read_json(expected)


# RFC 8032, section 7.1: secret, public, message, signature
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_rfc_8032_are_good(ed25519, public, message, signature):
    public, message, signature = map(bytes.fromhex, (public, message, signature))
    assert check.verify_ed25519(public, message, signature)
    assert not check.verify_ed25519(public, message + b"x", signature)


ORDER = 2**252 + 27742317777372353535851937790883648493
HAND = Hand("somebody")
GOOD = HAND.sign(b"text")


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (HAND.key.public, GOOD[:63]),
        (HAND.key.public, GOOD + b"\x00"),
        (HAND.key.public[:31], GOOD),
        (HAND.key.public, GOOD[:32] + (int.from_bytes(GOOD[32:], "little") + ORDER).to_bytes(32, "little")),
        (HAND.key.public, bytes(64)),
        ((1).to_bytes(32, "little"), (1).to_bytes(32, "little") + bytes(32)),  # signs everything
        (bytes(32), bytes(64)),  # of order 4
        ((2**255 - 19).to_bytes(32, "little"), GOOD),  # zero in a second spelling
        ((2).to_bytes(32, "little"), GOOD),  # on no curve
        ((2**255 + 1).to_bytes(32, "little"), GOOD),  # minus zero
    ],
)
def test_what_is_no_signature_of_a_sound_key_is_refused(ed25519, public, signature):
    assert not check.verify_ed25519(public, b"text", signature)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=40), st.binary(min_size=64, max_size=64) | st.just(None), st.integers(0, 600))
def test_both_ways_of_checking_a_signature_agree(message, signature, flip):
    signature = bytearray(signature or HAND.sign(message))
    if flip < 512:
        signature[flip // 8] ^= 1 << flip % 8
    library = check._LibraryKey
    found = []
    for way in (library, None):
        check._LibraryKey = way
        found.append(check.verify_ed25519(HAND.key.public, message, bytes(signature)))
    check._LibraryKey = library
    assert found[0] is found[1]
    assert found[0] or flip < 512 or bytes(signature) != HAND.sign(message)


# Receipts


def test_a_receipt_says_where_an_entry_stands(published, policy_file, tmp_path, capsys, ed25519):
    receipt, data = tmp_path / "r.tlog-proof", tmp_path / "entry.json"
    receipt.write_text(str(published.receipt(5)), encoding="utf-8")
    data.write_bytes(published.leaves[5].entry)
    assert codes(capsys, receipt, "--witness-policy", policy_file) == (SOUND, [])
    assert codes(capsys, receipt, "--witness-policy", policy_file, "--entry", data) == (SOUND, [])
    data.write_bytes(published.leaves[6].entry)
    assert codes(capsys, receipt, "--witness-policy", policy_file, "--entry", data) == (
        FAULTY,
        ["proof-root"],
    )
    status, out = run(capsys, receipt, "--witness-policy", policy_file, "--lang", "en")
    assert status == SOUND
    assert f"the entry is number 5 of {ORIGIN}" in out and "cosigned by 纪检监察, finance" in out


def test_a_receipt_without_a_policy_or_without_a_hash_is_not_checked(
    published, policy_file, tmp_path, capsys
):
    receipt = tmp_path / "r"
    text = str(published.receipt(5))
    receipt.write_text(text, encoding="utf-8")
    assert codes(capsys, receipt) == (UNCHECKABLE, ["needs-policy"])
    lines = text.split("\n")
    receipt.write_text("\n".join([lines[0], *lines[2:]]), encoding="utf-8")
    assert codes(capsys, receipt, "--witness-policy", policy_file) == (UNCHECKABLE, ["receipt-leaf"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("index 5", "index 4"), "proof-root"),
        (lambda text: text.replace("index 5", "index 13"), "proof-outside"),
        (lambda text: text.replace("index 5", "index 05"), "count"),
        (lambda text: text.replace("index 5", "index -5"), "count"),
        (lambda text: text.replace("index 5", "index 9223372036854775808"), "count"),
        (lambda text: text.replace("index 5", "number 5"), "receipt-form"),
        (lambda text: text.replace("@v1", "@v2"), "zip"),  # then it is taken for a bundle
        (lambda text: text.replace("\n\n", "\n", 1).replace("\n\n", "\n"), "receipt-form"),
        (lambda text: text.replace("index 5", "index 5\n" + "B" * 42 + "=="), "base64"),
        (lambda text: text.replace("index 5", "index 5\nAAAA"), "hash-length"),
        (lambda text: text.replace("index 5", "index 5" + 64 * ("\n" + "A" * 43 + "=")), "proof-long"),
        (lambda text: text.replace("index 5", "index 5\n" + "A" * 43 + "="), "proof-long"),
        (lambda text: text.replace("index 5\n", "index 5\né\n"), "receipt-form"),
        (lambda text: "\n".join(text.split("\n")[:4] + text.split("\n")[5:]), "proof-short"),
        (lambda text: text.replace(f"\n{ORIGIN}\n13\n", f"\n{ORIGIN}\n14\n"), "signature"),  # 6
        (lambda text: text + "x" * 300_000, "too-large"),
    ],
)
def test_an_altered_receipt_is_refused_with_a_reason(published, policy_file, tmp_path, capsys, change, code):
    receipt = tmp_path / "r"
    receipt.write_text(change(str(published.receipt(5))), encoding="utf-8")
    status, found = codes(capsys, receipt, "--witness-policy", policy_file)
    assert (status in (FAULTY, UNCHECKABLE), found) == (True, [code])


def test_35_an_empty_or_short_hash_in_a_proof_is_refused():
    leaf = leaf_hash(b"x")
    assert refusal(check.check_inclusion, 0, 2, leaf, [b""], leaf) == "proof-hash"
    assert refusal(check.check_inclusion, 0, 1, b"", [], b"") == "proof-hash"
    assert refusal(check.check_consistency, 1, leaf, 2, leaf, [b"short"]) == "proof-hash"
    assert refusal(check.check_consistency, 2, leaf, 1, leaf, []) == "sizes"
    assert refusal(check.check_consistency, 1, leaf, 1, leaf, [leaf]) == "proof-long"


def test_every_consistency_proof_leads_from_the_older_root_to_the_newer():
    leaves = [leaf_hash(b"%d" % number) for number in range(20)]

    def reading(level, index):
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    for new in range(1, 21):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(old, new, reading)
            roots = merkle.root_of(leaves[:old]), merkle.root_of(leaves[:new])
            check.check_consistency(old, roots[0], new, roots[1], proof)
            if old < new:
                assert refusal(check.check_consistency, old, roots[1], new, roots[1], proof) == "not-extended"
                longer = [*proof, leaves[0]]
                found = refusal(check.check_consistency, old, roots[0], new, roots[1], longer)
                assert found in ("proof-long", "not-extended")


def test_40_what_is_too_large_or_no_text_is_not_even_read():
    assert refusal(check.read_note, b"x" * 70_000) == "too-large"
    assert refusal(check.read_proof, b"x" * 300_000) == "too-large"
    assert refusal(check.read_proof, "c2sp.org/tlog-proof@v1\né\n\n".encode()) == "receipt-form"
    assert check.tile_path("0", 1_234_067) == "tile/0/x001/x234/067"


# Checkpoints, witnesses, policies


def with_note(log, note):
    (log.root / "checkpoint").write_bytes(note if isinstance(note, bytes) else bytes(note))
    return log.root


def test_08_a_stripped_cosignature_is_missed(log, policy_file, capsys):
    root = with_note(log, log.note(INSPECTION))
    status, out = run(capsys, root, "--witness-policy", policy_file, "--lang", "en")
    assert status == FAULTY
    assert "has 纪检监察, needs both(2/2: 纪检监察, second(1/2: finance, archive))" in out
    assert codes(capsys, with_note(log, log.note(FINANCE, ARCHIVE)), "--witness-policy", policy_file) == (
        FAULTY,
        ["witness-missing"],
    )
    assert (
        codes(capsys, with_note(log, log.note(INSPECTION, ARCHIVE)), "--witness-policy", policy_file)[0]
        == SOUND
    )


def test_09_a_back_dated_cosignature_is_no_signature(log, policy_file, capsys):
    note = bytes(log.note(INSPECTION, FINANCE)).decode()
    line = next(line for line in note.split("\n") if FINANCE.name in line)
    blob = bytearray(base64.b64decode(line.split(" ")[2]))
    blob[4:12] = (int.from_bytes(blob[4:12], "big") - 86_400).to_bytes(8, "big")
    forged = note.replace(line.split(" ")[2], base64.b64encode(blob).decode())
    assert codes(capsys, with_note(log, forged.encode()), "--witness-policy", policy_file) == (
        UNCHECKABLE,
        ["signature"],
    )


def test_a_cosignature_of_the_end_of_time_tells_no_time(log, policy_file, capsys):
    note = log.note(INSPECTION, FINANCE, at=NOON + timedelta(days=365 * 7000))
    seen = check.verify_checkpoint(bytes(note), check.read_policy(POLICY.encode()))
    assert seen.at is not None
    seen = seen._replace(cosigned={"finance": 2**62})
    assert seen.at is None
    assert codes(capsys, with_note(log, note), "--witness-policy", policy_file)[0] == SOUND


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (b"", "note-form"),
        (b"\xff\n\n", "note-form"),
        (b"a\n\nb", "note-form"),
        (b"a\n\n", "note-form"),
        (b"a\r\n\nb\n", "note-form"),
        (b"a\n\nx y AAAAAAAA\n", "note-form"),
        ("a\n\n— AAAAAAAA\n".encode(), "note-form"),
        ("a\n\n— a+b AAAAAAAA\n".encode(), "note-form"),
        ("a\n\n— a b AAAA\n".encode(), "base64"),
        ("a\n\n— a AAAA\n".encode(), "note-form"),
        ("a\n\n— a A===\n".encode(), "base64"),
        ("a\n\n— a AAAAAAB=\n".encode(), "base64"),
        ("a\n\n— a ＡＡＡＡ\n".encode(), "base64"),
        (b"a\n\n" + "— a AAAAAAAA\n".encode() * 101, "note-signatures"),
        ("a\n\n— a AAAAAAAA\n".encode(), "checkpoint-form"),
        ("a\n1\n\n\n— a AAAAAAAA\n".encode(), "checkpoint-form"),
        ("a\n01\nAAAA\n\n— a AAAAAAAA\n".encode(), "count"),
        ("a\n1\nAAAA\n\n— a AAAAAAAA\n".encode(), "hash-length"),
        (f"a\n0\n{'A' * 43}=\n\n— a AAAAAAAA\n".encode(), "checkpoint-empty"),
        (f"a\n1\n{'A' * 43}=\n\n— a AAAAAAAA\n".encode(), "not-signed"),
        (f"{ORIGIN}\n1\n{'A' * 43}=\n\n— a AAAAAAAA\n".encode(), "not-signed"),
        (b"x" * 70_000, "too-large"),
    ],
)
def test_40_what_is_no_checkpoint_is_refused(log, policy_file, capsys, note, code):
    assert codes(capsys, with_note(log, note), "--witness-policy", policy_file) == (UNCHECKABLE, [code])


def test_36_one_key_listed_as_two_witnesses_is_refused():
    twice = Hand("other.example", COSIGNS).key
    again = check.key_id("again", COSIGNS, twice.public).hex()
    material = base64.b64encode(bytes([COSIGNS]) + twice.public).decode()
    policy = f"witness a {twice.vkey}\nwitness b again+{again}+{material}\ngroup g all a b\nquorum g\n"
    with pytest.raises(Refused) as refused:
        check.read_policy(policy.encode())
    assert refused.value.what.en == "policy, line 2: one public key is listed twice"


WITNESS = INSPECTION.key.vkey


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("", "no quorum line"),
        ("# only a comment\n\n \t\n", "no quorum line"),
        ("quorum none\nquorum none\n", "line 2: the line is unknown or stands twice"),
        ("quorum a\n", "line 1: a is unknown"),
        ("witness none " + WITNESS + "\n", "the name none is taken"),
        (f"witness a {WITNESS}\nwitness a {FINANCE.key.vkey}\n", "line 2: the name a is taken"),
        (f"witness a {WITNESS}\ngroup a all a\n", "line 2: the name a is taken"),
        (f"log {WITNESS}\n", "of another kind"),
        (f"witness a {LOG.key.vkey}\n", "of another kind"),
        (f"log {LOG.key.vkey} u v\n", "unknown or stands twice"),
        (f"witness a {WITNESS}\ngroup g 2 a\n", "threshold"),
        (f"witness a {WITNESS}\ngroup g 0 a\n", "threshold"),
        (f"witness a {WITNESS}\ngroup g two a\n", "not a count"),
        (f"witness a {WITNESS}\ngroup g any a a\n", "a is unknown or used twice"),
        ("group g any b\n", "b is unknown"),
        ("group g any\n", "unknown or stands twice"),
        ("witness a b+c\n", "not a verifier key"),
        ("witness a b c+00000000+AAAA\n", "not a verifier key"),
        ("witness a c+00000000+AAAA\n", "of another kind"),
        ("witness a c+0000000g+AAAA\n", "not a verifier key"),
        (f"witness a {WITNESS.replace('jjjc', 'else')}\n", "does not fit its id"),
        ("quorum none\r\n", "control characters"),
        ("#" + "x" * 70_000, "too large"),
    ],
)
def test_a_policy_that_does_not_say_who_counts_is_refused(policy, said):
    with pytest.raises(Refused) as refused:
        check.read_policy(policy.encode())
    assert said in refused.value.what.en


def test_a_policy_may_name_what_is_not_utf_8_and_ask_for_nobody():
    assert check.read_policy(b"quorum none").satisfied(frozenset())
    policy = check.read_policy(b"witness \xe9 " + WITNESS.encode() + b"\nquorum \xe9\n")
    assert policy.required == "\udce9" and policy.satisfied(frozenset(policy.witnesses))


# Whole logs


def test_a_whole_log_is_read_entry_by_entry(log, policy_file, capsys):
    status, out = run(capsys, log.root, "--witness-policy", policy_file)
    assert status == SOUND
    assert "13个条目、全部瓦片和检查点的根一致" in out and "4条链" in out and "从这里看不出来的" in out
    assert codes(capsys, log.root) == (UNCHECKABLE, ["needs-policy"])


def spoil(log, path, change):
    file = log.root / path
    file.write_bytes(change(file.read_bytes()))


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("tile/0/000.p/13", lambda data: data[:40] + b"\x00" + data[41:], "tile-other"),  # 2
        ("tile/0/000.p/13", lambda data: data[:-1], "tile-length"),
        ("tile/0/000.p/13", lambda data: data * 256, "too-large"),
        ("tile/entries/000.p/13", lambda data: data.replace(b"NOTICE_1", b"NOTICE_2", 1), "tile-other"),  # 1
        ("tile/entries/000.p/13", lambda data: data[:-1], "tile-length"),
        ("tile/entries/000.p/13", lambda data: data + b"\x00", "tile-length"),
        ("tile/entries/000.p/13", lambda data: b"", "tile-length"),
        ("tile/signatures/000.p/13", lambda data: data[:-1], "tile-length"),
        ("tile/signatures/000.p/13", lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "signature"),
    ],
)
def test_a_changed_file_of_the_log_is_named(log, policy_file, capsys, path, change, code):
    spoil(log, path, change)
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, [code])


@pytest.mark.parametrize(
    "path", ["tile/0/000.p/13", "tile/entries/000.p/13", "tile/signatures/000.p/13", "checkpoint"]
)
def test_05_what_is_not_there_is_not_sound(log, policy_file, capsys, path):
    (log.root / path).unlink()
    status, found = codes(capsys, log.root, "--witness-policy", policy_file)
    assert status == (UNCHECKABLE if path == "checkpoint" else FAULTY)
    assert found[0] in ("tile-missing", "file-missing")


def test_03_two_entries_swapped_change_the_tree(log, policy_file, capsys):
    log.leaves[4], log.leaves[7] = log.leaves[7], log.leaves[4]
    other = PublishedLog(log.root.parent / "other", leaves=log.leaves)
    other.publish()
    with_note(other, (log.root / "checkpoint").read_bytes())
    status, found = codes(capsys, other.root, "--witness-policy", policy_file)
    assert status == FAULTY
    assert "tree-root" in found and "chain-gap" in found


@pytest.mark.parametrize(
    ("spoiled", "code"),
    [
        ({"seq": 6}, "chain-gap"),
        ({"seq": 2}, "chain-twice"),
        ({"prev": "00" * 32}, "chain-prev"),
        (
            {"at_recorded": "2026-03-02T04:00:00.000000Z", "at_claimed": "2026-03-02T04:00:00.000000Z"},
            "chain-time",
        ),
        ({"at_claimed": "2026-03-02T05:00:00.000000Z"}, "entry-future"),
        ({"at_claimed": "2026-03-01T04:00:00.000000Z"}, "entry-late"),
        ({"late": True}, "entry-late"),
        ({"late": False}, "entry-field"),
        ({"at_claimed": "2026-02-30T05:00:00.000000Z"}, "time-none"),
        ({"at_claimed": "yesterday"}, "time-form"),
        ({"at_claimed": 7}, "time-form"),
        ({"v": 2}, "entry-fields"),
        ({"name": "x"}, "entry-fields"),
        ({"case": 1}, "entry-field"),
        ({"seq": True}, "entry-field"),
        ({"seq": -1}, "entry-field"),
        ({"prev": "00"}, "entry-field"),
        ({"rule": 1}, "entry-field"),
        ({"from": 1}, "entry-field"),
        ({"actor": None}, "entry-field"),
        ({"task": {}}, "entry-field"),
        ({"vars": []}, "entry-field"),
        ({"commit": []}, "entry-field"),
        ({"commit": {"opinion": "short"}}, "entry-field"),
        ({"attach": None}, "entry-field"),
        ({"attach": [None]}, "entry-field"),
        ({"attach": [{"commit": "00" * 32}]}, "entry-field"),
        ({"attach": [{"commit": "00" * 32, "size": -1}]}, "entry-field"),
        ({"kid": 1}, "entry-field"),
        ({"kid": "0000000G"}, "entry-field"),
    ],
)
def test_an_entry_that_does_not_follow_is_named_though_the_tree_is_sound(
    log, policy_file, capsys, spoiled, code
):
    log.add(FIRST, **spoiled)
    log.publish()
    status, found = codes(capsys, log.root, "--witness-policy", policy_file)
    assert (status, found) == (FAULTY, [code])


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        (b'{"a":1,"a":1}', "key-twice"),
        (b'{"b":1,"a":2}', "not-canonical"),
        (b'{"a": 1}', "not-canonical"),
        (b"-0", "not-canonical"),
        (b"1.0", "float"),
        (b"NaN", "float"),
        (b"9007199254740992", "integer"),
        (b"1" * 5_000, "integer"),
        (b"", "not-json"),
        (b'"\xff"', "not-json"),
        (b'"\\ud800"', "not-json"),
        (b"[" * 16_000, "not-json"),
        (b"[" * 17 + b"]" * 17, "too-deep"),
        ('"e\u0301"'.encode(), "not-nfc"),
        ('{"é":1}'.encode(), "key-ascii"),
        (b"x" * 20_000, "too-large"),
        (b"[]", "entry-fields"),
        (b"\x01" + bytes(64), "not-json"),  # 34: an inner node of the tree
    ],
)
def test_34_bytes_that_are_no_canonical_entry_are_named(log, policy_file, capsys, encoded, code):
    log.take(encoded, SECOND)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, [code])


def test_30_an_entry_sequenced_twice_is_named(log, policy_file, capsys):
    log.take(log.leaves[1].entry, FIRST)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, ["chain-twice"])


def test_an_incremental_reading_begins_at_a_whole_tile_and_finds_the_same(tmp_path):
    """Three tiles and a half; the level above is compared, and forks inside a tile are seen."""
    log = PublishedLog(tmp_path / "log")
    log.fill(3 * 256)
    log.publish()
    policy = check.read_policy(POLICY.encode())
    read = check.folder_reader(log.root)
    older = check.verify_checkpoint((log.root / "checkpoint").read_bytes(), policy).checkpoint
    log.fill(900)
    log.publish()
    newer = check.verify_checkpoint((log.root / "checkpoint").read_bytes(), policy).checkpoint
    for first in (0, 2, 3):
        taken = []
        check.LogReader(
            read,
            lambda first, entries, signatures, to=taken: to.extend(range(first, first + len(entries))),
            [older],
        ).run(newer, first)
        assert taken == list(range(first * 256, 900))
    inside = check.Checkpoint(ORIGIN, 300, check.EMPTY_ROOT)
    for known in (inside, older._replace(root=bytes(32))):
        assert refusal(check.LogReader(read, print_nothing, [known]).run, newer) == "fork"
    assert (
        refusal(check.LogReader(read, print_nothing, [older._replace(root=bytes(32))]).run, newer, 3)
        == "fork"
    )
    (log.root / "tile/1/000.p/3").write_bytes(bytes(96))
    assert refusal(check.LogReader(read, print_nothing).run, newer) == "tile-other"


def test_a_tree_of_several_levels_is_compared_at_every_level(tmp_path):
    log = PublishedLog(tmp_path / "log")
    log.fill(256 * 256)
    full = check.read_checkpoint(log.publish().text.encode())
    check.LogReader(check.folder_reader(log.root), print_nothing).run(full)
    log.fill(256 * 256 + 300)
    log.publish()
    assert (log.root / "tile/2/000.p/1").is_file() and (log.root / "tile/0/x001/000.p/44").exists() is False
    policy = check.read_policy(POLICY.encode())
    newest = check.verify_checkpoint((log.root / "checkpoint").read_bytes(), policy).checkpoint
    read = check.folder_reader(log.root)
    check.LogReader(read, print_nothing).run(newest)
    check.LogReader(read, print_nothing, [newest]).run(newest, 257)
    (log.root / "tile/1/000").write_bytes(bytes(8192))
    assert refusal(check.LogReader(read, print_nothing).run, newest) == "tile-other"


def test_a_partial_tile_may_have_been_replaced_by_the_full_one(tmp_path):
    log = PublishedLog(tmp_path / "log")
    log.fill(100)
    older = check.read_checkpoint(log.publish().text.encode())
    log.fill(256)
    log.publish()
    assert not (log.root / "tile/0/000.p").exists()
    check.LogReader(check.folder_reader(log.root), print_nothing).run(older)
    (log.root / "tile/0/000").write_bytes(bytes(8000))
    assert refusal(check.LogReader(check.folder_reader(log.root), print_nothing).run, older) == "tile-missing"


# Keys


def test_23_an_entry_written_past_the_application_is_not_signed(log, policy_file, capsys):
    log.add(FIRST, by=None)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, ["unsigned"])


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (NEXT_APP, {}, "key-unknown"),  # a key of his own
        (NEXT_APP, {"kid": APP.key.id.hex()}, "signature"),  # in the name of the right one
        (
            APP,
            {"type": "key_added", "vars": {"purpose": "application", "kid": "00000000", "vkey": PETER}},
            "key-id",
        ),
        (APP, {"type": "key_added", "vars": {"purpose": "application", "kid": "00000000"}}, "key-form"),
    ],
)
def test_23_an_entry_signed_by_another_key_is_found(log, policy_file, capsys, by, changes, code):
    log.add(FIRST, by, **changes)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, [code])


def test_24_a_key_counts_up_to_its_revocation_whatever_time_an_entry_claims(log, policy_file, capsys):
    log.add_key(NEXT_APP, by=APP)
    log.add(FIRST, by=APP)
    log.revoke_key(APP, by=NEXT_APP)
    log.add(SECOND, by=NEXT_APP)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (SOUND, [])
    log.clock -= timedelta(minutes=3)  # the thief claims an earlier time
    log.add(THIRD, by=APP)
    log.clock += timedelta(minutes=3)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, ["key-revoked"])


def test_entries_older_than_the_first_key_are_not_signed_and_no_fault(tmp_path, policy_file, capsys):
    log = PublishedLog(tmp_path / "log")
    log.add(FIRST, by=None)
    log.add_key(APP, by=APP)
    log.add(FIRST)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (SOUND, [])
    other = PublishedLog(tmp_path / "other")
    other.add(FIRST)
    other.publish()
    assert codes(capsys, other.root, "--witness-policy", policy_file) == (FAULTY, ["key-unknown"])


# Time


def tick(log, *witnesses, at=None):
    note = bytes(log.publish(*witnesses, at=at)).decode()
    log.add(SECOND, type="tick", vars={"checkpoint": note})


def test_25_a_clock_set_back_is_found_by_the_ticks(log, policy_file, capsys):
    log.clock += timedelta(days=30)
    tick(log)
    log.clock -= timedelta(days=30)
    log.add(FIRST)
    log.clock += timedelta(days=30)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, ["time-early"])


def test_25_a_clock_set_forward_is_found_by_the_next_cosignature(log, policy_file, capsys):
    log.clock += timedelta(days=30)
    log.add(FIRST)
    log.clock -= timedelta(days=30)
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, ["time-after"])


def test_ticks_with_true_times_are_no_faults(log, policy_file, capsys):
    log.add(SECOND, type="tick", vars={})
    tick(log)
    log.add(FIRST)
    tick(log, INSPECTION)  # no quorum: bounds nothing
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (SOUND, [])
    log.add(SECOND, type="tick", vars={"checkpoint": 7})
    log.publish()
    assert codes(capsys, log.root, "--witness-policy", policy_file) == (FAULTY, ["checkpoint-form"])


# Bundles that no office would make


@pytest.fixture
def bundle(tmp_path):
    """`bundle(log, case)`: the bundle of a case of a made-up log, packed."""

    def make(log, case, change=lambda files: None, **facts):
        files = evidence(log, case, **facts)
        change(files)
        return pack(files, tmp_path / "case.zip")

    return make


def test_a_made_up_bundle_is_sound_like_a_real_one(log, bundle, policy_file, capsys):
    assert codes(capsys, bundle(log, FIRST), "--witness-policy", policy_file) == (SOUND, [])
    status, out = run(capsys, bundle(log, FIRST), "--witness-policy", policy_file, "--lang", "en")
    assert status == SOUND and "4 entries stand in the signed log, in order" in out


def test_25_a_clock_set_back_shows_in_the_bundle(log, bundle, policy_file, capsys):
    log.clock += timedelta(days=30)
    note = bytes(log.publish()).decode()
    log.add(SYSTEM, type="tick", vars={"checkpoint": note})
    log.clock -= timedelta(days=30)
    log.add(FIRST)
    log.clock += timedelta(days=30)
    log.publish()
    path = bundle(log, FIRST)
    assert codes(capsys, path, "--witness-policy", policy_file) == (FAULTY, ["time-early"])
    assert "第4条：入库时间" in run(capsys, path, "--witness-policy", policy_file)[1]
    assert codes(capsys, path)[0] == PARTLY, "without a policy nobody has vouched for the time"


def test_a_tick_that_is_none_is_named_in_the_bundle(log, bundle, policy_file, capsys):
    log.add(SYSTEM, type="tick", vars={"checkpoint": "x"})
    log.publish()
    assert codes(capsys, bundle(log, FIRST), "--witness-policy", policy_file) == (FAULTY, ["note-form"])


def test_26_a_late_entry_is_reported_with_both_times(log, bundle, policy_file, capsys):
    log.add(FIRST, late=True, at_claimed="2026-03-01T04:00:00.000000Z")
    log.publish()
    status, out = run(capsys, bundle(log, FIRST), "--witness-policy", policy_file)
    assert status == SOUND
    assert "第4条：补记：2026-03-02T04:14:00.000000Z入库，说明办理于2026-03-01T04:00:00.000000Z" in out


def test_03_an_order_in_the_log_that_is_not_that_of_the_case_is_named(log, bundle, policy_file, capsys):
    """The office sequences two entries of a case in the wrong order."""
    log.add(FIRST)
    log.add(FIRST)
    log.leaves[-1], log.leaves[-2] = log.leaves[-2], log.leaves[-1]
    log.publish()
    assert codes(capsys, bundle(log, FIRST), "--witness-policy", policy_file) == (FAULTY, ["order"])


OPINION, OPENED = sealed(1, "opinion", "同意")
PAPER_COMMIT, PAPER = sealed(2, "attach.0", hashlib.sha256(b"scan").hexdigest())


def with_sealed_values(log):
    log.add(FIRST, commit={"opinion": OPINION}, attach=[{"commit": PAPER_COMMIT, "size": 4}])
    log.publish()


def opening(files, **given):
    files["openings/000004.json"] = json.dumps(given).encode()


def test_sealed_values_are_opened_closed_or_withheld(log, bundle, policy_file, capsys):
    with_sealed_values(log)

    def all_given(files):
        opening(files, opinion=OPENED, **{"attach.0": PAPER})
        files["papers/01-scan"] = b"scan"

    policy = ("--witness-policy", policy_file)
    assert codes(capsys, bundle(log, FIRST, all_given), *policy) == (SOUND, [])
    closed = {"4": ["attach.0", "opinion"]}
    assert codes(capsys, bundle(log, FIRST, closed=closed), *policy) == (SOUND, [])
    assert codes(capsys, bundle(log, FIRST, closed={"4": 7}), *policy)[1] == [
        "WITHHELD",
        "WITHHELD",
        "openings",
    ]

    log.add(FIRST, attach=[{"commit": sealed(3, "attach.0", PAPER[1])[0], "size": 5}])
    log.publish()

    def longer(files):
        all_given(files)
        files["openings/000005.json"] = json.dumps({"attach.0": sealed(3, "attach.0", PAPER[1])[1]}).encode()

    assert codes(capsys, bundle(log, FIRST, longer), *policy) == (FAULTY, ["paper-size"])


def test_a_value_erased_by_law_is_no_fault_and_one_that_came_back_is(log, bundle, policy_file, capsys):
    with_sealed_values(log)
    facts = {
        "through": 4,
        "fields": ["opinion", "attach.0"],
        "basis": "retention_over",
        "approved_by": [7, 9],
    }
    log.add(FIRST, type="erasure", vars=facts)
    log.add(FIRST, type="erasure", vars={**facts, "through": "x"})
    log.add(FIRST, type="erasure", vars={**facts, "through": 99})
    log.add(FIRST, type="erasure", vars={**facts, "fields": "opinion"})
    log.publish()
    policy = ("--witness-policy", policy_file)
    status, out = run(capsys, bundle(log, FIRST), *policy)
    assert status == SOUND
    assert "opinion已依法删除，见#5" in out
    kept = bundle(log, FIRST, lambda files: opening(files, opinion=OPENED))
    assert codes(capsys, kept, *policy) == (FAULTY, ["erased-yet-here"])


def test_an_erasure_of_one_person_alone_does_not_count(log, bundle, policy_file, capsys):
    with_sealed_values(log)
    facts = {
        "through": 4,
        "fields": ["opinion", "attach.0"],
        "basis": "retention_over",
        "approved_by": [7, 7],
    }
    log.add(FIRST, type="erasure", vars=facts)
    log.publish()
    found = codes(capsys, bundle(log, FIRST), "--witness-policy", policy_file)
    assert found == (FAULTY, ["WITHHELD", "WITHHELD", "openings"])


# The command


def test_a_subject_that_is_not_there_cannot_be_checked(tmp_path, capsys):
    assert codes(capsys, tmp_path / "none.zip") == (UNCHECKABLE, ["unreadable"])
    (tmp_path / "policy").write_bytes(b"x" * 70_000)
    (tmp_path / "x").write_bytes(b"")
    found = codes(capsys, tmp_path / "x", "--witness-policy", tmp_path / "policy")
    assert found == (UNCHECKABLE, ["too-large"])


def test_many_faults_are_counted_and_not_all_listed(tmp_path, policy_file, capsys):
    log = PublishedLog(tmp_path / "log")
    log.fill(250)
    log.publish()
    status, out = run(capsys, log.root, "--witness-policy", policy_file)
    assert status == FAULTY
    assert out.count("×") == 201 and "还有50项没有一一列出" in out


def test_the_time_limit_stops_a_checker_that_hangs(tmp_path):
    """A pipe that nobody writes to: reading it would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, str(FILE), str(tmp_path / "pipe"), "--seconds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == UNCHECKABLE
    assert "不等于通过" in done.stdout


def test_the_time_limit_says_so(monkeypatch, capsys):
    ended = []
    monkeypatch.setattr(check.os, "_exit", ended.append)
    check._out_of_time(7)
    assert ended == [UNCHECKABLE] and "7 s" in capsys.readouterr().out


def test_a_terminal_that_cannot_write_every_sign_is_no_fault(published, policy_file, monkeypatch):
    done = subprocess.run(
        [sys.executable, str(FILE), str(published.root), "--witness-policy", str(policy_file)],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": "gbk"}, timeout=60,
    )  # fmt: skip
    assert done.returncode == SOUND
    assert "√" in done.stdout.decode("gbk")


def test_the_file_runs_as_a_program(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["mingjian_check.py", str(tmp_path / "none.zip")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(FILE), run_name="__main__")
    assert ended.value.code == UNCHECKABLE


def test_where_the_library_is_missing_the_file_does_without(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    alone = runpy.run_path(str(FILE), run_name="checker")
    assert alone["_LibraryKey"] is None
    public, message, signature = map(bytes.fromhex, RFC_8032[2])
    assert alone["verify_ed25519"](public, message, signature)
