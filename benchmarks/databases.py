"""The databases of a run, all on one embedded PostgreSQL with the durability it comes with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncpg

from benchmarks.observations import load_history, load_master_data
from odopass.registry.journal.guarding import migrate_embedded
from odopass.registry.postgres import EmbeddedPostgres


@dataclass(frozen=True, slots=True)
class Databases:
    """Databases on a running server."""

    server: EmbeddedPostgres

    def empty(self, name: str) -> str:
        """A database with our tables and nothing in them; returns its address."""
        self.server.create_database(name)
        asyncio.run(migrate_embedded(self.server, name))
        return self.server.dsn(name)

    def template(self, name: str) -> int:
        """A database with accounts, vehicles and a million readings, to be copied; returns how many readings."""

        async def fill(url: str) -> int:
            await load_master_data(url)
            return await load_history(url)

        return asyncio.run(fill(self.empty(name)))

    def copy(self, name: str, template: str) -> str:
        """A copy of a database that nobody is connected to; returns its address."""
        self._administer(f"create database {name} template {template} owner odopass")
        return self.server.dsn(name)

    def drop(self, name: str) -> None:
        """Remove a database."""
        self._administer(f"drop database {name} with (force)")

    def settle(self) -> None:
        """Write out what earlier rounds left, so that no round pays for another."""
        self._administer("checkpoint")

    def _administer(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.server.admin_dsn)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(execute())
