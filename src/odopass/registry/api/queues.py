"""How much waits in the database, and for how long: read when somebody asks (R13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from odopass.registry.store.database import Pool, fetch_one

_QUEUES: Final = """
    select
        count(*) filter (where queue = 'judging'),
        coalesce(extract(epoch from clock_timestamp() - min(since) filter (where queue = 'judging')), 0)::float8,
        count(*) filter (where queue = 'reports'),
        coalesce(extract(epoch from clock_timestamp() - min(since) filter (where queue = 'reports')), 0)::float8
    from (
        select 'judging' as queue, since from waiting
        union all
        select 'reports', asked_at from report where to_make
    ) as queued
"""


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits.

    Attributes:
        vehicles: with requests to be judged.
        oldest_vehicle_s: seconds that the oldest of them has waited.
        reports: to be made.
        oldest_report_s: seconds since the oldest of them was asked for.
    """

    vehicles: int
    oldest_vehicle_s: float
    reports: int
    oldest_report_s: float

    def collect(self) -> Iterable[Metric]:
        """For Prometheus."""
        length = GaugeMetricFamily("odopass_queue_length", "What waits in the database", labels=["queue"])
        age = GaugeMetricFamily("odopass_queue_oldest_seconds", "How long the oldest has waited", labels=["queue"])
        for queue, number, seconds in (
            ("judging", self.vehicles, self.oldest_vehicle_s),
            ("reports", self.reports, self.oldest_report_s),
        ):
            length.add_metric([queue], number)
            age.add_metric([queue], max(0.0, seconds))
        return (length, age)


async def read_queues(pool: Pool) -> Queues:
    """What waits now."""
    return Queues(*await fetch_one(pool, _QUEUES))
