"""The one shape in which a request is refused (W12)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request.

    Attributes:
        fields: the members concerned, as they are named on the wire; none if the problem is the request's as a whole.
        message: for a developer, in English: what is wrong and what to send.
    """

    fields: tuple[str, ...]
    message: str

    @property
    def field(self) -> str:
        """The fields as on the wire: joined by ", ", and "" if there are none."""
        return ", ".join(self.fields)


class Invalid(Exception):  # noqa: N818 - it is said as "the request is Invalid"
    """A request that is refused for what it says, with every problem of it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


def error_body(problems: Iterable[Problem], *, status: str | None = None, message: str | None = None) -> bytes:
    """The body of an answer that refuses, as JSON in UTF-8.

    Args:
        problems: one entry each.
        status: a case's state for clients that look for it at the top level; left out if None.
        message: a sentence for the same clients; left out if None.
    """
    body: dict[str, object] = {"errors": [{"field": problem.field, "message": problem.message} for problem in problems]}
    if status is not None:
        body["status"] = status
    if message is not None:
        body["message"] = message
    # A problem may quote what was sent; should anything unwritable be left in it, it must not break the answer.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
