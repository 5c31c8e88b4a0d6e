"""Compare the live tables with what the journal says of them.

What is compared, each from the newest entry about it:

- every reading that stands, with the entry that let it join (`reading` in its content), and whether it was superseded
  (`superseded`);
- every case that came to a state, with the newest entry about it that has a `status`;
- every report, by its SHA-256; every account, by user name, enterprise and state;
- every reading that the journal names, with the row that must be there.

What is older than the journal is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, Final

from asyncpg import Record

from odopass.registry.journal.entries import canonical, digest
from odopass.registry.journal.faults import Fault, Wrong
from odopass.registry.journal.readings import observation_json, reading_json
from odopass.registry.store.database import Database

_ROWS_AT_ONCE: Final = 2_000

_BEGUN: Final = "select at, content from journal.entry where about = 'journal' and kind = 'journal.begun'"
_READINGS: Final = """
    select vehicle_id, vin, reading_date, km, source, observation_type, account_id, starts_segment, remarks, country,
        in_miles, case_guid, superseded_at
    from reading join vehicle on vehicle.id = vehicle_id
    where arrival > $1
"""
_CASES: Final = """
    select guid, vehicle_id, observation_type, reading_date, km, status, settled_at from observation_case
    where status <> 'ONGOING'
"""
_REPORTS: Final = "select case_guid, number, content, made_at from report where version > 0"
_ACCOUNTS: Final = "select establishment, username, enterprise, state, changed_at from account"
_ABOUT: Final = """
    select entry.about, entry.kind, entry.content from journal.entry
    where about = any($1::text[])
    order by entry.batch, entry.place
"""
_JOINED: Final = "select about, content from journal.entry where position('\"reading\":{' in content) > 0"
_THERE: Final = """
    select n from unnest($1::bigint[], $2::date[], $3::int[]) with ordinality as told (vehicle, day, km, n)
    where exists (select from reading where vehicle_id = vehicle and reading_date = day and reading.km = told.km)
"""

_Contents = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Begun:
    at: datetime
    up_to_arrival: int


async def compare(database: Database, *, progress: Callable[[str, int], None]) -> AsyncIterator[Fault]:
    """Compare everything, and tell each difference.

    Args:
        database: in a transaction that sees one state (repeatable read).
        progress: is told what is being compared and how many rows of it were.
    """
    row = await database.fetchrow(_BEGUN)
    if row is None:
        yield Fault(Wrong.REMOVED, "The entry with which the journal began is not there.", 0)
        return
    begun = _Begun(row["at"], json.loads(row["content"])["up_to_arrival"])
    for what, query, values, look in (
        ("readings", _READINGS, [begun.up_to_arrival], _readings),
        ("cases", _CASES, [], _cases),
        ("reports", _REPORTS, [], _reports),
        ("accounts", _ACCOUNTS, [], _accounts),
    ):
        count = 0
        async for rows in _portions(database, query, *values):
            for fault in await look(database, rows, begun.at):
                yield fault
            count += len(rows)
            progress(what, count)
    count = 0
    async for rows in _portions(database, _JOINED):
        for fault in await _missing_readings(database, rows):
            yield fault
        count += len(rows)
        progress("readings that the journal names", count)


async def _portions(database: Database, query: str, *values: object) -> AsyncIterator[list[Record]]:
    portion: list[Record] = []
    async for row in database.cursor(query, *values, prefetch=_ROWS_AT_ONCE):
        portion.append(row)
        if len(portion) == _ROWS_AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


async def _about(database: Database, abouts: Iterable[str]) -> _Contents:
    """The contents of all entries about these, oldest first, each with its kind."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for about, kind, content in await database.fetch(_ABOUT, list(set(abouts))):
        found[about].append(_read(content) | {"kind": kind})
    return found


async def _readings(database: Database, rows: Sequence[Record], _: datetime) -> list[Fault]:
    entries = await _about(database, chain.from_iterable(_keys(row) for row in rows))
    return [fault for row in rows for fault in _reading(row, entries)]


def _keys(row: Record) -> tuple[str, ...]:
    return (row["vin"],) if row["case_guid"] is None else (str(row["case_guid"]), row["vin"])


