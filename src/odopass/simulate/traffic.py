"""A fleet as traffic: its readings sent to a registry over HTTPS, as garages' software would send them.

Each submission carries an idempotency key that is set before the first try, so that a repeated try counts once. The
status is asked as good practice demands: one second after the submission, then every ten seconds while it is ONGOING.
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from odopass import __version__
from odopass.domain.observation import ObservationType
from odopass.simulate.playlist import Account, PlayedReading

#: Outcomes beside the five states of the wire.
REFUSED, UNREACHABLE = "REFUSED", "UNREACHABLE"

_ONGOING = "ONGOING"
_SENDERS = 64
_FOLLOWED_AT_ONCE = 2_000
_AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_HEADERS = {
    "client-software-builder": "odopass",
    "client-software-name": "odopass simulate",
    "client-software-version": __version__,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How patiently the registry is asked, in seconds unless said otherwise.

    Attributes:
        first_status: from the answer to a submission to the first question about its status.
        next_status: between two questions.
        give_up: after this long a submission that is still ONGOING is left so.
        tries: how many times a request is tried in all when the registry is away or busy.
        pause: before the second try; it doubles each time, up to ``longest_pause``.
        longest_pause: the most that is waited between tries, whatever the registry asks for.
    """

    first_status: float = 1.0
    next_status: float = 10.0
    give_up: float = 95.0
    tries: int = 7
    pause: float = 0.5
    longest_pause: float = 30.0


@dataclass(slots=True)
class Tally:
    """What became of the readings.

    Attributes:
        outcomes: for each truth label, how many ended in which state (`REFUSED` with the HTTP status: a 4xx answer).
        issues: for each truth label, how often which issue type was listed.
        as_ordinary: requests for a report that were sent as ordinary readings, since their day is past.
    """

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    issues: dict[str, Counter[str]] = field(default_factory=dict)
    as_ordinary: int = 0

    @property
    def settled(self) -> int:
        """How many readings have an outcome."""
        return sum(counter.total() for counter in self.outcomes.values())

    def add(self, truth: str, outcome: str, issues: Iterable[str] = ()) -> None:
        """Count one reading."""
        self.outcomes.setdefault(truth, Counter())[outcome] += 1
        self.issues.setdefault(truth, Counter()).update(issues)

    def as_json(self) -> dict[str, Any]:
        """The same for a script to read."""
        return {
            "readings": self.settled,
            "outcomes": {truth: dict(counter) for truth, counter in sorted(self.outcomes.items())},
            "issues": {truth: dict(counter) for truth, counter in sorted(self.issues.items()) if counter},
            "reportsSentAsOrdinary": self.as_ordinary,
        }


