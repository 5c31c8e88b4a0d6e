"""What is counted about logins, for Prometheus (R13)."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class LoginMetrics:
    """The figures of one registry of metrics.

    Attributes:
        answers: logins that were not remembered, by answer: let_in, locked, refused, too_many.
        comparing: seconds that one comparison with a stored hash took.
        waiting: logins waiting for their comparison.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers: Final = Counter(
            "odopass_logins", "Logins that were not remembered, by their answer", ["answer"], registry=registry
        )
        self.comparing: Final = Histogram(
            "odopass_password_comparison_seconds",
            "Time one comparison of a password took",
            buckets=(0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0),
            registry=registry,
        )
        self.waiting: Final = Gauge(
            "odopass_logins_waiting",
            "Logins waiting for their comparison",
            registry=registry,
            multiprocess_mode="livesum",
        )


_known: WeakKeyDictionary[CollectorRegistry, LoginMetrics] = WeakKeyDictionary()


def login_metrics(registry: CollectorRegistry) -> LoginMetrics:
    """The figures in a registry; several authenticators that share it share them."""
    metrics = _known.get(registry)
    if metrics is None:
        metrics = _known[registry] = LoginMetrics(registry)
    return metrics
