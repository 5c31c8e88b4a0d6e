"""A source as it is configured: an adapter with its time limit, its breaker and its share of the connections."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from odopass.registry.report.sources.adapters import Adapter
from odopass.registry.report.sources.breaker import Breaker
from odopass.registry.report.sources.members import Oddities
from odopass.registry.report.sources.question import LONGEST_SECONDS, Answer, Question, SourceAway


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source that can be asked.

    Attributes:
        name: its key in the configuration.
        adapter: speaks its protocol.
        breaker: keeps it from being asked while it is away.
        places: how many may ask it at once, so that a silent source cannot use up the process's connections.
        seconds: how long it may take in all, retries included.
    """

    name: str
    adapter: Adapter
    breaker: Breaker
    places: asyncio.Semaphore
    seconds: float = LONGEST_SECONDS

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.adapter.kind

    def concerns(self, question: Question) -> bool:
        """Whether it is to be asked about this vehicle at all."""
        return self.adapter.concerns(question)

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        """Ask it, for as long as it may take and we may wait."""
        oddities = Oddities()
        with self.breaker.passage():
            try:
                async with asyncio.timeout(min(seconds, self.seconds)), self.places:
                    answer = await self.adapter.ask(question, oddities)
            except TimeoutError:
                raise SourceAway("no answer in time") from None
        return replace(answer, oddities=oddities.counted())
