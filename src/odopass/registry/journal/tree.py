"""The Merkle tree of RFC 9162, section 2.1: SHA-256, leaves and nodes told apart by the byte they are hashed with.

Pure: hashes in, hashes out. Of a tree's nodes only some are kept: the leaves, and the roots of complete subtrees of
2^8, 2^16, 2^24 … leaves. Every other node is computed from at most 255 of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

HASH_BYTES: Final = 32
#: Levels of which the nodes are kept: multiples of this.
KEPT_LEVELS: Final = 8
EMPTY_ROOT: Final = sha256(b"").digest()


class Subtree(NamedTuple):
    """A complete subtree.

    Attributes:
        level: it has 2^level leaves; 0 is a leaf.
        place: its leaves begin at place * 2^level.
    """

    level: int
    place: int


#: Hashes of leaves (level 0) and of kept nodes.
Kept: TypeAlias = Mapping[Subtree, bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two others."""
    return sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that leaves are added to; it knows only the roots of the complete subtrees that make it up.

    Args:
        size: how many leaves it has.
        kept: what `needed_to_grow` names.
    """

    def __init__(self, size: int = 0, kept: Kept | None = None) -> None:
        self.size = size
        self._peaks = [(subtree.level, hash_of(subtree, kept or {})) for subtree in complete(0, size)]

    def add(self, leaf: bytes) -> Iterator[tuple[Subtree, bytes]]:
        """Add the hash of a leaf; the nodes to be kept that this completes."""
        level, grown = 0, leaf
        while self._peaks and self._peaks[-1][0] == level:
            grown = node_hash(self._peaks.pop()[1], grown)
            level += 1
            if level % KEPT_LEVELS == 0:
                yield Subtree(level, self.size >> level), grown
        self._peaks.append((level, grown))
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return _joined([peak for _, peak in self._peaks])


def needed_to_grow(size: int) -> list[Subtree]:
    """The leaves and kept nodes from which a tree of this size goes on."""
    return [needed for subtree in complete(0, size) for needed in needed_for(subtree)]


def path_ranges(leaf: int, size: int) -> list[tuple[int, int]]:
    """The leaves (first, one beyond the last) under each node of a leaf's inclusion proof, from the leaf upwards."""
    first, last = 0, size
    ranges = []
    while last - first > 1:
        middle = first + (1 << (last - first - 1).bit_length() - 1)
        if leaf < middle:
            ranges.append((middle, last))
            last = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def needed_for_path(leaf: int, size: int) -> list[Subtree]:
    """The leaves and kept nodes from which `inclusion_path` is computed."""
    return [
        needed
        for first, last in path_ranges(leaf, size)
        for subtree in complete(first, last)
        for needed in needed_for(subtree)
    ]


def inclusion_path(leaf: int, size: int, kept: Kept) -> list[bytes]:
    """The inclusion proof of a leaf in the tree of the first `size` leaves (RFC 9162, 2.1.3.1).

    Raises:
        KeyError: `kept` lacks something that `needed_for_path` names.
    """
    return [
        _joined([hash_of(subtree, kept) for subtree in complete(first, last)])
        for first, last in path_ranges(leaf, size)
    ]


def root_from_path(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None if it cannot be one.

    Args:
        leaf: the hash of the leaf.
        place: of the leaf in the tree, from 0.
        size: of the tree, in leaves.
        path: from the leaf upwards.
    """
    if not 0 <= place < size:
        return None
    at, last, root = place, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def complete(first: int, last: int) -> list[Subtree]:
    """The fewest complete subtrees with these leaves, from left to right."""
    subtrees = []
    while first < last:
        most = (last - first).bit_length() - 1
        aligned = (first & -first).bit_length() - 1 if first else most
        level = min(most, aligned)
        subtrees.append(Subtree(level, first >> level))
        first += 1 << level
    return subtrees


def needed_for(subtree: Subtree) -> list[Subtree]:
    """The leaves or kept nodes from which a subtree's root is computed."""
    above = subtree.level % KEPT_LEVELS
    first = subtree.place << above
    return [Subtree(subtree.level - above, place) for place in range(first, first + (1 << above))]


def hash_of(subtree: Subtree, kept: Kept) -> bytes:
    """The root of a complete subtree.

    Raises:
        KeyError: `kept` lacks something that `needed_for` names.
    """
    level, place = subtree
    if level % KEPT_LEVELS == 0:
        return kept[subtree]
    return node_hash(hash_of(Subtree(level - 1, 2 * place), kept), hash_of(Subtree(level - 1, 2 * place + 1), kept))


def _joined(roots: Sequence[bytes]) -> bytes:
    """The root above complete subtrees, the largest first."""
    if not roots:
        return EMPTY_ROOT
    *others, root = roots
    for left in reversed(others):
        root = node_hash(left, root)
    return root
