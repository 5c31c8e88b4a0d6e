"""A registry in one process: it serves and judges, and keeps its PostgreSQL running if that is the embedded one."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import structlog

from odopass.clock import Clock
from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.serving.ending import EndSignals, until_told
from odopass.registry.serving.process import Surroundings, run, serve
from odopass.registry.settings import Settings

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.2
#: A server that ends again and again this soon after its start will not get better by itself.
SOON_SECONDS: Final = 30.0
MOST_SOON: Final = 3


class NotServing(ExplainedError):  # noqa: N818 - it names the state of things
    """The process could not begin to serve."""


def serve_on_embedded(
    postgres: EmbeddedPostgres,
    settings: Settings,
    listeners: Sequence[socket.socket],
    ending: EndSignals,
    *,
    tls: ssl.SSLContext | None,
    prepare: Callable[[str], Coroutine[Any, Any, None]],
    on_started: Callable[[], None],
    clock: Clock | None = None,
    surroundings: Surroundings | None = None,
) -> None:
    """Serve and judge on an embedded PostgreSQL until SIGTERM or SIGINT, starting it anew if it ends by itself.

    Args:
        postgres: not started yet; it is stopped when this returns.
        settings: of the registry; the database's address is filled in.
        listeners: stay open between two lives of PostgreSQL, so that clients wait and are not refused.
        ending: takes the signals.
        tls: how to encrypt; None: plain HTTP.
        prepare: brings the database of this address up to date before anything is served.
        on_started: called each time requests are taken (again).
        clock: the time of day.
        surroundings: of a test environment; None: the registry alone.

    Raises:
        ExplainedError: PostgreSQL does not start or does not stay, or `prepare` cannot be done.
    """
    soon = 0
    while True:
        postgres.start()
        try:
            address = postgres.dsn()
            with ending.deferred():
                run(until_told(ending, prepare(address)))
            ending.check()
            began = time.monotonic()
            ended = _serve_until_it_ends(
                postgres,
                replace(settings, database_url=address),
                listeners,
                ending,
                tls=tls,
                on_started=on_started,
                clock=clock,
                surroundings=surroundings,
            )
        finally:
            with ending.deferred():
                postgres.stop()
        ending.check()
        soon = soon + 1 if time.monotonic() - began < SOON_SECONDS else 1
        if soon >= MOST_SOON:
            raise ended
        _log.error("PostgreSQL ended and is started anew", reason=str(ended))


def serve_on(
    settings: Settings,
    listeners: Sequence[socket.socket],
    ending: EndSignals,
    *,
    tls: ssl.SSLContext | None,
    on_started: Callable[[], None],
) -> None:
    """Serve and judge on the database of the settings until SIGTERM or SIGINT.

    Raises:
        NotServing: it could not begin.
    """
    started = _Started(on_started, ending)
    with ending.deferred():
        run(serve(settings, listeners, tls=tls, on_started=started))
    ending.check()
    if not started.done:
        raise _not_serving()


class _Started:
    """Remembers that the server has started, and stops it if a signal had come before it listened to signals."""

    def __init__(self, call: Callable[[], None], ending: EndSignals) -> None:
        self.done = False
        self._call = call
        self._ending = ending
        self._before = ending.received

    def __call__(self) -> None:
        self.done = True
        self._call()
        if self._ending.told or self._ending.received > self._before:
            self._ending.nudge()


def _serve_until_it_ends(
    postgres: EmbeddedPostgres,
    settings: Settings,
    listeners: Sequence[socket.socket],
    ending: EndSignals,
    *,
    tls: ssl.SSLContext | None,
    on_started: Callable[[], None],
    clock: Clock | None,
    surroundings: Surroundings | None,
) -> ExplainedError:
    """Serve; return why PostgreSQL ended.

    Raises:
        KeyboardInterrupt: the process was told to end.
    """
    started = _Started(on_started, ending)
    # uvicorn closes the sockets it serves; ours shall outlive it.
    lent = [listener.dup() for listener in listeners]
    with ending.deferred(), _watched(postgres, ending) as watch:
        run(serve(settings, lent, tls=tls, on_started=started, clock=clock, surroundings=surroundings))
    ending.check()
    failure = watch.failure
    if failure is not None:
        return failure
    if not started.done:
        raise _not_serving()
    raise NotServing("The server has stopped.", "Nothing told it to.", "Read the lines above, then start it again.")


class _Watch:
    failure: ExplainedError | None = None


@contextmanager
def _watched(postgres: EmbeddedPostgres, ending: EndSignals) -> Iterator[_Watch]:
    """Tell this process to stop serving if PostgreSQL ends; `failure` then says why."""
    watch = _Watch()
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_SECONDS):
            failure = postgres.failure()
            if failure is not None:
                watch.failure = failure
                ending.nudge()  # a signal is the one way in which uvicorn can be told to finish what it has begun
                return

    thread = threading.Thread(target=look, name="postgres-watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def _not_serving() -> NotServing:
    return NotServing(
        "The server could not begin to serve.",
        "The lines above say why.",
        "Put that right and start again.",
    )
