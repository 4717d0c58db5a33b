"""The tree over the entries: RFC 6962, section 2.1, with the verification of RFC 9162. Pure functions.

A tree of n entries is made of complete subtrees. `Read` gives the hash of one: level 0 are the leaves, the
node (level, index) covers the entries from index * 2^level on. All hashes are 32 bytes. The empty tree has a
root and no proofs; whoever asks for one with size 0 gets ValueError (a proof) or False (a check).
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from struct import Struct
from typing import TypeAlias

Read: TypeAlias = Callable[[int, int], bytes]

HASH = 32
EMPTY = sha256(b"").digest()
"""The root of a tree without entries."""


_NODE = sha256(b"\x01")
_PAIRS = Struct("64s").iter_unpack


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes held in memory."""
    if not leaves:
        return EMPTY
    row = list(leaves)
    while len(row) > 1:
        paired = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        row = paired + row[len(paired) * 2 :]  # the last one without a partner moves up as it is
    return row[0]


def fold(hashes: bytes) -> bytes:
    """The root over concatenated hashes, a power of two of them: as `root_of`, in less than half the time.

    A proof from a tree of a million entries takes some six hundred of these hashes; one that is begun once
    and copied costs less than a new one.
    """
    fresh = _NODE.copy
    while len(hashes) > HASH:
        row = []
        for (pair,) in _PAIRS(hashes):
            node = fresh()
            node.update(pair)
            row.append(node.digest())
        hashes = b"".join(row)
    return hashes


def root(size: int, read: Read) -> bytes:
    """The root of the first `size` entries."""
    return _range(0, size, read) if size else EMPTY


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` entries, the sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, read))
            high = middle
        else:
            path.append(_range(low, middle, read))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, read: Read) -> list[bytes]:
    """The hashes that show that the first `old` of `new` entries are those of the tree of `old`."""
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} to {new} entries")
    low, high, path = 0, new, []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range(middle, high, read))
            high = middle
        else:
            path.append(_range(low, middle, read))
            low = middle
    if low:  # else the verifier holds this hash already: it is the old root
        path.append(_range(low, high, read))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash at `index` to the root of a tree of `size` entries."""
    if not 0 <= index < size or not _hashes(leaf, root, *proof):
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node % 2 or node == last:
            found = node_hash(sibling, found)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def extends(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the proof shows that the tree of `new` entries begins with the tree of `old`, old > 0."""
    if old == new > 0:
        return not proof and old_root == new_root
    if not 0 < old < new or not _hashes(old_root, new_root, *proof):
        return False
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    node, last = old - 1, new - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    in_old = in_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node % 2 or node == last:
            in_old, in_new = node_hash(sibling, in_old), node_hash(sibling, in_new)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            in_new = node_hash(in_new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and in_old == old_root and in_new == new_root


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH for value in values)


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _range(low: int, high: int, read: Read) -> bytes:
    """The root over the entries low to high; every subtree in it begins at a multiple of its size."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, low >> level)
    middle = low + _split(count)
    return node_hash(_range(low, middle, read), _range(middle, high, read))
