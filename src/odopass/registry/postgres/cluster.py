"""The embedded PostgreSQL: made on first use, started, watched and stopped with this process."""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import asyncpg

from odopass.registry.postgres import children, leftovers, settings
from odopass.registry.postgres.binaries import Binaries, reachable_binaries
from odopass.registry.postgres.children import ServerProcess
from odopass.registry.postgres.data_folder import SUPERUSER, holds_data, make_cluster, sync_names
from odopass.registry.postgres.databases import ensure_database, ensure_role
from odopass.registry.postgres.faults import PostgresUnavailable, disk_is_full, explained, from_output, full_disk
from odopass.registry.postgres.folder_lock import FolderLock
from odopass.registry.postgres.server_user import ServerUser, choose_server_user, own_like_folder

log = logging.getLogger(__name__)

APPLICATION = "odopass"  # the role and the database the registry works with
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # bytes in sockaddr_un.sun_path, without the final zero
_TELL_EVERY_SECONDS = 5.0
_FAST_SHUTDOWN_SECONDS = 30.0
_IMMEDIATE_SHUTDOWN_SECONDS = 15.0
_STATUS_LINE = 7  # of postmaster.pid, counted from 0
_LOST_RACE = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block")


class EmbeddedPostgres:
    """A PostgreSQL server of our own on a folder of our own.

    In the folder: `postgres/` (PostgreSQL's files), `postgres.password`, `postgres.log`, `odopass.lock`. The server
    listens on a socket only this user can reach, stops with this process however that ends, and is stopped
    cleanly by `stop` or the end of the with statement.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = log.info,
        recovering: bool = False,
    ) -> None:
        """Describe the server; `start` starts it.

        Args:
            data_dir: the folder; it is made if it does not exist.
            settings: PostgreSQL's settings that shall differ from ours.
            tell: is told in a few words what takes longer than a moment.
            recovering: only replay the log of changes: passwords, roles and databases are left as they come.
        """
        self.data_dir = Path(os.path.abspath(data_dir))  # noqa: PTH100 - symbolic links stay as given
        self.log_path = self.data_dir / "postgres.log"
        self._cluster = self.data_dir / "postgres"
        self._settings = dict(settings or {})
        self._tell = tell
        self._recovering = recovering
        self._lock: FolderLock | None = None
        self._cluster_fd = -1
        self._socket_dir: Path | None = None
        self._server: ServerProcess | None = None
        self._password = ""
        self._log_start = 0
        self._owner = os.getpid()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the server and return when it takes connections and the database `odopass` exists.

        Raises:
            PostgresUnavailable: with what happened, why, and what to do.
        """
        if self._lock is not None:
            raise RuntimeError("this server has been started already")
        with explained(self.data_dir):
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owner = os.getpid()
        self._lock = FolderLock(self.data_dir / "odopass.lock")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server cleanly: running transactions are rolled back, everything committed is on the disk."""
        if self._owner != os.getpid():
            return  # a forked child ends; the server is its parent's
        atexit.unregister(self.stop)
        if self._server is not None:
            for number, patience in (
                (signal.SIGINT, _FAST_SHUTDOWN_SECONDS),
                (signal.SIGQUIT, _IMMEDIATE_SHUTDOWN_SECONDS),
                (signal.SIGKILL, None),
            ):
                self._server.signal(number)
                if self._server.wait(patience) is not None:
                    break
                log.warning("PostgreSQL did not stop on %s within %s s", number.name, patience)
            self._server = None
        if self._cluster_fd >= 0:
            os.close(self._cluster_fd)
            self._cluster_fd = -1
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None
        if self._lock is not None:
            with suppress(PostgresUnavailable):
                self._lock.note()
            self._lock.release()
            self._lock = None

    def dsn(self, database: str = APPLICATION) -> str:
        """Return the address of a database for the registry's own role."""
        return self._address(APPLICATION, database)

    @property
    def admin_dsn(self) -> str:
        """The address of the maintenance database for the superuser: backups, databases, roles."""
        return self.admin_dsn_of("postgres")

    def admin_dsn_of(self, database: str) -> str:
        """The address of a database for the superuser: what the registry's own role shall not be able to do."""
        return self._address(SUPERUSER, database)

    def create_database(self, name: str) -> bool:
        """Make a database that belongs to the registry's role, unless it exists; return whether it was made."""
        return ensure_database(self.admin_dsn, name, owner=APPLICATION)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running().pid

    def poll(self) -> int | None:
        """Return the server's exit code, or None while it runs."""
        return self._running().poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait at most `timeout` seconds for the server to end; return its exit code, None if it still runs."""
        return self._running().wait(timeout)

    def failure(self) -> PostgresUnavailable | None:
        """Explain why the server ended, None while it runs."""
        code = self.poll()
        if code is None:
            return None
        fault = from_output(self._output(), self.data_dir, self.log_path)
        if disk_is_full(fault):
            return fault
        if code < 0:
            return PostgresUnavailable(
                "PostgreSQL has ended.",
                f"Its process was killed by {signal.Signals(-code).name}.",
                f"Start again: everything that was committed is kept. All messages are in {self.log_path}.",
            )
        return PostgresUnavailable("PostgreSQL has ended.", fault.why, fault.do)

    def _running(self) -> ServerProcess:
        if self._server is None:
            raise RuntimeError("this server has not been started")
        return self._server

    def _address(self, role: str, database: str) -> str:
        if self._socket_dir is None:
            raise RuntimeError("this server has not been started")
        return f"postgresql://{role}:{self._password}@/{database}?host={self._socket_dir}"

    def _start(self) -> None:
        assert self._lock is not None  # noqa: S101 - for the type checker
        user = choose_server_user(self.data_dir, self._cluster)
        binaries = reachable_binaries(user)
        deadline = time.monotonic() + leftovers.PATIENCE_SECONDS
        exists = holds_data(self._cluster, binaries)
        with explained(self.log_path), children.open_log(self.log_path):
            children.shorten_log(self.log_path)
        if exists:
            leftovers.wait_for_earlier_server(self._cluster, self._tell, deadline, self._lock.left_server)
        leftovers.clear_socket_dir(self._lock.left_socket_dir, frozenset({os.geteuid(), user.uid}))
        known = self._read_password()
        if not exists:
            make_cluster(
                self._cluster,
                password=self._password,
                binaries=binaries,
                user=user,
                log=self.log_path,
                tell=self._tell,
            )
        with explained(self._cluster):
            self._cluster_fd = os.open(self._cluster, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if exists and not known and not self._recovering:
            self._set_password(binaries, user)
        self._socket_dir = _make_socket_dir(user)
        self._lock.note(self._socket_dir)
        atexit.register(self.stop)
        server = self._start_server(binaries, user, deadline)
        self._lock.note(self._socket_dir, server.pid)
        if not self._recovering:
            self._prepare_database(renew=exists and not known)

    def _prepare_database(self, *, renew: bool) -> None:
        try:
            ensure_role(self.admin_dsn, APPLICATION, self._password, renew=renew)
            self.create_database(APPLICATION)
        except asyncpg.InvalidPasswordError as error:
            path = self.data_dir / "postgres.password"
            raise PostgresUnavailable(
                "PostgreSQL does not let us in.",
                f"The password in {path} is not the one it knows.",
                f"Put the right file back, or remove {path} and start again: a new password will be set.",
            ) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            if disk_is_full(error):
                raise full_disk(self.data_dir) from error
            ended = self.failure() if self._running().wait(1.0) is not None else None
            raise ended or PostgresUnavailable(
                "PostgreSQL runs, but its database cannot be prepared.",
                f"It says: {error}",
                f"All messages are in {self.log_path}.",
            ) from error

    def _read_password(self) -> bool:
        """Read the password, or think one up; return whether there was one."""
        path = self.data_dir / "postgres.password"
        with explained(path):
            self._password = path.read_text().strip() if path.exists() else ""
            if self._password:
                return True
            self._password = secrets.token_urlsafe(32)
            # Written whole or not at all, and before the server knows it.
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                own_like_folder(fd, self.data_dir)
                os.write(fd, self._password.encode() + b"\n")
                os.fsync(fd)
            finally:
                os.close(fd)
            unfinished.rename(path)
            sync_names(self.data_dir)
        return False

    def _set_password(self, binaries: Binaries, user: ServerUser) -> None:
        """Give the superuser a new password because the file with the old one is gone."""
        self._tell(f"{self.data_dir / 'postgres.password'} is missing: PostgreSQL gets a new password")
        leftovers.clear_lock_file(self._cluster)
        code, output = children.run(
            [binaries.program("postgres"), "--single", "-D", f"/proc/self/fd/{self._cluster_fd}", "postgres"],
            user=user,
            fds=(self._cluster_fd,),
            stdin=f"alter role {SUPERUSER} password '{self._password}'\n",
        )
        if code != 0:
            raise from_output(output, self.data_dir, self.log_path)

    def _start_server(self, binaries: Binaries, user: ServerUser, deadline: float) -> ServerProcess:
        assert self._socket_dir is not None  # noqa: S101 - for the type checker
        # The server opens its folder through our descriptor and not by its path: root's parent folders may be
        # closed to the server's user, and paths may be longer than PostgreSQL takes.
        program = [binaries.program("postgres"), "-D", f"/proc/self/fd/{self._cluster_fd}"]
        program += settings.arguments(self._settings, self._socket_dir)
        while True:
            leftovers.wait_for_earlier_server(self._cluster, self._tell, deadline)
            with explained(self._cluster):
                leftovers.clear_lock_file(self._cluster)
                self._log_start = self.log_path.stat().st_size
                self._server = ServerProcess(program, user=user, fds=(self._cluster_fd,), log=self.log_path)
            if self._wait_until_ready(self._server):
                return self._server
            output = self._output()
            lost = any(words in output for words in _LOST_RACE)
            if not lost or time.monotonic() > deadline:
                raise from_output(output, self.data_dir, self.log_path)

    def _wait_until_ready(self, server: ServerProcess) -> bool:
        """Wait until the server takes connections; return False if it ended.

        Without a limit while the server works: replaying the log after a crash takes as long as it takes, and
        would only begin anew after being cut off.
        """
        began = told = time.monotonic()
        while server.wait(0.01) is None:
            try:
                lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            except OSError:
                lines = []
            if len(lines) > _STATUS_LINE and lines[0] == str(server.pid) and lines[_STATUS_LINE].strip() == "ready":
                return True
            if (now := time.monotonic()) - told >= _TELL_EVERY_SECONDS:
                self._tell(f"PostgreSQL has been starting for {now - began:.0f} s; see {self.log_path}")
                told = now
        return False

    def _output(self) -> str:
        """Return what the server wrote during this run."""
        try:
            with self.log_path.open("rb") as written:
                size = os.fstat(written.fileno()).st_size
                written.seek(self._log_start if size >= self._log_start else 0)
                return written.read().decode(errors="replace")
        except OSError as error:
            return f"its messages cannot be read: {error}"


def _make_socket_dir(user: ServerUser) -> Path:
    """Make a folder for the socket: short enough for the kernel's limit, and closed to everybody else."""
    candidates = ["/tmp", tempfile.gettempdir()]  # noqa: S108 - mkdtemp makes a folder nobody else can enter
    if not user.foreign and (runtime := os.environ.get("XDG_RUNTIME_DIR")):
        candidates.insert(0, runtime)
    problems = []
    for candidate in candidates:
        try:
            folder = Path(tempfile.mkdtemp(prefix=leftovers.SOCKET_PREFIX, dir=candidate))
        except OSError as error:
            problems.append(f"{candidate}: {error.strerror}")
            continue
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            user.own(folder)
            return folder
        folder.rmdir()
        problems.append(f"{candidate}: too long for the path of a socket")
    raise PostgresUnavailable(
        "There is no place for PostgreSQL's socket.",
        f"A small folder could not be made in any of: {'; '.join(problems)}.",
        "Make /tmp writable and see that it is not full.",
    )
