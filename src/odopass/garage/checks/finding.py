"""What a check has to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for sending."""

    WARNING = "warning"  # a person may confirm it
    ERROR = "error"  # it cannot be sent


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about an entry that is unusual or wrong.

    Attributes:
        code: of the text that people read, and under which a warning is confirmed.
        severity: whether it can be confirmed.
        field: which part of the entry it is about.
        values: for the text.
    """

    code: str
    severity: Severity
    field: str
    values: Mapping[str, str | int]


def warning(code: str, field: str, **values: str | int) -> Finding:
    """A finding that a person may confirm."""
    return Finding(code, Severity.WARNING, field, values)


def error(code: str, field: str, **values: str | int) -> Finding:
    """A finding that keeps the entry from being sent."""
    return Finding(code, Severity.ERROR, field, values)
