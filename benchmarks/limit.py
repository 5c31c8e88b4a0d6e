"""The limit: PostgreSQL alone, storing the same row with a commit each, driven by its own load generator."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks import observations
from odopass.registry.postgres import find_binaries

# The body holds blanks after its colons: pgbench takes a colon before a letter or digit for one of its variables.
_SCRIPT = """\
\\set subject random(1, {vehicles})
\\set km random(1000, 300000)
insert into request (
    guid, subject, kind, case_guid, case_subject, account_id, software_id, received_at, identification, identifier,
    observation_type, reading_date, km, body
) values (
    gen_random_uuid(), :subject, 'submission', gen_random_uuid(), :subject, 17, null, clock_timestamp(), 'identified',
    '{vin}00012345', 'REPAIR_MAINTENANCE_SERVICE', '2026-01-15', :km, '{body}'
);
"""
_BODY = (
    '{{"vin": "{vin}00012345", "odometerReadingDate": "15/01/2026", "odometerReading": 123456, '
    '"observationType": "REPAIR_MAINTENANCE_SERVICE", "enterpriseOrganisation": "{garage.enterprise}", '
    '"enteredOrganisation": "{garage.establishment}"}}'
)


def insert_rows(url: str, *, clients: int, seconds: float) -> float:
    """Rows stored a second by so many clients, with prepared statements.

    Args:
        url: of a migrated database.
        clients: connections, each storing one row after another.
        seconds: for how long.
    """
    address = urlsplit(url)
    body = _BODY.format(vin=observations.VIN, garage=observations.garages()[0])
    with tempfile.TemporaryDirectory(prefix="odopass-bench-") as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(_SCRIPT.format(vehicles=observations.VEHICLES, vin=observations.VIN, body=body))
        done = subprocess.run(
            [
                find_binaries().program("pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={clients}",
                "--jobs=1", f"--time={max(1, round(seconds))}", f"--file={script}",
                f"--host={parse_qs(address.query)['host'][0]}", f"--username={address.username}",
                address.path.removeprefix("/"),
            ],
            env={**os.environ, "PGPASSWORD": address.password or ""},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or rate is None:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}\n{done.stderr}")
    return float(rate.group(1))
