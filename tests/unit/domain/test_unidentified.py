from __future__ import annotations

from datetime import date

import pytest
from tests.unit.domain.judged import ORDINARY, TODAY, ago, codes

from odopass.domain import finding as f
from odopass.domain.finding import Finding
from odopass.domain.identification import Identification
from odopass.domain.observation import Observation
from odopass.domain.rules import judge_unidentified

pytestmark = pytest.mark.requirement("R3", "R4")


def unidentified(
    identification: Identification = Identification.VIN_UNKNOWN, *, day: date = TODAY, km: int = 50_000
) -> list[Finding]:
    return judge_unidentified(Observation(day, km, ORDINARY), identification, "1ABC234", today=TODAY)


@pytest.mark.parametrize(
    ("identification", "code"),
    [
        (Identification.VIN_UNKNOWN, f.VIN_UNKNOWN),
        (Identification.VIN_AMBIGUOUS, f.VIN_AMBIGUOUS),
        (Identification.PLATE_UNKNOWN, f.PLATE_UNKNOWN),
    ],
)
def test_101_102_103_each_way_of_naming_no_vehicle_is_an_issue_of_its_own(
    identification: Identification, code: str
) -> None:
    (found,) = unidentified(identification)
    assert found.code == code
    assert found.values == {"identifier": "1ABC234", "date": "2026-09-14"}


def test_what_is_wrong_without_knowing_the_vehicle_is_told_too() -> None:
    assert codes(unidentified(day=ago(-1), km=1_000_000)) == [f.VIN_UNKNOWN, f.IN_THE_FUTURE, f.ABOVE_DISPLAY]
    assert codes(unidentified(day=ago(366))) == [f.VIN_UNKNOWN, f.LONG_AGO]
