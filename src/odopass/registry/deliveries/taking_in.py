"""Take a file in, chunk by chunk: each is one transaction that also moves the file's position.

A database that goes away is waited for. Whether the last commit went through is read from the database, never guessed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from odopass.clock import Clock
from odopass.registry.deliveries.chunks import Chunk, DeliveredFile, Further, checked
from odopass.registry.deliveries.ledger import LINES, REJECTED, Delivery, Kind, advance, begin, begin_anew
from odopass.registry.deliveries.refusing import FileRefused, ImportStopped
from odopass.registry.faultpoints import reached
from odopass.registry.postgres.faults import ExplainedError, disk_is_full
from odopass.registry.store.database import Database

#: Takes a chunk in, inside the transaction that counts it; gives what became of its lines, and lines to leave out.
Apply = Callable[[Database, Delivery, Chunk], Awaitable[Mapping[str, int]]]
#: Does what is due after a commit, outside of any transaction.
After = Callable[[Database, Delivery], Awaitable[None]]

_LOCK: Final = 0x6F646F66696C65  # "odofile": one import at a time in a database
_CONNECT_SECONDS: Final = 10.0
#: A statement that takes longer means a connection whose other end is gone.
_STATEMENT_SECONDS: Final = 900.0
_LONGEST_REST_SECONDS: Final = 10.0
#: If so many lines are bad and none is good, the file is another one than was meant.
_ENOUGH_TO_TELL: Final = 100

#: What says that the database is away or busy with something else, not that a statement was wrong.
_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class Importing:
    """How files are taken in.

    Attributes:
        address: of the database.
        clock: tells when.
        lines_at_once: how many lines share a transaction.
        patience_seconds: how long a database that is away is waited for.
        tell: says to the person what is going on.
        on_progress: told after each commit how far the file is.
    """

    address: str
    clock: Clock
    lines_at_once: int = 100_000
    patience_seconds: float = 600.0
    tell: Callable[[str], None] = lambda _: None
    on_progress: Callable[[DeliveredFile, Delivery], None] = lambda _file, _delivery: None


async def _nothing(_connection: Database, _delivery: Delivery) -> None:
    """Nothing is due after a commit."""


async def take_in(
    importing: Importing,
    file: DeliveredFile,
    kind: Kind,
    apply: Apply,
    *,
    account_id: int = 0,
    further: Further = lambda _table, _problems: None,
    after: After = _nothing,
    again: bool = False,
) -> tuple[Delivery, bool]:
    """Take in what a file has that was not taken in yet.

    Args:
        importing: how.
        file: that was looked through.
        kind: what it holds.
        apply: takes a chunk in.
        account_id: who delivered it.
        further: checks of lines that need more than one column.
        after: does what is due after each commit.
        again: whether a file that is done is taken in once more.

    Returns:
        The file as it stands, and whether it was done before.

    Raises:
        FileRefused: it cannot be read to its end.
        ImportStopped: the database does not come back, or is full; what was taken in stays.
    """
    run = _Run(importing, file, kind, apply, account_id=account_id, further=further, after=after)
    return await run.to_the_end(again=again)


class _Run:
    """One run over one file."""

    def __init__(
        self,
        importing: Importing,
        file: DeliveredFile,
        kind: Kind,
        apply: Apply,
        *,
        account_id: int,
        further: Further,
        after: After,
    ) -> None:
        self._importing = importing
        self._file = file
        self._kind = kind
        self._apply = apply
        self._account_id = account_id
        self._further = further
        self._after = after
        self._begun = False
        self._last: Delivery | None = None
        self._away_since: float | None = None
        self._rest = 0.2

    async def to_the_end(self, *, again: bool) -> tuple[Delivery, bool]:
        while True:
            try:
                async with self._connected() as connection:
                    now = self._importing.clock.now()
                    delivery = await begin(connection, self._file, self._kind, self._account_id, now=now)
                    if delivery.done_at is not None and not self._begun:
                        if not again:
                            # What was due after the last commit may not have been done before it was killed.
                            await self._after(connection, delivery)
                            return delivery, True
                        async with connection.transaction():
                            await begin_anew(connection, delivery, self._file, now=now)
                        delivery = await begin(connection, self._file, self._kind, self._account_id, now=now)
                    self._begun = True
                    self._importing.on_progress(self._file, delivery)
                    return await self._chunks(connection, delivery), False
            except FileRefused:
                raise
            except _AWAY as error:
                if disk_is_full(error):
                    raise self._full() from error
                await self._wait(error)

    async def _chunks(self, connection: Database, delivery: Delivery) -> Delivery:
        ahead = self._read(delivery.position, delivery.line)
        try:
            await self._after(connection, delivery)
            while delivery.done_at is None:
                chunk = await ahead
                # The next chunk is read while the database works on this one.
                ahead = self._read(chunk.position, chunk.line)
                delivery = await self._commit(connection, delivery, chunk)
                self._last, self._away_since, self._rest = delivery, None, 0.2
                self._importing.on_progress(self._file, delivery)
                await self._after(connection, delivery)
        finally:
            ahead.cancel()
            with contextlib.suppress(asyncio.CancelledError, FileRefused):
                await ahead
        return delivery

    def _read(self, position: int, line: int) -> asyncio.Task[Chunk]:
        def read() -> Chunk:
            return checked(self._file.lines(position, line, self._importing.lines_at_once), self._further)

        return asyncio.create_task(asyncio.to_thread(read))

    async def _commit(self, connection: Database, delivery: Delivery, chunk: Chunk) -> Delivery:
        async with connection.transaction():
            counts = dict(await self._apply(connection, delivery, chunk))
            if not delivery.counts[LINES] and chunk.read == len(chunk.rejected) >= _ENOUGH_TO_TELL:
                raise self._nothing_good(chunk)
            counts |= {LINES: chunk.read, REJECTED: len(chunk.rejected)}
            delivery = await advance(
                connection, delivery, chunk, counts, end=self._file.end, now=self._importing.clock.now()
            )
            reached("files: before the commit")
        reached("files: after the commit")
        return delivery

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Database]:
        connection = await asyncpg.connect(
            self._importing.address, timeout=_CONNECT_SECONDS, command_timeout=_STATEMENT_SECONDS
        )
        try:
            if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                raise asyncpg.LockNotAvailableError("another import uses this database")
            yield connection
        finally:
            # A connection that hangs must not keep us; the server notices that we are gone.
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    async def _wait(self, error: BaseException) -> None:
        loop = asyncio.get_running_loop()
        why = _cause(error)
        if self._away_since is None:
            self._away_since = loop.time()
            self._importing.tell(
                f"The database cannot go on: {why}. It is tried again for {self._importing.patience_seconds:.0f} s; "
                "nothing is lost."
            )
        if loop.time() - self._away_since >= self._importing.patience_seconds:
            raise ImportStopped(
                "The database did not come back.",
                f"{why}. {self._so_far()}",
                "See to the database, then run the same command again: it goes on where it stopped.",
            ) from error
        await asyncio.sleep(self._rest)
        self._rest = min(self._rest * 2, _LONGEST_REST_SECONDS)

    def _nothing_good(self, chunk: Chunk) -> FileRefused:
        first = chunk.rejected[0]
        return FileRefused(
            f"{self._file.path} is most likely another file than was meant.",
            f"None of its first {chunk.read:,} lines can be taken in; of line {first.line:,}: {first.reason}. "
            "Nothing was taken in.",
            "Look at that line. If columns have other names than they should, say so: --column THEIRS=OURS.",
        )

    def _full(self) -> ExplainedError:
        return ImportStopped(
            "The database's disk is full.",
            f"{self._so_far()} The lines that did not fit were rolled back.",
            "Free some space on the database's disk, or move it to a larger one; then run the same command again: it "
            "goes on where it stopped.",
        )

    def _so_far(self) -> str:
        if self._last is None:
            return "This run has taken nothing in; what earlier ones did stays."
        return f"All lines up to {self._last.line:,} are in."


def _cause(error: BaseException) -> str:
    """What happened first: a rollback on a connection that is gone fails, too, and says less."""
    while isinstance(error, asyncpg.InterfaceError) and error.__context__ is not None:
        error = error.__context__
    return str(error).strip() or type(error).__name__
