"""Test vehicles for the vehicle history report: what outside sources say of them, and how well they do so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from odopass.registry.report.content import Recall, VehicleData
from odopass.registry.vehicles.loading import VehicleRow
from odopass.sandbox.histories import CARS, VANS
from odopass.sandbox.known import FromOutside, KnownVehicle, World
from odopass.sandbox.played_sources import Behaviour, Manner, PlayedReading, PlayedVehicle
from odopass.sandbox.vehicle_maker import VehicleMaker

_GOLF, _A4, _CLIO, _KANGOO = CARS[0], CARS[2], CARS[5], VANS[0]

_FULL_VIN: Final = 17

_BAD_ANSWERS: Final = (
    (Manner.BROKEN, "broken half-way: the manufacturer's answer is cut off in its middle"),
    (Manner.MALFORMED, "malformed: the manufacturer's answer is no JSON"),
    (Manner.HUGE, "huge: the manufacturer's answer has no end"),
    (Manner.FAILING, "failing: the manufacturer answers 503"),
)


def report_vehicles(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    """Make them; all have a VIN of 17 characters and a last reading."""
    yield from _fast(maker)
    for seconds in (5, 20, 50):
        purpose = f"slow: the manufacturer answers after {seconds} s"
        yield _behaving(maker, purpose, manufacturer=Behaviour(Manner.SLOW, seconds))
    purpose = "slow: the manufacturer takes 75 s, longer than it is waited for"
    yield _behaving(maker, purpose, manufacturer=Behaviour(Manner.SLOW, 75))
    silent = Behaviour(Manner.SILENT)
    yield _behaving(maker, "silent: the accident inspection never answers", accident_inspection=silent)
    every_one = dict.fromkeys(("registration", "manufacturer", "accident_inspection"), silent)
    yield _behaving(maker, "silent: no source ever answers", **every_one)
    for manner, purpose in _BAD_ANSWERS:
        yield _behaving(maker, purpose, manufacturer=Behaviour(manner))
    yield _absurd(maker)
    yield _contradictory(maker)


def played_table(world: World) -> dict[str, PlayedVehicle]:
    """What the played sources know of a world's vehicles, by VIN; of those with short VINs nothing."""
    return {
        vehicle.row.vin: PlayedVehicle(
            data=_data(vehicle.row),
            recalls=vehicle.outside.recalls,
            accident_inspection_due=vehicle.outside.accident_inspection_due,
            readings=vehicle.outside.readings,
            behaviours=vehicle.outside.behaviours,
        )
        for vehicle in world.vehicles
        if len(vehicle.row.vin) == _FULL_VIN
    }


def _fast(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    recalled = maker.vehicle(_A4, "fast: a recall is open and an inspection after an accident is due", km=148_200)
    recall = Recall("TEST-24-17", maker.ago(300), "Airbag module (simulated recall)")
    yield replace(recalled, outside=FromOutside(recalls=(recall,), accident_inspection_due=True))
    imported = maker.vehicle(_GOLF, "fast: imported used, with earlier readings in the Dutch registry", km=132_500)
    first_use = imported.row.first_use or maker.today
    registered = imported.readings[0].day - timedelta(days=30)
    abroad = tuple(_abroad(first_use, registered, imported.readings[0].km, "NL"))
    yield replace(
        imported,
        row=imported.row._replace(first_registration=registered),
        outside=FromOutside(readings=abroad),
    )


def _contradictory(maker: VehicleMaker) -> KnownVehicle:
    purpose = "contradictory: readings from abroad are far above those of this country"
    vehicle = maker.vehicle(_KANGOO, purpose, km=96_400)
    first_use = vehicle.row.first_use or maker.today
    registered = vehicle.readings[0].day - timedelta(days=30)
    return replace(
        vehicle,
        row=vehicle.row._replace(first_registration=registered),
        outside=FromOutside(
            readings=tuple(_abroad(first_use, registered, vehicle.readings[0].km, "DE")),
            behaviours={"manufacturer": Behaviour(Manner.CONTRADICTORY)},
        ),
    )


def _absurd(maker: VehicleMaker) -> KnownVehicle:
    """What is right beside the nonsense stands: one reading from abroad."""
    purpose = "absurd: the manufacturer tells negative km and readings of 1900 beside one that is right"
    vehicle = maker.vehicle(_CLIO, purpose, km=87_300)
    first = vehicle.readings[0]
    right = PlayedReading(first.day - timedelta(days=1), first.km, "DE")
    return replace(
        vehicle,
        outside=FromOutside(readings=(right,), behaviours={"manufacturer": Behaviour(Manner.ABSURD)}),
    )


def _behaving(maker: VehicleMaker, purpose: str, **behaviours: Behaviour) -> KnownVehicle:
    return replace(maker.vehicle(_CLIO, purpose, km=87_300), outside=FromOutside(behaviours=behaviours))


def _abroad(first_use: date, registered: date, km: int, country: str) -> Iterator[PlayedReading]:
    """Two readings between the first use and the registration here, below what was first read here."""
    span = max((registered - first_use).days, 3)
    for part in (1, 2):
        yield PlayedReading(first_use + timedelta(days=span * part // 3), km * part // 3, country)


def _data(row: VehicleRow) -> VehicleData:
    return VehicleData(
        vin=row.vin,
        make=row.make,
        model=row.model,
        first_use=row.first_use,
        first_registration=row.first_registration,
        fuel=row.fuel,
        electric_motor=row.electric_motor,
        electric_range_km=row.electric_range_km,
        euro_standard=row.euro_standard,
        co2_nedc_g_km=row.co2_nedc_g_km,
        co2_wltp_g_km=row.co2_wltp_g_km,
    )
