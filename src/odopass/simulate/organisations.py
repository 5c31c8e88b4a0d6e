"""Garages, inspection centres and dealers: the establishments that report, all of them invented.

Their numbers pass the check of Belgium's register of enterprises but lie far beyond what it has given out (enterprises
above 1.9 billion, establishments above 8.9 billion), so that no real firm is ever named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from stdnum.be import vat

from odopass.simulate.arrays import Ints, pick

_FIRST_ENTERPRISE = 19_000_000
_FIRST_ESTABLISHMENT = 89_000_000
_VEHICLES_PER_GARAGE = 1_000
_FEWEST, _MOST = 24, 14_000


class GarageKind(StrEnum):
    """What an establishment does; it decides which occasions bring vehicles there."""

    WORKSHOP = "workshop"
    TYRES = "tyres"
    INSPECTION = "inspection"
    DEALER = "used-car dealer"
    ROADSIDE = "roadside assistance"


#: Each kind's share of the establishments.
_KIND_SHARES = {
    GarageKind.WORKSHOP: 0.62,
    GarageKind.TYRES: 0.12,
    GarageKind.INSPECTION: 0.08,
    GarageKind.DEALER: 0.14,
    GarageKind.ROADSIDE: 0.04,
}


def check_number(base: int) -> str:
    """Ten digits: the eight of ``base`` and the two that make the whole pass the modulo-97 check.

    Enterprises and establishments are numbered alike; python-stdnum's checksum decides.
    """
    number = f"{base:08d}{97 - base % 97:02d}"
    if vat.checksum(number) != 0:
        raise ValueError(f"{number} does not pass the check of enterprise numbers")
    return number


@dataclass(frozen=True, slots=True)
class Garages:
    """All establishments, by position.

    Attributes:
        enterprise: the enterprise number, 10 digits.
        establishment: the establishment number, 10 digits, unlike any other.
        name: a plainly fictitious name.
        kind: what it does.
        weight: how much work it gets beside others of its kind.
    """

    enterprise: list[str]
    establishment: list[str]
    name: list[str]
    kind: list[GarageKind]
    weight: list[float]

    def __len__(self) -> int:
        return len(self.name)

    def draw(self, rng: np.random.Generator, kind: GarageKind, size: int) -> Ints:
        """Positions of ``size`` establishments of one kind, the busy ones more often."""
        places = np.array([at for at, each in enumerate(self.kind) if each is kind], dtype=np.int64)
        return places[pick(rng, [self.weight[at] for at in places], size)]


def make_garages(rng: np.random.Generator, vehicles: int) -> Garages:
    """As many establishments as a fleet of that size needs, in enterprises of one to six."""
    count = min(_MOST, max(_FEWEST, vehicles // _VEHICLES_PER_GARAGE))
    garages = Garages([], [], [], [], [])
    enterprises = 0
    for kind, share in _KIND_SHARES.items():
        wanted = max(2, round(count * share))
        many = 6 if kind in (GarageKind.INSPECTION, GarageKind.ROADSIDE, GarageKind.TYRES) else 3
        while wanted:
            size = min(wanted, int(rng.integers(1, many + 1)))
            enterprise = check_number(_FIRST_ENTERPRISE + 37 * enterprises)
            enterprises += 1
            for workshop in range(1, size + 1):
                garages.enterprise.append(enterprise)
                garages.establishment.append(check_number(_FIRST_ESTABLISHMENT + 41 * len(garages)))
                garages.name.append(f"Fictitious {kind.value} {enterprises}, establishment {workshop}")
                garages.kind.append(kind)
                garages.weight.append(float(rng.lognormal(0.0, 0.6)))
            wanted -= size
    return garages