def checked_api(address: str) -> str:
    """The address of the API without a slash at its end.

    Raises:
        ValueError: it is no HTTPS address; passwords are never sent in the clear.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{address!r} is no HTTPS address; give one such as https://127.0.0.1:8443/api")
    return address.rstrip("/")


class Player:
    """Sends readings and follows them until they have an outcome."""

    def __init__(
        self,
        api: str,
        trust: ssl.SSLContext,
        accounts: list[Account],
        *,
        today: Callable[[], date],
        pace: Pace | None = None,
        on_progress: Callable[[Tally], None] = lambda _: None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            api: base address, HTTPS.
            trust: with the registry's CA.
            accounts: the garages of the fleet share these in turn.
            today: the day in Europe/Brussels; a request for a report must carry it.
            pace: how patiently to ask.
            on_progress: called after each outcome.

        Raises:
            ValueError: ``api`` is no HTTPS address, or there are no accounts.
        """
        if not accounts:
            raise ValueError("no accounts to send with")
        self.tally = Tally()
        self._api = checked_api(api)
        self._trust = trust
        self._accounts = accounts
        self._today = today
        self._pace = pace or Pace()
        self._on_progress = on_progress
        self._followed = asyncio.Semaphore(_FOLLOWED_AT_ONCE)

    async def play(self, readings: Iterable[PlayedReading], rate: float | None) -> Tally:
        """Send all readings, ``rate`` a second at most, and wait for their outcomes.

        Readings of one vehicle are sent one after another, in the order given; those of others side by side.
        """
        limits = httpx.Limits(max_connections=_SENDERS * 2, max_keepalive_connections=_SENDERS * 2)
        async with httpx.AsyncClient(
            verify=self._trust, headers=_HEADERS, limits=limits, timeout=30, trust_env=False
        ) as client:
            queues = [asyncio.Queue[PlayedReading | None](maxsize=8) for _ in range(_SENDERS)]
            async with asyncio.TaskGroup() as senders:
                for queue in queues:
                    senders.create_task(self._send_all(client, queue))
                await self._hand_out(readings, queues, rate)
                for queue in queues:
                    await queue.put(None)
        return self.tally

    async def _hand_out(
        self, readings: Iterable[PlayedReading], queues: list[asyncio.Queue[PlayedReading | None]], rate: float | None
    ) -> None:
        """Give each vehicle's readings to one and the same sender, at the pace asked for."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for reading in readings:
            if rate is not None:
                await asyncio.sleep(max(0.0, due - loop.time()))
                due = max(due, loop.time() - 1) + 1 / rate
            await queues[reading.vehicle % len(queues)].put(reading)

    async def _send_all(self, client: httpx.AsyncClient, queue: asyncio.Queue[PlayedReading | None]) -> None:
        async with asyncio.TaskGroup() as followers:
            while (reading := await queue.get()) is not None:
                guid = await self._submit(client, reading)
                if guid is not None:
                    await self._followed.acquire()
                    followers.create_task(self._follow(client, reading, guid))

    async def _submit(self, client: httpx.AsyncClient, reading: PlayedReading) -> str | None:
        account = self._account(reading)
        body = reading.body(account)
        is_report = reading.observation_type == ObservationType.VEHICLE_HISTORY_DOCUMENT
        if is_report and reading.reading_date != self._today():
            body["observationType"] = str(ObservationType.REPAIR_MAINTENANCE_SERVICE)
            self.tally.as_ordinary += 1
        key = str(uuid.uuid4())
        answer = await self._request(client, account, "POST", "/observation", body=body, key=key)
        if answer is not None and answer.is_success:
            return str(answer.json()["requestGuid"])
        self._settle(reading, UNREACHABLE if answer is None else f"{REFUSED} {answer.status_code}")
        return None

    async def _follow(self, client: httpx.AsyncClient, reading: PlayedReading, guid: str) -> None:
        """Ask for the status until it is something else than ONGOING."""
        try:
            loop = asyncio.get_running_loop()
            end = loop.time() + self._pace.give_up
            outcome, issues = _ONGOING, list[str]()
            wait = self._pace.first_status
            while outcome == _ONGOING and loop.time() + wait <= end:
                await asyncio.sleep(wait)
                wait = self._pace.next_status
                answer = await self._request(client, self._account(reading), "GET", f"/observation/{guid}/status")
                if answer is None:
                    outcome = UNREACHABLE
                elif answer.is_success:
                    told = answer.json()
                    outcome, issues = str(told["status"]), [str(each["type"]) for each in told.get("issues") or []]
                else:
                    outcome = f"{REFUSED} {answer.status_code}"
            self._settle(reading, outcome, issues)
        finally:
            self._followed.release()

    async def _request(
        self,
        client: httpx.AsyncClient,
        account: Account,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> httpx.Response | None:
        """The answer, after as many tries as it takes; None if the registry stayed away."""
        pause = self._pace.pause
        answer: httpx.Response | None = None
        for attempt in range(self._pace.tries):
            if attempt:
                asked = _retry_after(answer)
                await asyncio.sleep(min(max(pause, asked), self._pace.longest_pause))
                pause *= 2
            answer = None
            with suppress(httpx.TransportError):
                answer = await client.request(
                    method,
                    self._api + path,
                    json=body,
                    headers={} if key is None else {"Idempotency-Key": key},
                    auth=httpx.BasicAuth(account.username, account.password),
                )
            if answer is not None and answer.status_code not in _AGAIN:
                return answer
        return answer

    def _account(self, reading: PlayedReading) -> Account:
        return self._accounts[reading.garage % len(self._accounts)]

    def _settle(self, reading: PlayedReading, outcome: str, issues: Iterable[str] = ()) -> None:
        self.tally.add(reading.truth, outcome, issues)
        self._on_progress(self.tally)


def _retry_after(answer: httpx.Response | None) -> float:
    """The seconds the registry asks to wait; 0 if it does not say so in seconds."""
    with suppress(ValueError):
        return float(answer.headers.get("Retry-After", "0")) if answer is not None else 0.0
    return 0.0
