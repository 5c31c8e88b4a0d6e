from __future__ import annotations

from datetime import date

import pytest

from odopass.simulate import Fleet, simulate_fleet

UNTIL = date(2026, 6, 30)


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Large enough for every label to occur: about 360,000 readings."""
    return simulate_fleet(seed=7, vehicles=30_000, until=UNTIL)
