"""Names for the numpy arrays that the simulation passes around, and joining tables without losing order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

#: More than any day number, so that (vehicle, day) sorts as one number.
_DAYS_PER_VEHICLE = 100_000.0


def moment_key(vehicle: npt.NDArray[Any], moment: npt.NDArray[Any]) -> Floats:
    """One number that sorts by vehicle, then by moment (days since 1970-01-01, with the time of day as fraction)."""
    return np.asarray(vehicle * _DAYS_PER_VEHICLE + moment, dtype=np.float64)


def latest_before(keys: Floats, wanted: Floats) -> Ints:
    """For each wanted moment key the position of the newest sorted key at or before it *on the same vehicle*.

    -1 where that vehicle has none.
    """
    at = np.searchsorted(keys, wanted, side="right") - 1
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    same = keys[at] // _DAYS_PER_VEHICLE == wanted // _DAYS_PER_VEHICLE
    return np.where((at >= 0) & same, at, -1).astype(np.int64)


def where_object(chosen: Bools, values: Objects, otherwise: object) -> Objects:
    """The values where chosen, one and the same object elsewhere."""
    made = values.copy()
    made[~chosen] = otherwise
    return made


def pick(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """Draw ``size`` positions of ``weights``, each in proportion to its weight."""
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right")
    return np.asarray(np.minimum(drawn, len(cumulated) - 1), dtype=np.int64)
