"""Odometers wound back before a sale: who does it, when, how far, and which readings are kept out of sight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odopass.simulate.arrays import Bools, Floats, Ints, moment_key, pick
from odopass.simulate.days import DAYS_PER_YEAR, to_working_day
from odopass.simulate.journeys import Journeys
from odopass.simulate.labels import ROLLBACKS, Truth
from odopass.simulate.organisations import GarageKind, Garages
from odopass.simulate.owners import Channel, Sales
from odopass.simulate.vehicles import OUT_OF_SCOPE_CATEGORIES, Vehicles
from odopass.simulate.visits import Occasion, Visits, joined, tidied

#: Share of sales, imports included, before which the odometer was wound back.
FRAUD_SHARE = 0.002
#: Share of the frauds that happen abroad, before an import.
_BEFORE_IMPORT = 0.38
#: How domestic frauds are done.
_DOMESTIC = {
    Truth.ROLLBACK: 0.77,
    Truth.ROLLBACK_DECLARED_REPLACED: 0.11,
    Truth.ROLLBACK_ABOVE_LAST: 0.12,
}
#: It only pays on a vehicle that has driven this far, and more so the further it has.
_LEAST_KM = 90_000
#: Years for which a fraudster who winds back to just above the last reading has kept away from garages.
_HIDDEN_YEARS = (2.0, 4.5)


@dataclass(slots=True)
class Frauds:
    """Roll-backs, sorted by vehicle and moment.

    Attributes:
        vehicle: position of the vehicle in its chunk.
        moment: when it was done (days, time of day as fraction).
        kind: position in `labels.ROLLBACKS`.
        sale: position of the sale for which it was done.
        share: the share of the display that is taken off where no other aim is set.
        margin: km above the last reading, where that is the aim.
    """

    vehicle: Ints
    moment: Floats
    kind: Ints
    sale: Ints
    share: Floats
    margin: Floats


def plan_frauds(rng: np.random.Generator, vehicles: Vehicles, sales: Sales, journeys: Journeys) -> Frauds:
    """Choose the sales before which an odometer is wound back."""
    km = journeys.distance(sales.vehicle, sales.listed.astype(np.float64))
    driven = ~(vehicles.oldtimer | vehicles.in_category((*OUT_OF_SCOPE_CATEGORIES,)))[sales.vehicle]
    attraction = np.where(driven & (km > _LEAST_KM), np.minimum(km, 350_000) - _LEAST_KM / 2, 0.0)
    imported = sales.channel == Channel.IMPORT
    wanted = rng.binomial(len(sales.vehicle), FRAUD_SHARE)
    abroad = rng.binomial(wanted, _BEFORE_IMPORT)
    chosen = np.concatenate(
        [
            _choose(rng, np.where(imported, attraction, 0.0), int(abroad)),
            _choose(rng, np.where(imported, 0.0, attraction), int(wanted - abroad)),
        ]
    )
    count = len(chosen)
    kinds = np.array([ROLLBACKS.index(each) for each in _DOMESTIC], dtype=np.int64)
    kind = kinds[pick(rng, list(_DOMESTIC.values()), count)]
    kind = np.where(imported[chosen], ROLLBACKS.index(Truth.ROLLBACK_BEFORE_IMPORT), kind)
    day = sales.listed[chosen] - rng.integers(1, 13, count)
    declared = kind == ROLLBACKS.index(Truth.ROLLBACK_DECLARED_REPLACED)
    in_workshop = to_working_day(sales.listed[chosen] - 12, np.zeros(count, dtype=np.bool_))
    moment = np.where(declared, in_workshop + 0.61, day + 0.1)
    order = np.argsort(moment_key(sales.vehicle[chosen], moment))
    return Frauds(
        vehicle=sales.vehicle[chosen][order],
        moment=moment[order],
        kind=kind[order],
        sale=chosen[order],
        share=0.12 + 0.68 * rng.beta(2.6, 2.9, count),
        margin=rng.uniform(300, 4_000, count),
    )


def _choose(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Up to ``count`` different positions, each in proportion to its weight."""
    possible = np.flatnonzero(weights)
    count = min(count, len(possible))
    share = weights[possible] / max(weights.sum(), 1e-9)
    return possible[rng.choice(len(possible), size=count, replace=False, p=share)] if count else possible[:0]


def hide_traces(rng: np.random.Generator, visits: Visits, frauds: Frauds, garages: Garages) -> Visits:
    """The visits as they are once the fraudsters had their way: some are left out, some are declared replacements."""
    keys = moment_key(visits.vehicle, visits.moment)
    kept = np.ones(len(visits), dtype=np.bool_)
    above_last = frauds.kind == ROLLBACKS.index(Truth.ROLLBACK_ABOVE_LAST)
    for at in np.flatnonzero(above_last):
        years = rng.uniform(*_HIDDEN_YEARS)
        until = moment_key(frauds.vehicle[at : at + 1], frauds.moment[at : at + 1])[0]
        first, last = np.searchsorted(keys, [until - years * DAYS_PER_YEAR, until])
        kept[first:last] = False
    declared = np.flatnonzero(frauds.kind == ROLLBACKS.index(Truth.ROLLBACK_DECLARED_REPLACED))
    added = Visits(
        frauds.vehicle[declared],
        frauds.moment[declared],
        np.full(len(declared), Occasion.REPLACEMENT, dtype=np.int64),
        garages.draw(rng, GarageKind.WORKSHOP, len(declared)),
    )
    return tidied(joined(visits.keep(kept), added))


def contradictions(
    frauds: Frauds,
    *,
    read_keys: Floats,
    displays: Ints,
    believed: Bools,
    segments: Ints,
) -> Ints:
    """By how many km each fraud is contradicted by the registry's own readings; 0 or less: not at all.

    That is the highest display read before the roll-back, less the lowest read after it, on one odometer.

    Args:
        frauds: what was done.
        read_keys: `moment_key` of every reading, sorted.
        displays: what each display showed, in km.
        believed: whether the reading arrived as the display showed it.
        segments: how many of the vehicle's odometers had been honestly replaced by then.
    """
    found = np.zeros(len(frauds.vehicle), dtype=np.int64)
    declared = ROLLBACKS.index(Truth.ROLLBACK_DECLARED_REPLACED)
    keys = moment_key(frauds.vehicle, frauds.moment)
    starts = np.searchsorted(read_keys, moment_key(frauds.vehicle, np.zeros(len(keys))))
    ends = np.searchsorted(read_keys, moment_key(frauds.vehicle + 1, np.zeros(len(keys))))
    turns = np.searchsorted(read_keys, keys)
    for at, (start, turn, end) in enumerate(zip(starts, turns, ends, strict=True)):
        if frauds.kind[at] == declared or turn in (start, end):
            continue
        odometer = segments[turn]
        before = displays[start:turn][believed[start:turn] & (segments[start:turn] == odometer)]
        after = displays[turn:end][believed[turn:end] & (segments[turn:end] == odometer)]
        if len(before) and len(after):
            found[at] = before.max() - after.min()
    return found
