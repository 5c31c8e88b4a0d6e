"""Clock steps, summer time, 29 February, midnight: nothing depends on the host's time zone (promise 7)."""

from __future__ import annotations

import random
import time as system_time
from collections.abc import Iterator
from datetime import date, time, timedelta
from zoneinfo import available_timezones

import asyncpg
import pytest
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import REPORT, Dms, OwnClock, Registry, running_registry
from tests.reliability.verdict import tell

#: The furthest ahead, the furthest behind, our own, half an hour off, and summer time on the other half of the world.
ZONES = (
    "UTC",
    "Europe/Brussels",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
)

SPRING, AUTUMN, LEAP = date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)
LAST = time(23, 59, 59)

Told = list[tuple[str, str]]


@pytest.fixture
def _zone_put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    system_time.tzset()


class Story:
    """The same things happen, whatever the host's zone; what was told is written down."""

    def __init__(self, registry: Registry, dms: Dms, run: int) -> None:
        self.registry = registry
        self.clock: OwnClock = registry.clock
        self.dms = dms
        self.run = run
        self.vehicles = 0
        self.told: Told = []

    async def vehicle(self) -> str:
        self.vehicles += 1
        vin = f"TIME{self.run:05}{self.vehicles:08}"
        await add_vehicle(self.registry.pool, vin, first_use=None)
        return vin

    async def send(self, what: str, vin: str, day: date | str, km: int, **members: object) -> None:
        """Send an observation, and write down what became of it."""
        answer = await self.dms.post("/api/observation", self.dms.body(vin=vin, day=day, km=km, **members))
        if answer.status_code != 200:
            self.told.append((what, str(answer.status_code)))
            return
        found = await self.dms.outcome(answer.json()["requestGuid"])
        self.told.append((what, " ".join([found.status, *found.types])))

    async def midnight(self, day: date) -> None:
        """The last second of a Belgian day and the first of the next."""
        vin, after = await self.vehicle(), day + timedelta(days=1)
        self.clock.put(day, LAST)
        await self.send(f"{day}, the day's own report", vin, day, 100_000, kind=REPORT)
        await self.send(f"{day}, a report of the next day", vin, after, 100_001, kind=REPORT)
        await self.send(f"{day}, a reading of the next day", await self.vehicle(), after, 100_001)
        self.clock.put(after, time(0))
        await self.send(f"{after}, a report of the day before", vin, day, 100_001, kind=REPORT)
        await self.send(f"{after}, the day's own report", vin, after, 100_001, kind=REPORT)
        await self.send(f"{after}, a second one of the day before", vin, day, 100_002)

    async def night(self, day: date, step: timedelta) -> None:
        """Every hour of a Belgian day: a report of that day is taken, one of the day before is not."""
        self.clock.put(day, time(0))
        begins = self.clock.moment
        self.clock.put(day + timedelta(days=1), time(0))
        ends = self.clock.moment
        self.told.append((f"{day} has so many hours", str((ends - begins) / timedelta(hours=1))))
        self.clock.moment = begins
        while self.clock.moment < ends:
            hour = (self.clock.moment - begins) / timedelta(hours=1)
            await self.send(f"{day}, hour {hour}", await self.vehicle(), day, 50_000, kind=REPORT)
            yesterday = day - timedelta(days=1)
            await self.send(f"{day}, hour {hour}, yesterday's", await self.vehicle(), yesterday, 50_000, kind=REPORT)
            self.clock.moment += step

    async def hour_that_comes_twice(self) -> None:
        """The later of two readings at half past two is the one that came second."""
        vin = await self.vehicle()
        self.clock.put(AUTUMN, time(2, 30), fold=0)
        await self.send("half past two", vin, AUTUMN, 80_000)
        self.clock.put(AUTUMN, time(2, 30), fold=1)
        await self.send("half past two again, the same garage", vin, AUTUMN, 80_010)

    async def leap_day(self) -> None:
        vin = await self.vehicle()
        self.clock.put(LEAP, time(12))
        await self.send("29 February", vin, LEAP, 10_000)
        await self.send("29 February of a year that has none", vin, "29/02/2027", 10_000)
        self.clock.put(date(2029, 2, 28), time(12))
        await self.send("a year later", vin, date(2029, 2, 28), 20_000)

    async def stepping(self, chance: random.Random) -> None:
        """The machine's clock is put right, back and forth, between a request's arrival and its judgement."""
        for turn in range(6):
            vin = await self.vehicle()
            self.clock.put(date(2026, 6, 15), time(12))
            guid = await self.dms.submit(vin=vin, day=date(2026, 6, 15), km=1_000)
            self.clock.moment += timedelta(seconds=chance.uniform(-40_000, 40_000))
            found = await self.dms.outcome(guid)
            self.told.append((f"the clock steps, {turn}", " ".join([found.status, *found.types])))


async def told_in(zone: str, database_url: str, run: int, *, long_form: bool, seed: int) -> Told:
    """Play the story with host and database in a zone."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"alter database {name} set timezone = '{zone}'")
    await connection.close()
    async with running_registry(database_url) as registry:
        assert await registry.pool.fetchval("show timezone") == zone
        story = Story(registry, registry.dms(await add_garage(registry.pool, run)), run)
        days = (SPRING - timedelta(days=1), SPRING, AUTUMN - timedelta(days=1), AUTUMN, date(2026, 12, 31), LEAP)
        for day in days:
            await story.midnight(day)
        for day in (SPRING, AUTUMN):
            await story.night(day, timedelta(minutes=30) if long_form else timedelta(hours=6))
        await story.hour_that_comes_twice()
        await story.leap_day()
        await story.stepping(random.Random(seed))
        return story.told


@pytest.mark.usefixtures("_zone_put_back")
@pytest.mark.requirement("W3", "W13", "W15")
async def test_no_outcome_depends_on_the_host_s_time_zone_or_on_steps_of_its_clock(
    long_form: bool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(10**6)
    zones = list(ZONES)
    if long_form:
        more = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc", "System")))
        zones += random.Random(seed).sample(more, 20)
    else:
        zones = zones[:4]
    by_zone: dict[str, Told] = {}
    for run, zone in enumerate(zones, 1):
        monkeypatch.setenv("TZ", zone)
        system_time.tzset()
        by_zone[zone] = await told_in(zone, database_url, run, long_form=long_form, seed=seed)
    expected = by_zone["UTC"]
    unexpected = {zone: sorted(set(told) ^ set(expected)) for zone, told in by_zone.items() if told != expected}
    attempted = sum(len(told) for told in by_zone.values())
    tell(
        promise=7,
        seed=seed,
        attempted=attempted,
        acknowledged=attempted - sum(told[1] == "400" for each in by_zone.values() for told in each),
        lost=0,
        unexpected=unexpected,
        duplicated={},
        recovered=len(zones),
    )
    assert unexpected == {}
    for what, became in expected:
        if "hour" in what and "yesterday" not in what and "so many" not in what:
            assert became == "PROCESSED", what
        elif "yesterday's" in what or "a report of" in what or "has none" in what:
            assert became == "400", what
        elif "own report" in what or "the clock steps" in what or what in {"29 February", "a year later"}:
            assert became == "PROCESSED", what
    told = dict(expected)
    assert (told[f"{SPRING} has so many hours"], told[f"{AUTUMN} has so many hours"]) == ("23.0", "25.0")
    assert told["half past two"] == "PROCESSED"
    assert told["half past two again, the same garage"] == "ERROR 150"
