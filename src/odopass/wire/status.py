"""What a garage is told about a request (W8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from odopass.domain.outcome import Status

#: The wire has no states but the domain's, so it names them too.
__all__ = ["Description", "IssueItem", "Status", "encode_status"]


class Description(TypedDict):
    """The same sentence in Dutch, French and German (W17)."""

    nl: str
    fr: str
    de: str


@dataclass(frozen=True, slots=True)
class IssueItem:
    """One issue of a request.

    Attributes:
        type: the code of the issue type, such as ``001``.
        description: what is the matter, for the garage.
    """

    type: str
    description: Description


def encode_status(status: Status, issues: Iterable[IssueItem]) -> dict[str, object]:
    """The answer to a status request, as on the wire; `issues` is a list even if there are none."""
    return {
        "status": status.value,
        "issues": [{"type": issue.type, "description": dict(issue.description)} for issue in issues],
    }
