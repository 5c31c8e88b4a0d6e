"""Which test vehicles a run uses, and what exactly is entered for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from odopass.approval.control import Ready, SandboxError
from odopass.approval.scenarios import Kind, Step, steps_of
from odopass.approval.traffic import Exchange, plain, submissions_in
from odopass.clock import belgian_day
from odopass.wire.dates import format_wire_date, parse_wire_date

_MADE_UP_KM: Final = 81_240
_SIGN_AT: Final = 9
#: What a submission can name a vehicle by.
_NAMED_BY: Final = ("vin", "licensePlate")


def choose_vehicles(ready: Ready, used: Collection[str], began: datetime) -> dict[str, dict[str, Any]]:
    """An ordinary vehicle for each letter, and the chassis numbers that are made up.

    Args:
        ready: the sandbox.
        used: VINs of earlier runs and of whatever else was reported: they have readings that this run does not know of.
        began: the moment of the run.

    Raises:
        SandboxError: there are not enough vehicles that nobody has used.
    """
    letters = sorted({step.vehicle for step in steps_of() if step.vehicle})
    earliest = belgian_day(began) - timedelta(days=max(step.days for step in steps_of()))
    unused = [
        vehicle
        for vehicle in ready.vehicles
        if str(vehicle["case"]).startswith("ordinary")
        and vehicle["lastReading"]
        and parse_wire_date(vehicle["lastReading"]["date"]) < earliest
        and vehicle["vin"] not in used
    ]
    if len(unused) < len(letters):
        raise SandboxError(
            f"A run needs {len(letters)} vehicles, and what was reported before has left {len(unused)} of this "
            "sandbox. Start a new one (odopass sandbox with another --data) and name another folder here with --data."
        )
    chosen: dict[str, dict[str, Any]] = {
        letter: {"vin": vehicle["vin"], "plate": vehicle["licensePlate"] or "", "km": vehicle["lastReading"]["km"]}
        for letter, vehicle in zip(letters, unused, strict=False)
    }
    first = str(chosen[letters[0]]["vin"])
    made_up = {
        "short": f"OLD{began:%m%d%H%M%S}"[:16],
        "long": f"{first}9",
        "zeros": "0" * len(first),
        "empty": "",
        "signs": f"{first[:_SIGN_AT]}?{first[_SIGN_AT + 1 :]}",
    }
    chosen |= {name: {"vin": vin, "plate": "", "km": _MADE_UP_KM} for name, vin in made_up.items()}
    return chosen


def used_in(records: Iterable[Mapping[str, Mapping[str, Any]]]) -> set[str]:
    """The VINs of the vehicles of earlier runs."""
    return {str(vehicle["vin"]) for vehicles in records for vehicle in vehicles.values()}


def reported_in(exchanges: Iterable[Exchange], ready: Ready) -> set[str]:
    """The VINs of the sandbox's vehicles that were reported in some traffic, by whomever."""
    named = {each.vehicle for each in submissions_in(exchanges)}
    return {str(each["vin"]) for each in ready.vehicles if named & {plain(str(each[by] or "")) for by in _NAMED_BY}}


def what_is_asked(step: Step, vehicles: Mapping[str, Mapping[str, Any]], today: str) -> dict[str, Any]:
    """What a step asks for, in the words of drivers and records.

    Args:
        step: the step.
        vehicles: of the run.
        today: the day on which the step's scenario began, as on the wire.

    Returns:
        ``vin``, ``plate``, ``km``, ``date``, ``typed`` (the text to type), ``send`` (whether it is to reach the
        registry), ``confirm``, ``exclude``, ``again``, and ``whatever``: whether no submission of the vehicle at all
        may follow.
    """
    name = step.vin or step.vehicle
    if not name:
        return {}
    vehicle = vehicles[name]
    asked: dict[str, Any] = {"vin": plain(str(vehicle["vin"])), "plate": vehicle["plate"]}
    if step.kind in {Kind.ENTER, Kind.CORRECT, Kind.HISTORY} or step.km is not None:
        km = int(vehicle["km"]) + (step.km or 0)
        asked |= {"km": km, "date": format_wire_date(parse_wire_date(today) - timedelta(days=step.days))}
        if step.typed:
            asked["typed"] = f"{km // 1000}.{km % 1000:03} km"
    if step.kind is Kind.ENTER:
        asked |= {"confirm": step.confirm, "send": step.confirm, "exclude": step.exclude}
        asked["whatever"] = step.typed or step.exclude or (bool(step.vin) and not step.confirm)
    elif step.kind is Kind.HISTORY:
        asked |= {"confirm": True, "send": not step.again, "again": step.again}
    elif step.kind is Kind.ASK:
        asked["send"] = False
    return asked


def vin_of_plate(exchange: Exchange, vehicles: Mapping[str, Mapping[str, Any]]) -> str:
    """The VIN of the run's vehicle that an exchange names by its plate; "" if it names none so."""
    plate = plain(str(exchange.sent.get("licensePlate") or ""))
    if not plate:
        return ""
    return next((plain(str(each["vin"])) for each in vehicles.values() if plain(str(each["plate"])) == plate), "")
