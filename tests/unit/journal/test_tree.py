"""The tree is that of RFC 9162: its roots and proofs are those of the definitions, and of Certificate Transparency."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.registry.journal.tree import (
    EMPTY_ROOT,
    Growing,
    Subtree,
    inclusion_path,
    leaf_hash,
    needed_for_path,
    needed_to_grow,
    root_from_path,
)

pytestmark = pytest.mark.requirement("R9")

#: The leaves and roots with which the first implementation of Certificate Transparency tests itself.
KNOWN = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]


def mth(leaves: list[bytes]) -> bytes:
    """The definition of the root in section 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """The definition of the inclusion proof in section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def grown(leaves: list[bytes]) -> tuple[Growing, dict[Subtree, bytes]]:
    tree, kept = Growing(), {}
    for leaf in leaves:
        kept[Subtree(0, tree.size)] = leaf_hash(leaf)
        kept.update(tree.add(leaf_hash(leaf)))
    return tree, kept


def test_roots_are_those_that_certificate_transparency_tests_itself_with() -> None:
    tree = Growing()
    assert tree.root() == EMPTY_ROOT
    for leaf, root in KNOWN:
        assert list(tree.add(leaf_hash(bytes.fromhex(leaf)))) == []
        assert tree.root().hex() == root


@given(st.integers(1, 1_400))
def test_roots_are_those_of_the_definition_and_growing_can_be_taken_up_from_what_is_kept(size: int) -> None:
    leaves = [b"%d" % number for number in range(size)]
    tree, kept = grown(leaves)
    assert tree.root() == mth(leaves)
    assert {subtree for subtree in kept if subtree.level} == {
        Subtree(level, place) for level in (8, 16) for place in range(size >> level)
    }
    again = Growing(size, {needed: kept[needed] for needed in needed_to_grow(size)})
    assert again.root() == tree.root()


def test_a_proof_needs_a_few_hundred_hashes_however_large_the_tree_is() -> None:
    size = 350_000_000
    needed = needed_for_path(123_456_789, size)
    assert len(needed) == len(set(needed)) < 2_000
    assert {subtree.level for subtree in needed} <= {0, 8, 16, 24}
    assert len(needed_to_grow(size)) < 1_000


@given(st.integers(1, 1_400), st.data())
def test_proofs_are_those_of_the_definition_and_lead_to_the_root(size: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(size)]
    m = data.draw(st.integers(0, size - 1))
    tree, kept = grown(leaves)
    proof = inclusion_path(m, size, {needed: kept[needed] for needed in needed_for_path(m, size)})
    assert proof == path(m, leaves)
    assert root_from_path(leaf_hash(leaves[m]), m, size, proof) == tree.root()


@given(st.integers(2, 300), st.data())
def test_a_proof_with_anything_changed_leads_elsewhere(size: int, data: st.DataObject) -> None:
    leaves = [b"%d" % number for number in range(size)]
    m = data.draw(st.integers(0, size - 1))
    tree, kept = grown(leaves)
    root, leaf = tree.root(), leaf_hash(leaves[m])
    proof = inclusion_path(m, size, kept)
    at = data.draw(st.integers(0, len(proof) - 1))
    other = [*proof[:at], bytes(32), *proof[at + 1 :]]
    assert root_from_path(leaf_hash(b"another"), m, size, proof) != root
    assert root_from_path(leaf, m, size, other) != root
    assert root_from_path(leaf, m, size, proof[:-1]) != root
    assert root_from_path(leaf, m, size, [*proof, bytes(32)]) != root
    assert root_from_path(leaf, (m + 1) % size, size, proof) != root
    assert root_from_path(leaf, size, size, proof) is None
    assert root_from_path(leaf, -1, size, proof) is None
