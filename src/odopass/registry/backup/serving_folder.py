"""Reaching the server of a registry's data folder for a backup, whether the registry runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from odopass.registry.accounts.reaching import running_server
from odopass.registry.backup.faults import BackupRefused
from odopass.registry.postgres import EmbeddedPostgres

_SUPERUSER = "postgres"
_CONNECT_SECONDS = 10.0


@contextmanager
def served(data: Path, tell: Callable[[str], None]) -> Iterator[str]:
    """The address, for the superuser, of the database in a data folder; its server is started if none runs.

    Raises:
        PostgresUnavailable: it does not start.
        BackupRefused: the folder holds no registry.
    """
    check_registry(data)
    running = running_superuser(data)
    if running is not None:
        yield running
        return
    with EmbeddedPostgres(data, tell=tell) as server:
        yield urlunsplit(urlsplit(server.admin_dsn)._replace(path="/odopass"))


def check_registry(data: Path) -> None:
    """Refuse a folder without a registry: a mistyped name must not become a new one."""
    if not (data / "postgres").is_dir():
        raise BackupRefused(
            f"There is no registry in {data}.",
            "The folder holds no database.",
            "Name the folder that `odopass registry serve` was given.",
        )


def running_superuser(data: Path) -> str | None:
    """The address, for the superuser, of the server that works in a data folder now; None if none answers."""
    noted = running_server(data)
    if noted is None:
        return None
    parts = urlsplit(noted)
    _, _, password = parts.netloc.rpartition("@")[0].partition(":")
    address = urlunsplit(parts._replace(netloc=f"{_SUPERUSER}:{password}@"))
    return address if asyncio.run(_answers(address)) else None


async def _answers(address: str) -> bool:
    try:
        connection = await asyncpg.connect(address, timeout=_CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True
