"""The garages' software, as their requests name it (W21): each combination is stored once."""

from __future__ import annotations

from odopass.registry.store.database import Pool
from odopass.wire.headers import ClientSoftware

_ADD = """
    insert into client_software (builder, name, version) values ($1, $2, $3)
    on conflict (builder, name, version) do nothing
"""
_FIND = "select id from client_software where builder = $1 and name = $2 and version = $3"

#: More combinations than any country has. A client that invents a new version with each request is stored, not cached.
_MOST_CACHED = 10_000


class SoftwareCatalogue:
    """Numbers for the garages' software."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._ids: dict[ClientSoftware, int] = {}

    async def number(self, software: ClientSoftware | None) -> int | None:
        """The number of this software in table `client_software`; None if the garage did not name it."""
        if software is None:
            return None
        known = self._ids.get(software)
        if known is not None:
            return known
        values = (software.builder, software.name, software.version)
        found: int | None = await self._pool.fetchval(_FIND, *values)
        if found is None:
            await self._pool.execute(_ADD, *values)
            found = await self._pool.fetchval(_FIND, *values)
        if found is not None and len(self._ids) < _MOST_CACHED:
            self._ids[software] = found
        return found
