"""What people get wrong when they read, type and send: about 1.7 % of readings, each labelled with its kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from odopass.simulate.arrays import Bools, Ints, pick
from odopass.simulate.days import month_of, month_start
from odopass.simulate.labels import MISTAKE_SHARES, Truth
from odopass.simulate.vins import VIN_LENGTH
from odopass.simulate.visits import Occasion

#: Share of readings with a mistake, before those are taken back that would have changed nothing.
MISTAKE_SHARE = 0.0174

_KM_PER_MILE = 1.609344
_MOST_ON_WIRE = 9_999_999


@dataclass(slots=True)
class Sent:
    """Readings as they are sent, before and after the mistakes.

    Attributes:
        vehicle: the vehicle they are sent for, by position in the chunk.
        odometer_of: the vehicle whose odometer was read.
        day: the day it was read.
        occasion: an `Occasion`.
        display: what the display of ``vehicle`` showed.
        km: what is sent.
        date: the date that is sent.
        truth: a `Truth`, as text.
        garage: position among the garages.
    """

    vehicle: Ints
    odometer_of: Ints
    day: Ints
    occasion: Ints
    display: Ints
    km: Ints
    date: Ints
    truth: npt.NDArray[np.object_]
    garage: Ints


def make_mistakes(rng: np.random.Generator, sent: Sent, names_by_vin: Bools, long_vin: Bools, until: int) -> None:
    """Get some of ``sent`` wrong, in place.

    Args:
        rng: who errs, and how.
        sent: the readings, all as they should be.
        names_by_vin: which of them name the vehicle by VIN.
        long_vin: which of those VINs have 17 characters.
        until: the last day that is known.
    """
    kinds = list(MISTAKE_SHARES)
    wrong = np.flatnonzero(rng.random(len(sent.km)) < MISTAKE_SHARE)
    kind = pick(rng, list(MISTAKE_SHARES.values()), len(wrong))
    # The date of a request for a report is the day's date: the registry takes no other.
    dated = np.array([each in (Truth.YEAR_WRONG, Truth.MONTH_WRONG, Truth.INVOICE_DATE) for each in kinds])[kind]
    kind = np.where(dated & (sent.occasion[wrong] == Occasion.HISTORY_REPORT), kinds.index(Truth.DIGIT_WRONG), kind)
    for at, truth in enumerate(kinds):
        rows = wrong[kind == at]
        if truth is Truth.VIN_MISTYPED:
            sent.truth[rows[(names_by_vin & long_vin)[rows]]] = str(truth)
        elif truth in (Truth.YEAR_WRONG, Truth.MONTH_WRONG, Truth.INVOICE_DATE):
            date = _other_date(rng, truth, sent.day[rows])
            _set(sent, rows, truth, sent.km[rows], np.where(_possible(truth, date, until), date, sent.day[rows]))
        elif truth is Truth.OTHER_VEHICLE:
            other = _neighbour(rng, sent, rows)
            differs = (sent.vehicle[other] != sent.vehicle[rows]) & (sent.display[other] != sent.display[rows])
            sent.odometer_of[rows[differs]] = sent.vehicle[other[differs]]
            _set(sent, rows[differs], truth, sent.display[other[differs]], sent.day[rows[differs]])
        else:
            _set(sent, rows, truth, _other_km(rng, truth, sent.display[rows]), sent.day[rows])


def _set(sent: Sent, rows: Ints, truth: Truth, km: Ints, date: Ints) -> None:
    """Write down a mistake, unless it happens to change nothing or could not be sent."""
    changed = ((km != sent.display[rows]) | (date != sent.day[rows])) & (km >= 0) & (km <= _MOST_ON_WIRE)
    rows = rows[changed]
    sent.km[rows], sent.date[rows] = km[changed], date[changed]
    sent.truth[rows] = str(truth)


def _possible(truth: Truth, date: Ints, until: int) -> Bools:
    """An invoice is written by now; a mistyped date may well lie in the future."""
    return date <= until if truth is Truth.INVOICE_DATE else np.ones(len(date), dtype=np.bool_)


def _other_date(rng: np.random.Generator, truth: Truth, day: Ints) -> Ints:
    count = len(day)
    if truth is Truth.INVOICE_DATE:
        return np.asarray(day + 1 + np.minimum(rng.gamma(1.3, 8, count), 75).astype(np.int64))
    # Last year's number is still in the fingers; next year's is a slip.
    back = rng.random(count) < (0.85 if truth is Truth.YEAR_WRONG else 0.6)
    months = np.where(back, -1, 1) * (12 if truth is Truth.YEAR_WRONG else 1)
    month = month_of(day)
    of_month = np.minimum(day - month_start(month), 27)
    return np.asarray(month_start(month + months) + of_month)


def _neighbour(rng: np.random.Generator, sent: Sent, rows: Ints) -> Ints:
    """For each row one that was read at about the same time."""
    by_day = np.argsort(sent.day, kind="stable")
    place = np.empty(len(by_day), dtype=np.int64)
    place[by_day] = np.arange(len(by_day))
    return np.asarray(by_day[(place[rows] + rng.integers(1, 60, len(rows))) % len(by_day)])


def _other_km(rng: np.random.Generator, truth: Truth, km: Ints) -> Ints:
    """What is typed instead of ``km``; equal to it where the mistake cannot be made."""
    count = len(km)
    if truth is Truth.MILES:
        return np.where(km >= 1_000, np.round(km / _KM_PER_MILE), km).astype(np.int64)  # noqa: PLR2004
    if truth is Truth.TRIP_COUNTER:
        trip = np.minimum(rng.gamma(1.5, 300, count) + 4, 2_500).astype(np.int64)
        return np.where(trip * 3 < km, trip, km)
    if truth is Truth.ROUNDED:
        step = np.where(rng.random(count) < 0.5, 1_000, 100)  # noqa: PLR2004
        return np.where(km >= 1_000, (km + step // 2) // step * step, km)  # noqa: PLR2004
    digits = np.char.str_len(km.astype(str)).astype(np.int64)
    # The place of the digit, counted from the units.
    place = (rng.random(count) * np.where(truth is Truth.DIGITS_SWAPPED, digits - 1, digits)).astype(np.int64)
    unit = np.asarray(10**place, dtype=np.int64)
    digit = km // unit % 10
    if truth is Truth.DIGITS_SWAPPED:
        left = km // (unit * 10) % 10
        return np.where(digits > 1, km + (left - digit) * unit - (left - digit) * unit * 10, km)
    if truth is Truth.DIGIT_MISSING:
        return np.where(digits > 1, km // (unit * 10) * unit + km % unit, km)
    if truth is Truth.DIGIT_DOUBLED:
        return np.asarray(km // unit * unit * 10 + digit * unit + km % unit)
    if truth is Truth.DIGIT_WRONG:
        return np.asarray(km + ((digit + rng.integers(1, 10, count)) % 10 - digit) * unit)
    raise ValueError(f"{truth} is no mistake in the km")


def mistype_vin(rng: np.random.Generator, vin: str) -> str:
    """A VIN with one slip: two characters swapped, one left out, one replaced, or a letter that no VIN has."""
    at = int(rng.integers(3, VIN_LENGTH - 1))
    slip = int(rng.integers(0, 4))
    if slip == 0 and vin[at] != vin[at + 1]:
        return vin[:at] + vin[at + 1] + vin[at] + vin[at + 2 :]
    if slip == 1:
        return vin[:at] + vin[at + 1 :]
    if slip == 2 and "0" in vin[3:]:  # noqa: PLR2004
        return vin[:3] + vin[3:].replace("0", "O", 1)
    others = [each for each in "ABCDEFGHJKLMNPRSTUVWXYZ0123456789" if each != vin[at]]
    return vin[:at] + others[int(rng.integers(0, len(others)))] + vin[at + 1 :]
