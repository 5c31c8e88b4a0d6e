"""Take in readings that an inspection body or a maker of connected vehicles delivers in a file.

Each line becomes a request like a garage's, queued under its vehicle in the order of the file, and is judged by the
same workers and rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from odopass.clock import Clock
from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.registry.accounts import accounts
from odopass.registry.accounts.accounts import AccountState, NoSuchAccount
from odopass.registry.deliveries import values
from odopass.registry.deliveries.chunks import Chunk, DeliveredFile, Problems
from odopass.registry.deliveries.columns import Column, need
from odopass.registry.deliveries.ledger import Delivery
from odopass.registry.deliveries.opening import open_file
from odopass.registry.postgres.faults import ExplainedError
from odopass.registry.store.database import Database
from odopass.registry.vehicles.extracts import BORNE, IDENTITY
from odopass.registry.vehicles.identifying import identify
from odopass.wire.observation import MAX_READING_KM, ObservationRequest

#: What a file may say; a report is asked for over the wire, by whoever wants to read it.
_TYPES: Final = (
    ObservationType.REPAIR_MAINTENANCE_SERVICE,
    ObservationType.ODOMETER_REPLACED,
    ObservationType.ROAD_SIDE_ASSISTANCE,
)
_VIN, _UNIFIER = IDENTITY
_PLATE: Final = BORNE[0]
_DAY: Final = "a day such as 2026-03-05 or 05/03/2026, from 1800 on"

COLUMNS: Final = (
    Column("vin", _VIN.read, _VIN.expected),
    _PLATE,
    _UNIFIER,
    Column("first_use_date", values.day, _DAY, ("first_use",)),
    Column("reading_date", values.day, _DAY, ("odometer_reading_date",), filled=True),
    Column(
        "km",
        values.number(MAX_READING_KM),
        f"whole km from 0 to {MAX_READING_KM:,}",
        ("odometer_reading",),
        filled=True,
    ),
    Column(
        "observation_type",
        values.matching(f"^({'|'.join(_TYPES)})$"),
        f"one of {', '.join(_TYPES)}",
    ),
)

# Subjects in a fixed order, and `do update`, as when garages submit: see `submitting.py`.
_STORE: Final = """
    with input as (
        select * from unnest(
            $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::date[], $7::int[], $8::text[],
            $9::bigint[]
        ) with ordinality as i (
            guid, subject, identification, identifier, observation_type, reading_date, km, body, line, n
        )
    ), stored as (
        insert into request (
            guid, subject, kind, case_guid, case_subject, account_id, received_at, identification, identifier,
            observation_type, reading_date, km, body, delivery_id, line
        )
        select
            guid, subject, 'submission', guid, subject, $10, $11, identification, identifier,
            observation_type, reading_date, km, body, $12, line
        from input
    )
    insert into waiting (subject, requests)
    select subject, array_agg(guid order by n) from input group by subject order by subject
    on conflict (subject) do update set requests = waiting.requests || excluded.requests
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Who delivers readings.

    Attributes:
        account_id: its account.
        name: what employees call it.
        kind: who reads the odometers: an inspector or the vehicle itself.
        enterprise: KBO number of the enterprise.
        establishment: KBO number of the establishment.
    """

    account_id: int
    name: str
    kind: SourceKind
    enterprise: str
    establishment: str


async def find_source(connection: Database, key: str) -> Source:
    """The account that delivers readings, by its user name or establishment number.

    Raises:
        ExplainedError: there is none, it is locked, or it is a garage's.
    """
    try:
        account = await accounts.find(connection, key)
    except NoSuchAccount as error:
        raise ExplainedError(
            "Nobody delivers under that name.",
            str(error),
            "Add the source: odopass registry account add NUMBER --enterprise NUMBER --name NAME --source inspection",
        ) from error
    if account.state is AccountState.LOCKED:
        raise ExplainedError(
            f"{account.name} is locked.",
            "An operator has locked the account; nothing is taken from it.",
            "Ask why. To take the file all the same, unlock it: odopass registry account unlock.",
        )
    kind = SourceKind(await connection.fetchval("select source from account where id = $1", account.id))
    if kind is SourceKind.GARAGE:
        raise ExplainedError(
            f"{account.name} is a garage.",
            "Garages report over the wire, where they are asked about what does not fit.",
            "Give an account that was added with --source inspection or --source connected.",
        )
    return Source(account.id, account.name, kind, account.enterprise, account.establishment)


def open_readings(
    path: Path, own_names: Mapping[str, str], on_bytes: Callable[[int], None] = lambda _: None
) -> DeliveredFile:
    """Look through a file of readings.

    Raises:
        FileRefused: it cannot be used, or columns are missing.
    """
    file = open_file(path, COLUMNS, own_names, on_bytes)
    need(path, file.layout, ("reading_date", "km"))
    if "plate" not in file.layout.names:
        need(path, file.layout, ("vin",))
    return file


def unnamed_vehicles(table: pa.Table, problems: Problems) -> None:
    """A line must name its vehicle: by VIN, or else by plate."""
    named = [pc.is_valid(table.column(name)) for name in ("vin", "plate") if name in table.column_names]
    some = named[0] if len(named) == 1 else pc.or_(*named)
    problems.add(pc.invert(some), lambda _: "neither vin nor plate is given")


class Delivering:
    """Stores the lines of one file as requests that wait to be judged.

    Args:
        source: who delivers it.
        clock: tells when a line arrives.
    """

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    async def __call__(self, connection: Database, delivery: Delivery, chunk: Chunk) -> Mapping[str, int]:
        """Store a chunk inside the caller's transaction."""
        lines = chunk.table.to_pylist()
        if not lines:
            return {}
        requests = [self._request(line) for line in lines]
        found = await identify(connection, requests)
        rows = [
            (
                uuid4(),
                identified.subject,
                identified.identification.value,
                identified.identifier,
                request.type.value,
                request.reading_date,
                request.km,
                _body(line),
                line["line"],
            )
            for line, request, identified in zip(lines, requests, found, strict=True)
        ]
        await self._store(connection, delivery, rows, self._clock.now())
        return {"readings": len(rows)}

    async def _store(
        self, connection: Database, delivery: Delivery, rows: Sequence[tuple[Any, ...]], now: datetime
    ) -> None:
        await connection.execute(_STORE, *zip(*rows, strict=True), self._source.account_id, now, delivery.id)

    def _request(self, line: Mapping[str, Any]) -> ObservationRequest:
        vin = line.get("vin")
        return ObservationRequest(
            vin=vin,
            # If both are given the VIN counts: plates move from vehicle to vehicle.
            license_plate=None if vin else line["plate"],
            unifier=line.get("unifier") if vin else None,
            first_use_date=line.get("first_use_date") if vin else None,
            reading_date=line["reading_date"],
            km=line["km"],
            type=ObservationType(line.get("observation_type") or ObservationType.REPAIR_MAINTENANCE_SERVICE),
            enterprise=self._source.enterprise,
            establishment=self._source.establishment,
        )


def _body(line: Mapping[str, Any]) -> str:
    """The line as it was understood."""
    said = {name: value for name, value in line.items() if value is not None and name != "line"}
    return json.dumps({name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()})
