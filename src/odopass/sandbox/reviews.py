"""Employees of the sandbox, and cases that wait for them from the start: they came about as real ones do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from odopass.clock import Clock
from odopass.domain.observation import ObservationType
from odopass.registry.accounts import passwords
from odopass.registry.accounts.secret import Secret
from odopass.registry.employees import employees
from odopass.registry.employees.employees import NoSuchEmployee, Role
from odopass.registry.intake.following import Following
from odopass.registry.intake.requests import Conflict, Origin, Submission, digest_of
from odopass.registry.intake.software import SoftwareCatalogue
from odopass.registry.intake.submitting import Submitting
from odopass.registry.judging.worker import Worker
from odopass.registry.store.database import Pool
from odopass.sandbox.known import GarageAccount, KnownVehicle, World
from odopass.wire.dates import format_wire_date
from odopass.wire.headers import ClientSoftware
from odopass.wire.observation import ObservationRequest

#: Days before the sandbox's first day: garages that try the sandbox report today, and must not be in the way.
_DAYS_AGO: Final = 3
_MOST_BATCHES: Final = 100
_UNKNOWN_VIN: Final = "WVWZZZ1KZ9W999999"


@dataclass(frozen=True, slots=True)
class DeskLogin:
    """An employee who can log in at the desk. The password is for tests and printed for everybody to see."""

    username: str
    password: str
    name: str
    roles: tuple[Role, ...]


def desk_logins() -> tuple[DeskLogin, ...]:
    """The employees of every sandbox: one for each role, and a second reviewer."""
    return (
        DeskLogin("reviewer", "sandbox-reviewer-1000", "Robin Reviewer", (Role.REVIEWER,)),
        DeskLogin("reviewer2", "sandbox-reviewer-2000", "Sam Second", (Role.REVIEWER,)),
        DeskLogin("admin", "sandbox-admin-1000", "Alex Admin", (Role.ADMINISTRATOR, Role.AUDITOR)),
    )


async def open_desk(url: str, world: World, clock: Clock) -> None:
    """Let the employees log in, and let some cases wait for them, unless they do or did already.

    Args:
        url: a filled database.
        world: what is in it.
        clock: the time of day.
    """
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        for login in desk_logins():
            await _let_in(pool, login)
        first_day = await pool.fetchval("select first_day from sandbox.world")
        worker = Worker(pool, clock)
        guids = [await _submitted(pool, case, clock.now()) for case in _cases(world, first_day)]
        await _judge(worker)
        for guid in guids:
            await _confirm(pool, guid, clock.now())
        await _judge(worker)


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """What a garage reports and confirms although it does not fit."""

    garage: GarageAccount
    vin: str
    day: date
    km: int


def _cases(world: World, first_day: date) -> Sequence[_Doubtful]:
    ordinary = [each for each in world.vehicles if each.purpose.startswith("ordinary")]
    wound_back, typing_error, trip_counter = ordinary[-3:]
    first, _, third, fourth = world.garages
    day = first_day - timedelta(days=_DAYS_AGO)
    return (
        _Doubtful(fourth, wound_back.row.vin, day, _last(wound_back) - 38_000),
        _Doubtful(third, typing_error.row.vin, day, _last(typing_error) * 3),
        _Doubtful(third, trip_counter.row.vin, day, 412),
        _Doubtful(first, _UNKNOWN_VIN, day, 87_310),
    )


def _last(vehicle: KnownVehicle) -> int:
    return vehicle.readings[-1].km


async def _submitted(pool: Pool, case: _Doubtful, now: datetime) -> UUID:
    request = ObservationRequest(
        vin=case.vin,
        license_plate=None,
        unifier=None,
        first_use_date=None,
        reading_date=case.day,
        km=case.km,
        type=ObservationType.REPAIR_MAINTENANCE_SERVICE,
        enterprise=case.garage.enterprise,
        establishment=case.garage.establishment,
    )
    body = json.dumps(
        {
            "vin": case.vin,
            "odometerReadingDate": format_wire_date(case.day),
            "odometerReading": case.km,
            "observationType": request.type.value,
            "enterpriseOrganisation": request.enterprise,
            "enteredOrganisation": request.establishment,
        }
    )
    account_id = await pool.fetchval("select id from account where establishment = $1", case.garage.establishment)
    software = await SoftwareCatalogue(pool).number(ClientSoftware("Testbouwer", "Test-DMS", "1.0"))
    origin = Origin(account_id, software, now, f"sandbox desk {case.vin}")
    submission = Submission(uuid4(), origin, request, body, digest_of("observation", body.encode()))
    return await Submitting(pool).submit(submission)


async def _confirm(pool: Pool, guid: UUID, now: datetime) -> None:
    account_id = await pool.fetchval("select account_id from request where guid = $1", guid)
    origin = Origin(account_id, None, now, f"sandbox desk {guid}")
    try:
        await Following(pool).confirm(guid, uuid4(), origin, digest_of("confirm", str(guid).encode()))
    except Conflict:
        return  # it has moved on since an earlier start


async def _judge(worker: Worker) -> None:
    for _ in range(_MOST_BATCHES):
        if not await worker.judge_batch():
            return


async def _let_in(pool: Pool, login: DeskLogin) -> None:
    """Whatever was done to an account meanwhile, it has its test password and is not locked."""
    password = Secret(login.password)
    async with pool.acquire() as connection, connection.transaction():
        try:
            found = await employees.find(connection, login.username)
        except NoSuchEmployee:
            await employees.add(
                connection, username=login.username, name=login.name, roles=login.roles, password=password
            )
            return
        if found.password_hash is None or not passwords.matches(found.password_hash, password):
            await employees.reset_password(connection, login.username, password)
        if found.locked:
            await employees.set_locked(connection, login.username, locked=False)
