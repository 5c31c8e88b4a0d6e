"""What is counted and measured, for Prometheus (R13)."""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

#: Answers by operation and HTTP status.
ANSWERS: Final = Counter("odopass_answers", "Answers given", ["operation", "status"])

#: Requests stored, by kind: submission, correction, confirmation.
STORED: Final = Counter("odopass_requests_stored", "Requests durably stored", ["kind"])

#: Requests refused because their garage makes too many, by the name of the limit.
RATE_LIMITED: Final = Counter("odopass_rate_limited", "Requests refused because their garage makes too many", ["limit"])

#: Loans of database connections: lent now, waited for now, and how often nobody gave one back in time.
POOL_IN_USE: Final = Gauge(
    "odopass_pool_connections_in_use", "Database connections that are lent", multiprocess_mode="livesum"
)
POOL_WAITING: Final = Gauge(
    "odopass_pool_waiting", "Requests and workers that wait for a database connection", multiprocess_mode="livesum"
)
POOL_EXHAUSTED: Final = Counter("odopass_pool_exhausted", "Waits for a database connection that were given up")

#: When the certificate in use that ends first will end.
CERTIFICATE_ENDS: Final = Gauge(
    "odopass_tls_certificate_ends_timestamp_seconds",
    "When the first of the TLS certificates in use ends, in seconds since 1970",
    multiprocess_mode="livemin",
)

#: Outcomes of judging.
SETTLED: Final = Counter("odopass_requests_settled", "Requests judged and settled", ["status"])

#: From acceptance to outcome.
SETTLING_SECONDS: Final = Histogram(
    "odopass_settling_seconds",
    "From the arrival of a request to its outcome",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)

#: What the journal's sealer saw last (R9).
JOURNAL_WAITING: Final = Gauge(
    "odopass_journal_entries_waiting", "Entries that no seal covers yet", multiprocess_mode="mostrecent"
)
JOURNAL_SEALED: Final = Gauge("odopass_journal_entries_sealed", "Entries sealed", multiprocess_mode="max")
JOURNAL_LAST_SEAL: Final = Gauge(
    "odopass_journal_last_seal_timestamp_seconds", "When the journal was last sealed", multiprocess_mode="max"
)


def shared_folder() -> str | None:
    """Where processes that serve one address share their counters; None if this one is alone."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")
