from __future__ import annotations

from datetime import UTC, datetime

import pytest

from odopass.registry.backup.moment import parse_moment, told


@pytest.mark.parametrize(
    "text",
    ["2026-11-25 14:00", "2026-11-25T14:00:00", "2026-11-25 13:00 UTC", "2026-11-25T13:00Z", "2026-11-25 15:00+02:00"],
)
def test_a_moment_is_belgian_time_unless_something_else_is_said(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 11, 25, 13, tzinfo=UTC)
    assert told(parse_moment(text)) == "2026-11-25 14:00:00 Belgian time (13:00:00 UTC)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-10-25 02:30", "twice"),
        ("2026-03-29 02:30", "never"),
        ("25/11/2026 14:00", "no moment"),
        ("2026-11-31 14:00", "no moment"),
        ("2026-11-25", "no moment"),
    ],
)
def test_what_is_no_moment_or_not_one_alone_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_moment(text)
