"""A sender before a server that answers as it is told, with clocks that the test moves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from tests.registry.running import OwnClock
from tests.unit.garage.answering import Answering, answer

from odopass.garage.book import Book
from odopass.garage.book.entries import ReadingDraft, Vehicle
from odopass.garage.client import Endpoint, RegistryClient
from odopass.garage.sending import Connection, Sender
from odopass.wire.basic_auth import Credentials
from odopass.wire.kbo import enterprise_number, establishment_number

DAY = date(2026, 11, 24)
DRAFT = ReadingDraft(Vehicle("WVWTEST01CB000001", None), DAY, 120_000, read_by="Bench 1")
GUID = "11111111-1111-4111-8111-111111111111"
TAKEN = answer(json.dumps({"requestGuid": GUID}), "201 Created")


def status(word: str) -> bytes:
    return answer(json.dumps({"status": word, "issues": []}))


class Times(OwnClock):
    """The test's own clocks: the wall's and the one that only runs forward."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def connection_to(address: str, *, kind: type[RegistryClient] = RegistryClient, place: int = 20_000_001) -> Connection:
    endpoint = Endpoint(address, Credentials("2000000041", "pässword"), timeout_seconds=5)
    return Connection(kind(endpoint, attempts=1), enterprise_number(4_000_001), establishment_number(place))


def sender_to(
    server: Answering, book: Book, times: Times, *, kind: type[RegistryClient] = RegistryClient, chance: float = 1.0
) -> Sender:
    connection = connection_to(server.address, kind=kind)
    return Sender(book.outbox, lambda: connection, times, monotonic=times.monotonic, chance=lambda: chance)


def taken(place: int) -> bytes:
    """The answer to a submission, with a GUID of its own."""
    return answer(json.dumps({"requestGuid": f"{place:08}-1111-4111-8111-111111111111"}), "201 Created")


def vins(server: Answering) -> list[str]:
    """The vehicles of the submissions that came, in their order."""
    bodies = [each.split(b"\r\n\r\n", 1)[1] for each in server.requests]
    return [json.loads(body)["vin"] for body in bodies if body]


def lines(server: Answering) -> list[str]:
    return [each.decode("latin-1").split(" HTTP/")[0].replace(GUID, "GUID") for each in server.requests]
