"""What the played sources know: plain data, a line for each vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from odopass.registry.report.content import Recall, VehicleData
from odopass.sandbox.played_sources.behaviour import CONTRADICTION_KM, Behaviour, Manner

#: The sources that are played, each under its own address. The first four are also the names of their adapters.
SOURCES: Final = ("registration", "manufacturer", "accident_inspection", "dutch_registry")

_DUTCH: Final = "NL"
_FAST: Final = Behaviour()


@dataclass(frozen=True, slots=True)
class PlayedReading:
    """A reading from abroad; those of the Netherlands are told by the Dutch registry, others by the manufacturer."""

    day: date
    value: int
    country: str
    unit: str = "km"


@dataclass(frozen=True, slots=True)
class PlayedVehicle:
    """What the sources know of a vehicle, and how they behave when asked about it.

    Attributes:
        data: what the registration authority tells.
        recalls: those not carried out.
        accident_inspection_due: whether an inspection after an accident is still due.
        readings: those from abroad.
        behaviours: by source; one that is not named is fast.
    """

    data: VehicleData
    recalls: tuple[Recall, ...] = ()
    accident_inspection_due: bool = False
    readings: tuple[PlayedReading, ...] = ()
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)

    def behaviour(self, source: str) -> Behaviour:
        """How a source behaves about it."""
        return self.behaviours.get(source, _FAST)


#: The vehicles by VIN; of any other, the sources say that they do not know it.
PlayedTable = Mapping[str, PlayedVehicle]


def told_by(source: str, vehicle: PlayedVehicle) -> dict[str, Any]:
    """The members of a source's answer about a vehicle."""
    manner = vehicle.behaviour(source).manner
    told: dict[str, Any] = {"vin": vehicle.data.vin}
    if source == "registration":
        told |= _registration(vehicle.data)
        if manner is Manner.ABSURD:
            told |= {"firstUse": "1900-01-01", "co2WltpGKm": -12, "fuel": "coal", "electricMotor": "perhaps"}
    elif source == "manufacturer":
        told["recalls"] = [_recall(recall) for recall in vehicle.recalls]
        told["readings"] = _readings(vehicle, manner, dutch=False)
        if manner is Manner.ABSURD:
            told["recalls"] += [{"reference": 17}, "recall"]
    elif source == "accident_inspection":
        told["inspectionDue"] = 1 if manner is Manner.ABSURD else vehicle.accident_inspection_due
    else:
        told["readings"] = _readings(vehicle, manner, dutch=True)
    return told


def _registration(data: VehicleData) -> dict[str, Any]:
    return {
        "make": data.make,
        "model": data.model,
        "firstUse": _day(data.first_use),
        "firstRegistration": _day(data.first_registration),
        "fuel": data.fuel,
        "electricMotor": data.electric_motor,
        "electricRangeKm": data.electric_range_km,
        "euroStandard": data.euro_standard,
        "co2NedcGKm": data.co2_nedc_g_km,
        "co2WltpGKm": data.co2_wltp_g_km,
    }


def _recall(recall: Recall) -> dict[str, Any]:
    return {"reference": recall.reference, "opened": _day(recall.opened), "description": recall.description}


def _readings(vehicle: PlayedVehicle, manner: Manner, *, dutch: bool) -> list[dict[str, Any]]:
    ours = [reading for reading in vehicle.readings if (reading.country == _DUTCH) is dutch]
    raised = CONTRADICTION_KM if manner is Manner.CONTRADICTORY else 0
    told = [_reading(reading, raised) for reading in ours]
    if manner is Manner.ABSURD:
        told += _absurd(told)
    return told


def _reading(reading: PlayedReading, raised: int) -> dict[str, Any]:
    return {
        "date": reading.day.isoformat(),
        "value": reading.value + raised,
        "unit": reading.unit,
        "country": reading.country,
    }


def _absurd(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    right = {"date": "2020-05-04", "value": 40_000, "unit": "km", "country": "DE"}
    return [
        {**right, "value": -1},
        {**right, "value": 10_000_000},
        {**right, "value": "40000"},
        {**right, "value": 1e400},
        {**right, "date": "1900-01-01"},
        {**right, "date": (date.max - timedelta(days=1)).isoformat()},
        {**right, "date": "2021-02-29"},
        {**right, "unit": "furlong"},
        {"date": "2020-05-04"},
        *told[:1],
    ]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
