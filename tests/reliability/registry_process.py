"""One process of a registry under test: `python -m tests.reliability.registry_process api|judge|both DSN [SOCKET]`.

It serves plain HTTP on a listening socket that it inherits, judges, or does both, until it is ended. The variable
REPORTS names a file that sets up reports, REPORT_LEASE_SECONDS how long the making of one may take.
"""

from __future__ import annotations

import os
import socket
import sys

from odopass.registry.logs import configure_logs
from odopass.registry.serving.process import run, serve, work
from odopass.registry.settings import Environment, Settings

#: How long a dead or frozen worker's vehicles wait for another one, in seconds.
LEASE_SECONDS = 1.0


def main(role: str, database_url: str, listener: str = "") -> None:
    configure_logs("info")
    settings = Settings(
        Environment.BETA,
        database_url,
        public_url="https://registry.test",
        reports=os.environ.get("REPORTS"),
        pool_size=5,
        lease_seconds=LEASE_SECONDS,
        report_lease_seconds=float(os.environ.get("REPORT_LEASE_SECONDS", LEASE_SECONDS)),
        batch=50,
    )
    if role == "judge":
        run(work(settings))
    else:
        run(serve(settings, [socket.socket(fileno=int(listener))], judges=role == "both"))


if __name__ == "__main__":
    main(*sys.argv[1:])
