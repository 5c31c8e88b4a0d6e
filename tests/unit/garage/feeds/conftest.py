from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.registry.running import OwnClock

from odopass.garage.book import Book
from odopass.garage.book.entries import Source
from odopass.garage.feeds import HandedOver, hand_over

HandOver = Callable[..., HandedOver]


@pytest.fixture
def clock() -> OwnClock:
    return OwnClock(datetime(2026, 11, 24, 9, tzinfo=UTC))


@pytest.fixture
def book(tmp_path: Path, clock: OwnClock) -> Iterator[Book]:
    with Book.open(tmp_path / "book.sqlite3", clock) as opened:
        yield opened


@pytest.fixture
def handed(book: Book, clock: OwnClock) -> HandOver:
    """Hands a reading over that nothing is unusual about, but for what the test says."""

    def hand(key: str | None = None, **fields: str) -> HandedOver:
        usual = {"vin": "WVWZZZ1JZXW000001", "day": "24/11/2026", "km": "120000", "read_by": "Bench 1"}
        source = Source.CSV if key is None else Source.HTTP
        return hand_over(book, clock.today, usual | fields, source=source, by="test", key=key)

    return hand
