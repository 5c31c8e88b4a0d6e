"""What is wrong with the journal, or with the tables beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """What was done."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as the registry left it.

    Attributes:
        wrong: what was done.
        told: what it is about, in a sentence for people.
        entry: the entry's number in the journal, if it is one that has one.
    """

    wrong: Wrong
    told: str
    entry: int | None = None


class Altered(Exception):  # noqa: N818 - it names the state of things
    """The journal is not as it was sealed; ends the recomputation at the first fault."""

    def __init__(self, wrong: Wrong, told: str, entry: int | None = None) -> None:
        super().__init__(told)
        self.fault = Fault(wrong, told, entry)
