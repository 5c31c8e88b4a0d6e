"""Who is asking: Basic credentials checked at thousands of requests a second (W2, R8).

A login has three prices:

- **Remembered** (under a microsecond and a half): the very same header was let in during the last 60 s.
- **Known** (one read of the account's row): this process has already compared this pair with exactly the hash that is
  stored. What was found then still holds, right or wrong, for as long as that hash stands there.
- **Unknown**: one Argon2 comparison, in a thread, after waiting for a fair turn.

What is kept in memory are keyed BLAKE2b digests under a key that this process made at its start and never writes.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from asyncpg import PostgresError
from prometheus_client import CollectorRegistry

from odopass.registry.accounts import passwords
from odopass.registry.accounts.accounts import Account, AccountState, find_by_username, replace_hash
from odopass.registry.accounts.bounded import Bounded
from odopass.registry.accounts.fair_turns import FairTurns, LineFull
from odopass.registry.accounts.login_metrics import login_metrics
from odopass.registry.accounts.secret import Secret
from odopass.registry.accounts.slowing import FREE, Slowing
from odopass.registry.accounts.sources import USERNAME, loggable, network_of
from odopass.registry.accounts.verdicts import Garage, Locked, Refused, TooManyAttempts, Verdict
from odopass.wire.basic_auth import parse_basic

if TYPE_CHECKING:
    from odopass.registry.store.database import Pool

log = structlog.get_logger(__name__)

#: How long (seconds) a header that was let in is let in again without a look at the account: the longest time that an
#: old password still works after a reset, or a locked account after the lock.
REMEMBERED_S = 60.0
#: How long (seconds) a comparison with the stored hash need not be repeated: a working day.
KNOWN_S = 12 * 3600.0

_MOST_RIGHT = 50_000
_MOST_WRONG = 10_000
_WAITING_IN_LINE = 64
_WAITING_IN_ALL = 1_024
_HASH_S = 0.025
_KEY_BYTES = 32
_DIGEST_BYTES = 16

_NEVER_COMPARED = ""  # no stored hash is empty
_REFUSED = Refused()
_LOCKED = Locked()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One pair of user name and password from one network."""

    network: str
    username: str
    password: Secret
    pair: bytes


@dataclass(frozen=True, slots=True)
class _Finding:
    """What became of an attempt, and how old (monotonic seconds) the row is that it rests on."""

    verdict: Garage | Refused | Locked
    read_at: float
    account_exists: bool


