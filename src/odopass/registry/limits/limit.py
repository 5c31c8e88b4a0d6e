"""The limits there are, by name, with the figures that hold where nobody has set others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limit:
    """How many requests a garage may make.

    Attributes:
        rate: requests a second, in the long run.
        burst: requests at once, after a rest of ``burst / rate`` seconds.
    """

    rate: float
    burst: int


#: Every operation of the wire, counted together for each garage.
REQUESTS: Final = "requests"

#: The largest workshops send some thousands of observations a year. A management system that sends what it kept over
#: a week-end needs the burst; one that asks in a loop for a status meets the rate.
DEFAULTS: Final = {REQUESTS: Limit(rate=50, burst=200)}

#: What may be set: beyond it a figure is a slip of the hand, or arithmetic loses its exactness.
MOST: Final = 1_000_000
