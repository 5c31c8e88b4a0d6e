"""The loop that sends what is in the book and fetches what the registry says (G2 to G5).

It holds nothing that is not in the book but times and, for as long as the disk is full, a GUID. One thread runs it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from odopass.clock import Clock, belgian_day
from odopass.garage.book import Awaited, BookFault, Outbox
from odopass.garage.book.entries import State, Step, StepKind
from odopass.garage.client import (
    Maintenance,
    NotNow,
    Refused,
    RegistryClient,
    RegistryError,
    Throttled,
    UnknownRequest,
    Unreachable,
    WrongCredentials,
)
from odopass.garage.sending import schedule
from odopass.garage.sending.requests import body_of, request_in, request_of
from odopass.wire.errors import Invalid
from odopass.wire.observation import ObservationRequest

log = logging.getLogger(__name__)

#: How long at most until the book is looked at again: another process may have written in it.
LOOK_S: Final = 1.0
#: How long the registry is left alone after it refused the credentials: each try is a failed login.
_CREDENTIALS_S: Final = 3_600.0
#: So many failures of single requests in a row are taken for a registry that is away.
_FAILURES_IN_A_ROW: Final = 3
_OWN_FAULT_S: Final = 30.0
#: Statuses of an answer which say that nobody behind the proxy is reached.
_GATEWAY: Final = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the registry with the account that is set up.

    Attributes:
        client: makes one attempt for each call.
        enterprise: KBO number, 10 digits.
        establishment: KBO number, 10 digits.
        report_language: nl, fr, de or en.
    """

    client: RegistryClient
    enterprise: str
    establishment: str
    report_language: str = "nl"


class Connect(Protocol):
    """Gives the connection of the account as it is set up now."""

    def __call__(self) -> Connection | None:
        """The connection; None if no account is set up. The same one as long as the account is the same."""
        ...


@dataclass(slots=True)
class _Watch:
    """When to ask about something, in seconds of the clock that only runs forward."""

    awaited: Awaited
    since: float
    due: float


