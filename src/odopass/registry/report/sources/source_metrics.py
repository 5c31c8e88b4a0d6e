"""What is counted and measured about outside sources, for Prometheus (R13)."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

#: Enquiries by source and by what came of them: answered, incomplete, unavailable.
SOURCE_ANSWERS: Final = Counter("odopass_source_answers", "What came of asking outside sources", ["source", "state"])

#: From asking to the answer, or to giving up.
SOURCE_SECONDS: Final = Histogram(
    "odopass_source_seconds",
    "Time outside sources took to answer, or until they were given up",
    ["source"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 61),
)

#: Fields and readings of answers that were left out because they cannot be right.
SOURCE_LEFT_OUT: Final = Counter("odopass_source_left_out", "What was left out of the answers of sources", ["source"])
