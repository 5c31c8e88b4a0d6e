"""What is played as traffic: a written fleet's readings in the order of arrival, and the accounts to send them with."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]

_ROWS_AT_ONCE = 2_048
_COLUMNS = (
    "received_at",
    "reading",
    "vehicle",
    "vin",
    "license_plate",
    "unifier",
    "first_use_date",
    "reading_date",
    "observation_type",
    "km",
    "garage",
    "truth",
)


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials of one garage, as the sandbox's ready file lists them."""

    username: str
    password: str
    enterprise: str
    establishment: str

    def __repr__(self) -> str:
        return f"Account({self.username!r}, …)"


@dataclass(frozen=True, slots=True)
class PlayedReading:
    """One reading of the fleet as it is sent; the columns of `tables.READINGS` tell what each means."""

    vehicle: int
    vin: str | None
    license_plate: str | None
    unifier: int | None
    first_use_date: date | None
    reading_date: date
    observation_type: str
    km: int
    garage: int
    truth: str

    def body(self, account: Account) -> dict[str, Any]:
        """The submission on the wire, dates as dd/mm/yyyy; what is unknown is left out."""
        body: dict[str, Any] = {
            "vin": self.vin,
            "licensePlate": self.license_plate,
            "unifier": self.unifier,
            "firstUseDate": None if self.first_use_date is None else _on_wire(self.first_use_date),
            "odometerReadingDate": _on_wire(self.reading_date),
            "odometerReading": self.km,
            "observationType": self.observation_type,
            "enterpriseOrganisation": account.enterprise,
            "enteredOrganisation": account.establishment,
        }
        return {name: value for name, value in body.items() if value is not None}


def _on_wire(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def load_accounts(path: Path) -> list[Account]:
    """The accounts of a JSON file: a list, or an object whose member ``garages`` is one (the sandbox's ready file).

    Raises:
        ValueError: it holds something else; the message says what is wrong where.
        OSError: it cannot be read.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    entries = told.get("garages") if isinstance(told, dict) else told
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{path} lists no garages; expected a list, or an object with a list named 'garages'")
    names = ("username", "password", "enterpriseOrganisation", "enteredOrganisation")
    accounts = []
    for number, entry in enumerate(entries, 1):
        missing = [name for name in names if not isinstance(entry, dict) or not isinstance(entry.get(name), str)]
        if missing:
            raise ValueError(f"garage {number} in {path} lacks {', '.join(missing)}")
        accounts.append(Account(*(entry[name] for name in names)))
    return accounts


def count_readings(folder: Path, since: date | None = None, limit: int | None = None) -> int:
    """How many readings `readings_of` gives.

    Raises:
        FileNotFoundError: the folder holds no Parquet readings.
    """
    path = _readings_file(folder)
    if since is None:
        found = int(pq.ParquetFile(path).metadata.num_rows)
    else:
        found = pq.read_table(path, columns=["reading_date"], filters=[("reading_date", ">=", since)]).num_rows
    return found if limit is None else min(found, limit)


def readings_of(folder: Path, since: date | None = None, limit: int | None = None) -> Iterator[PlayedReading]:
    """The fleet's readings in the order of arrival over all chunks, in bounded memory.

    Args:
        folder: as `writing.write_fleet` left it.
        since: only readings with this date as sent, or a later one.
        limit: no more than this many.

    Raises:
        FileNotFoundError: the folder holds no Parquet readings.
    """
    path = _readings_file(folder)
    groups = pq.ParquetFile(path).metadata.num_row_groups
    rows = heapq.merge(
        *(_rows(path, group, since) for group in range(groups)), key=itemgetter("received_at", "reading")
    )
    for row in islice(rows, limit):
        yield PlayedReading(**{name: row[name] for name in _COLUMNS[2:]})


def _rows(path: Path, group: int, since: date | None) -> Iterator[dict[str, Any]]:
    """The rows of one chunk, which are in order of arrival already."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, row_groups=[group], columns=list(_COLUMNS)):
            for row in batch.to_pylist():
                if since is None or row["reading_date"] >= since:
                    yield row


def _readings_file(folder: Path) -> Path:
    path = folder / "readings.parquet"
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no readings.parquet; write a fleet with 'odopass simulate write --format parquet' first"
        )
    return path
