"""What the displays show: the distance driven, less what a replaced odometer forgot and what a fraudster took off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odopass.simulate.arrays import Bools, Floats, Ints, latest_before, moment_key
from odopass.simulate.frauds import Frauds
from odopass.simulate.journeys import Journeys
from odopass.simulate.labels import ROLLBACKS, Truth
from odopass.simulate.visits import Occasion, Visits

_CARRIED_ON, _USED_PART = 0.22, 0.10
_LEAST_REMOVED_KM = 2_000


@dataclass(slots=True)
class Odometers:
    """Everything that ever happened to the displays of a chunk, sorted by vehicle and moment.

    Attributes:
        keys: `moment_key` of each event.
        lawful: km that the display lacks since then because the odometer was replaced.
        total: km that it lacks in all, roll-backs included.
        fraud: the roll-back in force, by position in `Frauds`, or -1.
        segment: how many of the vehicle's odometers have been replaced by one that does not carry on the old value.
        removed: km that each roll-back of `Frauds` took off.
    """

    keys: Floats
    lawful: Floats
    total: Floats
    fraud: Ints
    segment: Ints
    removed: Ints

    def at(self, vehicle: Ints, moment: Floats) -> Ints:
        """The newest event of each vehicle at each moment, or -1."""
        return latest_before(self.keys, moment_key(vehicle, moment))

    def shown(self, event: Ints, distance: Floats) -> Ints:
        """The km on each display."""
        return _whole(distance - _or_zero(self.total, event))

    def lawfully_shown(self, event: Ints, distance: Floats) -> Ints:
        """The km that each display would show had nobody wound it back."""
        return _whole(distance - _or_zero(self.lawful, event))


def _or_zero(values: Floats, event: Ints) -> Floats:
    return np.asarray(np.append(values, 0.0)[event])


def _whole(km: Floats) -> Ints:
    return np.floor(np.maximum(km, 0)).astype(np.int64)


def make_odometers(
    rng: np.random.Generator, visits: Visits, frauds: Frauds, journeys: Journeys, declared: Bools
) -> Odometers:
    """Go through replacements and roll-backs in order.

    Args:
        rng: how new odometers begin.
        visits: all visits; those marked `Occasion.REPLACEMENT` are honest unless ``declared``.
        frauds: the roll-backs.
        journeys: the distances.
        declared: which visits are roll-backs declared as replacements.
    """
    replaced = visits.keep((visits.occasion == Occasion.REPLACEMENT) & ~declared)
    vehicle = np.concatenate([replaced.vehicle, frauds.vehicle])
    moment = np.concatenate([replaced.moment, frauds.moment])
    which = np.concatenate([np.full(len(replaced), -1), np.arange(len(frauds.vehicle))])
    keys = moment_key(vehicle, moment)
    order = np.argsort(keys, kind="stable")
    distance = journeys.distance(vehicle[order], moment[order])
    last_read = _last_read(visits, keys[order])
    known = journeys.distance(vehicle[order], last_read)
    style = rng.random(len(order))
    new_value = np.where(
        style < _CARRIED_ON + _USED_PART, rng.uniform(8_000, 70_000, len(order)), rng.integers(0, 16, len(order))
    )
    made = Odometers(
        keys=keys[order],
        lawful=np.zeros(len(order)),
        total=np.zeros(len(order)),
        fraud=np.full(len(order), -1, dtype=np.int64),
        segment=np.zeros(len(order), dtype=np.int64),
        removed=np.zeros(len(frauds.vehicle), dtype=np.int64),
    )
    lawful = total = 0.0
    fraud, segment, of = -1, 0, -1
    for at, event in enumerate(order):
        if vehicle[event] != of:
            lawful, total, fraud, of = 0.0, 0.0, -1, vehicle[event]
            segment = 0
        if which[event] >= 0:
            fraud = int(which[event])
            removed = _removed(frauds, fraud, distance[at] - total, distance[at] - known[at], last_read[at] > 0)
            made.removed[fraud] = removed
            total += removed
        elif style[at] >= _CARRIED_ON:
            lawful = total = distance[at] - new_value[at]
            fraud = -1
            segment += 1
        made.lawful[at], made.total[at], made.fraud[at], made.segment[at] = lawful, total, fraud, segment
    return made


def _last_read(visits: Visits, keys: Floats) -> Floats:
    """The moment of each vehicle's last visit before each event, or 0."""
    visit_keys = moment_key(visits.vehicle, visits.moment)
    at = latest_before(visit_keys, keys - 1e-6)
    return np.asarray(np.where(at >= 0, np.append(visits.moment, 0.0)[at], 0.0))


def _removed(frauds: Frauds, fraud: int, display: float, driven_since_read: float, was_read: bool) -> int:
    """Km that a roll-back takes off a display."""
    km = display * float(frauds.share[fraud])
    if frauds.kind[fraud] == ROLLBACKS.index(Truth.ROLLBACK_ABOVE_LAST) and was_read:
        km = driven_since_read - float(frauds.margin[fraud])
    return int(min(max(km, _LEAST_REMOVED_KM), max(display - 1, 0)))
