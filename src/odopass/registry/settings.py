"""How a registry is set up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Environment(StrEnum):
    """The two environments of the wire (W1)."""

    BETA = "beta"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the parts of a registry need to know.

    Attributes:
        environment: beta refuses unknown members of a body, production ignores them (W21).
        database_url: PostgreSQL 15 or newer.
        public_url: the address of the public pages, without a slash at the end.
        reports: the TOML file that sets up reports (see `registry.report.setup`); None: no sources, no signature.
        pool_size: database connections per process.
        lease_seconds: how long a worker may take to judge what it claimed before another may claim it.
        report_lease_seconds: the same for a maker of reports: a minute for the sources, and ample time to write.
        seal_seconds: how long the journal's entries wait at most to be sealed while all is well.
        maintenance: the weekly window in which no requests are taken, as ``thu 19:00-24:00`` (W20); "": none.
        batch: how many vehicles a worker claims at once.
        desk: whether the employees' desk is served.
        desk_url: the address under which employees reach it, without a slash at the end; "": the public one.
        desk_setup: the TOML file that sets the desk up (see `registry.desk.setup`); None: passwords only, no mail.
    """

    environment: Environment
    database_url: str
    public_url: str = ""
    reports: str | None = None
    pool_size: int = 8
    lease_seconds: float = 30.0
    report_lease_seconds: float = 120.0
    batch: int = 500
    seal_seconds: float = 5.0
    maintenance: str = ""
    desk: bool = True
    desk_url: str = ""
    desk_setup: str | None = None

    @property
    def strict_members(self) -> bool:
        """Whether members that the wire does not know are an error."""
        return self.environment is Environment.BETA
