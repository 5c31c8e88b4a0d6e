from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.garage.sending.before_a_server import Times

from odopass.garage.book import Book


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def book(tmp_path: Path, times: Times) -> Iterator[Book]:
    with Book.open(tmp_path / "book.sqlite3", times) as opened:
        yield opened
