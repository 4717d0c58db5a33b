"""Who has signed how large the log is: notes, checkpoints, policies and proofs in the public formats."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.merkle import EMPTY, leaf_hash
from audit.note import COSIGNS, MOST_SIGNATURES, SIGNS, Key, Note, NoteRefused, cosign, parse_signatures, sign
from audit.policy import NotSupported, Policy, PolicyFaulty
from audit.proof import HEADER, Proof, prove, unpack
from audit.tiles import Folder, Leaf, Tree, append

# From the documentation of Go's sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ADVICE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
# The example of C2SP's tlog-cosignature.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO"
    "oRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI"
    "5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


class Pen:
    """A signer for the tests, from one byte."""

    def __init__(self, name, seed, kind=SIGNS):
        self._private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = Key(name, kind, self._private.public_key().public_bytes_raw())

    def sign(self, message):
        return self._private.sign(message)


LOG = Pen("log.example", 1)
ONE, TWO, THREE = (Pen(f"w{number}.example", 10 + number, COSIGNS) for number in (1, 2, 3))
ALIAS = Key("other", COSIGNS, ONE.key.public).vkey
AT = Checkpoint("log.example", 3, bytes(range(32)))


def policy(*lines, log=LOG):
    return Policy.parse("\n".join([f"log {log.key.vkey}", *lines, ""]).encode())


def test_the_public_examples_of_notes_are_read_and_written_as_they_stand():
    peter = Key.parse(PETER)
    note = Note.parse(ADVICE.encode())
    assert peter.vkey == PETER and note.signed_by(peter) == 0
    assert bytes(note) == ADVICE.encode()
    sofa = Note.parse(SOFA.encode())
    assert bytes(sofa) == SOFA.encode()
    assert Checkpoint.parse(sofa.text).size == 20852163
    assert str(Checkpoint.parse(sofa.text)) == sofa.text
    assert int.from_bytes(sofa.signatures[1].blob[:8], "big") == 1679315147


def test_a_signature_holds_for_its_text_and_its_key_alone():
    note = AT.signed(LOG)
    assert note.signed_by(LOG.key) == 0
    assert note.signed_by(ONE.key) is None
    assert note.signed_by(Key("log.example", SIGNS, ONE.key.public)) is None
    forged = Note(note.text.replace("\n3\n", "\n4\n"), note.signatures)
    with pytest.raises(NoteRefused, match=r"in the name of log\.example"):
        forged.signed_by(LOG.key)


def test_a_cosignature_holds_for_its_time_too():
    note = AT.signed(LOG).adding([cosign(str(AT), ONE, 1_000)])
    assert note.signed_by(ONE.key) == 1_000
    (line,) = [line for line in note.signatures if line.by(ONE.key)]
    for at in (999, 2**63):
        older = line.__class__(line.name, line.key_id, at.to_bytes(8, "big") + line.blob[8:])
        with pytest.raises(NoteRefused, match="not its signature"):
            note.adding([older]).signed_by(ONE.key)
    assert len(note.adding([cosign(str(AT), ONE, 2_000)]).signatures) == 2


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"text\n\n",
        b"text\n",
        b"\n\n\xe2\x80\x94 n AAAAAAA=\n",
        ADVICE.encode()[:-1],
        ADVICE.encode().replace(b"\n\n", b"\n"),
        ADVICE.encode().replace(b"If", b"\tIf"),
        ADVICE.encode().replace(b"If", b"\xff"),
        ADVICE.encode().replace(b"= \n", b"\n").replace("— ".encode(), b"- "),
        ADVICE.encode().replace(b"Peter", b"Pe+er"),
        ADVICE.encode().replace(b"JnAM=", b"JnAN="),
        ADVICE.encode().replace(b"JnAM=", b"JnAM"),
        ADVICE.encode().replace(b"x08go", b"x08g"),
        b"text\n\n\xe2\x80\x94 name AAAAAA==\n",
        b"x" * 70_000 + ADVICE.encode(),
        b"text\n\n" + b"\xe2\x80\x94 name AAAAAAA=\n" * (MOST_SIGNATURES + 1),
    ],
)  # fmt: skip
def test_what_is_not_a_note_is_refused(encoded):
    with pytest.raises(NoteRefused):
        Note.parse(encoded)


def test_signature_lines_that_do_not_end_are_refused():
    with pytest.raises(NoteRefused, match="does not end"):
        parse_signatures(str(sign("text\n", LOG)).rstrip("\n"))


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+c74f20a3",
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", ""),
        "name+00000000+",
        "name+00000000+" + b64encode(b"\x02" + bytes(32)).decode(),
        "name+00000000+" + b64encode(b"\x01" + bytes(31)).decode(),
    ],
)
def test_what_is_not_a_key_is_refused(vkey):
    with pytest.raises(NoteRefused):
        Key.parse(vkey)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n3\n",
        "origin\n3\nAAAA\n",
        "origin\n03\n" + SOFA.split("\n")[2] + "\n",
        "origin\n-1\n" + SOFA.split("\n")[2] + "\n",
        "origin\n9999999999999999999\n" + SOFA.split("\n")[2] + "\n",
        "\n3\n" + SOFA.split("\n")[2] + "\n",
        "origin\n3\n" + SOFA.split("\n")[2],
        "origin\n3\n" + SOFA.split("\n")[2] + "\n\nextension\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(NoteRefused):
        Checkpoint.parse(text)


def test_lines_that_others_add_to_a_checkpoint_are_kept():
    text = f"log.example\n0\n{b64encode(EMPTY).decode()}\nextension\n"
    assert Checkpoint.parse(text).extensions == ("extension",)
    assert str(Checkpoint.parse(text)) == text


def cosigned(*pens, log=LOG):
    return bytes(AT.signed(log).adding(cosign(str(AT), pen, 100 + at) for at, pen in enumerate(pens)))


GROUPED = (
    "  # inspection and one of the two others",
    f"witness inspection {ONE.key.vkey} https://inspection.example/w/",
    f"witness\tfinance {TWO.key.vkey}",
    f"witness archive {THREE.key.vkey}",
    "group others any finance archive",
    "group both all inspection others",
    "quorum both",
)


@pytest.mark.parametrize(
    ("pens", "enough"),
    [((ONE, TWO), True), ((ONE, THREE), True), ((ONE, TWO, THREE), True), ((TWO, THREE), False), ((), False)],
)
def test_a_checkpoint_counts_with_the_inspection_and_one_of_the_others(pens, enough):
    trusted = policy(*GROUPED)
    if enough:
        seen = trusted.check(cosigned(*pens))
        assert seen.checkpoint == AT and seen.cosigned["inspection"] == 100
        assert len(seen.cosigned) == len(pens)
    else:
        with pytest.raises(NotSupported, match="no quorum"):
            trusted.check(cosigned(*pens))
    assert trusted.witnesses["inspection"].url == "https://inspection.example/w/"


def test_a_policy_may_ask_for_nobody_or_for_one():
    assert policy("quorum none").check(cosigned()).cosigned == {}
    one = policy(f"witness one {ONE.key.vkey}", "quorum one")
    assert one.check(cosigned(ONE)).cosigned == {"one": 100}
    two = policy(*GROUPED[1:4], "group two 2 inspection finance archive", "quorum two")
    assert two.satisfied({"finance", "archive"}) and not two.satisfied({"finance"})


def test_another_log_is_not_ours():
    with pytest.raises(NotSupported, match="knows no log"):
        policy("quorum none").check(bytes(Checkpoint("other.example", 3, AT.root).signed(LOG)))
    with pytest.raises(NotSupported, match=r"not signed by log\.example"):
        policy("quorum none").check(cosigned(log=Pen("log.example", 9)))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "no quorum line"),
        (("quorum none", "quorum none"), "line 3: not understood"),
        (("quorum nobody",), "nobody is not defined above"),
        (("witness",), "not understood"),
        ((f"witness none {ONE.key.vkey}",), "name none is taken"),
        ((f"witness a {ONE.key.vkey}", f"witness a {TWO.key.vkey}"), "name a is taken"),
        # 36: one key as two witnesses
        ((f"witness a {ONE.key.vkey}", f"witness b {ALIAS}"), "listed twice"),
        ((f"witness a {LOG.key.vkey}",), "has the key of a log"),
        ((f"log {ONE.key.vkey}",), "has the key of a witness"),
        ((f"log {LOG.key.vkey}",), "listed twice"),
        (("log nonsense",), "not a verification key"),
        ((*GROUPED[:4], "group g 4 inspection finance archive"), "4 of 3 cannot be"),
        ((*GROUPED[:4], "group g 0 inspection"), "0 of 1 cannot be"),
        ((*GROUPED[:4], "group g most inspection"), "cannot be"),
        ((*GROUPED[:4], "group g all"), "not understood"),
        ((*GROUPED[:5], "group g all finance"), "stands in two groups"),
        (("group g all inspection",), "not defined above"),
        (("quorum none\x07",), "control characters"),
    ],
)  # fmt: skip
def test_a_faulty_policy_is_refused_with_its_line(lines, why):
    with pytest.raises(PolicyFaulty, match=why):
        policy(*lines)


@pytest.fixture
def tree(tmp_path):
    append(Folder(tmp_path), 0, [Leaf(f"entry {number}".encode()) for number in range(11)])
    return Tree(Folder(tmp_path), 11)


@pytest.fixture
def proof(tree):
    at = Checkpoint("log.example", 11, tree.root())
    return prove(tree, at.signed(LOG).adding([cosign(str(at), ONE, 7)]), 4)


def test_a_proof_stands_alone_as_text_and_as_a_link(proof):
    trusted = policy(f"witness one {ONE.key.vkey}", "quorum one")
    assert Proof.parse(str(proof)) == proof == unpack(proof.packed())
    assert str(proof).startswith(f"{HEADER}\nextra ")
    assert proof.check(trusted).cosigned == {"one": 7}
    assert proof.check(trusted, leaf_hash(b"entry 4")).checkpoint.size == 11
    with pytest.raises(NotSupported, match="does not lead"):
        proof.check(trusted, leaf_hash(b"entry 5"))
    bare = Proof(proof.index, proof.path, proof.note)
    assert Proof.parse(str(bare)) == bare
    with pytest.raises(NotSupported, match="does not lead"):
        bare.check(trusted)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 4", "index 04"),
        lambda text: text.replace("index 4\n", ""),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("index 4\n", "index 4\nAAAA\n"),
        lambda text: text.replace("index 4\n", "index 4\n" + f"{b64encode(bytes(32)).decode()}\n" * 64),
        lambda text: text.replace("extra ", "extra !"),
        lambda text: text + "x" * 70_000,
        lambda text: HEADER,
    ],
)
def test_what_is_not_a_proof_is_refused(proof, change):
    with pytest.raises(NoteRefused):
        Proof.parse(change(str(proof)))


@pytest.mark.parametrize("packed", ["", "!", "AAAA", "é", "eJwDAAAAAAE", "eJzLz8gHAARkAbE"])
def test_a_link_that_holds_no_proof_is_refused(packed):
    with pytest.raises(NoteRefused):
        unpack(packed)


def test_a_link_that_would_unfold_to_more_than_a_proof_is_refused(proof):
    import zlib
    from base64 import urlsafe_b64encode

    bomb = urlsafe_b64encode(zlib.compress(b"x" * 50_000_000, 9)).decode()
    with pytest.raises(NoteRefused, match="more than"):
        unpack(bomb)
