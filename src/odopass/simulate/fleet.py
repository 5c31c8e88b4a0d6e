"""The fleet: the same seed, number of vehicles and last day always give the same tables, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from odopass.simulate import tables
from odopass.simulate.chunk import as_table, simulate_chunk
from odopass.simulate.days import REGISTRY_BEGIN, day_number
from odopass.simulate.organisations import Garages, make_garages

#: Vehicles are simulated in chunks of this many, which bounds the memory that a large fleet needs.
CHUNK = 10_000
MOST_VEHICLES = 5_000_000
#: Histories shorter than this hold too little to judge.
EARLIEST_UNTIL = date(2009, 1, 1)
LATEST_UNTIL = date(2060, 12, 31)

_GARAGES, _VEHICLES = 0, 1


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What decides a fleet, before anything of it is made.

    Attributes:
        seed: any whole number from 0; another seed gives another fleet.
        vehicles: how many vehicles the registry has ever known.
        until: the last day whose readings have arrived.

    Raises:
        ValueError: one of them is out of range; the message says which and what is possible.
    """

    seed: int
    vehicles: int
    until: date

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"the seed must be 0 or more, not {self.seed}")
        if not 1 <= self.vehicles <= MOST_VEHICLES:
            raise ValueError(f"the number of vehicles must be between 1 and {MOST_VEHICLES:,}, not {self.vehicles:,}")
        if not EARLIEST_UNTIL <= self.until <= LATEST_UNTIL:
            raise ValueError(
                f"the last day must be between {EARLIEST_UNTIL} and {LATEST_UNTIL} (readings begin on "
                f"{REGISTRY_BEGIN}), not {self.until}"
            )

    @property
    def chunks(self) -> int:
        """In how many chunks it is made."""
        return -(-self.vehicles // CHUNK)

    def garages(self) -> Garages:
        """The establishments that report."""
        return make_garages(self._random(_GARAGES, 0), self.vehicles)

    def garage_table(self) -> pa.Table:
        """The establishments as a table, see `tables.GARAGES`."""
        garages = self.garages()
        columns = {
            "garage": np.arange(len(garages)),
            "enterprise": garages.enterprise,
            "establishment": garages.establishment,
            "name": garages.name,
            "kind": [str(kind) for kind in garages.kind],
        }
        return as_table(tables.GARAGES, columns)

    def chunk_tables(self) -> Iterator[dict[str, pa.Table]]:
        """The tables vehicles, plates, readings and sales, chunk by chunk; readings in each by arrival."""
        garages = self.garages()
        for chunk in range(self.chunks):
            numbers = np.arange(chunk * CHUNK, min((chunk + 1) * CHUNK, self.vehicles), dtype=np.int64)
            rng = self._random(_VEHICLES, chunk)
            yield simulate_chunk(rng, numbers, garages, until=day_number(self.until), chunk=chunk, chunks=self.chunks)

    def _random(self, subject: int, chunk: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(subject, chunk)))


@dataclass(frozen=True, slots=True)
class Fleet:
    """A whole fleet in memory: pyarrow tables whose columns `tables` describes, units included.

    Attributes:
        plan: what decided it.
        vehicles: one row for each vehicle, by number.
        plates: who bore which plate when.
        garages: the establishments that report.
        readings: every reading that arrived, in the order of arrival over the whole fleet.
        sales: every change of owner, with the roll-back that preceded it, if any.
    """

    plan: FleetPlan
    vehicles: pa.Table
    plates: pa.Table
    garages: pa.Table
    readings: pa.Table
    sales: pa.Table


def simulate_fleet(seed: int, vehicles: int, until: date) -> Fleet:
    """Simulate a fleet in memory: about 12 readings a vehicle, each labelled with the truth.

    Args:
        seed: decides everything, together with the other two.
        vehicles: how many; a million need about 4 GB of memory here, `writing` writes any number in chunks.
        until: the last day whose readings have arrived.

    Raises:
        ValueError: an argument is out of range.
    """
    plan = FleetPlan(seed, vehicles, until)
    parts = list(plan.chunk_tables())
    whole = {name: pa.concat_tables([part[name] for part in parts]).combine_chunks() for name in parts[0]}
    readings = whole["readings"]
    order = np.argsort(readings["received_at"].to_numpy(), kind="stable")
    return Fleet(
        plan=plan,
        vehicles=whole["vehicles"],
        plates=whole["plates"],
        garages=plan.garage_table(),
        readings=readings.take(pa.array(order)),
        sales=whole["sales"],
    )
