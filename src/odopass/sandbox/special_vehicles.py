"""Test vehicles with a peculiarity each, for what a DMS meets seldom but must get right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final

from odopass.domain.finding import LOWER_THAN_EARLIER, OUT_OF_SCOPE, VIN_AMBIGUOUS
from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.registry.vehicles.loading import VehicleRow
from odopass.sandbox.histories import CARS, VANS, Model, first_use_before, history, row_of
from odopass.sandbox.known import BornePlate, KnownVehicle, PastReading, Showing
from odopass.sandbox.report_vehicles import report_vehicles
from odopass.sandbox.showing_vehicles import showing_vehicles
from odopass.sandbox.vehicle_maker import VehicleMaker, plate_of

GOLF, POLO, CLIO, YARIS = CARS[0], CARS[1], CARS[5], CARS[11]
TRANSIT = VANS[2]
#: Vehicles outside the law's scope, and one of each kind just inside.
_TRUCK = Model("DAF", "XF", "XLR", "N3", 20_500, "diesel", None)
_LIGHT_TRUCK = Model("IVECO", "EUROCARGO", "ZCF", "N2", 7_490, "diesel", None)
_MOTORCYCLE = Model("BMW", "R 1200 GS", "WB1", "L3e", 450, "petrol", None)
_BUS = Model("VAN HOOL", "TX", "YE2", "M3", 26_000, "diesel", None)
_TRAILER = Model("SCHMITZ", "CARGOBULL", "WSM", "O4", 39_000, None, None)
_HEAVY_CAMPER = Model("FIAT", "DUCATO CAMPER", "ZFA", "M1", 3_850, "diesel", None)
_ELECTRIC = Model("TESLA", "MODEL 3", "XP7", "M1", 2_230, "electric", 0, 491)
_OFF_ROAD = Model("LAND ROVER", "DEFENDER", "SAL", "M1G", 3_165, "diesel", 266)
_TAXI = Model("MERCEDES-BENZ", "E", "WDD", "M1", 2_400, "diesel", 129)

#: A chassis number as makers gave before 1981, borne by two vehicles.
SHARED_VIN: Final = "TEST1967"
_SHORT_VIN: Final = "TEST54108"

_AMBIGUOUS: Final = Showing("issue 102", km=40, status=Status.ISSUE, issues=(VIN_AMBIGUOUS,))
_REFUSED: Final = Showing("error 104", km=50_000, status=Status.ERROR, issues=(OUT_OF_SCOPE,))


def special_vehicles(random: Random, today: date, first_number: int) -> Iterator[KnownVehicle]:
    """Make them.

    Args:
        random: decides what does not matter.
        today: the sandbox's first day.
        first_number: VINs and plates of these vehicles are numbered from here.
    """
    maker = VehicleMaker(random, today, first_number)
    yield from _short_vins(maker)
    yield from _out_of_scope(maker)
    yield from _at_the_edge_of_scope(maker)
    yield from _without_history(maker)
    yield from _other_odometers(maker)
    yield from _other_plates(maker)
    yield from _other_readings(maker)
    yield from report_vehicles(maker)
    yield from showing_vehicles(maker)


def _short_vins(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    for unifier, model, first_use, km in (
        (1, Model("VOLKSWAGEN", "KEVER", "", mass_kg=1_160, co2_nedc=None), date(1967, 4, 12), 71_300),
        (2, Model("MG", "MGB", "", mass_kg=1_200, co2_nedc=None), date(1967, 9, 29), 118_450),
    ):
        purpose = f"short VIN shared by two vehicles: unifier {unifier} or the first use singles this one out"
        shared = _oldtimer(maker, model, SHARED_VIN, unifier=unifier, first_use=first_use, km=km, purpose=purpose)
        yield replace(shared, showing=_AMBIGUOUS) if unifier == 1 else shared
    citroen = Model("CITROEN", "2 CV", "", mass_kg=900, co2_nedc=None)
    purpose = "short VIN borne by this vehicle alone: needs neither unifier nor first use"
    yield _oldtimer(maker, citroen, _SHORT_VIN, first_use=date(1974, 6, 4), km=83_020, purpose=purpose)


def _oldtimer(
    maker: VehicleMaker, model: Model, vin: str, *, unifier: int | None = None, first_use: date, km: int, purpose: str
) -> KnownVehicle:
    maker.number += 1
    row = VehicleRow(
        vin=vin,
        unifier=unifier,
        make=model.make,
        model=model.name,
        category="M1",
        max_mass_kg=model.mass_kg,
        first_use=first_use,
        first_registration=date(2008, 5, 6),
        fuel="petrol",
        electric_motor=False,
    )
    readings = tuple(
        PastReading(maker.ago(days), km - driven, source=SourceKind.INSPECTION)
        for days, driven in ((1_510, 3_900), (760, 1_850), (95, 0))
    )
    return KnownVehicle(row, purpose, (BornePlate(f"OTST{maker.number:03}", date(2008, 5, 6)),), readings)


def _out_of_scope(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    for model, what in (
        (_TRUCK, "truck of 20,500 kg"),
        (_LIGHT_TRUCK, "light truck of 7,490 kg"),
        (_MOTORCYCLE, "motorcycle"),
        (_BUS, "bus"),
        (_TRAILER, "trailer"),
        (_HEAVY_CAMPER, "camper over 3,500 kg, registered as a passenger car"),
    ):
        vehicle = maker.vehicle(model, f"{what}: out of scope, always ERROR 104", km=None)
        yield replace(vehicle, showing=_REFUSED) if model is _TRUCK else vehicle


def _at_the_edge_of_scope(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    yield maker.vehicle(TRANSIT, "van of exactly 3,500 kg: still in scope", km=143_700, km_per_year=26_000)
    yield maker.vehicle(_OFF_ROAD, "off-road car of category M1G: in scope", km=164_200)
    unknown = maker.vehicle(CLIO, "category and mass unknown: taken as in scope", km=77_900)
    yield replace(unknown, row=unknown.row._replace(category=None, max_mass_kg=None))
    yield maker.vehicle(_ELECTRIC, "electric car", km=58_600, km_per_year=21_000)


def _without_history(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    yield maker.vehicle(GOLF, "without history: first used five years ago", km=None, age_days=1_830)
    yield maker.vehicle(YARIS, "without history: new, first used three weeks ago", km=None, age_days=21)
    unknown = maker.vehicle(POLO, "without history and without a known first use", km=None)
    yield replace(unknown, row=unknown.row._replace(first_use=None))


def _other_odometers(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    replaced = maker.vehicle(GOLF, "replaced odometer: the new one started at 0 when the old one showed 131,220 km")
    changed = maker.ago(500)
    first_use = first_use_before(changed, 131_220, 17_000)
    new = (
        PastReading(changed, 0, ObservationType.ODOMETER_REPLACED, starts_segment=True),
        PastReading(maker.ago(140), 15_480),
    )
    old = history(maker.random, first_use, changed, 131_220)
    yield replace(
        replaced, row=row_of(GOLF, first_use, maker.number), plates=(maker.plate(first_use),), readings=(*old, *new)
    )
    broken = maker.vehicle(CLIO, "lower reading confirmed a year ago: it is the new baseline", days_ago=370, km=96_000)
    confirmed = PastReading(maker.ago(300), 95_400, starts_segment=True, remarks=(LOWER_THAN_EARLIER,))
    yield replace(broken, readings=(*broken.readings, confirmed, PastReading(maker.ago(35), 104_900)))
    imported = maker.vehicle(POLO, "imported: first used and first read abroad", km=132_500)
    entry = maker.ago(900)
    readings = [replace(each, source=SourceKind.FOREIGN) if each.day < entry else each for each in imported.readings]
    yield replace(
        imported,
        row=imported.row._replace(first_registration=entry),
        plates=(maker.plate(entry),),
        readings=tuple(readings),
    )


def _other_plates(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    moved = maker.ago(200)
    before = maker.vehicle(GOLF, "bears another plate since 200 days; its old one is on another vehicle", km=121_000)
    (old,) = before.plates
    maker.number += 1
    yield replace(
        before,
        plates=(replace(old, until=moved - timedelta(days=1)), BornePlate(plate_of(maker.number, moved), moved)),
    )
    after = maker.vehicle(CLIO, "bears a plate that was on another vehicle until 200 days ago", days_ago=30, km=64_000)
    yield replace(after, plates=(BornePlate(old.plate, moved),))
    yield replace(maker.vehicle(POLO, "without plate, at a dealer's: known by its VIN alone", km=88_300), plates=())
    named = maker.vehicle(YARIS, "personalised plate", km=69_900)
    yield replace(named, plates=(BornePlate("TESTAUTO", named.plates[0].since),))


def _other_readings(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    yield maker.vehicle(_TAXI, "taxi close to what displays can show", days_ago=25, km=991_400, km_per_year=98_000)
    yield maker.vehicle(POLO, "last read two years ago", days_ago=730, km=54_100, km_per_year=9_000)
    yield maker.vehicle(GOLF, "read by another garage on the sandbox's first day", days_ago=0, km=101_800)
    few = maker.vehicle(_ELECTRIC, "nearly new: 14 km on the display", km=None, age_days=12)
    yield replace(few, readings=(PastReading(maker.ago(10), 14),))
