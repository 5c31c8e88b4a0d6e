"""A simulated national fleet whose every reading is labelled with the truth.

Nothing here is a real vehicle, owner or garage. Only the shapes are real: who makes cars, how they are driven, when
they are looked after, how people mistype and how odometers are wound back. `simulate_fleet` is the way in.
"""

from __future__ import annotations

from odopass.simulate.fleet import Fleet, simulate_fleet
from odopass.simulate.labels import Truth

__all__ = ["Fleet", "Truth", "simulate_fleet"]
