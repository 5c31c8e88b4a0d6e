"""The catalogue of issue types: what each finding leads to, and what the garage reads about it (R4).

The entries are data, in `catalogue.toml` beside this module.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

from odopass.domain.finding import Finding, Value

LANGUAGES: Final = ("nl", "fr", "de")

_NO_BREAK: Final = "\u00a0"

#: How thousands are set apart: a full stop in Dutch and German, a non-breaking blank in French.
_THOUSANDS: Final = {"nl": ".", "fr": _NO_BREAK, "de": "."}

#: Blanks at which no line may break: before a unit, and before high punctuation, where only French has any.
_UNBREAKABLE: Final = re.compile(r" (?=(?:km|kg)\b|[:;!?])")


class Severity(StrEnum):
    """What a finding makes of an observation that nobody has confirmed."""

    ERROR = "error"  # refused for good
    ISSUE = "issue"  # the garage corrects or confirms


class Confirmed(StrEnum):
    """What becomes of a finding that the garage has confirmed (W10), the mildest first."""

    TAKEN = "taken"  # the reading counts as if nothing had been found
    MARKED = "marked"  # the reading counts, and reports say that it was confirmed
    REVIEWED = "reviewed"  # an employee of the registry decides


_STRICTNESS: Final = tuple(Confirmed)


@dataclass(frozen=True, slots=True)
class IssueType:
    """One entry of the catalogue.

    Attributes:
        code: the key on the wire.
        name: a short name in English, for documentation and for people at the registry.
        arises: when it arises, in English, for documentation.
        severity: what it leads to at first.
        confirmed: what a confirmation leads to.
        marked_up_to_km: if given, a confirmed deviation of more km than this is reviewed, whatever `confirmed` says.
        breaks: whether a confirmed reading of this kind is a new baseline for the readings after it.
        text: what the garage reads, by language, with the finding's values in braces.
    """

    code: str
    name: str
    arises: str
    severity: Severity
    confirmed: Confirmed
    marked_up_to_km: int | None
    breaks: bool
    text: Mapping[str, str]

    def on_confirmation(self, finding: Finding) -> Confirmed:
        """What a garage's confirmation of this finding leads to."""
        deviation = finding.values.get("deviation_km")
        if self.marked_up_to_km is not None and isinstance(deviation, int) and deviation > self.marked_up_to_km:
            return Confirmed.REVIEWED
        return self.confirmed

    def describe(self, finding: Finding) -> dict[str, str]:
        """The text of a finding in each language, its values filled in."""
        return {language: self.text[language].format_map(_shown(finding.values, language)) for language in LANGUAGES}


def strictest(outcomes: list[Confirmed]) -> Confirmed:
    """With several issues the strictest outcome counts (W10)."""
    return max(outcomes, key=_STRICTNESS.index, default=Confirmed.TAKEN)


def _shown(values: Mapping[str, Value], language: str) -> dict[str, str]:
    return {name: _shown_value(name, value, language) for name, value in values.items()}


def _shown_value(name: str, value: Value, language: str) -> str:
    if isinstance(value, int):
        return f"{value:,}".replace(",", _THOUSANDS[language])
    if name == "identifier":
        return value
    day = date.fromisoformat(value)
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def _typeset(text: str) -> str:
    return _UNBREAKABLE.sub(_NO_BREAK, text).replace("'", "’")


def _read_catalogue() -> dict[str, IssueType]:
    content: dict[str, Any] = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))
    return {
        code: IssueType(
            code=code,
            name=entry["name"],
            arises=entry["arises"],
            severity=Severity(entry["severity"]),
            confirmed=Confirmed(entry.get("confirmed", "reviewed")),
            marked_up_to_km=entry.get("marked_up_to_km"),
            breaks=entry.get("breaks", False),
            text={language: _typeset(entry[language]) for language in LANGUAGES},
        )
        for code, entry in content.items()
    }


CATALOGUE: Final[Mapping[str, IssueType]] = _read_catalogue()
