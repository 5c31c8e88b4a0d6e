"""The rules: does this reading fit what is known of the vehicle?

Pure functions of (vehicle, history, observation, today). Each rule returns findings; the catalogue says what a
finding leads to. A reading is compared with its neighbours in date on the same odometer, never with the highest
reading ever: after a confirmed break the present counts, not the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from odopass.domain import finding as f
from odopass.domain import limits
from odopass.domain.finding import Finding, Value
from odopass.domain.history import History, Place, Reading
from odopass.domain.identification import Identification
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.vehicle import Vehicle

_UNIDENTIFIED = {
    Identification.VIN_UNKNOWN: f.VIN_UNKNOWN,
    Identification.VIN_AMBIGUOUS: f.VIN_AMBIGUOUS,
    Identification.PLATE_UNKNOWN: f.PLATE_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class SameGarage:
    """Another observation of the same garage about the same vehicle, not in ERROR, that may be the first of two."""

    reading_date: date
    km: int
    type: ObservationType


def judge(
    observation: Observation,
    *,
    vehicle: Vehicle,
    history: History,
    same_garage: Iterable[SameGarage],
    today: date,
) -> list[Finding]:
    """All that does not fit about an observation of a known vehicle, the gravest first.

    Args:
        observation: what the garage reports.
        vehicle: the vehicle it is about.
        history: the vehicle's readings that count, this observation's own not among them.
        same_garage: what the same garage has reported of this vehicle and is not in ERROR.
        today: the day on which the observation arrived, in Europe/Brussels.
    """
    if not vehicle.in_scope:
        return [Finding(f.OUT_OF_SCOPE)]
    if is_duplicate(observation, same_garage):
        return [Finding(f.DUPLICATE, _own_values(observation))]
    return [
        *by_history(observation, vehicle=vehicle, history=history, today=today),
        *by_date(observation, vehicle.first_use, today),
        *by_display(observation),
    ]


def judge_unidentified(
    observation: Observation, identification: Identification, identifier: str, *, today: date
) -> list[Finding]:
    """All that can be said about an observation of nobody knows which vehicle."""
    return [
        Finding(_UNIDENTIFIED[identification], {"identifier": identifier, "date": _day(observation.reading_date)}),
        *by_date(observation, None, today),
        *by_display(observation),
    ]


def is_duplicate(observation: Observation, same_garage: Iterable[SameGarage]) -> bool:
    """Whether the garage has already reported this vehicle on this day (W13).

    Two exceptions: the day of a replaced odometer may carry one ordinary reading too, and a vehicle history may be
    asked for once on the day of an ordinary observation, with the same reading.
    """
    of_the_day = [other for other in same_garage if other.reading_date == observation.reading_date]
    replaced = ObservationType.ODOMETER_REPLACED
    report = ObservationType.VEHICLE_HISTORY_DOCUMENT
    if observation.type is replaced:
        return any(other.type is replaced for other in of_the_day)
    ordinary = [other for other in of_the_day if other.type is not replaced]
    if observation.type is report:
        return any(other.type is report or other.km != observation.km for other in ordinary)
    return bool(ordinary)


def by_history(observation: Observation, *, vehicle: Vehicle, history: History, today: date) -> list[Finding]:
    """What does not fit the vehicle's other readings, judged at the reading's own date (R5, R6)."""
    if observation.reading_date > today:
        # A day that has not come yet has no place in the history; the date itself is the finding.
        return []
    read_last = observation.reading_date == today
    places = history.places(observation.reading_date, read_last=read_last)
    if observation.type is ObservationType.ODOMETER_REPLACED:
        return _of_replaced(observation, places[-1])
    found = [_in_place(observation, place, vehicle) for place in places]
    if not read_last and len(places) == 1:
        found[0].extend(_within_the_day(observation, history.on(observation.reading_date)))
    # A reading may be of either odometer of such a day: what fits one of them fits.
    return min(found, key=len)


def by_date(observation: Observation, first_use: date | None, today: date) -> list[Finding]:
    """What is wrong with the date alone. A late date is no issue before it is a year old (R4)."""
    day = observation.reading_date
    if day > today:
        return [Finding(f.IN_THE_FUTURE, {"date": _day(day), "today": _day(today)})]
    if first_use is not None and day < first_use:
        return [Finding(f.BEFORE_FIRST_USE, {"date": _day(day), "first_use": _day(first_use)})]
    if (today - day).days > limits.LATE_DAYS:
        return [Finding(f.LONG_AGO, {"date": _day(day), "days": (today - day).days})]
    return []


def by_display(observation: Observation) -> list[Finding]:
    """What no odometer shows."""
    if observation.km > limits.HIGHEST_DISPLAY_KM:
        return [Finding(f.ABOVE_DISPLAY, {"km": observation.km, "limit_km": limits.HIGHEST_DISPLAY_KM})]
    return []


def _in_place(observation: Observation, place: Place, vehicle: Vehicle) -> list[Finding]:
    found: list[Finding] = []
    if place.earlier is not None:
        found += _against_earlier(observation, place.earlier)
    elif vehicle.first_use is not None and vehicle.first_use <= observation.reading_date:
        found += _since_first_use(observation, vehicle.first_use)
    if place.later is not None:
        found += _against_later(observation, place.later)
    return found


def _against_earlier(observation: Observation, earlier: Reading) -> list[Finding]:
    days = (observation.reading_date - earlier.date).days
    values = _own_values(observation) | {
        "earlier_km": earlier.km,
        "earlier_date": _day(earlier.date),
        "days": days,
    }
    distance = observation.km - earlier.km
    if distance < 0:
        lower = Finding(f.LOWER_THAN_EARLIER, values | {"deviation_km": -distance})
        return [lower, *_why_lower(observation, earlier, days, values)]
    if distance == 0 and days > limits.STANDSTILL_DAYS:
        return [Finding(f.SAME_AS_BEFORE, values)]
    limit = limits.longest_distance(days)
    if distance > limit:
        return [Finding(f.EXCESSIVELY_HIGH, values | {"deviation_km": distance - limit, "limit_km": limit})]
    return []


def _why_lower(observation: Observation, earlier: Reading, days: int, values: dict[str, Value]) -> list[Finding]:
    """The more telling finding beside "lower", if the kind of mistake can be recognised."""
    in_km = round(observation.km * limits.KM_PER_MILE)
    if earlier.km <= in_km <= earlier.km + limits.typical_distance(days):
        return [Finding(f.MILES, values | {"in_km": in_km})]
    if observation.km < limits.TRIP_COUNTER_BELOW_KM and earlier.km > observation.km * limits.TRIP_COUNTER_FACTOR:
        return [Finding(f.TRIP_COUNTER, values)]
    return []


def _since_first_use(observation: Observation, first_use: date) -> list[Finding]:
    days = (observation.reading_date - first_use).days
    limit = limits.longest_distance(days)
    if observation.km <= limit:
        return []
    values = _own_values(observation) | {
        "earlier_km": 0,
        "earlier_date": _day(first_use),
        "days": days,
        "deviation_km": observation.km - limit,
        "limit_km": limit,
    }
    return [Finding(f.EXCESSIVELY_HIGH, values)]


def _against_later(observation: Observation, later: Reading) -> list[Finding]:
    days = (later.date - observation.reading_date).days
    values = _own_values(observation) | {
        "later_km": later.km,
        "later_date": _day(later.date),
        "days": days,
    }
    distance = later.km - observation.km
    if distance < 0:
        return [Finding(f.HIGHER_THAN_LATER, values | {"deviation_km": -distance})]
    limit = limits.longest_distance(days)
    if distance > limit:
        return [Finding(f.TOO_LOW_FOR_LATER, values | {"deviation_km": distance - limit, "limit_km": limit})]
    return []


def _within_the_day(observation: Observation, of_the_day: Sequence[Reading]) -> list[Finding]:
    """Compare with readings of the same day whose order is unknown: either may be the first, but not by much."""
    if not of_the_day:
        return []
    slack = limits.longest_distance(0)
    nearest = min(of_the_day, key=lambda reading: abs(reading.km - observation.km))
    distance = observation.km - nearest.km
    if abs(distance) <= slack:
        return []
    values = _own_values(observation) | {
        "earlier_km": nearest.km,
        "earlier_date": _day(nearest.date),
        "days": 0,
    }
    if distance < 0:
        return [Finding(f.LOWER_THAN_EARLIER, values | {"deviation_km": -distance})]
    return [Finding(f.EXCESSIVELY_HIGH, values | {"deviation_km": distance - slack, "limit_km": slack})]


def _of_replaced(observation: Observation, place: Place) -> list[Finding]:
    """A new odometer may show anything, but hardly what the old one would have shown next."""
    found = [] if place.later is None else _against_later(observation, place.later)
    if place.earlier is None:
        return found
    days = (observation.reading_date - place.earlier.date).days
    distance = observation.km - place.earlier.km
    if 0 <= distance <= limits.longest_distance(days):
        values = _own_values(observation) | {
            "earlier_km": place.earlier.km,
            "earlier_date": _day(place.earlier.date),
            "days": days,
        }
        found.append(Finding(f.REPLACED_BUT_CONTINUES, values))
    return found


def _own_values(observation: Observation) -> dict[str, Value]:
    return {"km": observation.km, "date": _day(observation.reading_date)}


def _day(day: date) -> str:
    return day.isoformat()
