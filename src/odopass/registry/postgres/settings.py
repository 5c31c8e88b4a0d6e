"""How the embedded server is set: for a small machine, at PostgreSQL's full durability."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

# fsync, full_page_writes and synchronous_commit are not here on purpose: they stay on, as PostgreSQL ships them.
# A garage that got an answer may forget its reading.
SMALL_MACHINE: Mapping[str, str] = MappingProxyType(
    {
        # Only this machine's own processes connect, through a socket in a folder of their own.
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        # The API's and the workers' pools together, with some left for backup and for a person with psql.
        "max_connections": "100",
        # A sixteenth of a 4 GB machine. The pages in use are those of the newest readings; the kernel caches the rest.
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        # Sorting a vehicle's history needs little; a hundred connections may use it at once.
        "work_mem": "8MB",
        # Building the indexes after a bulk import.
        "maintenance_work_mem": "128MB",
        # Solid-state disks: reading at random costs about as much as in order.
        "random_page_cost": "1.1",
        # Transactions touch few rows: compiling queries or spreading them over processes costs more than it
        # brings, and parallel queries need more /dev/shm than the 64 MB that containers have.
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "max_parallel_maintenance_workers": "0",
        # Twice the default, so that checkpoints under load come by time and not by size. It bounds what is
        # replayed after a crash (seconds) and what the log takes on disk (about 2 GB).
        "max_wal_size": "2GB",
        # What is kept for a copy of the log that has fallen behind (odopass registry archive) may not fill the disk.
        "max_slot_wal_keep_size": "8GB",
        # Half of a checkpoint's log is images of whole pages, which compress well.
        "wal_compression": "pglz",
        # The table of waiting vehicles turns over many times a minute, the default's interval: dead rows would pile up.
        "autovacuum_naptime": "10s",
        # Everything in the database is an instant; dates are computed by the program.
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Causes are told by English messages.
        "lc_messages": "C",
        "cluster_name": "odopass",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        # A statement that waits this long for a lock (1 s) is worth a line.
        "log_lock_waits": "on",
        # Values in statements that fail are readings of people's cars: they stay out of the log.
        "log_parameter_max_length_on_error": "0",
    }
)


def arguments(chosen: Mapping[str, str], socket_dir: Path) -> list[str]:
    """Return the server's command line arguments: our settings, overridden by the chosen ones.

    They go on the command line and not into postgresql.conf so that a new version of the program brings its
    settings to old data.
    """
    merged = {**SMALL_MACHINE, **chosen, "unix_socket_directories": str(socket_dir)}
    return [part for name, value in merged.items() for part in ("-c", f"{name}={value}")]
