"""What garages do about an issue, and what the registry's employees do about what they review. A model, with a seed.

Nobody knows the true proportions; these are on the side of the careless garage. They decide what comes to stand in
the histories, hence which later readings meet a wrong one, but not whether the reading itself is caught.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from odopass.simulate import Truth
from odopass.simulate.labels import ROLLBACKS

#: Mistakes that the garage finds when it looks again; the others confirm what they had sent without looking.
_LOOKS_AGAIN = 0.92
#: Garages that confirm a reading that was right; the others leave the issue as it is.
_INSISTS = 0.97
#: Garages that confirm what a wound-back odometer shows: they read it, after all. The others let it be.
_CONFIRMS_ROLLBACK = 0.6


class Reaction(StrEnum):
    """What a garage does about an issue."""

    CORRECTS = "corrects"
    CONFIRMS = "confirms"
    NOTHING = "does nothing"


@dataclass(slots=True)
class Garages:
    """The garages and the employees, who know the truth if they look for it."""

    rng: random.Random

    def react(self, truth: Truth, *, names_wrongly: bool) -> Reaction:
        """What a garage does about an issue.

        Args:
            truth: what is really the matter with its reading.
            names_wrongly: whether the vehicle could not be told; the garage then looks up its VIN.
        """
        if names_wrongly:
            return Reaction.CORRECTS
        if truth is Truth.HONEST:
            return Reaction.CONFIRMS if self.rng.random() < _INSISTS else Reaction.NOTHING
        if truth in ROLLBACKS:
            return Reaction.CONFIRMS if self.rng.random() < _CONFIRMS_ROLLBACK else Reaction.NOTHING
        return Reaction.CORRECTS if self.rng.random() < _LOOKS_AGAIN else Reaction.CONFIRMS

    def accept_after_review(self, truth: Truth) -> bool:
        """Whether an employee lets a confirmed reading stand: they ask for a photograph, so they know."""
        return truth is Truth.HONEST
