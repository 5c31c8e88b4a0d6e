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
from odopass.domain.vehicle import SCOPE_MAX_MASS_KG, Vehicle

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
        return [Finding(f.OUT_OF_SCOPE, {"limit_kg": SCOPE_MAX_MASS_KG})]
    if is_duplicate(observation, same_garage):
        return [Finding(f.DUPLICATE, _own_values(observation))]
    found = by_history(observation, vehicle=vehicle, history=history, today=today)
    found += by_date(observation, vehicle.first_use, today)
    found += by_display(observation)
    return found


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
    asked for once on the day of another observation, with the same reading.
    """
    of_the_day = [other for other in same_garage if other.reading_date == observation.reading_date]
    if not of_the_day:
        return False
    replaced = ObservationType.ODOMETER_REPLACED
    report = ObservationType.VEHICLE_HISTORY_DOCUMENT
    if observation.type is replaced:
        return any(other.type is replaced for other in of_the_day)
    ordinary = [other for other in of_the_day if other.type is not replaced]
    if observation.type is report:
        asked_before = any(other.type is report for other in ordinary)
        return asked_before or (bool(ordinary) and all(other.km != observation.km for other in of_the_day))
    return bool(ordinary)


def by_history(observation: Observation, *, vehicle: Vehicle, history: History, today: date) -> list[Finding]:
    """What does not fit the vehicle's other readings, judged at the reading's own date (R5, R6).

    A day that has not come yet cannot have seen the odometer: such a reading is compared as one of today.
    """
    read_last = observation.reading_date >= today
    day = today if read_last else observation.reading_date
    places = history.places(day, read_last=read_last)
    if observation.type is ObservationType.ODOMETER_REPLACED:
        return _of_replaced(observation, day, places[-1])
    found = [_in_place(observation, day, place, vehicle) for place in places]
    if len(found) == 1:
        return found[0] if read_last else _with_the_day(found[0], observation, history.on(day))
    # A reading may be of any odometer of such a day: what fits one of them fits, else what is least off is told.
    return min(found, key=_how_far_off)


def by_date(observation: Observation, first_use: date | None, today: date) -> list[Finding]:
    """What is wrong with the date alone. A late date is no issue before it is a year old (R4)."""
    day = observation.reading_date
    if day > today:
        return [Finding(f.IN_THE_FUTURE, {"date": _day(day), "today": _day(today)})]
    if first_use is not None and day < first_use:
        return [Finding(f.BEFORE_FIRST_USE, {"date": _day(day), "first_use": _day(first_use)})]
    if limits.more_than_a_year_before(day, today):
        return [Finding(f.LONG_AGO, {"date": _day(day), "days": (today - day).days})]
    return []


def by_display(observation: Observation) -> list[Finding]:
    """What no odometer shows."""
    if observation.km > limits.HIGHEST_DISPLAY_KM:
        return [Finding(f.ABOVE_DISPLAY, {"km": observation.km, "limit_km": limits.HIGHEST_DISPLAY_KM})]
    return []


def refused_in_review() -> list[Finding]:
    """What the garage is told when an employee does not believe an observation (R7)."""
    return [Finding(f.REFUSED_IN_REVIEW)]


def withdrawn() -> list[Finding]:
    """What the garage is told when an employee has taken a reading out of the history again (R7)."""
    return [Finding(f.WITHDRAWN)]


def _in_place(observation: Observation, day: date, place: Place, vehicle: Vehicle) -> list[Finding]:
    found: list[Finding] = []
    if place.earlier is not None:
        found = _against_earlier(observation, day, place.earlier, place.later)
    elif vehicle.first_use is not None and vehicle.first_use <= day:
        found = _since(observation, 0, vehicle.first_use, (day - vehicle.first_use).days)
    if place.later is not None:
        found += _against_later(observation, day, place.later)
    return found


def _against_earlier(observation: Observation, day: date, earlier: Reading, later: Reading | None) -> list[Finding]:
    days = (day - earlier.date).days
    distance = observation.km - earlier.km
    if distance < 0:
        values = _beside(observation, earlier.km, earlier.date, days)
        lower = Finding(f.LOWER_THAN_EARLIER, values | {"deviation_km": -distance})
        return [lower, *_why_lower(observation, days, earlier, later, values)]
    if distance == 0 and days > limits.STANDSTILL_DAYS:
        return [Finding(f.SAME_AS_BEFORE, _beside(observation, earlier.km, earlier.date, days))]
    return _since(observation, earlier.km, earlier.date, days)


def _why_lower(
    observation: Observation, days: int, earlier: Reading, later: Reading | None, values: dict[str, Value]
) -> list[Finding]:
    """The more telling finding beside "lower", if the kind of mistake can be recognised."""
    in_km = round(observation.km * limits.KM_PER_MILE)
    gone = in_km - earlier.km
    # A reading that is a little too low is hardly in miles, though the year before would leave room for it.
    continues = 0 <= gone <= limits.typical_distance(days) and gone < earlier.km - observation.km
    if continues and (later is None or in_km <= later.km):
        return [Finding(f.MILES, values | {"in_km": in_km})]
    hardly_driven = max(limits.TRIP_COUNTER_BELOW_KM, observation.km * limits.TRIP_COUNTER_FACTOR)
    if observation.km < limits.TRIP_COUNTER_BELOW_KM and earlier.km > hardly_driven:
        return [Finding(f.TRIP_COUNTER, values)]
    return []


def _since(observation: Observation, earlier_km: int, earlier_date: date, days: int) -> list[Finding]:
    """Whether the vehicle can have gone so far since an earlier reading, or since it was first used."""
    limit = limits.longest_distance(days)
    excess = observation.km - earlier_km - limit
    if excess <= 0:
        return []
    values = _beside(observation, earlier_km, earlier_date, days)
    return [Finding(f.EXCESSIVELY_HIGH, values | {"deviation_km": excess, "limit_km": limit})]


def _against_later(observation: Observation, day: date, later: Reading) -> list[Finding]:
    days = (later.date - day).days
    distance = later.km - observation.km
    limit = limits.longest_distance(days)
    if 0 <= distance <= limit:
        return []
    values = _own_values(observation) | {"later_km": later.km, "later_date": _day(later.date), "days": days}
    if distance < 0:
        return [Finding(f.HIGHER_THAN_LATER, values | {"deviation_km": -distance})]
    return [Finding(f.TOO_LOW_FOR_LATER, values | {"deviation_km": distance - limit, "limit_km": limit})]


def _with_the_day(found: list[Finding], observation: Observation, of_the_day: Sequence[Reading]) -> list[Finding]:
    """Add what does not fit readings of the same day whose order is unknown: either may be first, but not by much."""
    if not of_the_day:
        return found
    nearest = min(of_the_day, key=lambda reading: abs(reading.km - observation.km))
    slack = limits.WITHIN_A_DAY_KM
    distance = observation.km - nearest.km
    if abs(distance) <= slack:
        return found
    values = _beside(observation, nearest.km, nearest.date, 0)
    if distance < 0:
        extra = Finding(f.LOWER_THAN_EARLIER, values | {"deviation_km": -distance})
    else:
        extra = Finding(f.EXCESSIVELY_HIGH, values | {"deviation_km": distance - slack, "limit_km": slack})
    # One issue of a type is enough: the one against the day before is already there.
    return found if any(finding.code == extra.code for finding in found) else [extra, *found]


def _of_replaced(observation: Observation, day: date, place: Place) -> list[Finding]:
    """A new odometer may show anything, but hardly what the old one would have shown next."""
    found = [] if place.later is None else _against_later(observation, day, place.later)
    earlier = place.earlier
    if earlier is None:
        return found
    days = (day - earlier.date).days
    if 0 <= observation.km - earlier.km <= limits.typical_distance(days):
        found.append(Finding(f.REPLACED_BUT_CONTINUES, _beside(observation, earlier.km, earlier.date, days)))
    return found


def _how_far_off(found: list[Finding]) -> tuple[int, int]:
    deviations = (finding.values.get("deviation_km") for finding in found)
    return sum(deviation for deviation in deviations if isinstance(deviation, int)), len(found)


def _own_values(observation: Observation) -> dict[str, Value]:
    return {"km": observation.km, "date": _day(observation.reading_date)}


def _beside(observation: Observation, earlier_km: int, earlier_date: date, days: int) -> dict[str, Value]:
    return _own_values(observation) | {"earlier_km": earlier_km, "earlier_date": _day(earlier_date), "days": days}


def _day(day: date) -> str:
    return day.isoformat()
