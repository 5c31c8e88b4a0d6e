"""Connections to the database, lent for a bounded time of waiting.

Without a bound, requests that come faster than the database works pile up in front of it, each waiting longer than the
last, until clients give up and send again. With it, what cannot be served soon is told so, and may be sent again later.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Final, cast

import asyncpg
from asyncpg import Record

from odopass.registry.metrics import POOL_EXHAUSTED, POOL_IN_USE, POOL_WAITING

if TYPE_CHECKING:
    from odopass.registry.store.database import Pool

#: How long (seconds) one loan may be waited for.
PATIENCE_S: Final = 1.0
#: How long (seconds) all loans of one request may be waited for together.
PATIENCE_OF_A_REQUEST_S: Final = 2.0

_until: ContextVar[float] = ContextVar("connections_are_waited_for_until", default=math.inf)


class PoolExhausted(TimeoutError):  # noqa: N818 - it names the state of things
    """No connection came free in time; nothing was done."""


def bound_waiting() -> Token[float]:
    """From here on, the loans of this task may be waited for as long as one request may.

    Returns:
        What `unbound_waiting` takes when the request is over.
    """
    return _until.set(time.monotonic() + PATIENCE_OF_A_REQUEST_S)


def unbound_waiting(token: Token[float]) -> None:
    """The request is over; what the same task does next is another matter."""
    _until.reset(token)


class BoundedPool(asyncpg.Pool):
    """A pool that lets nobody wait longer than `PATIENCE_S` for a connection.

    A pool that has a connection free, or may open one, waits for it as long: a server that does not answer counts as
    one that has no connection.
    """

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ANN401, ASYNC109 - as in the class above
        patience = min(PATIENCE_S, _until.get() - time.monotonic()) if timeout is None else timeout
        POOL_WAITING.inc()
        try:
            # The class above has no public way to bound the loans of its own `fetch` and the like.
            lent = await super()._acquire(max(0.0, patience))  # type: ignore[misc]
        except TimeoutError as error:
            POOL_EXHAUSTED.inc()
            raise PoolExhausted(f"no connection to the database came free within {max(0.0, patience):.1f} s") from error
        finally:
            POOL_WAITING.dec()
        POOL_IN_USE.inc()
        return lent

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ANN401, ASYNC109
        """Give a connection back."""
        if connection._con is not None:  # noqa: SLF001 - as the class above tells what was given back already
            POOL_IN_USE.dec()
        await super().release(connection, timeout=timeout)


def bounded_pool(
    url: str,
    *,
    smallest: int,
    largest: int,
    command_timeout: float,
    session: dict[str, str],
    reset: Any,  # noqa: ANN401
) -> Pool:
    """A pool as `asyncpg.create_pool` makes it, and bounded.

    Args:
        url: the database.
        smallest: how many connections are kept open.
        largest: how many may be.
        command_timeout: seconds after which a statement is given up.
        session: settings of each connection.
        reset: called with each connection that is given back.
    """
    made = BoundedPool(
        url,
        min_size=smallest,
        max_size=largest,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=asyncio.get_running_loop(),
        connection_class=asyncpg.Connection,
        record_class=Record,
        command_timeout=command_timeout,
        server_settings=session,
        reset=reset,
    )
    return cast("Pool", made)
