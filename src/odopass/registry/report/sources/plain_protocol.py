"""The protocol of sources that have no public one of their own: GET {address}/vehicles/{vin}, answered in JSON.

Real authorities and makers keep their interfaces to themselves, so this is what an operator's gateway in front of them
speaks; docs/reference/sources.md describes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from urllib.parse import quote

from odopass.registry.report.sources.adapters import Setup
from odopass.registry.report.sources.fetching import Received, refused
from odopass.registry.report.sources.members import Members, Oddities, read_members
from odopass.registry.report.sources.question import Answer, Question, SourceUnreadable

_OK = 200
_NOT_FOUND = 404

#: How a source says that it does not know the vehicle; any other 404 means a wrong address.
UNKNOWN_VEHICLE = "vehicle_unknown"


@dataclass(frozen=True, slots=True)
class PlainAdapter(ABC):
    """What the adapters of this protocol share; each says what the members of its answer mean."""

    setup: Setup

    def concerns(self, question: Question) -> bool:
        """Every vehicle, unless an adapter says otherwise."""
        del question
        return True

    async def ask(self, question: Question, oddities: Oddities) -> Answer:
        """Ask about the vehicle."""
        setup = self.setup
        headers = {} if setup.key is None else {"authorization": f"Bearer {setup.key.reveal()}"}
        params = {}
        if question.unifier is not None:
            params["unifier"] = str(question.unifier)
        if question.first_use is not None:
            params["firstUse"] = question.first_use.isoformat()
        address = f"{setup.address}/vehicles/{quote(question.vin, safe='')}"
        received = await setup.fetcher.get(address, params=params, headers=headers)
        return self.read(received, question, oddities)

    def read(self, received: Received, question: Question, oddities: Oddities) -> Answer:
        """What an answer says.

        Raises:
            SourceAway: that nothing can be had.
            SourceUnreadable: nothing that can be read, or something about another vehicle.
        """
        if received.status == _NOT_FOUND and _says_unknown(received):
            return Answer()
        if received.status != _OK:
            raise refused(received)
        members = read_members(received.body, oddities)
        if members.text("vin", longest=40) != question.vin:
            raise SourceUnreadable("not about this vehicle")
        return self.interpret(members)

    @abstractmethod
    def interpret(self, members: Members) -> Answer:
        """What the members mean; oddities are noted there."""


def _says_unknown(received: Received) -> bool:
    try:
        return read_members(received.body, Oddities()).text("error", longest=40) == UNKNOWN_VEHICLE
    except SourceUnreadable:
        return False
