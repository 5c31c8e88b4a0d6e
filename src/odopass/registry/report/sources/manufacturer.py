"""The adapter of manufacturers and importers: recalls, and readings from their workshops abroad."""

from __future__ import annotations

from datetime import date

from odopass.registry.report.content import Recall
from odopass.registry.report.sources.members import Members
from odopass.registry.report.sources.plain_protocol import PlainAdapter
from odopass.registry.report.sources.question import Answer
from odopass.registry.report.sources.readings import EARLIEST_READING, read_readings


class Manufacturer(PlainAdapter):
    """Tells which recalls have not been carried out, and what the odometer showed abroad."""

    kind = "manufacturer"

    def interpret(self, members: Members) -> Answer:
        """Recalls and readings."""
        today = self.setup.today()
        if not members.tells("recalls"):
            members.missing("recalls")
        return Answer(
            recalls=_recalls(members, today),
            readings=read_readings(members.entries("readings"), source_name=self.setup.name, today=today, country=None),
        )


def _recalls(members: Members, today: date) -> tuple[Recall, ...] | None:
    entries = members.entries("recalls")
    if entries is None:
        return None
    before = len(members.oddities)
    found: dict[str, Recall] = {}
    for told in entries:
        reference = told.text("reference", longest=60)
        if reference is None:
            told.missing("reference")
        elif reference in found:
            told.odd("reference", "told twice")
        else:
            found[reference] = Recall(
                reference,
                told.day("opened", since=EARLIEST_READING, until=today),
                told.text("description", longest=2_000),
            )
    # If all that was told of recalls cannot be read, "none is open" would be a claim that nobody made.
    return tuple(found.values()) if found or len(members.oddities) == before else None
