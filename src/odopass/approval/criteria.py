"""The criteria of good practice, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that an approved DMS does.

    Attributes:
        id: its name in reports and on command lines.
        area: the chapter of the good practices it stands in, a key of `AREAS`.
        source: the paragraph of the criteria for an approved DMS: chapter, and the point in it if points are
            marked; "" for the description of the web service itself.
        requirement: the number of the project's requirement.
        observed: what shows it: traffic, answer, or both.
        title: in a few words, in English.
        asked: what a DMS has to do, in English.
        optional: whether a DMS may do without it.
    """

    id: str
    area: str
    source: str
    requirement: str
    observed: str
    title: str
    asked: str
    optional: bool = False


def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("criteria.toml").read_text("utf-8"))


_STORED: Final = _read()
#: Chapters, by name, in the order of the report.
AREAS: Final[Mapping[str, str]] = _STORED["areas"]
#: By name, in the order of the report.
CRITERIA: Final[Mapping[str, Criterion]] = {
    name: Criterion(id=name, **stored) for name, stored in _STORED["criteria"].items()
}
