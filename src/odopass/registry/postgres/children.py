"""PostgreSQL's programs as children of this process: under the server's user, and never outliving us."""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

from odopass.registry.postgres.server_user import ServerUser, own_like_folder

_log = logging.getLogger(__name__)

_LAUNCH = Path(__file__).with_name("launch.py")
# Nothing of the caller's environment gets in: PGOPTIONS and its like change what the server does, and messages
# have to be English because causes are told by them.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_LOG_CHECK_SECONDS = 30.0
_LOG_LIMIT_BYTES = 16 * 1024 * 1024


def _command(user: ServerUser, death_signal: signal.Signals, program: Sequence[str]) -> list[str]:
    identity = [str(user.uid), str(user.gid), str(int(death_signal)), str(os.getpid())]
    return [sys.executable, "-I", "-S", str(_LAUNCH), *identity, *program]


def tied_command(program: Sequence[str]) -> list[str]:
    """The command for a program that runs as this user and is ended (SIGTERM) when this process ends.

    It is to be started by a thread that stays: the kernel ends it with that thread.
    """
    return _command(ServerUser(os.geteuid(), os.getegid(), foreign=False), signal.SIGTERM, program)


def run(program: Sequence[str], *, user: ServerUser, fds: Sequence[int] = (), stdin: str = "") -> tuple[int, str]:
    """Run a program to its end as the server's user.

    Returns:
        Its exit code and everything it wrote.
    """
    done = subprocess.run(
        _command(user, signal.SIGKILL, program),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=fds,
        env=_ENVIRONMENT,
        cwd="/",
        check=False,
    )
    return done.returncode, done.stdout


class ServerProcess:
    """The running server.

    The kernel ends a child with the *thread* that started it, so a thread is kept for this: it starts the
    server, keeps the log small, and reaps the server. A caller's short-lived thread would take it along.
    """

    def __init__(self, program: Sequence[str], *, user: ServerUser, fds: Sequence[int], log: Path) -> None:
        self._command = _command(user, signal.SIGINT, program)  # SIGINT is PostgreSQL's fast shutdown
        self._fds = tuple(fds)
        self._log = log
        self._ended = threading.Event()
        self._returncode: int | None = None
        started: SimpleQueue[int | BaseException] = SimpleQueue()
        threading.Thread(target=self._keep, args=(started,), name="postgres-keeper", daemon=True).start()
        outcome = started.get()
        if isinstance(outcome, BaseException):
            raise outcome
        self.pid = outcome

    def poll(self) -> int | None:
        """Return the exit code, or None while the server runs."""
        return self._returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the server's end, at most `timeout` seconds; return the exit code, None if it still runs."""
        self._ended.wait(timeout)
        return self._returncode

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal if it still runs."""
        if self._returncode is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def _keep(self, started: SimpleQueue[int | BaseException]) -> None:
        try:
            with open_log(self._log) as log:
                process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=self._fds,
                    env=_ENVIRONMENT,
                    cwd="/",
                    start_new_session=True,  # Ctrl-C in a terminal is for us; we end the server when we are done
                )
        except OSError as error:
            self._ended.set()
            started.put(error)
            return
        try:
            watched = os.pidfd_open(process.pid)
        except OSError as error:
            process.kill()
            self._returncode = process.wait()
            self._ended.set()
            started.put(error)
            return
        try:
            started.put(process.pid)
            poll = select.poll()
            poll.register(watched, select.POLLIN)
            while not poll.poll(_LOG_CHECK_SECONDS * 1000):
                shorten_log(self._log)
        finally:
            os.close(watched)
            self._returncode = process.wait()
            self._ended.set()


@contextmanager
def open_log(log: Path) -> Iterator[int]:
    """Open the log for appending; only its owner may read it."""
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        own_like_folder(fd, log.parent)
        yield fd
    finally:
        os.close(fd)


def shorten_log(log: Path) -> None:
    """Move what is in a long log to a second file and go on at the beginning.

    The server holds the file open and only ever appends, so the file is emptied instead of renamed. The log
    and its predecessor together take at most about twice the limit. Lines written between copying and emptying
    are lost; they are for people, nothing is computed from them.
    """
    try:
        if log.stat().st_size <= _LOG_LIMIT_BYTES:
            return
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        log.with_name(log.name + ".1").chmod(0o600)
    except OSError as error:
        # A full disk must not end the thread that keeps the server; emptying the log frees some of it.
        _log.warning("the old messages of %s could not be kept: %s", log, error)
    with suppress(OSError):
        os.truncate(log, 0)
