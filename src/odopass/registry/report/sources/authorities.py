"""The adapters of this country's own sources: registration authority, accident inspection; and the Dutch registry."""

from __future__ import annotations

from datetime import date
from typing import Final

from odopass.registry.report.sources.members import Members
from odopass.registry.report.sources.plain_protocol import PlainAdapter
from odopass.registry.report.sources.question import Answer, Question
from odopass.registry.report.sources.readings import read_readings

#: Codes of fuels, as `VehicleData.fuel` has them.
FUELS: Final = frozenset({"petrol", "diesel", "electric", "hybrid_petrol", "hybrid_diesel", "lpg", "cng", "hydrogen"})

#: 1900 is what programs write for "not known"; hardly a car of that year is still about.
_EARLIEST_USE: Final = date(1901, 1, 1)
_FARTHEST_RANGE_KM: Final = 2_000
_MOST_CO2_G_KM: Final = 1_000


class RegistrationAuthority(PlainAdapter):
    """Tells the vehicle's data."""

    kind = "registration"

    def interpret(self, members: Members) -> Answer:
        """The vehicle's data, field by field."""
        today = self.setup.today()
        first_use = members.day("firstUse", since=_EARLIEST_USE, until=today)
        first_registration = members.day("firstRegistration", since=_EARLIEST_USE, until=today)
        if first_use is not None and first_registration is not None and first_registration < first_use:
            members.odd("firstRegistration", "before the first use")
            first_registration = None
        fields = {
            "make": members.text("make", longest=60),
            "model": members.text("model", longest=100),
            "first_use": first_use,
            "first_registration": first_registration,
            "fuel": members.code("fuel", FUELS),
            "electric_motor": members.flag("electricMotor"),
            "electric_range_km": members.whole("electricRangeKm", highest=_FARTHEST_RANGE_KM),
            "euro_standard": members.text("euroStandard", longest=20),
            "co2_nedc_g_km": members.whole("co2NedcGKm", highest=_MOST_CO2_G_KM),
            "co2_wltp_g_km": members.whole("co2WltpGKm", highest=_MOST_CO2_G_KM),
        }
        return Answer(vehicle={name: value for name, value in fields.items() if value is not None})


class AccidentInspection(PlainAdapter):
    """Tells whether an inspection after an accident is still due."""

    kind = "accident_inspection"

    def interpret(self, members: Members) -> Answer:
        """Whether one is due."""
        due = members.flag("inspectionDue")
        if due is None:
            members.missing("inspectionDue")
        return Answer(accident_inspection_due=due)


class DutchRegistry(PlainAdapter):
    """Tells the readings of vehicles that were registered in the Netherlands before."""

    kind = "foreign_registry"
    country: Final = "NL"

    def concerns(self, question: Question) -> bool:
        """Vehicles imported from the Netherlands, or imported from nobody knows where."""
        return question.may_come_from(self.country)

    def interpret(self, members: Members) -> Answer:
        """The readings."""
        if not members.tells("readings"):
            members.missing("readings")
        readings = read_readings(
            members.entries("readings"),
            source_name=self.setup.name,
            today=self.setup.today(),
            country=self.country,
        )
        return Answer(readings=readings)
