"""The tree over the entries: proofs lead to the root, tiles are in the public format and never rewritten."""

import json
import os
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import merkle, tiles
from audit.checkpoint import Checkpoint
from audit.note import Key, Note
from audit.tiles import (
    ENTRIES,
    SIGNATURE,
    SIGNATURES,
    Folder,
    Leaf,
    Tree,
    TreeBroken,
    append,
    bundle,
    tile_path,
    unbundle,
    width_of,
)

VECTORS = Path(os.environ.get("MINGJIAN_VECTORS", Path(__file__).parents[2] / "shared" / "vectors"))
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason=f"public test vectors are not at {VECTORS}; set MINGJIAN_VECTORS"
)
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def of(count, start=0):
    return [
        Leaf(f"entry {number}".encode(), bytes([number % 256]) * SIGNATURE)
        for number in range(start, start + count)
    ]


def hashes(count):
    return [merkle.leaf_hash(leaf.entry) for leaf in of(count)]


def reading(leaves):
    return lambda level, index: merkle.root_of(leaves[index << level : (index + 1) << level])


@needs_vectors
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_public_proofs_are_judged_as_their_authors_say(kind):
    def decoded(value):
        return b64decode(value or "")

    files = sorted((VECTORS / "merkle" / kind).rglob("*.json"))
    assert len(files) == {"inclusion": 98, "consistency": 98}[kind]
    for file in files:
        case = json.loads(file.read_text())
        proof = [decoded(node) for node in case["proof"] or ()]
        if kind == "inclusion":
            leaf, root = decoded(case["leafHash"]), decoded(case["root"])
            sound = merkle.includes(leaf, case["leafIdx"], case["treeSize"], proof, root)
        else:
            roots = decoded(case["root1"]), decoded(case["root2"])
            sound = merkle.extends(case["size1"], case["size2"], proof, *roots)
        assert sound is not case["wantErr"], file


@needs_vectors
@pytest.mark.parametrize("size", range(16))
def test_the_public_log_is_read_as_its_authors_wrote_it(size, tmp_path):
    note = Note.parse((VECTORS / "tessera-log" / f"checkpoint.{size}").read_bytes())
    assert note.signed_by(Key.parse(TESSERA)) == 0
    checkpoint = Checkpoint.parse(note.text)
    assert checkpoint.size == size
    if size:
        theirs = Folder(VECTORS / "tessera-log")
        assert Tree(theirs, size).root() == checkpoint.root
        entries = theirs.entries(0, size)
        append(Folder(tmp_path), 0, [Leaf(entry) for entry in entries])
        for kind in (0, ENTRIES):
            assert Folder(tmp_path).read(kind, 0, size) == theirs.read(kind, 0, size)
    assert Tree(Folder(tmp_path), size).root() == checkpoint.root


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_every_proof_leads_to_its_root_and_no_other_does(size):
    leaves = hashes(size)
    read, root = reading(leaves), merkle.root_of(leaves)
    assert merkle.root(size, read) == root
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, read)
        assert merkle.includes(leaves[index], index, size, proof, root)
        assert not merkle.includes(leaves[index], (index + 1) % size, size, proof, root) or size == 1
        assert not merkle.includes(leaves[index], index, size, [*proof, bytes(32)], root)
        assert not merkle.includes(leaves[index], index, size, [node[:31] for node in proof] or [b""], root)
    for old in range(1, size + 1):
        proof = merkle.consistency_proof(old, size, read)
        before = merkle.root_of(leaves[:old])
        assert merkle.extends(old, size, proof, before, root)
        assert not merkle.extends(old, size, proof, bytes(32), root)
        assert not merkle.extends(old, size, [*proof, bytes(32)], before, root)
        assert not merkle.extends(old, size, proof[1:], before, root) or not proof


def test_an_empty_tree_has_a_root_and_no_proofs():
    read = reading([])
    assert merkle.root(0, read) == merkle.root_of([]) == sha256(b"").digest()
    for asked in (lambda: merkle.inclusion_proof(0, 0, read), lambda: merkle.consistency_proof(0, 1, read)):
        with pytest.raises(ValueError, match=r"0 to 1|tree of 0"):
            asked()
    assert not merkle.includes(bytes(32), 0, 0, [], merkle.EMPTY)
    assert not merkle.extends(0, 1, [], merkle.EMPTY, bytes(32))
    assert not merkle.extends(1, 2, [], bytes(32), bytes(32))


