"""The client for programs that wait for each answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx

from odopass.garage.client import exchange as exchanges
from odopass.garage.client.answers import Told, VehicleHistory
from odopass.garage.client.endpoint import Endpoint
from odopass.garage.client.errors import UnknownRequest, Unreachable, WrongCredentials
from odopass.garage.client.exchange import MAX_ANSWER_BYTES, Exchange, new_key, pause_before
from odopass.wire.observation import ObservationRequest

T = TypeVar("T")

_ATTEMPTS: Final = 3


class RegistryClient:
    """One call for each operation. It may be used by several threads, and must be closed: use it in a with statement.

    What is safe to repeat is repeated when the registry is not reached: questions, and whatever carries a key.

    Args:
        endpoint: which registry, and who asks.
        attempts: how often one call tries at most.
        wait: lets seconds pass.
        jitter: a number from 0 to 1.
        clock: monotonic seconds.

    Raises:
        ValueError: no server could read the credentials.
        OSError: the authority's file cannot be read.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        attempts: int = _ATTEMPTS,
        wait: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempts = attempts
        self._wait = wait
        self._jitter = jitter
        self._clock = clock
        self._limit = endpoint.timeout_seconds
        self._base = endpoint.base_url.rstrip("/")
        self._http = httpx.Client(
            headers=endpoint.headers(),
            verify=endpoint.trust(),
            timeout=endpoint.timeout_seconds,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def submit(self, request: ObservationRequest, *, key: str) -> str:
        """Submit an observation and return the GUID of the request: store it before anything else.

        Args:
            request: what was read.
            key: made by `new_key` and stored before this is called.

        Raises:
            Invalid: the registry would refuse it; nothing was sent.
            RegistryError: see its kinds.
        """
        return self._do(exchanges.submission(request, key))

    def correct(self, guid: str, request: ObservationRequest, *, key: str) -> str:
        """Correct a request whose status is ISSUE and return the new GUID. Arguments and errors are `submit`'s."""
        return self._do(exchanges.correction(guid, request, key))

    def confirm(self, guid: str, *, key: str) -> str:
        """Say that the data of a request is right as sent and return the new GUID.

        Raises:
            RegistryError: see its kinds.
        """
        return self._do(exchanges.confirmation(guid, key))

    def status(self, guid: str) -> Told:
        """Ask what has become of a request: 1 s after it at the earliest, then at most every 10 s (G4).

        Raises:
            RegistryError: see its kinds.
        """
        return self._do(exchanges.status_request(guid))

    def report(self, guid: str, language: str = "nl") -> VehicleHistory:
        """Fetch the vehicle history report of a processed request.

        Args:
            guid: of the request.
            language: nl, fr, de or en.

        Raises:
            NotNow: it does not stand yet, or the request asked for none.
            RegistryError: see its other kinds.
        """
        return self._do(exchanges.report_request(guid, language))

    def check_connection(self) -> None:
        """See that the registry is reached and takes the credentials; changes nothing.

        Raises:
            RegistryError: it is not, or does not.
        """
        nobodys = exchanges.status_request(new_key())
        try:
            self._do(nobodys)
        except UnknownRequest as error:
            if exchanges.names_the_request(error):
                return
        else:
            return
        # Many a server says "not found" at any address; a registry asks who one is first.
        try:
            self._do(exchanges.without_credentials(nobodys))
        except WrongCredentials:
            return
        except UnknownRequest:
            pass
        raise exchanges.no_registry()

    def _do(self, exchange: Exchange[T]) -> T:
        sent = False
        for attempt in range(1, self._attempts + 1):
            try:
                return self._once(exchange)
            except Unreachable as error:
                error.sent = sent = sent or error.sent
                pause = pause_before(attempt, error, self._jitter())
                if attempt == self._attempts or pause is None:
                    raise
            self._wait(pause)
        raise AssertionError("at least one attempt is made")

    def _once(self, exchange: Exchange[T]) -> T:
        ends = self._clock() + self._limit
        content = bytearray()
        try:
            with self._http.stream(
                exchange.method, self._base + exchange.path, headers=exchange.headers, content=exchange.content
            ) as answer:
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        raise exchange.unreachable("The answer is larger than any of the registry's.")
                    if self._clock() > ends:
                        raise exchange.unreachable(f"The answer took longer than {self._limit:g} s.")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise exchange.failed(error) from error
        return exchange.result(answer.status_code, answer.headers.get("retry-after"), bytes(content))
