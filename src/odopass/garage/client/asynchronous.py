"""The client for programs that do something else meanwhile (asyncio)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx

from odopass.garage.client import exchange as exchanges
from odopass.garage.client.answers import Told, VehicleHistory
from odopass.garage.client.endpoint import Endpoint
from odopass.garage.client.errors import UnknownRequest, Unreachable, WrongCredentials
from odopass.garage.client.exchange import MAX_ANSWER_BYTES, Exchange, new_key, pause_before
from odopass.wire.observation import ObservationRequest

T = TypeVar("T")


class AsyncRegistryClient:
    """`RegistryClient` to be awaited: the same calls, arguments and errors. Use it in an async with statement."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        attempts: int = 3,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._attempts = attempts
        self._wait = wait
        self._jitter = jitter
        self._limit = endpoint.timeout_seconds
        self._base = endpoint.base_url.rstrip("/")
        self._http = httpx.AsyncClient(
            headers=endpoint.headers(),
            verify=endpoint.trust(),
            timeout=endpoint.timeout_seconds,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def submit(self, request: ObservationRequest, *, key: str) -> str:
        """See `RegistryClient.submit`."""
        return await self._do(exchanges.submission(request, key))

    async def correct(self, guid: str, request: ObservationRequest, *, key: str) -> str:
        """See `RegistryClient.correct`."""
        return await self._do(exchanges.correction(guid, request, key))

    async def confirm(self, guid: str, *, key: str) -> str:
        """See `RegistryClient.confirm`."""
        return await self._do(exchanges.confirmation(guid, key))

    async def status(self, guid: str) -> Told:
        """See `RegistryClient.status`."""
        return await self._do(exchanges.status_request(guid))

    async def report(self, guid: str, language: str = "nl") -> VehicleHistory:
        """See `RegistryClient.report`."""
        return await self._do(exchanges.report_request(guid, language))

    async def check_connection(self) -> None:
        """See `RegistryClient.check_connection`."""
        nobodys = exchanges.status_request(new_key())
        try:
            await self._do(nobodys)
        except UnknownRequest as error:
            if exchanges.names_the_request(error):
                return
        else:
            return
        # Many a server says "not found" at any address; a registry asks who one is first.
        try:
            await self._do(exchanges.without_credentials(nobodys))
        except WrongCredentials:
            return
        except UnknownRequest:
            pass
        raise exchanges.no_registry()

    async def _do(self, exchange: Exchange[T]) -> T:
        sent = False
        for attempt in range(1, self._attempts + 1):
            try:
                return await self._once(exchange)
            except Unreachable as error:
                error.sent = sent = sent or error.sent
                pause = pause_before(attempt, error, self._jitter())
                if attempt == self._attempts or pause is None:
                    raise
            await self._wait(pause)
        raise AssertionError("at least one attempt is made")

    async def _once(self, exchange: Exchange[T]) -> T:
        content = bytearray()
        try:
            async with (
                asyncio.timeout(self._limit),
                self._http.stream(
                    exchange.method, self._base + exchange.path, headers=exchange.headers, content=exchange.content
                ) as answer,
            ):
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        raise exchange.unreachable("The answer is larger than any of the registry's.")
        except TimeoutError:
            raise exchange.unreachable(f"The answer took longer than {self._limit:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise exchange.failed(error) from error
        return exchange.result(answer.status_code, answer.headers.get("retry-after"), bytes(content))
