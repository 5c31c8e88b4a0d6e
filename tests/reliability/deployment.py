"""A registry of several processes on a PostgreSQL of its own, each of which a test may kill and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from odopass.registry.postgres import EmbeddedPostgres
from odopass.registry.serving.listening import listen

ROOT = Path(__file__).parents[2]


@dataclass
class Deployment:
    """Processes by name. PostgreSQL runs at its default durability."""

    folder: Path
    postgres: EmbeddedPostgres
    log: Path
    listener_fd: int
    address: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """An address that stays the same when PostgreSQL starts anew on another socket."""
        return urlunsplit(urlsplit(self.postgres.dsn())._replace(query=f"host={self.folder / 's'}"))

    def start(self, name: str, role: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process: role `api`, `judge` or `both`."""
        command = [sys.executable, "-m", "tests.reliability.registry_process", role, self.database_url]
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*command, str(self.listener_fd)],
                cwd=ROOT,
                env=os.environ | environment,
                pass_fds=[self.listener_fd],
                stdout=log,
                stderr=log,
            )
        return self.processes[name]

    def kill(self, name: str) -> None:
        """End a process by SIGKILL, as a power cut would."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait()

    def kill_postgres(self) -> None:
        """End PostgreSQL's main process by SIGKILL; the others of the server notice and end."""
        os.kill(self.postgres.pid, signal.SIGKILL)

    def restart_postgres(self) -> None:
        """Start PostgreSQL again on the same folder."""
        self.postgres.stop()
        self.postgres.start()
        self._point()

    def _point(self) -> None:
        (host,) = parse_qs(urlsplit(self.postgres.dsn()).query)["host"]
        link = self.folder / "new"
        link.symlink_to(host)
        link.replace(self.folder / "s")

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def deployment(below: Path | None = None) -> Iterator[Deployment]:
    """PostgreSQL and an address to listen on; the registry's processes are the test's to start.

    Args:
        below: the folder to put everything in; None: where temporary files are.
    """
    # Short, since a socket's path may not be long.
    folder = Path(tempfile.mkdtemp(prefix="odopass-rel-", dir=below))
    listener = listen("127.0.0.1", 0)
    try:
        with EmbeddedPostgres(folder / "data", settings={"shared_buffers": "64MB"}) as postgres:
            host, port = listener.getsockname()
            made = Deployment(folder, postgres, folder / "log", listener.fileno(), f"http://{host}:{port}")
            made._point()
            try:
                yield made
            finally:
                made.stop()
    finally:
        listener.close()
        shutil.rmtree(folder)
