"""What is taken in, and why it may be refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from odopass.wire.observation import ObservationRequest


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from.

    Attributes:
        account_id: the garage's account.
        software_id: the garage's software, if it told (W21).
        received_at: the moment it arrived, in UTC.
        idempotency_key: the client's own name for it, if it gave one; the same key with the same body means the same
            request, for good.
    """

    account_id: int
    software_id: int | None
    received_at: datetime
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A new observation, structurally right.

    Attributes:
        guid: the name it will be known by.
        origin: where it comes from.
        request: what it says.
        body: how it said so, as received.
        digest: identifies operation and body, for the idempotency key.
    """

    guid: UUID
    origin: Origin
    request: ObservationRequest
    body: str
    digest: bytes


def digest_of(operation: str, body: bytes) -> bytes:
    """SHA-256 of an operation and its body: what one idempotency key must always stand for."""
    return hashlib.sha256(operation.encode() + b"\0" + body).digest()


class UnknownRequest(Exception):  # noqa: N818 - an answer, not a fault
    """No request of this garage has this GUID (404, W12)."""


class Conflict(Exception):  # noqa: N818 - an answer, not a fault
    """The request is well formed but cannot be taken in the present state (409).

    Attributes:
        field: the field or parameter the problem is about.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
