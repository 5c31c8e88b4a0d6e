"""Prove that the readings of a report are in the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from asyncpg import Record

from odopass.registry.journal.entries import leaf_text
from odopass.registry.journal.kept_hashes import read_kept
from odopass.registry.journal.proofs import FORMAT, RECIPE, EntryPart, ProofFile, WithoutProof, seal_part
from odopass.registry.journal.seals import Seal, latest_seal
from odopass.registry.journal.tree import inclusion_path, needed_for_path
from odopass.registry.store.database import Database

#: A reading as a report shows it: ISO date, km, kind of source.
Shown = tuple[str, int, str]

_CASES: Final = """
    select distinct case_guid from reading where vehicle_id = (select vehicle_id from report where case_guid = $1)
        and case_guid is not null
"""
_ENTRIES: Final = """
    select entry.batch, entry.place, entry.at, entry.kind, entry.about, entry.content, entry.public, entry.salt,
        sealed.first_leaf
    from journal.entry
    left join journal.sealed using (batch)
    where about = any($1::text[]) and public <> '{}'
    order by sealed.first_leaf nulls last, entry.batch, entry.place
"""


async def prove_report(
    database: Database, case_guid: UUID, *, number: str, vin: str, registry: str, readings: Sequence[Shown]
) -> ProofFile | None:
    """The proof of a report: of itself and of each of its readings, as of the latest seal.

    Args:
        database: in a transaction that sees one state of the journal (repeatable read).
        case_guid: the case that asked for the report.
        number: the report's.
        vin: the vehicle's.
        registry: the name of the registry.
        readings: those that the report shows.

    Returns:
        The proof; None while nothing is sealed.
    """
    seal = await latest_seal(database)
    if seal is None:
        return None
    cases = {str(row[0]) for row in await database.fetch(_CASES, case_guid)} | {str(case_guid), vin}
    of_report: Record | None = None
    of_readings: dict[Shown, list[Record]] = {}
    for row in await database.fetch(_ENTRIES, list(cases)):
        public = json.loads(row["public"])
        if public.get("vin") != vin:
            continue
        if public.get("report") == number:
            of_report = row
        elif "km" in public:
            of_readings.setdefault(_shown(public), []).append(row)
    proven, without = [], []
    for reading in readings:
        rows = of_readings.get(reading, [])
        # One entry for each line; the same reading twice has two.
        found = rows.pop(0) if rows else None
        if found is not None and found["first_leaf"] is not None:
            proven.append(found)
        else:
            why: Literal["not sealed yet", "no entry"] = "no entry" if found is None else "not sealed yet"
            without.append(WithoutProof(date=reading[0], km=reading[1], why=why))
    if of_report is not None and of_report["first_leaf"] is not None:
        proven.append(of_report)
    return ProofFile(
        format=FORMAT,
        registry=registry,
        report=number,
        vin=vin,
        seal=seal_part(seal),
        proofs=await _proofs(database, proven, seal),
        withoutProof=without,
        recipe=RECIPE,
    )


async def _proofs(database: Database, rows: Sequence[Record], seal: Seal) -> list[EntryPart]:
    leaves = [row["first_leaf"] + row["place"] for row in rows]
    kept = await read_kept(database, {needed for leaf in leaves for needed in needed_for_path(leaf, seal.tree_size)})
    return [
        EntryPart(
            entry=leaf_text(**{name: row[name] for name in ("at", "kind", "about", "content", "public", "salt")}),
            leafIndex=leaf,
            path=[each.hex() for each in inclusion_path(leaf, seal.tree_size, kept)],
        )
        for leaf, row in sorted(zip(leaves, rows, strict=True), key=lambda pair: pair[0])
    ]


def _shown(public: Mapping[str, Any]) -> Shown:
    return public["date"], public["km"], public["source"]
