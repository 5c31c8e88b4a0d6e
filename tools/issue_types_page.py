"""Write docs/reference/issue-types.md from the catalogue: `python -m tools.issue_types_page`.

Each text is shown as a garage reads it: the examples are observations that the rules themselves have judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from odopass.domain.catalogue import CATALOGUE, LANGUAGES, Confirmed, IssueType, Severity
from odopass.domain.finding import Finding
from odopass.domain.history import History, Reading
from odopass.domain.identification import Identification
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.rules import SameGarage, judge, judge_unidentified, refused_in_review, withdrawn
from odopass.domain.vehicle import Vehicle

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "issue-types.md"

_TODAY: Final = date(2026, 9, 14)
_CAR: Final = Vehicle(1, "M1", 1_900, date(2019, 5, 2))
_TRUCK: Final = Vehicle(2, "N3", 18_000, date(2021, 1, 11))
_HISTORY: Final = History.of([Reading(date(2025, 10, 6), 1, 84_210), Reading(date(2026, 2, 3), 2, 91_345)])

_ORDINARY: Final = ObservationType.REPAIR_MAINTENANCE_SERVICE
_REPLACED: Final = ObservationType.ODOMETER_REPLACED

#: Observations of one car with two readings, which between them give every issue that needs a vehicle.
_OBSERVATIONS: Final = (
    Observation(_TODAY, 89_120, _ORDINARY),
    Observation(date(2025, 12, 1), 97_400, _ORDINARY),
    Observation(_TODAY, 58_700, _ORDINARY),
    Observation(_TODAY, 412, _ORDINARY),
    Observation(date(2025, 9, 15), 8_421, _ORDINARY),
    Observation(date(2026, 9, 24), 95_060, _ORDINARY),
    Observation(date(2019, 4, 2), 12, _ORDINARY),
    Observation(date(2024, 9, 14), 71_300, _ORDINARY),
    Observation(_TODAY, 951_200, _ORDINARY),
    Observation(_TODAY, 91_345, _ORDINARY),
    Observation(_TODAY, 9_512_000, _ORDINARY),
    Observation(_TODAY, 96_002, _REPLACED),
)

_INTRODUCTION: Final = """\
# Issue types

<!-- Written by `python -m tools.issue_types_page` from src/odopass/domain/catalogue.toml. Change it there. -->

What the registry finds about an observation stands in `issues` of the answer to
`GET /observation/{requestGuid}/status`: `type` is one of the codes below, `description` the text in Dutch, French and
German with the figures filled in.

- `ISSUE`: the garage corrects the observation or confirms it. An observation may have several issues.
- `ERROR`: the observation is refused for good. An error stands alone.

**Correction.** The corrected observation is judged anew, whatever the issue was; all issues of the request close. It
ends in `PROCESSED` if it fits, else in the issues that it has itself. If it ends in an error, the request stays in
`ISSUE` and the error is listed too.

**Confirmation.** It covers all issues of the request, and the strictest of their outcomes counts:

- *taken*: `PROCESSED`, as if nothing had been found;
- *marked*: `PROCESSED`, and reports say that the reading was confirmed although it did not fit;
- *reviewed*: `REVIEWING`, an employee of the registry decides.

A *new baseline* means: once it counts, later readings are compared with this reading, no longer with those before it.

Show the description to the user as it is. Do not build on its wording or on the exact bounds: both may change, the
codes do not.
"""


def examples() -> dict[str, Finding]:
    """A finding of each type, by code, as the rules give it."""
    found = judge(_OBSERVATIONS[0], vehicle=_TRUCK, history=History(), same_garage=[], today=_TODAY)
    said_before = [SameGarage(_TODAY, 95_060, _ORDINARY)]
    found += judge(_OBSERVATIONS[0], vehicle=_CAR, history=_HISTORY, same_garage=said_before, today=_TODAY)
    for observation in _OBSERVATIONS:
        found += judge(observation, vehicle=_CAR, history=_HISTORY, same_garage=[], today=_TODAY)
    for identification, identifier in (
        (Identification.VIN_UNKNOWN, "WVWZZZ1KZ6W000001"),
        (Identification.VIN_AMBIGUOUS, "1234567"),
        (Identification.PLATE_UNKNOWN, "1ABC234"),
    ):
        found += judge_unidentified(_OBSERVATIONS[0], identification, identifier, today=_TODAY)
    found += refused_in_review() + withdrawn()
    first_of_each: dict[str, Finding] = {}
    for finding in found:
        first_of_each.setdefault(finding.code, finding)
    return first_of_each


def page() -> str:
    """The whole page, in Markdown."""
    found = examples()
    return "\n".join(
        [
            _INTRODUCTION,
            "| code | status | what it is | once confirmed |",
            "| --- | --- | --- | --- |",
            *(
                f"| [{type_.code}](#{type_.code}) | `{_status(type_)}` | {type_.name} | {_once_confirmed(type_)} |"
                for type_ in CATALOGUE.values()
            ),
            *(line for type_ in CATALOGUE.values() for line in _section(type_, found[type_.code])),
            "",
        ]
    )


def _section(type_: IssueType, example: Finding) -> Iterator[str]:
    yield ""
    yield f"## {type_.code}"
    yield ""
    yield f"**{type_.name[0].upper()}{type_.name[1:]}.** {type_.arises}"
    yield ""
    yield "| | example |"
    yield "| --- | --- |"
    for language in LANGUAGES:
        yield f"| {language} | {type_.describe(example)[language]} |"


def _status(type_: IssueType) -> str:
    return "ERROR" if type_.severity is Severity.ERROR else "ISSUE"


def _once_confirmed(type_: IssueType) -> str:
    if type_.severity is Severity.ERROR:
        return "cannot be confirmed"
    outcome = str(type_.confirmed)
    if type_.marked_up_to_km is not None:
        outcome += f" up to {type_.marked_up_to_km:,} km off, else {Confirmed.REVIEWED}"
    return outcome + ("; new baseline" if type_.breaks else "")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
