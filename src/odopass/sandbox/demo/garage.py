"""A garage's software, reduced to what the story needs: it sends, asks, corrects and confirms over HTTPS."""

from __future__ import annotations

import base64
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

from odopass import __version__
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.sandbox.ready_file import GarageEntry, Ready, VehicleEntry
from odopass.wire.status import Description, IssueItem

#: How long a garage's software waits before it asks for the status first, and between two questions, in seconds (G4).
FIRST_STATUS_AFTER: Final = 1.0
NEXT_STATUS_AFTER: Final = 10.0
_GIVE_UP_AFTER: Final = 95.0

_HEADERS: Final = {
    "client-software-builder": "odopass",
    "client-software-name": "odopass demo",
    "client-software-version": __version__,
}


class Unexpected(Exception):  # noqa: N818 - it names what happened
    """The registry did not answer as the story goes; the message says what it answered."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a status request told."""

    status: Status
    issues: tuple[IssueItem, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """The issue types."""
        return tuple(issue.type for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Report:
    """A vehicle history report as the garage gets it.

    Attributes:
        pdf: the signed document.
        public_url: where a buyer finds the same.
    """

    pdf: bytes
    public_url: str


class GarageSoftware:
    """One garage's connection to the registry."""

    def __init__(
        self, ready: Ready, account: GarageEntry, *, today: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            ready: where the registry is and which authority to believe.
            account: who the garage is.
            today: the day as on the wire.
            wait: lets seconds pass.
        """
        self._account = account
        self._today = today
        self._wait = wait
        self._client = httpx.Client(
            base_url=ready["api"],
            verify=ssl.create_default_context(cafile=ready["ca"]),
            auth=httpx.BasicAuth(account["username"].encode(), account["password"].encode()),
            headers=_HEADERS,
            timeout=30,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def submit(self, vehicle: VehicleEntry, km: int) -> str:
        """Send today's reading; return the request's GUID."""
        return self._post("/observation", self._body(vehicle, km))

    def request_report(self, vehicle: VehicleEntry, km: int) -> str:
        """Send today's reading and ask for the vehicle's history report; return the request's GUID."""
        return self._post("/observation", self._body(vehicle, km, ObservationType.VEHICLE_HISTORY_DOCUMENT))

    def report(self, guid: str, language: str) -> Report:
        """The report of a request that was processed."""
        path = f"/observation/{guid}/status/vhr"
        answer = self._answer(self._client.get(path, params={"language": language.upper()}))
        return Report(base64.b64decode(answer["file"], validate=True), str(answer["publicUrl"]))

    def correct(self, guid: str, vehicle: VehicleEntry, km: int) -> str:
        """Send the right reading instead; return the new GUID."""
        return self._post(f"/observation/{guid}/correction", self._body(vehicle, km))

    def confirm(self, guid: str) -> str:
        """Say that it is right as sent; return the new GUID."""
        return self._post(f"/observation/{guid}/confirm", None)

    def outcome(self, guid: str) -> Told:
        """Ask as a garage's software must: a second after sending, then every ten seconds while it is ONGOING."""
        asked_for = 0.0
        pause = FIRST_STATUS_AFTER
        while True:
            self._wait(pause)
            asked_for += pause
            answer = self._answer(self._client.get(f"/observation/{guid}/status"))
            status = Status(answer["status"])
            if status is not Status.ONGOING or asked_for > _GIVE_UP_AFTER:
                return Told(status, tuple(_issue(item) for item in answer["issues"]))
            pause = NEXT_STATUS_AFTER

    def _body(
        self,
        vehicle: VehicleEntry,
        km: int,
        kind: ObservationType = ObservationType.REPAIR_MAINTENANCE_SERVICE,
    ) -> dict[str, object]:
        return {
            "vin": vehicle["vin"],
            "odometerReadingDate": self._today,
            "odometerReading": km,
            "observationType": kind.value,
            "enterpriseOrganisation": self._account["enterpriseOrganisation"],
            "enteredOrganisation": self._account["enteredOrganisation"],
        }

    def _post(self, path: str, body: dict[str, object] | None) -> str:
        # The key makes a repeated request the same one, should the answer to the first get lost.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return str(self._answer(self._client.post(path, json=body, headers=headers))["requestGuid"])

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        if not response.is_success:
            path = response.request.url.path
            raise Unexpected(
                f"{response.request.method} {path} was answered with {response.status_code}: {response.text}"
            )
        answer: dict[str, Any] = response.json()
        return answer


def _issue(item: dict[str, Any]) -> IssueItem:
    text = item["description"]
    return IssueItem(item["type"], Description(nl=text["nl"], fr=text["fr"], de=text["de"]))
