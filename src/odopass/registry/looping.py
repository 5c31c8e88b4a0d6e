"""A loop that does whatever waits to be done, until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from asyncpg import InterfaceError, InternalClientError, PostgresError

_log = structlog.get_logger(__name__)

_LONGEST_REST_S: Final = 5.0
#: After this many failures in a row the rest is the longest, whatever the idle time.
_MOST_DOUBLINGS: Final = 10


class Loop:
    """Takes step after step, and rests when there is nothing to do.

    Nothing that goes wrong in a step ends the loop: what the step had claimed is claimed again when its lease has run
    out. A database that is away is waited for, ever longer up to 5 s.

    Args:
        step: does one portion of what waits and tells how much that was; 0 if nothing did.
        idle: seconds to rest when there was nothing to do; `wake` ends the rest.
        failed: what is logged when a step failed for another reason than the database.
    """

    def __init__(self, step: Callable[[], Awaitable[int]], *, idle: float, failed: str) -> None:
        self._step = step
        self._idle = idle
        self._failed = failed
        self._arrival = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Tell the loop that something has arrived."""
        self._arrival.set()

    def stop(self) -> None:
        """End `run` after the step under way."""
        self._stopping = True
        self._arrival.set()

    async def run(self) -> None:
        """Go on until `stop`."""
        failures = 0
        while not self._stopping:
            self._arrival.clear()
            done = 0
            try:
                done = await self._step()
                failures = 0
            except (PostgresError, InterfaceError, InternalClientError, OSError) as error:
                failures += 1
                _log.warning("database away", error=str(error) or type(error).__name__, failures=failures)
            except Exception:  # noqa: BLE001 - what failed is tried again later; the loop must not end
                failures += 1
                _log.exception(self._failed, failures=failures)
            if done == 0:
                await self._rest(min(self._idle * 2 ** min(failures, _MOST_DOUBLINGS), _LONGEST_REST_S))

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._arrival.wait(), seconds)
        except TimeoutError:
            return
