"""What another program says about a reading, field by field, as texts that are judged like those of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from odopass.domain.observation import ObservationType
from odopass.garage.checks import CATEGORIES, OPERATIONS, Finding
from odopass.garage.checks.finding import error

#: The fields of a reading, by the names that columns and members carry.
COLUMNS: Final = (
    "plate",
    "vin",
    "unifier",
    "first_use",
    "day",
    "km",
    "type",
    "read_by",
    "work_order",
    "operation",
    "category",
    "for_sale",
)
_LONGEST: Final = {"read_by": 100, "work_order": 40}
_LONGEST_OTHER: Final = 200
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "oui", "o"})
_NO: Final = frozenset({"", "no", "n", "false", "0", "nee", "non", "nein"})


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one reading.

    Attributes:
        texts: as `odopass.garage.entering.judge` takes them.
        work_order: the garage's number of the work order, or "".
        operation: key of the operation, or "" if none is named.
        category: key of the vehicle's category, or "" if none is named.
        findings: what is wrong with the fields that a form offers as a choice, so that it never asks.
    """

    texts: Mapping[str, str]
    work_order: str
    operation: str
    category: str
    findings: tuple[Finding, ...]


def column_of(name: str) -> str | None:
    """Which field a column or member is, whatever its case and between its words; None if it is none of them."""
    bare = "".join(sign for sign in name.lower() if sign not in " _-.")
    return _BARE.get(bare)


_BARE: Final = {column.replace("_", ""): column for column in COLUMNS}


def read_fields(handed: Mapping[str, str]) -> Fields:
    """Read what was handed over. Km are taken to the letter, so that a blank in them is found.

    Args:
        handed: texts by the names of `COLUMNS`; what is not there is empty.
    """
    given = {name: handed.get(name, "") for name in COLUMNS}
    texts = {name: text if name == "km" else text.strip() for name, text in given.items()}
    findings = [*_lengths(texts)]
    operation, category = texts.pop("operation").lower(), texts.pop("category").lower()
    if operation and operation not in OPERATIONS:
        findings.append(error("operation_unknown", "operation", value=operation, known=", ".join(OPERATIONS)))
    if category and category not in CATEGORIES:
        findings.append(error("category_unknown", "category", value=category, known=", ".join(CATEGORIES)))
    texts["type"] = texts["type"].upper() or _usual_type(operation)
    if texts["type"] not in set(ObservationType):
        findings.append(error("type_unknown", "type", value=texts["type"], known=", ".join(ObservationType)))
    sale = texts["for_sale"].lower()
    if sale not in _YES | _NO:
        findings.append(error("for_sale_form", "for_sale", value=sale))
    texts["for_sale"] = "yes" if sale in _YES else ""
    texts["reading_date"] = texts.pop("day")
    return Fields(texts, texts.pop("work_order"), operation, category, tuple(findings))


def _usual_type(operation: str) -> str:
    roadside = operation == "roadside"
    return (ObservationType.ROAD_SIDE_ASSISTANCE if roadside else ObservationType.REPAIR_MAINTENANCE_SERVICE).value


def _lengths(texts: dict[str, str]) -> Iterator[Finding]:
    for name, text in texts.items():
        most = _LONGEST.get(name, _LONGEST_OTHER)
        if len(text) > most:
            yield error("value_long", name, length=len(text), most=most)
        elif not text.isprintable() and name != "km":
            yield error("value_characters", name)
