"""One chunk of the fleet, from first use to the readings that arrived: the steps of the simulation in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]

from odopass.domain.observation import ObservationType
from odopass.simulate import tables
from odopass.simulate.arrays import Bools, Ints, moment_key, where_object
from odopass.simulate.arrivals import arrival_times, names_by_plate
from odopass.simulate.frauds import Frauds, contradictions, hide_traces, plan_frauds
from odopass.simulate.journeys import leaving_by_distance, make_journeys
from odopass.simulate.labels import ROLLBACKS, Truth
from odopass.simulate.makes import MODELS
from odopass.simulate.mistakes import Sent, make_mistakes, mistype_vin
from odopass.simulate.odometers import Odometers, make_odometers
from odopass.simulate.organisations import Garages
from odopass.simulate.owners import Channel, Sales, cut_at_leaving, make_owners
from odopass.simulate.plates import Plates, make_plates
from odopass.simulate.vehicles import Vehicles, make_vehicles
from odopass.simulate.vins import VIN_LENGTH
from odopass.simulate.visits import Occasion, Visits, make_visits

_MICROSECONDS_PER_DAY = 86_400_000_000
#: Numbers of readings are given per chunk; no chunk has more than this.
READINGS_PER_CHUNK = 10_000_000

_TYPES = {
    Occasion.ROADSIDE: ObservationType.ROAD_SIDE_ASSISTANCE,
    Occasion.HISTORY_REPORT: ObservationType.VEHICLE_HISTORY_DOCUMENT,
    Occasion.REPLACEMENT: ObservationType.ODOMETER_REPLACED,
}


def simulate_chunk(
    rng: np.random.Generator, numbers: Ints, garages: Garages, *, until: int, chunk: int, chunks: int
) -> dict[str, pa.Table]:
    """The tables (without garages) of the vehicles with these numbers.

    Args:
        rng: of this chunk alone; it decides everything.
        numbers: the vehicles' numbers in the fleet.
        garages: the establishments that report.
        until: the last day that is known, as a number since 1970-01-01.
        chunk: which chunk this is, from 0.
        chunks: how many there are.
    """
    vehicles = make_vehicles(rng, numbers, until)
    owners, sales, vehicles.leaving = make_owners(rng, vehicles, until)
    journeys = make_journeys(rng, vehicles, owners, until)
    vehicles.leaving = leaving_by_distance(rng, journeys, vehicles, owners)
    owners, sales = cut_at_leaving(owners, sales, vehicles.leaving)
    plates = make_plates(rng, vehicles, owners, until=until, chunk=chunk, chunks=chunks)
    visits = make_visits(rng, vehicles, owners, sales, journeys, garages=garages, until=until)
    frauds = plan_frauds(rng, vehicles, sales, journeys)
    visits = hide_traces(rng, visits, frauds, garages)
    read_keys = moment_key(visits.vehicle, visits.moment)
    declared = np.isin(read_keys, moment_key(frauds.vehicle, frauds.moment))
    odometers = make_odometers(rng, visits, frauds, journeys, declared)
    distance = journeys.distance(visits.vehicle, visits.moment)
    event = odometers.at(visits.vehicle, visits.moment)
    display = odometers.shown(event, distance)

    plate = plates.on(visits.vehicle, visits.day)
    by_plate = names_by_plate(rng, visits.occasion, plate)
    received = arrival_times(rng, visits.moment, visits.occasion)
    long_vin = np.array([len(each) == VIN_LENGTH for each in vehicles.vin])[visits.vehicle]
    sent = _as_they_should_be(visits, display)
    make_mistakes(rng, sent, ~by_plate, long_vin, until)
    late = np.maximum(sent.date - sent.day, 0) * (sent.truth == Truth.INVOICE_DATE)
    received = received + late * _MICROSECONDS_PER_DAY

    arrived = received < (until + 1) * _MICROSECONDS_PER_DAY
    believed = arrived & (sent.truth == Truth.HONEST)
    by_km = contradictions(
        frauds,
        read_keys=read_keys,
        displays=display,
        believed=believed,
        segments=np.append(odometers.segment, 0)[event],
    )
    fraud = np.append(odometers.fraud, -1)[event]
    honest = sent.truth == Truth.HONEST
    kinds = np.array([*map(str, ROLLBACKS), None], dtype=object)
    rolled = np.append(frauds.kind, len(ROLLBACKS))[fraud]
    sent.truth[honest & (fraud >= 0)] = kinds[rolled[honest & (fraud >= 0)]]
    at_sent = journeys.distance(visits.vehicle, sent.date + (visits.moment - visits.day))
    lawful = odometers.lawfully_shown(odometers.at(visits.vehicle, sent.date + (visits.moment - visits.day)), at_sent)
    error = np.where(sent.truth == Truth.HONEST, 0, sent.km - lawful)
    named = _names(rng, vehicles, visits, sent, by_plate=by_plate, plate=plate)
    removed = np.rint(np.append(odometers.total - odometers.lawful, 0.0)[event]).astype(np.int64)
    in_force = fraud >= 0
    columns = {
        "vehicle": numbers[visits.vehicle],
        "odometer_of": numbers[sent.odometer_of],
        **named,
        "reading_date": sent.date,
        "read_on": sent.day,
        "received_at": received,
        "observation_type": np.array(
            [str(_TYPES.get(each, ObservationType.REPAIR_MAINTENANCE_SERVICE)) for each in Occasion], dtype=object
        )[visits.occasion],
        "km": sent.km,
        "display_km": display,
        "distance_km": np.floor(distance).astype(np.int64),
        "garage": visits.garage,
        "truth": sent.truth,
        "error_size_km": error,
        "rollback": where_object(in_force, kinds[rolled], None),
        "rolled_back_on": _masked(np.append(np.floor(frauds.moment), 0)[fraud].astype(np.int64), in_force),
        "km_removed": _masked(removed, in_force),
        "contradicted": _masked(np.append(by_km > 0, False)[fraud], in_force),
    }
    order = np.flatnonzero(arrived)
    order = order[np.argsort(received[order], kind="stable")]
    columns = {name: column[order] for name, column in columns.items()}
    columns["reading"] = chunk * READINGS_PER_CHUNK + np.arange(len(order))
    return {
        "vehicles": _vehicle_table(vehicles, until),
        "plates": _plate_table(vehicles, plates),
        "readings": as_table(tables.READINGS, columns),
        "sales": _sale_table(numbers, sales, frauds, odometers, by_km),
    }


def as_table(schema: pa.Schema, columns: dict[str, Any]) -> pa.Table:
    """A table of the columns in the order of the schema; masked values are left empty."""
    made = []
    for field in schema:
        column = columns[field.name]
        mask = None
        if isinstance(column, np.ma.MaskedArray):
            column, mask = column.data, np.ma.getmaskarray(column)
        if pa.types.is_date32(field.type):
            column = column.astype("datetime64[D]")
        elif pa.types.is_timestamp(field.type):
            column = column.astype("datetime64[us]")
        made.append(pa.array(column, type=field.type, mask=mask))
    return pa.Table.from_arrays(made, schema=schema)


def _masked(values: npt.NDArray[Any], known: Bools) -> np.ma.MaskedArray[Any, Any]:
    return np.ma.MaskedArray(values, mask=~known)


def _as_they_should_be(visits: Visits, display: Ints) -> Sent:
    return Sent(
        vehicle=visits.vehicle,
        odometer_of=visits.vehicle.copy(),
        day=visits.day,
        occasion=visits.occasion,
        display=display,
        km=display.copy(),
        date=visits.day,
        truth=np.full(len(visits), str(Truth.HONEST), dtype=object),
        garage=visits.garage,
    )


def _names(
    rng: np.random.Generator,
    vehicles: Vehicles,
    visits: Visits,
    sent: Sent,
    *,
    by_plate: Bools,
    plate: npt.NDArray[np.object_],
) -> dict[str, Any]:
    """How the garage names the vehicle: by plate, or by VIN, a short one with unifier or first use."""
    vin = vehicles.vin[visits.vehicle]
    for at in np.flatnonzero(sent.truth == Truth.VIN_MISTYPED):
        vin[at] = mistype_vin(rng, vin[at])
    vin[by_plate] = None
    unifier = vehicles.unifier[visits.vehicle]
    short = vehicles.oldtimer[visits.vehicle] & ~by_plate
    chance = rng.random(len(visits))
    with_unifier = short & (unifier >= 0) & (chance < 0.5)  # noqa: PLR2004
    with_first_use = short & ~with_unifier & ((unifier >= 0) | (chance < 0.4))  # noqa: PLR2004
    return {
        "vin": vin,
        "license_plate": where_object(by_plate, plate, None),
        "unifier": _masked(unifier, with_unifier),
        "first_use_date": _masked(vehicles.first_use[visits.vehicle], with_first_use),
    }


def _vehicle_table(vehicles: Vehicles, until: int) -> pa.Table:
    def known(values: Ints) -> np.ma.MaskedArray[Any, Any]:
        return _masked(values, values >= 0)

    def text(values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        return where_object(np.asarray(values != "", dtype=np.bool_), values, None)

    masses = np.array([model.mass_kg for model in MODELS], dtype=np.int64)
    columns = {
        "vehicle": vehicles.number,
        "vin": vehicles.vin,
        "unifier": known(vehicles.unifier),
        "make": vehicles.of_model("make"),
        "model": vehicles.of_model("name"),
        "category": vehicles.of_model("category"),
        "max_mass_kg": masses[vehicles.model],
        "first_use": vehicles.first_use,
        "first_registration": vehicles.entry,
        "imported": vehicles.imported,
        "fuel": text(vehicles.fuel),
        "electric_motor": vehicles.electric_motor,
        "electric_range_km": known(vehicles.electric_range_km),
        "euro_standard": text(vehicles.euro),
        "co2_nedc_g_km": known(vehicles.co2_nedc),
        "co2_wltp_g_km": known(vehicles.co2_wltp),
        "left_on": _masked(vehicles.leaving, vehicles.leaving <= until),
    }
    return as_table(tables.VEHICLES, columns)


def _plate_table(vehicles: Vehicles, plates: Plates) -> pa.Table:
    unifier = vehicles.unifier[plates.vehicle]
    columns = {
        "vehicle": vehicles.number[plates.vehicle],
        "vin": vehicles.vin[plates.vehicle],
        "unifier": _masked(unifier, unifier >= 0),
        "plate": plates.plate,
        "valid_from": plates.start,
        "valid_until": _masked(plates.end, plates.end >= 0),
    }
    return as_table(tables.PLATES, columns)


def _sale_table(numbers: Ints, sales: Sales, frauds: Frauds, odometers: Odometers, by_km: Ints) -> pa.Table:
    count = len(sales.vehicle)
    kinds = np.array([str(each) for each in ROLLBACKS], dtype=object)
    rollback = np.full(count, None, dtype=object)
    rollback[frauds.sale] = kinds[frauds.kind]
    values = {name: np.zeros(count, dtype=np.int64) for name in ("rolled_back_on", "km_removed", "contradiction_km")}
    values["rolled_back_on"][frauds.sale] = np.floor(frauds.moment).astype(np.int64)
    values["km_removed"][frauds.sale] = odometers.removed
    values["contradiction_km"][frauds.sale] = np.maximum(by_km, 0)
    defrauded = np.zeros(count, dtype=np.bool_)
    defrauded[frauds.sale] = True
    channels = np.array([each.name.lower() for each in Channel], dtype=object)
    columns = {
        "vehicle": numbers[sales.vehicle],
        "listed_on": sales.listed,
        "sold_on": sales.sold,
        "channel": channels[sales.channel],
        "rollback": rollback,
        "contradicted": _masked(values["contradiction_km"] > 0, defrauded),
        **{name: _masked(column, defrauded) for name, column in values.items()},
    }
    return as_table(tables.SALES, columns)