@pytest.mark.parametrize(
    ("number", "path"),
    [(0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")],
)
def test_tiles_lie_where_the_format_says(number, path):
    assert tile_path(2, number) == f"tile/2/{path}"
    assert tile_path(ENTRIES, number, 7) == f"tile/entries/{path}.p/7"


def test_a_tree_of_70000_has_the_tiles_of_the_specifications_example():
    assert [width_of(0, number, 70_000) for number in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_of(1, number, 70_000) for number in (0, 1, 2)] == [256, 17, 0]
    assert [width_of(2, 0, 70_000), width_of(3, 0, 70_000)] == [1, 0]
    assert width_of(ENTRIES, 273, 70_000) == 112


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_however_the_log_grew_its_tiles_prove_the_same(steps, tmp_path_factory):
    folder = Folder(tmp_path_factory.mktemp("log"), fsync=lambda descriptor: None)
    size, sizes = 0, []
    for step in steps:
        append(folder, size, of(step, size))
        size += step
        sizes.append(size)
    leaves, tree = hashes(size), Tree(folder, size)
    assert tree.root() == merkle.root_of(leaves)
    assert list(tree.leaves()) == of(size)
    index = size * 2 // 3
    assert merkle.includes(leaves[index], index, size, tree.inclusion(index), tree.root())
    assert tree.entry(index) == of(size)[index].entry
    for old in sizes:
        assert tree.root_at(old) == merkle.root_of(leaves[:old])
        assert merkle.extends(old, size, tree.consistency(old), tree.root_at(old), tree.root())
    assert list(tree.leaves(size // 2)) == of(size)[size // 2 // 256 * 256 :]


def test_partial_tiles_stay_until_the_full_one_is_there(tmp_path):
    folder = Folder(tmp_path)
    append(folder, 0, of(200))
    append(folder, 200, of(50, 200))
    assert {file.name for file in (tmp_path / "tile/0/000.p").iterdir()} == {"200", "250"}
    append(folder, 250, of(10, 250))
    for kind in ("0", ENTRIES, SIGNATURES):
        assert [path.name for path in (tmp_path / "tile" / kind).iterdir()] in (
            ["000", "001.p"],
            ["001.p", "000"],
        )
    assert Tree(folder, 200).root() == merkle.root_of(hashes(200))
    assert len(list(Tree(folder, 200).leaves())) == 200


def test_appending_again_changes_nothing_and_appending_otherwise_is_refused(tmp_path):
    folder = Folder(tmp_path)
    append(folder, 0, of(300))
    append(folder, 0, of(300))
    append(folder, 20, of(280, 20))
    with pytest.raises(TreeBroken, match="would be changed"):
        append(folder, 0, [Leaf(b"another history")] * 300)
    assert Tree(folder, 300).root() == merkle.root_of(hashes(300))


def test_what_is_missing_or_cut_short_is_said_and_never_taken_for_a_tree(tmp_path):
    folder = Folder(tmp_path)
    append(folder, 0, of(5))
    with pytest.raises(TreeBroken, match="not there"):
        Tree(folder, 600).root()
    with pytest.raises(ValueError, match="has 5 entries"):
        Tree(folder, 5).root_at(6)
    for kind, shorter in ((0, 33), (SIGNATURES, 300)):
        (tmp_path / tile_path(kind, 0, 5)).write_bytes(bytes(shorter))
        with pytest.raises(TreeBroken, match="instead of"):
            folder.read(kind, 0, 5)
    for content, width in ((b"\x00\x05abcd", 1), (b"\x00", 1), (bundle([b"a"]), 2), (b"\xff\xffab", 1)):
        with pytest.raises(TreeBroken, match="cut short or longer"):
            unbundle(content, width)


def test_only_so_many_tiles_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(tiles, "_CACHED", 1)
    append(Folder(tmp_path), 0, of(300))
    tree = Tree(Folder(tmp_path), 300)
    assert tree.root() == merkle.root_of(hashes(300))
    assert len(tree._tiles) == 1


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        append(Folder(tmp_path, fsync=full), 0, of(3))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.endswith(".part")]
    append(Folder(tmp_path), 0, of(3))
    assert Tree(Folder(tmp_path), 3).root() == merkle.root_of(hashes(3))
