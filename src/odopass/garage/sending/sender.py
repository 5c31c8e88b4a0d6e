"""The loop that sends what is in the book and fetches what the registry says (G2 to G5).

It holds nothing that is not in the book but times and, for as long as the disk is full, an answer. One thread runs it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from odopass.clock import Clock, belgian_day
from odopass.garage.book import BookFault, Outbox, Stale
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
from odopass.garage.sending.watches import Watch, Watches
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
        self._watches = Watches(monotonic)
        self._failures = 0
        self._not_before = float("-inf")
        self._patient = False
        self._step_failures: dict[int, tuple[int, float]] = {}
        self._in_a_row = 0
        self._refused: RegistryClient | None = None
        self._unsaved: Callable[[], object] | None = None
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
                pause = min(self.run_once(stop), LOOK_S)
                self.fault = None
            except BookFault as fault:
                log.exception("The sender waits for the book.")
                self.fault, pause = fault, _OWN_FAULT_S
            except Exception:
                log.exception("The sender goes on after an error of its own.")
                pause = _OWN_FAULT_S
            if self._wake.wait(pause):
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
        self._lapse()
        self._look()
        connection = self._connect()
        if not self._has_account(connection):
            return LOOK_S
        assert connection is not None  # noqa: S101 - there is an account
        while self._monotonic() >= self._not_before and not (stop is not None and stop.is_set()):
            self._lapse()
            step = self._next_step()
            if step is not None:
                self._do(connection, step)
            watch = self._watches.next_due()
            if watch is not None and self._monotonic() >= self._not_before:
                self._ask(connection, watch)
            if step is None and watch is None:
                break
            self._look()
        return self._until_something_is_due()

    def _has_account(self, connection: Connection | None) -> bool:
        """Whether there is one to send with; a new one is tried at once, whatever became of the one before."""
        trouble = self._outbox.pulse().trouble
        if connection is None:
            if trouble != "account":
                self._outbox.in_trouble("account", "No account is set up.", None)
            return False
        if trouble == "account":
            self._outbox.in_trouble("", "", None)
        if self._refused is not None and connection.client is not self._refused:
            self._refused = None
            self._patient = False
            self._not_before = float("-inf")
        return True

    def _lapse(self) -> list[int]:
        """Give vehicle history requests up whose day has gone by, also while many readings are being sent."""
        return self._outbox.lapse(belgian_day(self._clock.now()))

    def _look(self) -> None:
        self._watches.look(self._outbox.awaited())

    def _next_step(self) -> Step | None:
        now = self._monotonic()
        return self._outbox.next_step([step for step, (_, due) in self._step_failures.items() if due > now])

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
        try:
            begun, request = self._begin(connection, step)
        except Stale:
            # Somebody has dropped or replaced it between two looks at the book.
            return
        except Invalid as invalid:
            self._outbox.refused(step, [f"{each.field}: {each.message}" for each in invalid.problems])
            return
        try:
            guid = _send(connection.client, begun, request)
        except Unreachable as error:
            self._unanswered(begun, error)
        except WrongCredentials as error:
            # Who is not let in leaves nothing behind; with other credentials it may be another garage's reading.
            self._outbox.not_sent(begun)
            self._credentials(connection, error)
        except (NotNow, UnknownRequest, Refused) as error:
            if step.about_guid is None and step.reading in self._lapse():
                # Its day ended on the way: the registry takes a vehicle history on its day only.
                pass
            elif step.about_guid is None or isinstance(error, Refused):
                self._keep(partial(self._outbox.refused, begun, _said(error)))
            else:
                self._keep(partial(self._outbox.overtaken, begun, error.detail))
            self._step_failures.pop(step.id, None)
            self._reached()
        else:
            self._keep(partial(self._outbox.answered, begun, guid))
            self._step_failures.pop(step.id, None)
            self._reached()

    def _begin(self, connection: Connection, step: Step) -> tuple[Step, ObservationRequest | None]:
        """Write down what is sent, made of the reading as it stands at this moment: nobody can change it in between.

        Raises:
            Stale: the step is not to be sent any more.
            Invalid: the registry would refuse it, so it is never sent, not even once (G1).
        """
        with self._outbox.at_once():
            body = None
            if step.kind is not StepKind.CONFIRMATION:
                draft = self._outbox.reading(step.reading).draft
                numbers = {"enterprise": connection.enterprise, "establishment": connection.establishment}
                body = body_of(request_of(draft, **numbers))
            begun = self._outbox.begin(step, body)
            return begun, None if begun.body is None else request_in(begun.body)

    def _unanswered(self, step: Step, error: Unreachable) -> None:
        if not error.sent:
            self._outbox.not_sent(step)
        failures = self._wait_with(step)
        # A request that is cut off again and again, while a connection comes about, may be what cuts it off.
        self._failed(error, by_itself=error.status_code is None and error.sent and failures >= _FAILURES_IN_A_ROW)

    def _keep(self, save: Callable[[], object]) -> None:
        self._unsaved = save
        self._save_what_was_answered()

    def _save_what_was_answered(self) -> None:
        """Bring an answer to the disk; while that fails it is kept here, and nothing else is done."""
        if self._unsaved is None:
            return
        try:
            self._unsaved()
        except BookFault:
            raise
        except Exception:
            # It would stand in the way of all others for good: the step is asked again instead, under its key.
            self._unsaved = None
            raise
        self._unsaved = None

    def _ask(self, connection: Connection, watch: Watch) -> None:
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
            self._credentials(connection, error)
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
        self._failures = self._in_a_row = 0
        self._patient = False
        self._outbox.reached()

    def _wait_with(self, step: Step) -> int:
        """Let others pass a request that failed by itself, and tell how often in a row it has failed."""
        failures = self._step_failures.get(step.id, (0, 0.0))[0] + 1
        pause = schedule.back_off(failures, None, self._chance())
        self._step_failures[step.id] = (failures, self._monotonic() + pause)
        return failures

    def _failed(self, error: Unreachable, *, by_itself: bool = False) -> None:
        self._failures += 1
        self._in_a_row += 1
        # A request that failed by itself lets others pass; a registry that is away is left alone as a whole.
        by_itself |= error.status_code is not None and error.status_code not in _GATEWAY and error.retry_after is None
        trouble = "maintenance" if isinstance(error, Maintenance) else "unreachable"
        if by_itself and self._in_a_row < _FAILURES_IN_A_ROW and not isinstance(error, Throttled):
            self._outbox.in_trouble(trouble, str(error), None)
            return
        self._patient = error.retry_after is not None
        self._leave_alone(schedule.back_off(self._failures, error.retry_after, self._chance()), trouble, str(error))

    def _credentials(self, connection: Connection, error: WrongCredentials) -> None:
        self._patient = True
        self._refused = connection.client
        self._leave_alone(_CREDENTIALS_S, "credentials", str(error))

    def _leave_alone(self, seconds: float, trouble: str, detail: str) -> None:
        self._not_before = self._monotonic() + seconds
        self._in_a_row = 0
        # Afterwards they are tried in their order again: none waits longer than the registry is left alone.
        self._step_failures = {
            step: (failures, min(due, self._not_before)) for step, (failures, due) in self._step_failures.items()
        }
        log.warning("The registry is left alone for %.0f s (%s): %s", seconds, trouble, detail)
        self._outbox.in_trouble(trouble, detail, self._clock.now() + timedelta(seconds=seconds))

    def _until_something_is_due(self) -> float:
        now = self._monotonic()
        due = [watch.due for watch in self._watches]
        if self._next_step() is not None:
            due.append(now)
        if self._step_failures:
            open_steps = {step.id for step in self._outbox.steps()}
            self._step_failures = {step: failed for step, failed in self._step_failures.items() if step in open_steps}
            due += [when for _, when in self._step_failures.values()]
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
