"""A proof that readings are in the journal: a file that anybody can check without asking the registry.

What it takes is SHA-256. For each of `proofs`:

1. leaf = SHA-256 of a zero byte and the text `entry`, in UTF-8.
2. Go from the leaf to the root with `leafIndex`, `treeSize` of the seal and `path`, by RFC 9162, section 2.1.3.2.
   A node is the SHA-256 of a byte of one, the left hash and the right hash.
3. What comes out is `rootHash` of the seal.

The seal's `hash` is the SHA-256 of its other members as JSON, ordered by name, without blanks. The registry cannot
change a sealed entry without changing that hash and those of all seals after it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odopass.registry.journal.entries import canonical, moment
from odopass.registry.journal.seals import Seal
from odopass.registry.journal.tree import leaf_hash, root_from_path

FORMAT: Final[Literal["odopass journal proof 1"]] = "odopass journal proof 1"
RECIPE: Final = (
    "leaf = SHA-256(0x00 + entry as UTF-8). From the leaf to the root with leafIndex, seal.treeSize and path by "
    "RFC 9162, section 2.1.3.2; a node is SHA-256(0x01 + left + right). The result is seal.rootHash. seal.hash is "
    "SHA-256 of the seal's other members as JSON, ordered by name, without blanks. The withheld part of an entry is "
    "there as its SHA-256 only. Or: odopass registry verify-proof FILE"
)

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_LONGEST_PATH: Final = 64


class ProofRefused(Exception):  # noqa: N818 - it names what became of a proof
    """The file is no proof, or what it says does not follow from its hashes. The message says what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SealPart(_Part):
    """A seal, as a proof names it."""

    number: Annotated[int, Field(ge=1)]
    treeSize: Annotated[int, Field(ge=1)]  # noqa: N815 - names of the file
    rootHash: _Hash  # noqa: N815
    sealedAt: str  # noqa: N815
    previous: _Hash
    hash: _Hash


class EntryPart(_Part):
    """An entry and its way to the root."""

    entry: str
    leafIndex: Annotated[int, Field(ge=0)]  # noqa: N815
    path: Annotated[list[_Hash], Field(max_length=_LONGEST_PATH)]


class WithoutProof(_Part):
    """A reading of the report that the journal does not prove, and why: it is not sealed yet, or has no entry."""

    date: str
    km: int
    why: Literal["not sealed yet", "no entry"]


class ProofFile(_Part):
    """All that a proof says; `report` is the document's number."""

    format: Literal["odopass journal proof 1"]
    registry: str
    report: str
    vin: str
    seal: SealPart
    proofs: list[EntryPart]
    withoutProof: list[WithoutProof]  # noqa: N815
    recipe: str


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry that is in the tree.

    Attributes:
        number: its place in the journal, from 0.
        kind: what happened.
        at: when it was written, as the registry wrote it.
        public: what it shows.
    """

    number: int
    kind: str
    at: str
    public: dict[str, Any]


def seal_part(seal: Seal) -> SealPart:
    """A seal, to be put into a proof."""
    return SealPart(
        number=seal.number,
        treeSize=seal.tree_size,
        rootHash=seal.root_hash.hex(),
        sealedAt=moment(seal.sealed_at),
        previous=seal.previous_hash.hex(),
        hash=seal.hash.hex(),
    )


def read_proof(text: str | bytes) -> ProofFile:
    """Read a proof; what it says is not checked yet.

    Raises:
        ProofRefused: it is no proof, or one of a form that this program does not know.
    """
    try:
        return ProofFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ProofRefused(f"It is no proof of a journal: {where}: {first['msg']}.") from None


def verify(proof: ProofFile) -> Sequence[Proven]:
    """Check that every entry follows from the seal, and is about the vehicle that the proof names.

    Raises:
        ProofRefused: one does not; the message names the first.
    """
    said = proof.seal.model_dump(exclude={"hash"})
    if sha256(canonical(said).encode()).hexdigest() != proof.seal.hash:
        raise ProofRefused(f"The hash of seal {proof.seal.number} is not that of what it says.")
    root = bytes.fromhex(proof.seal.rootHash)
    for part in proof.proofs:
        path = [bytes.fromhex(each) for each in part.path]
        if root_from_path(leaf_hash(part.entry.encode()), part.leafIndex, proof.seal.treeSize, path) != root:
            raise ProofRefused(f"Entry {part.leafIndex} is not in the tree of seal {proof.seal.number}: {part.entry}")
    proven = [_proven(part) for part in proof.proofs]
    for each in proven:
        if each.public.get("vin") != proof.vin:
            raise ProofRefused(f"Entry {each.number} is not about the vehicle {proof.vin}: {each.public}")
    return proven


def _proven(part: EntryPart) -> Proven:
    try:
        said = json.loads(part.entry)
        return Proven(part.leafIndex, str(said["kind"]), str(said["at"]), dict(said["public"]))
    except (ValueError, KeyError, TypeError):
        raise ProofRefused(f"Entry {part.leafIndex} is in the tree, but no entry of a journal: {part.entry}") from None
