"""Put the test world into a registry's database at the first start, and its test passwords at every start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

import asyncpg

from odopass.clock import BRUSSELS
from odopass.registry.accounts import accounts, passwords
from odopass.registry.accounts.accounts import AccountState, NoSuchAccount
from odopass.registry.accounts.secret import Secret
from odopass.registry.postgres import ExplainedError
from odopass.registry.store.database import Database, fetch_one
from odopass.registry.vehicles.loading import (
    PlateRow,
    ReadingRow,
    load_plates,
    load_readings,
    load_vehicles,
)
from odopass.sandbox.fleet import fingerprint, load_fleet
from odopass.sandbox.known import GarageAccount, World
from odopass.sandbox.world import DEFAULT_SEED, garages, make_world

#: Beside the registry's own tables, which know nothing of sandboxes: the day and seed of the world, the fingerprint of
#: the fleet beside it, and what each test vehicle is for. It appears in the same transaction as the world.
_TABLES: Final = """
    create schema sandbox;
    create table sandbox.world (first_day date not null, seed bigint not null, fleet text);
    create table sandbox.vehicle (
        place       integer primary key,
        vehicle_id  bigint not null unique,
        purpose     text not null
    );
"""
_LOCK: Final = 0x73616E64626F78  # "sandbox"
_NOON: Final = time(12, tzinfo=BRUSSELS)


async def fill(url: str, today: date, *, seed: int | None = None, fleet: Path | None = None) -> World:
    """Make the test world if the database has none, and let every garage log in with its test password.

    Args:
        url: a migrated database.
        today: the day in Europe/Brussels.
        seed: of the world; None for the one that is there, or the default.
        fleet: a folder with a simulated fleet to load beside it, unless it is there already.

    Returns:
        The world as it was at the first start.

    Raises:
        ExplainedError: the database holds something else, or a world of another seed or with another fleet.
    """
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            if not await connection.fetchval("select to_regclass('sandbox.world') is not null"):
                await _first_fill(connection, today, DEFAULT_SEED if seed is None else seed)
            elif seed is not None:
                await _check_seed(connection, seed)
            if fleet is not None:
                await _fill_fleet(connection, fleet)
            for garage in garages():
                await _let_in(connection, garage)
            world = await fetch_one(connection, "select first_day, seed from sandbox.world")
            return make_world(world["first_day"], world["seed"])
    finally:
        await connection.close()


async def _first_fill(connection: Database, today: date, seed: int) -> None:
    if await connection.fetchval("select exists (select from vehicle) or exists (select from account)"):
        raise ExplainedError(
            "This folder holds a registry that is no sandbox.",
            "It has vehicles or garages, but not those of a sandbox.",
            "Name another folder, or an empty one: the sandbox fills it.",
        )
    await connection.execute(_TABLES)
    world = make_world(today, seed)
    ids = await load_vehicles(connection, [vehicle.row for vehicle in world.vehicles])
    plates = (
        PlateRow(borne.plate, vehicle_id, borne.since, borne.until)
        for vehicle_id, vehicle in zip(ids, world.vehicles, strict=True)
        for borne in vehicle.plates
    )
    await load_plates(connection, plates)
    await load_readings(connection, _readings(world, ids))
    await connection.copy_records_to_table(
        "vehicle",
        schema_name="sandbox",
        records=[(at, ids[at], vehicle.purpose) for at, vehicle in enumerate(world.vehicles)],
    )
    await connection.execute("insert into sandbox.world (first_day, seed) values ($1, $2)", today, seed)


def _readings(world: World, ids: list[int]) -> Iterator[ReadingRow]:
    for vehicle_id, vehicle in zip(ids, world.vehicles, strict=True):
        for reading in vehicle.readings:
            yield ReadingRow(
                vehicle_id=vehicle_id,
                reading_date=reading.day,
                km=reading.km,
                source=reading.source.value,
                observation_type=reading.type.value,
                recorded_at=datetime.combine(reading.day, _NOON),
                starts_segment=reading.starts_segment,
                remarks=reading.remarks,
            )


async def _check_seed(connection: Database, seed: int) -> None:
    row = await fetch_one(connection, "select first_day, seed from sandbox.world")
    if row["seed"] != seed:
        raise ExplainedError(
            f"The sandbox in this folder was made with --seed {row['seed']}.",
            f"It was filled on {row['first_day']:%d/%m/%Y}; its vehicles cannot become those of --seed {seed}.",
            "Leave --seed out, or name an empty folder.",
        )


async def _fill_fleet(connection: Database, folder: Path) -> None:
    wanted = fingerprint(folder)
    world = await fetch_one(connection, "select first_day, fleet from sandbox.world")
    if world["fleet"] is None:
        await load_fleet(connection, folder, world["first_day"])
        await connection.execute("update sandbox.world set fleet = $1", wanted)
    elif world["fleet"] != wanted:
        raise ExplainedError(
            f"The fleet in {folder} cannot be loaded.",
            "The sandbox has another one already, and vehicles of two fleets would share plates and garages.",
            "Name the fleet it was given first, or leave --fleet out, or start with an empty folder.",
        )


async def _let_in(connection: Database, garage: GarageAccount) -> None:
    """Whatever was done to an account meanwhile, it has its test password and is not locked."""
    password = Secret(garage.password)
    try:
        account = await accounts.find(connection, garage.establishment)
    except NoSuchAccount:
        await accounts.add(
            connection,
            establishment=garage.establishment,
            enterprise=garage.enterprise,
            name=garage.name,
            username=garage.username,
            password=password,
        )
        return
    if account.username != garage.username:
        account = await accounts.rename(connection, garage.establishment, username=garage.username)
    stored = account.password_hash
    if stored is None or not await asyncio.to_thread(passwords.matches, stored, password):
        account = await accounts.reset_password(connection, garage.username, password)
    if account.state is AccountState.LOCKED:
        await accounts.unlock(connection, garage.username)
