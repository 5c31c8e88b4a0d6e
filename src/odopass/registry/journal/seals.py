"""A seal: the tree as it was at a moment, chained to the seal before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Self

from odopass.registry.journal.entries import canonical, moment
from odopass.registry.journal.tree import HASH_BYTES
from odopass.registry.store.database import Database

NO_SEAL_BEFORE: Final = bytes(HASH_BYTES)

_LATEST: Final = """
    select number, tree_size, root_hash, sealed_at, previous_hash, hash from journal.seal order by number desc limit 1
"""
_INSERT: Final = """
    insert into journal.seal (number, tree_size, root_hash, sealed_at, previous_hash, hash)
    values ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as stored.

    Attributes:
        number: from 1, without gaps.
        tree_size: how many entries the tree holds.
        root_hash: of the tree.
        sealed_at: the moment, by the database's clock, UTC.
        previous_hash: the hash of the seal before; zeros for the first.
        hash: of this seal.
    """

    number: int
    tree_size: int
    root_hash: bytes
    sealed_at: datetime
    previous_hash: bytes
    hash: bytes

    @classmethod
    def on(cls, previous: Self | None, *, tree_size: int, root_hash: bytes, sealed_at: datetime) -> Self:
        """The seal that follows on another, or the first."""
        number = 1 if previous is None else previous.number + 1
        previous_hash = NO_SEAL_BEFORE if previous is None else previous.hash
        seal_hash = sha256(seal_text(number, tree_size, root_hash, sealed_at, previous_hash).encode()).digest()
        return cls(number, tree_size, root_hash, sealed_at, previous_hash, seal_hash)

    @property
    def text(self) -> str:
        """What `hash` is the SHA-256 of."""
        return seal_text(self.number, self.tree_size, self.root_hash, self.sealed_at, self.previous_hash)


def seal_text(number: int, tree_size: int, root_hash: bytes, sealed_at: datetime, previous_hash: bytes) -> str:
    """A seal as canonical JSON."""
    return canonical(
        {
            "number": number,
            "previous": previous_hash.hex(),
            "rootHash": root_hash.hex(),
            "sealedAt": moment(sealed_at),
            "treeSize": tree_size,
        }
    )


async def latest_seal(database: Database) -> Seal | None:
    """The newest seal; None while nothing was sealed."""
    row = await database.fetchrow(_LATEST)
    return None if row is None else Seal(*row)


async def add_seal(database: Database, seal: Seal) -> None:
    """Store a seal, within the caller's transaction."""
    await database.execute(
        _INSERT, seal.number, seal.tree_size, seal.root_hash, seal.sealed_at, seal.previous_hash, seal.hash
    )