class Authenticator:
    """Checks credentials against the accounts in the database.

    One for each process and event loop. Any number of processes work side by side; what one remembers, the others
    find out for themselves.

    Args:
        pool: connections to the registry's database.
        metrics: where its figures are registered.
        threads: how many passwords are hashed at once; by default half the processors, 4 at most.
        clock: monotonic seconds.
        sleep: waits for seconds; answers to wrong attempts are held back with it.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        metrics: CollectorRegistry,
        threads: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._pool = pool
        self._metrics = login_metrics(metrics)
        self._clock = clock
        self._sleep = sleep
        self._threads = threads or max(1, min(4, (os.cpu_count() or 1) // 2))
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="password")
        self._turns = FairTurns(
            at_once=self._threads,
            per_line=_WAITING_IN_LINE,
            in_all=_WAITING_IN_ALL,
            on_change=self._metrics.waiting.set,
        )
        self._slowing = Slowing()
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._remembered: Bounded[bytes, tuple[Garage, float]] = Bounded(_MOST_RIGHT)
        self._right: Bounded[bytes, tuple[str, float]] = Bounded(_MOST_RIGHT)
        self._wrong: Bounded[bytes, str | None] = Bounded(_MOST_WRONG)
        self._flights: dict[tuple[bytes, str], asyncio.Task[_Finding]] = {}
        # The hash of a password that nobody knows, at today's settings; made while the process starts.
        self._nobody = self._executor.submit(passwords.make_hash, passwords.generate())
        self._told_full_at = -math.inf

    def remembered(self, authorization: bytes) -> Garage | None:
        """The garage whose ``Authorization`` header this is, if it was let in during the last 60 s.

        Args:
            authorization: the header's value as it came.
        """
        entry = self._remembered.get(self._digest(authorization))
        if entry is None or entry[1] <= self._clock():
            return None
        return entry[0]

    async def authenticate(self, authorization: bytes | None, address: str) -> Verdict:
        """Check an ``Authorization`` header; from then on `remembered` knows it, if it was let in.

        Args:
            authorization: the header's value as it came; None if there was none.
            address: the client's IP address.

        Raises:
            asyncpg.PostgresError, OSError: the database is away; nothing is known about the credentials.
        """
        if authorization is None:
            return _REFUSED
        garage = self.remembered(authorization)
        if garage is not None:
            return garage
        credentials = parse_basic(authorization)
        if credentials is None:
            return await self._refuse(network_of(address), "", account_exists=False)
        finding = await self._verify(credentials.username, Secret(credentials.password), address)
        if isinstance(finding, _Finding):
            if isinstance(finding.verdict, Garage):
                until = finding.read_at + REMEMBERED_S
                self._remembered.put(self._digest(authorization), (finding.verdict, until))
            return finding.verdict
        return finding

    async def verify(self, username: str, password: Secret, address: str) -> Verdict:
        """Check a user name and password that did not come in a header; otherwise like `authenticate`."""
        finding = await self._verify(username, password, address)
        return finding.verdict if isinstance(finding, _Finding) else finding

    async def aclose(self) -> None:
        """Stop: what is still being compared is given up, waiting callers are cancelled."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _verify(self, username: str, password: Secret, address: str) -> _Finding | Refused | TooManyAttempts:
        network = network_of(address)
        if not USERNAME.fullmatch(username) or not passwords.can_be_password(password.reveal()):
            # Nobody can have these; that is public, so answering without the work tells nothing.
            return await self._refuse(network, username, account_exists=False)
        pair = self._digest(f"{username}:{passwords.prepare(password.reveal())}".encode())
        flight = self._flights.get((pair, network))
        if flight is None:
            if self._right.get(pair) is None and self._turns.line_is_full(network, username):
                return self._turn_away(network, username)  # at the price of two look-ups: most of a flood ends here
            flight = self._start(_Attempt(network, username, password, pair))
        try:
            finding = await asyncio.shield(flight)
        except LineFull:
            return self._turn_away(network, username)
        if isinstance(finding.verdict, Refused):
            return await self._refuse(network, username, account_exists=finding.account_exists)
        if isinstance(finding.verdict, Locked):
            log.info("login_of_locked_account", username=loggable(username, exists=True), address=network)
        self._metrics.answers.labels("locked" if isinstance(finding.verdict, Locked) else "let_in").inc()
        return finding

    def _start(self, attempt: _Attempt) -> asyncio.Task[_Finding]:
        """Begin to judge an attempt. The same pair from the same network joins it; other networks have their own.

        A task of its own: who began it may hang up, and the others still want to know.
        """
        key = (attempt.pair, attempt.network)
        flight = asyncio.create_task(self._judge(attempt))
        self._flights[key] = flight

        def landed(done: asyncio.Task[_Finding]) -> None:
            del self._flights[key]
            if not done.cancelled():
                done.exception()  # seen, even if everybody who waited for it has gone

        flight.add_done_callback(landed)
        return flight

    async def _judge(self, attempt: _Attempt) -> _Finding:
        if self._right.get(attempt.pair) is not None:
            # Known to have been right: no turn is needed, so no flood can delay it.
            read_at, account = await self._read(attempt.username)
            if self._known(attempt.pair, account) is True:
                return self._finding(right=True, account=account, read_at=read_at)
        async with self._turns.turn(attempt.network, attempt.username):
            read_at, account = await self._read(attempt.username)
            right = self._known(attempt.pair, account)
            if right is None:
                right = await self._compare(attempt, account)
        return self._finding(right=right, account=account, read_at=read_at)

    async def _read(self, username: str) -> tuple[float, Account | None]:
        read_at = self._clock()
        async with self._pool.acquire() as connection:
            return read_at, await find_by_username(connection, username)

    def _known(self, pair: bytes, account: Account | None) -> bool | None:
        """Whether the pair was right or wrong when it was last compared with the very hash that is stored."""
        stored = _stored(account)
        proof = self._right.get(pair)
        if proof is not None and proof[0] == stored and proof[1] > self._clock():
            return True
        if self._wrong.get(pair, _NEVER_COMPARED) == stored:
            return False
        return None

    async def _compare(self, attempt: _Attempt, account: Account | None) -> bool:
        """Compare with the stored hash, or with nobody's: an unknown name takes the same path and time (W2)."""
        stored = _stored(account)
        loop = asyncio.get_running_loop()
        against = await asyncio.wrap_future(self._nobody) if stored is None else stored
        began = time.perf_counter()
        try:
            matched = await loop.run_in_executor(self._executor, passwords.matches, against, attempt.password)
        except passwords.UnreadableHash:
            # No traceback: the frames below hold the password as plain text.
            unreadable = None if account is None else account.id
            log.error("password_hash_unreadable", account_id=unreadable)  # noqa: TRY400
            matched = False
        self._metrics.comparing.observe(time.perf_counter() - began)
        if account is None or stored is None or not matched:
            self._wrong.put(attempt.pair, stored)
            return False
        self._right.put(attempt.pair, (stored, self._clock() + KNOWN_S))
        self._wrong.drop(attempt.pair)
        if passwords.is_outdated(stored):
            await self._renew(attempt, account, stored)
        return True

    async def _renew(self, attempt: _Attempt, account: Account, stored: str) -> None:
        """Replace a hash made with earlier settings, now that the password is at hand. It can wait for another time."""
        loop = asyncio.get_running_loop()
        try:
            new = await loop.run_in_executor(self._executor, passwords.make_hash, attempt.password)
            async with self._pool.acquire() as connection:
                await replace_hash(connection, account.id, old=stored, new=new)
        except (PostgresError, OSError) as error:
            log.warning("password_hash_not_renewed", account_id=account.id, reason=type(error).__name__)
        else:
            self._right.put(attempt.pair, (new, self._clock() + KNOWN_S))

    def _finding(self, *, right: bool, account: Account | None, read_at: float) -> _Finding:
        if not right or account is None:
            return _Finding(_REFUSED, read_at, account_exists=account is not None)
        if account.state is AccountState.LOCKED:
            return _Finding(_LOCKED, read_at, account_exists=True)
        garage = Garage(account.id, account.username, account.establishment, account.enterprise, account.name)
        return _Finding(garage, read_at, account_exists=True)

    async def _refuse(self, network: str, username: str, *, account_exists: bool) -> Refused | TooManyAttempts:
        """Answer a wrong attempt: the tenth at once, those after it later and later."""
        username = username if USERNAME.fullmatch(username) else ""
        wrong = self._slowing.count(network, username, self._clock())
        delay = self._slowing.delay(wrong)
        named = loggable(username, exists=account_exists)
        if wrong <= FREE:
            log.info("login_refused", username=named, address=network, wrong=wrong)
        elif wrong == FREE + 1:
            log.warning("logins_slowed", username=named, address=network, note="further ones are not logged")
        if delay:
            with self._slowing.held(network) as may_wait:
                if not may_wait:
                    self._metrics.answers.labels("too_many").inc()
                    return TooManyAttempts(math.ceil(delay))
                await self._sleep(delay)
        self._metrics.answers.labels("refused").inc()
        return _REFUSED

    def _turn_away(self, network: str, username: str) -> TooManyAttempts:
        """Answer an attempt for which there is no place in the queue. A flood gets one line of log a second."""
        self._metrics.answers.labels("too_many").inc()
        now = self._clock()
        if now >= self._told_full_at + 1.0:
            self._told_full_at = now
            named = loggable(username, exists=False)
            log.warning("login_line_full", username=named, address=network, waiting=self._turns.waiting)
        return TooManyAttempts(max(1, math.ceil(self._turns.waiting * _HASH_S / self._threads)))

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._key, digest_size=_DIGEST_BYTES).digest()


def _stored(account: Account | None) -> str | None:
    return None if account is None else account.password_hash
