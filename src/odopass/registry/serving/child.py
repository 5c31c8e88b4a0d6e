"""One of the processes that a supervisor starts. What it has to know comes as JSON on its standard input.

Not as arguments: the database's address may hold a password, and every user of a machine sees arguments.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import structlog

from odopass.registry.logs import configure_logs
from odopass.registry.serving.ending import EndSignals
from odopass.registry.serving.process import run, serve, work
from odopass.registry.serving.tls import Certificate, server_context
from odopass.registry.settings import Environment, Settings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What one process shall do.

    Attributes:
        settings: of the registry.
        listener: descriptor of the inherited listening socket; None for a process that only judges.
        judges: whether a process that serves judges as well.
        certificates: for TLS; none: plain HTTP.
        log_level: as for `configure_logs`.
    """

    settings: Settings
    listener: int | None
    judges: bool
    certificates: tuple[Certificate, ...]
    log_level: str

    def to_json(self) -> bytes:
        """For `from_json` in the child."""
        return json.dumps(asdict(self), default=os.fspath).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """What `to_json` wrote."""
        content: dict[str, Any] = json.loads(text)
        settings = content.pop("settings")
        settings["environment"] = Environment(settings["environment"])
        certificates = tuple(Certificate(Path(each["chain"]), Path(each["key"])) for each in content["certificates"])
        return cls(**{**content, "settings": Settings(**settings), "certificates": certificates})


def main() -> None:
    """Do the task until SIGTERM or SIGINT."""
    task = Task.from_json(sys.stdin.buffer.read())
    configure_logs(task.log_level)
    # Not deferred: what listens to signals replaces the handlers itself, and before it does, an interruption is right.
    with EndSignals(), suppress(KeyboardInterrupt):
        if task.listener is None:
            _log.info("judging")
            run(work(task.settings))
            return
        tls = server_context(task.certificates) if task.certificates else None
        with socket.socket(fileno=task.listener) as listener:
            run(serve(task.settings, [listener], tls=tls, judges=task.judges, on_started=_serving))
        sys.exit(1)  # nobody told it to end: what kept it from serving has been logged, and it is tried again


def _serving() -> None:
    _log.info("serving")


if __name__ == "__main__":
    main()
