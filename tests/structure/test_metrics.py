"""Every metric is documented, and nothing is documented that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, Metric

import odopass.registry.serving.process
from odopass.registry.accounts.login_metrics import login_metrics
from odopass.registry.api.queues import Queues

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

assert odopass.registry.serving.process, "whatever a process counts with is loaded"


def there() -> dict[str, set[str]]:
    """Each metric of ours by the name under which Prometheus keeps it, with its labels."""
    login_metrics(REGISTRY)
    found = {}
    for collector in list(REGISTRY._collector_to_names):
        for metric in collector.describe() if hasattr(collector, "describe") else ():
            if metric.name.startswith("odopass_"):
                found[name_of(metric)] = set(getattr(collector, "_labelnames", ()))
    for metric in Queues(0, 0, 0, 0).collect():
        found[name_of(metric)] = {"queue"}
    return found


def name_of(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


@pytest.mark.requirement("R13")
def test_the_page_lists_exactly_the_metrics_there_are_with_their_labels() -> None:
    rows = re.findall(r"^\| `(odopass_\w+)` \|([^|]*)\|", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == there()
