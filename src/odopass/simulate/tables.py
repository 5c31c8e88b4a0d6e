"""The columns of the four tables and of the table of sales: names, types, units. `docs/reference` tells the same."""

from __future__ import annotations

import pyarrow as pa  # type: ignore[import-untyped]


def _column(name: str, kind: pa.DataType, meaning: str, *, empty: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=empty, metadata={"description": meaning})


VEHICLES = pa.schema(
    [
        _column("vehicle", pa.int32(), "the vehicle's number in the fleet, from 0"),
        _column("vin", pa.string(), "as registered; 17 characters, fewer for oldtimers"),
        _column("unifier", pa.int32(), "tells vehicles of one short VIN apart", empty=True),
        _column("make", pa.string(), "maker"),
        _column("model", pa.string(), "trade name"),
        _column("category", pa.string(), "EU vehicle category"),
        _column("max_mass_kg", pa.int32(), "maximum permissible mass, kg"),
        _column("first_use", pa.date32(), "first day of use anywhere"),
        _column("first_registration", pa.date32(), "first registration in this country"),
        _column("imported", pa.bool_(), "whether it was used abroad first"),
        _column("fuel", pa.string(), "fuel; empty for trailers", empty=True),
        _column("electric_motor", pa.bool_(), "whether an electric motor drives it, alone or with another"),
        _column("electric_range_km", pa.int32(), "official range on the battery, km", empty=True),
        _column("euro_standard", pa.string(), "emission standard", empty=True),
        _column("co2_nedc_g_km", pa.int32(), "CO2 by NEDC, g/km", empty=True),
        _column("co2_wltp_g_km", pa.int32(), "CO2 by WLTP, g/km", empty=True),
        _column("left_on", pa.date32(), "scrapped or exported on this day; empty while in the country", empty=True),
    ]
)

PLATES = pa.schema(
    [
        _column("vehicle", pa.int32(), "the vehicle's number"),
        _column("vin", pa.string(), "its VIN"),
        _column("unifier", pa.int32(), "tells vehicles of one short VIN apart", empty=True),
        _column("plate", pa.string(), "as written on the vehicle, with dashes"),
        _column("valid_from", pa.date32(), "first day on this vehicle"),
        _column("valid_until", pa.date32(), "last day on this vehicle; empty while it is borne", empty=True),
    ]
)

GARAGES = pa.schema(
    [
        _column("garage", pa.int32(), "the garage's number, from 0"),
        _column("enterprise", pa.string(), "enterprise number, 10 digits"),
        _column("establishment", pa.string(), "establishment number, 10 digits"),
        _column("name", pa.string(), "a fictitious name"),
        _column("kind", pa.string(), "workshop, tyres, inspection, used-car dealer or roadside assistance"),
    ]
)

READINGS = pa.schema(
    [
        _column("reading", pa.int64(), "the reading's number, in the order of chunks and arrival; with gaps"),
        _column("vehicle", pa.int32(), "the vehicle it is sent for (for a mistyped VIN: the one that was meant)"),
        _column("odometer_of", pa.int32(), "the vehicle whose odometer was read"),
        _column("vin", pa.string(), "VIN as sent; empty if named by plate", empty=True),
        _column("license_plate", pa.string(), "plate as sent, with dashes; empty if named by VIN", empty=True),
        _column("unifier", pa.int32(), "unifier as sent", empty=True),
        _column("first_use_date", pa.date32(), "first use as sent", empty=True),
        _column("reading_date", pa.date32(), "date of the reading as sent"),
        _column("read_on", pa.date32(), "the day the odometer was really read"),
        _column("received_at", pa.timestamp("us", tz="UTC"), "when the reading arrived at the registry"),
        _column("observation_type", pa.string(), "type as sent"),
        _column("km", pa.int32(), "reading as sent, km"),
        _column("display_km", pa.int32(), "what the display of `vehicle` showed on `read_on`, km"),
        _column("distance_km", pa.int32(), "what `vehicle` had really driven by then, km"),
        _column("garage", pa.int32(), "the garage that sent it"),
        _column("truth", pa.string(), "what is really the matter with it"),
        _column("error_size_km", pa.int32(), "`km` less what an untampered display would show on `reading_date`, km"),
        _column("rollback", pa.string(), "kind of roll-back in force when it was read", empty=True),
        _column("rolled_back_on", pa.date32(), "day of that roll-back", empty=True),
        _column("km_removed", pa.int32(), "km that the display lacks by roll-backs", empty=True),
        _column("contradicted", pa.bool_(), "whether the registry's own readings contradict the roll-back", empty=True),
    ]
)

SALES = pa.schema(
    [
        _column("vehicle", pa.int32(), "the vehicle's number"),
        _column("listed_on", pa.date32(), "the day it was offered"),
        _column("sold_on", pa.date32(), "the day it was handed over"),
        _column("channel", pa.string(), "private, dealer or import"),
        _column("rollback", pa.string(), "kind of roll-back before this sale", empty=True),
        _column("rolled_back_on", pa.date32(), "day of the roll-back", empty=True),
        _column("km_removed", pa.int32(), "km taken off the display", empty=True),
        _column("contradicted", pa.bool_(), "whether the registry's own readings contradict it", empty=True),
        _column("contradiction_km", pa.int32(), "by how many km: highest before less lowest after", empty=True),
    ]
)

#: All tables, by the names of their files.
SCHEMAS: dict[str, pa.Schema] = {
    "vehicles": VEHICLES,
    "plates": PLATES,
    "garages": GARAGES,
    "readings": READINGS,
    "sales": SALES,
}
