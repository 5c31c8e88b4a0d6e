"""What an entry of the journal says, and the one text of it that is hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeAlias

from pydantic_core import to_json

#: What JSON can say. No fractions: they have more than one way of being written.
JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON] | None"

_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that changed.

    Attributes:
        kind: what happened, as subject and verb: observation.settled, review.decided, account.reset …
        about: what it happened to, and what it is found by: a case (the GUID of its submission), an establishment
            number, a VIN, an employee's user name.
        content: what changed. No passwords, no personal data beyond a user name. It is kept, and never part of a proof.
        public: what may be shown to everybody who holds a report of the vehicle. An entry of which this has `vin`,
            `date` (ISO) and `km` is the proof of that reading.
    """

    kind: str
    about: str
    content: Mapping[str, JSON]
    public: Mapping[str, JSON] = field(default_factory=dict)


def written(content: JSON) -> str:
    """JSON as an entry keeps it, without blanks. It is kept as it is written, so the order of its members is free."""
    return to_json(content).decode()


def canonical(content: JSON) -> str:
    """The one way to write this JSON: members in order of their names, no blanks, nothing escaped without need."""
    return _canonical(content)


def digest(content: str) -> str:
    """The SHA-256 of JSON, however it is spaced and ordered."""
    return hashlib.sha256(_canonical(json.loads(content)).encode()).hexdigest()


@lru_cache(maxsize=64)
def moment(at: datetime) -> str:
    """The one way to write a moment: UTC, to the microsecond."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def withheld(about: str, content: str, salt: bytes) -> str:
    """The text that a proof shows only the SHA-256 of; without the salt, nobody can try out what it says.

    Args:
        about: what the entry is about.
        content: JSON as it is kept.
        salt: random.
    """
    return f'{{"about":{_canonical(about)},"content":{content},"salt":"{salt.hex()}"}}'


def leaf_text(*, at: datetime, kind: str, about: str, content: str, public: str, salt: bytes) -> str:
    """The text of an entry that is a leaf of the tree: JSON with the withheld part as its SHA-256.

    Args:
        at: when it was appended.
        kind: as in `Entry`.
        about: as in `Entry`.
        content: JSON as it is kept.
        public: JSON as it is kept.
        salt: random.
    """
    digest = hashlib.sha256(withheld(about, content, salt).encode()).hexdigest()
    return f'{{"at":"{moment(at)}","kind":{_canonical(kind)},"public":{public},"withheld":"{digest}"}}'