def _reading(row: Record, entries: _Contents) -> list[Fault]:
    stands = reading_json(
        vehicle=row["vehicle_id"],
        date=row["reading_date"],
        km=row["km"],
        source=row["source"],
        observation_type=row["observation_type"],
        account=row["account_id"],
        starts_segment=row["starts_segment"],
        remarks=row["remarks"],
        country=row["country"],
        in_miles=row["in_miles"],
    )
    told = f"{row['km']} km of {row['vin']} on {row['reading_date']}"
    said = [each for key in _keys(row) for each in entries.get(key, ())]
    superseded = any(each.get("superseded") == stands for each in said)
    if superseded != (row["superseded_at"] is not None):
        how = "was taken out of the history" if not superseded else "was put back into the history"
        return [Fault(Wrong.CHANGED, f"The reading {told} {how}, and the journal does not say so.")]
    joined = [each["reading"] for each in said if "reading" in each]
    if stands in joined:
        return []
    near = [each for each in joined if each["vehicle"] == row["vehicle_id"] and _same_place(each, stands, row)]
    if near:
        return [Fault(Wrong.CHANGED, f"The reading {told} was changed: the journal says {canonical(near[-1])}.")]
    return [Fault(Wrong.ADDED, f"The reading {told} was added, and the journal does not know it.")]


def _same_place(said: Mapping[str, Any], stands: Mapping[str, Any], row: Record) -> bool:
    """Whether an entry is likely about this row although they differ: it is of the same case, or of the same day."""
    return row["case_guid"] is not None or said["date"] == stands["date"]


async def _cases(database: Database, rows: Sequence[Record], begun: datetime) -> list[Fault]:
    entries = await _about(database, (str(row["guid"]) for row in rows))
    faults = []
    for row in rows:
        stands = {
            "vehicle": row["vehicle_id"],
            "status": row["status"],
            "observation": observation_json(row["reading_date"], row["km"], row["observation_type"]),
        }
        said = [each for each in entries.get(str(row["guid"]), ()) if "status" in each]
        newest: dict[str, Any] = {}
        for each in said:
            newest.update((key, value) for key, value in each.items() if key in stands)
            if "reading" in each:
                newest["observation"] = {key: each["reading"][key] for key in ("date", "km", "type")}
        if not said and row["settled_at"] < begun:
            continue
        if not said:
            faults.append(Fault(Wrong.ADDED, f"The case {row['guid']} was added, and the journal does not know it."))
        elif newest != stands:
            faults.append(
                Fault(
                    Wrong.CHANGED,
                    f"The case {row['guid']} was changed: it is {canonical(stands)}, the journal says "
                    f"{canonical(newest)}.",
                )
            )
    return faults


async def _reports(database: Database, rows: Sequence[Record], begun: datetime) -> list[Fault]:
    entries = await _about(database, (str(row["case_guid"]) for row in rows))
    faults = []
    for row in rows:
        said = [each for each in entries.get(str(row["case_guid"]), ()) if each["kind"] == "report.published"]
        if not said and row["made_at"] < begun:
            continue
        if not said:
            faults.append(Fault(Wrong.ADDED, f"The report {row['number']} was added; the journal does not know it."))
        elif (said[-1]["number"], said[-1]["sha256"]) != (row["number"], digest(row["content"])):
            faults.append(Fault(Wrong.CHANGED, f"The report {row['number']} was changed since it was made."))
    return faults


async def _accounts(database: Database, rows: Sequence[Record], begun: datetime) -> list[Fault]:
    entries = await _about(database, (row["establishment"] for row in rows))
    faults = []
    for row in rows:
        said = [each for each in entries.get(row["establishment"], ()) if each["kind"].startswith("account.")]
        stands = {key: row[key] for key in ("username", "enterprise", "state")}
        if not said and row["changed_at"] < begun:
            continue
        if not said:
            faults.append(Fault(Wrong.ADDED, f"The account {row['username']} was changed or added by hand."))
        elif {key: said[-1].get(key) for key in stands} != stands:
            faults.append(
                Fault(
                    Wrong.CHANGED,
                    f"The account {row['username']} was changed by hand: the journal says {canonical(said[-1])}.",
                )
            )
    return faults


async def _missing_readings(database: Database, rows: Sequence[Record]) -> list[Fault]:
    told = [
        (row["about"], reading) for row in rows if isinstance(reading := _read(row["content"]).get("reading"), dict)
    ]
    there = await database.fetch(
        _THERE,
        [reading["vehicle"] for _, reading in told],
        [date.fromisoformat(reading["date"]) for _, reading in told],
        [reading["km"] for _, reading in told],
    )
    found = {row[0] - 1 for row in there}
    return [
        Fault(Wrong.REMOVED, f"A reading that the journal names is not there: {canonical(reading)} (about {about}).")
        for number, (about, reading) in enumerate(told)
        if number not in found
    ]


def _read(content: str) -> dict[str, Any]:
    """The content of an entry; nothing if it was made unreadable, which recomputing the tree tells."""
    try:
        read = json.loads(content)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
