"""Which vehicle a garage means (R3).

A garage names a vehicle by its VIN or by its plate. VINs of 17 characters are unique in practice; shorter ones,
from before 1981, are not, so a unifier (the registration authority's own number) or the day of first use singles
out one of them. A plate means the vehicle that bore it on the day of the reading; whoever looks up candidates
must have taken that into account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FULL_VIN_LENGTH = 17


class Identification(StrEnum):
    """What came of looking for the vehicle. All but the first are issues that the garage can correct."""

    IDENTIFIED = "identified"
    VIN_UNKNOWN = "vin_unknown"
    VIN_AMBIGUOUS = "vin_ambiguous"
    PLATE_UNKNOWN = "plate_unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vehicle that bears the VIN or plate in question."""

    vehicle_id: int
    unifier: int | None
    first_use: date | None


def identify_by_vin(
    vin: str, candidates: Sequence[Candidate], *, unifier: int | None, first_use: date | None
) -> tuple[Identification, int | None]:
    """Single out the vehicle with this VIN.

    A unifier or a first use is a second, independent statement about which vehicle is meant. For a short VIN it
    must agree even if only one vehicle bears the VIN: the one that is meant may be missing from the registry. A VIN
    of 17 characters that one vehicle bears needs no second statement, and a wrong one does no harm. A first use that
    the registry does not know contradicts nothing, and singles out nothing either.
    """
    if len(vin) == FULL_VIN_LENGTH and len(candidates) == 1:
        return Identification.IDENTIFIED, candidates[0].vehicle_id
    fitting = [
        candidate
        for candidate in candidates
        if (unifier is None or candidate.unifier == unifier)
        and (first_use is None or candidate.first_use is None or candidate.first_use == first_use)
    ]
    if not fitting:
        return Identification.VIN_UNKNOWN, None
    if unifier is None and len(candidates) > 1:
        fitting = [candidate for candidate in fitting if first_use is not None and candidate.first_use == first_use]
    if len(fitting) == 1:
        return Identification.IDENTIFIED, fitting[0].vehicle_id
    return Identification.VIN_AMBIGUOUS, None


def identify_by_plate(candidates: Sequence[Candidate]) -> tuple[Identification, int | None]:
    """Single out the vehicle that bore the plate on the day; two bearers on one day name none."""
    bearers = {candidate.vehicle_id for candidate in candidates}
    if len(bearers) == 1:
        return Identification.IDENTIFIED, bearers.pop()
    return Identification.PLATE_UNKNOWN, None
