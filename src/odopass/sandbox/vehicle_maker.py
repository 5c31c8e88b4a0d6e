"""Makes test vehicles numbered one after another, with plates and honest histories."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from odopass.sandbox.histories import Model, first_use_before, history, row_of, workday
from odopass.sandbox.known import BornePlate, KnownVehicle


class VehicleMaker:
    """Makes vehicles numbered one after another."""

    def __init__(self, random: Random, today: date, first_number: int) -> None:
        self.random = random
        self.today = today
        self.number = first_number

    def ago(self, days: int) -> date:
        """A working day about so many days ago; 0 is today, whatever day it is."""
        return workday(self.today - timedelta(days=days)) if days else self.today

    def plate(self, since: date) -> BornePlate:
        """A plate of its own."""
        return BornePlate(plate_of(self.number, since), since)

    def vehicle(
        self,
        model: Model,
        purpose: str,
        *,
        days_ago: int = 60,
        km: int | None = 90_000,
        km_per_year: int = 15_000,
        age_days: int = 2_000,
    ) -> KnownVehicle:
        """A vehicle with an honest history that ends at `km`, or without history if that is None."""
        self.number += 1
        last_day = self.ago(days_ago)
        first_use = self.ago(age_days) if km is None else first_use_before(last_day, km, km_per_year)
        return KnownVehicle(
            row=row_of(model, first_use, self.number),
            purpose=purpose,
            plates=(self.plate(first_use),),
            readings=() if km is None else tuple(history(self.random, first_use, last_day, km)),
        )


def plate_of(number: int, since: date) -> str:
    """A plate that is plainly a test's: its letters begin with T. Since 2021 they begin with the digit 2."""
    letters = "ABCDEFGHJKLNPRSTUVXYZ"
    index = 1 if since < date(2021, 1, 1) else 2
    block, rest = divmod(number, 1_000)
    return f"{index}T{letters[block // len(letters) % len(letters)]}{letters[block % len(letters)]}{rest:03}"
