"""What an adapter is: it speaks one source's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from odopass.clock import Clock, belgian_day
from odopass.registry.accounts.secret import Secret
from odopass.registry.report.sources.fetching import Fetcher
from odopass.registry.report.sources.members import Oddities
from odopass.registry.report.sources.question import Answer, Question


@dataclass(frozen=True, slots=True)
class Setup:
    """What an adapter is made with.

    Attributes:
        name: the source's key in the configuration.
        address: without a slash at the end.
        key: what we show to be let in, if it is needed.
        options: what only this adapter knows the meaning of.
        secrets: those of the options that nobody may see.
        fetcher: fetches, within bounds.
        clock: the time of day.
    """

    name: str
    address: str
    key: Secret | None
    options: Mapping[str, str]
    secrets: Mapping[str, Secret]
    fetcher: Fetcher
    clock: Clock

    def today(self) -> date:
        """The day in Europe/Brussels; nothing a source tells can be later."""
        return belgian_day(self.clock.now())


class Adapter(Protocol):
    """Speaks one source's protocol. Time limits, the breaker, metrics and the log are not its business."""

    @property
    def kind(self) -> str:
        """The kind of source: registration, manufacturer, accident_inspection, foreign_registry."""
        ...

    def concerns(self, question: Question) -> bool:
        """Whether the source is to be asked about this vehicle at all."""
        ...

    async def ask(self, question: Question, oddities: Oddities) -> Answer:
        """Ask the source; note in `oddities` what is left out.

        Raises:
            SourceAway: it cannot be had.
            SourceUnreadable: it answered what cannot be read.
        """
        ...
