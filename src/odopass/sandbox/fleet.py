"""Load a simulated fleet beside the known vehicles, so that its last year can be played as traffic.

The sandbox gets the fleet's vehicles, plates and garages, and as history its honest readings up to a year before the
sandbox's first day. What comes after is left to be sent: `odopass simulate play --since` that day.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.registry.accounts.accounts import find_all
from odopass.registry.accounts.journaling import note_all
from odopass.registry.accounts.passwords import make_hash
from odopass.registry.accounts.secret import Secret
from odopass.registry.postgres import ExplainedError
from odopass.registry.store.database import Database
from odopass.registry.vehicles.loading import (
    PlateRow,
    ReadingRow,
    VehicleRow,
    load_plates,
    load_readings,
    load_vehicles,
)

PASSWORD: Final = "sandbox-fleet-garage"  # noqa: S105 - of test accounts, and written for everybody to see
GARAGES_FILE: Final = "fleet-garages.json"
#: Days before the first day from which on the fleet's readings are left to be sent. Older ones would be asked about
#: for their age alone.
LEFT_TO_SEND_DAYS: Final = 360

_SUMMARY: Final = "fleet.json"
_HONEST: Final = "honest"
_ROWS_AT_ONCE: Final = 20_000
_SOURCES: Final = {"inspection": SourceKind.INSPECTION, "roadside assistance": SourceKind.ROADSIDE}


def first_day_to_send(first_day: date) -> date:
    """The date of the fleet's first readings that are not known to the sandbox beforehand."""
    return first_day - timedelta(days=LEFT_TO_SEND_DAYS)


def fingerprint(folder: Path) -> str:
    """What tells this fleet from another.

    Raises:
        ExplainedError: the folder holds no fleet, or what reads its files is not installed.
    """
    try:
        import pyarrow.parquet  # type: ignore[import-untyped] # noqa: F401, PLC0415 - only who loads a fleet needs it
    except ModuleNotFoundError as error:
        raise ExplainedError(
            "A simulated fleet cannot be loaded.",
            f"The Python package {error.name} is not installed.",
            "pip install 'odopass[registry,simulate]'",
        ) from None
    try:
        summary = (folder / _SUMMARY).read_bytes()
    except OSError as error:
        raise _no_fleet(folder, f"{error.filename}: {error.strerror}.") from error
    if not (folder / "readings.parquet").is_file():
        raise _no_fleet(folder, "It holds no Parquet files.")
    return hashlib.sha256(summary).hexdigest()


async def load_fleet(connection: Database, folder: Path, first_day: date) -> None:
    """Load a fleet, in the transaction that the connection is in.

    Raises:
        ExplainedError: its files cannot be read.
    """
    try:
        await _load(connection, folder, first_day)
    except (OSError, KeyError, ValueError) as error:  # pyarrow's errors are among them
        raise _no_fleet(folder, f"{error}.") from error


def write_garages(folder: Path, data: Path) -> Path:
    """Write the accounts of the fleet's garages where `odopass simulate play --garages` can read them."""
    path = data / GARAGES_FILE
    accounts = [
        {
            "username": row["establishment"],
            "password": PASSWORD,
            "enterpriseOrganisation": row["enterprise"],
            "enteredOrganisation": row["establishment"],
        }
        for row in _rows(folder, "garages")
    ]
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(accounts, indent=1), encoding="utf-8")
    unfinished.replace(path)
    return path


async def _load(connection: Database, folder: Path, first_day: date) -> None:
    kinds = await _load_garages(connection, folder)
    ids: list[int] = []
    batch: list[VehicleRow] = []
    for row in _rows(folder, "vehicles"):
        if row["vehicle"] != len(ids) + len(batch):
            raise ValueError(f"vehicle {row['vehicle']} stands where {len(ids) + len(batch)} was expected")
        batch.append(VehicleRow(**{name: row[name] for name in VehicleRow._fields}))
        if len(batch) == _ROWS_AT_ONCE:
            ids += await load_vehicles(connection, batch)
            batch.clear()
    ids += await load_vehicles(connection, batch)
    known = {row[0] for row in await connection.fetch("select plate from plate")}
    await load_plates(
        connection,
        (
            PlateRow(plate, ids[row["vehicle"]], row["valid_from"], row["valid_until"])
            for row in _rows(folder, "plates")
            # The known vehicles keep their plates to themselves.
            if (plate := row["plate"].replace("-", "")) not in known
        ),
    )
    await load_readings(connection, _history(folder, ids, kinds, first_day_to_send(first_day)))


async def _load_garages(connection: Database, folder: Path) -> list[str]:
    """Give each garage an account; return their kinds. One hash for all: it is no secret, and 20 ms each add up."""
    password_hash = make_hash(Secret(PASSWORD))
    garages = list(_rows(folder, "garages"))
    await connection.copy_records_to_table(
        "account",
        columns=("username", "establishment", "enterprise", "name", "password_hash"),
        records=[
            (row["establishment"], row["establishment"], row["enterprise"], row["name"], password_hash)
            for row in garages
        ],
    )
    numbers = [row["establishment"] for row in garages]
    await note_all(connection, "added", await find_all(connection, numbers))
    return [row["kind"] for row in garages]


def _history(folder: Path, ids: list[int], kinds: list[str], before: date) -> Iterator[ReadingRow]:
    for row in _rows(folder, "readings"):
        if row["truth"] == _HONEST and row["reading_date"] < before:
            yield ReadingRow(
                vehicle_id=ids[row["vehicle"]],
                reading_date=row["reading_date"],
                km=row["km"],
                source=_SOURCES.get(kinds[row["garage"]], SourceKind.GARAGE).value,
                observation_type=row["observation_type"],
                recorded_at=row["received_at"],
                starts_segment=row["observation_type"] == ObservationType.ODOMETER_REPLACED,
            )


def _rows(folder: Path, table: str) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - only who loads a fleet needs it

    with pq.ParquetFile(folder / f"{table}.parquet") as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            yield from batch.to_pylist()


def _no_fleet(folder: Path, why: str) -> ExplainedError:
    return ExplainedError(
        f"There is no fleet to load in {folder}.",
        why,
        f"Make one: odopass simulate write --vehicles 1000 --until DATE --out {folder}",
    )