class Sender:
    """Sends the steps of a book in their order, asks for statuses and fetches reports.

    Attributes:
        fault: why the book cannot be written at the moment; None if it can.

    Args:
        outbox: of the book.
        connect: gives the connection.
        clock: for days and for what people read.
        monotonic: seconds that only run forward.
        chance: from 0 to 1.
    """

    def __init__(
        self,
        outbox: Outbox,
        connect: Connect,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._connect = connect
        self._clock = clock
        self._monotonic = monotonic
        self._chance = chance
        self._watches: dict[int, _Watch] = {}
        self._started = False
        self._failures = 0
        self._not_before = float("-inf")
        self._patient = False
        self._step_failures: dict[int, tuple[int, float]] = {}
        self._unsaved: tuple[Step, str] | None = None
        self._wake = threading.Event()
        self.fault: BookFault | None = None

    def wake(self) -> None:
        """There is something new to send: try at once, unless the registry has asked for patience."""
        self._wake.set()

    def account_changed(self) -> None:
        """The account was set up or tested: try at once."""
        self._patient = False
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set and `wake` is called; whatever goes wrong, it goes on."""
        while not stop.is_set():
            try:
                pause = self.run_once(stop)
                self.fault = None
            except BookFault as fault:
                log.exception("The sender waits for the book.")
                self.fault, pause = fault, _OWN_FAULT_S
            except Exception:
                log.exception("The sender goes on after an error of its own.")
                pause = _OWN_FAULT_S
            if self._wake.wait(min(pause, LOOK_S) if pause < _OWN_FAULT_S else pause):
                self._wake.clear()
                if not self._patient:
                    self._not_before = float("-inf")
                    self._step_failures.clear()

    def run_once(self, stop: threading.Event | None = None) -> float:
        """Do everything that is due, and tell in how many seconds something will be.

        Args:
            stop: ends it after the present exchange.

        Raises:
            BookFault: the book cannot be written; nothing is lost, it is to be called again later.
        """
        self._save_what_was_answered()
        self._outbox.lapse(belgian_day(self._clock.now()))
        self._look()
        connection = self._connect()
        if connection is None:
            if self._outbox.pulse().trouble != "account":
                self._outbox.in_trouble("account", "No account is set up.", None)
            return LOOK_S
        while self._monotonic() >= self._not_before and not (stop is not None and stop.is_set()):
            step = self._next_step()
            if step is not None:
                self._do(connection, step)
            watch = self._next_watch()
            if watch is not None and self._monotonic() >= self._not_before:
                self._ask(connection, watch)
            if step is None and watch is None:
                break
            self._look()
        return self._until_something_is_due()

    def _look(self) -> None:
        """See what is awaited, and forget what is not any more."""
        now = self._monotonic()
        awaited = {each.reading: each for each in self._outbox.awaited()}
        for number in self._watches.keys() - awaited.keys():
            del self._watches[number]
        for number, each in awaited.items():
            watch = self._watches.get(number)
            if watch is None or watch.awaited.guid != each.guid:
                # What an earlier run of the program asked last is not known, so a whole pause is kept to.
                first = schedule.FIRST_QUESTION_S if self._started else schedule.QUICK_S
                self._watches[number] = _Watch(each, now, now + first)
            elif watch.awaited.state is not each.state:
                self._watches[number] = _Watch(each, now, now + self._after(each.state, now - watch.since))
        self._started = True

    def _after(self, state: State, awaited_s: float) -> float:
        """When to ask first in a new state: the report of a processed request at once, the others in their pace."""
        return schedule.FIRST_QUESTION_S if state is State.PROCESSED else schedule.next_question(state, awaited_s)

    def _next_step(self) -> Step | None:
        now = self._monotonic()
        steps = self._outbox.steps()
        return next((step for step in steps if self._step_failures.get(step.id, (0, now))[1] <= now), None)

    def _next_watch(self) -> _Watch | None:
        now = self._monotonic()
        due = [watch for watch in self._watches.values() if watch.due <= now]
        return min(due, key=lambda watch: watch.due, default=None)

    def _do(self, connection: Connection, step: Step) -> None:
        """Try a step. What goes wrong with it alone never keeps the others from being sent."""
        try:
            self._try(connection, step)
        except BookFault:
            raise
        except Exception:
            log.exception("Step %d fails by an error of our own.", step.id)
            self._wait_with(step)

    def _try(self, connection: Connection, step: Step) -> None:
        body = None
        if step.kind is not StepKind.CONFIRMATION:
            draft = self._outbox.reading(step.reading).draft
            body = body_of(request_of(draft, enterprise=connection.enterprise, establishment=connection.establishment))
        try:
            # What cannot be read back would be a 400: it is never sent, not even once.
            request = None if body is None else request_in(step.body or body)
        except Invalid as invalid:
            self._outbox.refused(step, [f"{each.field}: {each.message}" for each in invalid.problems])
            return
        begun = self._outbox.begin(step, body)
        try:
            guid = _send(connection.client, begun, request)
        except Unreachable as error:
            self._wait_with(step)
            self._failed(error)
        except WrongCredentials as error:
            self._credentials(error)
        except (NotNow, UnknownRequest, Refused) as error:
            self._step_failures.pop(step.id, None)
            self._reached()
            if step.about_guid is None or isinstance(error, Refused):
                self._outbox.refused(step, _said(error))
            else:
                self._outbox.overtaken(step, error.detail)
        else:
            self._unsaved = (begun, guid)
            self._save_what_was_answered()
            self._step_failures.pop(step.id, None)
            self._reached()

    def _save_what_was_answered(self) -> None:
        """Bring a GUID to the disk; while that fails it is kept here, and nothing else is done."""
        if self._unsaved is not None:
            self._outbox.answered(*self._unsaved)
            self._unsaved = None

    def _ask(self, connection: Connection, watch: _Watch) -> None:
        awaited = watch.awaited
        # Counted from before the question: if the answer takes long, the next one comes no sooner for it.
        asked = self._monotonic()
        watch.due = asked + schedule.next_question(awaited.state, asked - watch.since)
        try:
            if awaited.state is State.PROCESSED:
                history = connection.client.report(awaited.guid, connection.report_language)
                self._outbox.report_received(awaited, history.pdf, history.public_url, connection.report_language)
            else:
                told = connection.client.status(awaited.guid)
                self._outbox.told(awaited, told.status, told.known, told.issues, told.raw)
        except Unreachable as error:
            self._failed(error)
            return
        except WrongCredentials as error:
            self._credentials(error)
            return
        except NotNow:
            pass
        except UnknownRequest as error:
            self._outbox.unknown(awaited, error.detail)
            watch.due = asked + schedule.SLOWEST_S
        except Refused as error:
            if awaited.state is State.PROCESSED:
                self._outbox.no_report(awaited, error.detail)
            else:
                self._outbox.unknown(awaited, error.detail)
                watch.due = asked + schedule.SLOWEST_S
        # At least the pause from the answer on as well, so that a slow registry is not asked without end.
        watch.due = max(watch.due, self._monotonic() + schedule.QUICK_S)
        self._reached()

    def _reached(self) -> None:
        self._failures = 0
        self._patient = False
        self._outbox.reached()

    def _wait_with(self, step: Step) -> None:
        """Let others pass a request that failed by itself."""
        failures = self._step_failures.get(step.id, (0, 0.0))[0] + 1
        pause = schedule.back_off(failures, None, self._chance())
        self._step_failures[step.id] = (failures, self._monotonic() + pause)

    def _failed(self, error: Unreachable) -> None:
        self._failures += 1
        # A request that failed by itself lets others pass; a registry that is away is left alone as a whole.
        by_itself = error.status_code is not None and error.status_code not in _GATEWAY and error.retry_after is None
        if by_itself and self._failures < _FAILURES_IN_A_ROW and not isinstance(error, Throttled):
            return
        self._patient = error.retry_after is not None
        trouble = "maintenance" if isinstance(error, Maintenance) else "unreachable"
        self._leave_alone(schedule.back_off(self._failures, error.retry_after, self._chance()), trouble, str(error))

    def _credentials(self, error: WrongCredentials) -> None:
        self._patient = True
        self._leave_alone(_CREDENTIALS_S, "credentials", str(error))

    def _leave_alone(self, seconds: float, trouble: str, detail: str) -> None:
        self._not_before = self._monotonic() + seconds
        log.warning("The registry is left alone for %.0f s (%s): %s", seconds, trouble, detail)
        self._outbox.in_trouble(trouble, detail, self._clock.now() + timedelta(seconds=seconds))

    def _until_something_is_due(self) -> float:
        now = self._monotonic()
        due = [watch.due for watch in self._watches.values()]
        due += [self._step_failures.get(step.id, (0, now))[1] for step in self._outbox.steps()]
        if not due:
            return LOOK_S
        return max(0.0, max(min(due), self._not_before) - now)


def _send(client: RegistryClient, step: Step, request: ObservationRequest | None) -> str:
    if request is None:
        return client.confirm(step.about_guid or "", key=step.key)
    if step.about_guid is None:
        return client.submit(request, key=step.key)
    return client.correct(step.about_guid, request, key=step.key)


def _said(error: RegistryError) -> list[str]:
    problems = error.problems if isinstance(error, Refused) else ()
    return [": ".join(part for part in (each.field, each.message) if part) for each in problems] or [error.detail]
