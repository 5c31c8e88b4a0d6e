"""What a sandbox tells the person who started it."""

from __future__ import annotations

import shlex

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from odopass.sandbox.ready_file import Ready, VehicleEntry

_SHOWN = 5


def tell_ready(console: Console, ready: Ready, *, today: str, log: str, fault_seed: int | None) -> None:
    """Print where everything is and how to try it.

    Args:
        console: to print on.
        ready: what the ready file says.
        today: the day as on the wire.
        log: where the log is written.
        fault_seed: by which it misbehaves; None if it does not.
    """
    console.print()
    console.print("[bold green]●[/] [bold]The sandbox is ready.[/]  Ctrl-C ends it.")
    console.print()
    for label, target in (
        ("API", ready["api"]),
        ("Documentation", f"{ready['api']}/swagger-ui.html"),
        ("Start page", f"{ready['public']}/"),
        ("Test vehicles", f"{ready['public']}/sandbox"),
        ("Control port", f"{ready['control']}/"),
        ("Employees' desk", ready["desk"]["address"]),
        ("CA certificate", ready["ca"]),
        ("Log", log),
    ):
        # Not through the table machinery: what is to be copied must not be broken.
        console.print(Text.assemble("  ", (f"{label:16}", "dim"), (target, "cyan")), soft_wrap=True)
    console.print()

    if fault_seed is not None:
        console.print("[bold]It misbehaves a little[/], as networks do: the control port shows how. To let the same")
        console.print(f"happen again: --fault-seed {fault_seed}. To switch it off: --gentle.", highlight=False)
        console.print()
    console.print("[bold]Garages[/]  test passwords, the same at every start")
    garages = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    for title in ("User name", "Password", "Enterprise", "Establishment"):
        garages.add_column(title, overflow="fold")
    for garage in ready["garages"]:
        garages.add_row(
            garage["username"],
            escape(garage["password"]),
            garage["enterpriseOrganisation"],
            garage["enteredOrganisation"],
        )
    _indented(console, garages)

    console.print("[bold]Employees[/]  test passwords for the desk, where some cases wait for review")
    staff = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    for title in ("User name", "Password", "Roles"):
        staff.add_column(title, overflow="fold")
    for employee in ready["desk"]["employees"]:
        staff.add_row(employee["username"], escape(employee["password"]), ", ".join(employee["roles"]))
    _indented(console, staff)

    console.print(f"[bold]A few of the {len(ready['vehicles'])} vehicles[/]")
    vehicles = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    vehicles.add_column("VIN", no_wrap=True)
    vehicles.add_column("Plate", no_wrap=True)
    vehicles.add_column("Last reading", no_wrap=True)
    vehicles.add_column("What it is for")
    for vehicle in _a_few(ready["vehicles"]):
        last = vehicle["lastReading"]
        reading = "" if last is None else f"{last['km']:,} km on {last['date']}"
        vehicles.add_row(vehicle["vin"], vehicle["licensePlate"] or "", reading, escape(vehicle["case"]))
    _indented(console, vehicles)

    console.print("[bold]Report a reading[/]")
    console.print()
    console.print(curl_command(ready, today), soft_wrap=True, highlight=False, markup=False)
    console.print()


def curl_command(ready: Ready, today: str) -> str:
    """Commands that report a vehicle which nobody has reported today, and ask what became of it."""
    garage = ready["garages"][0]
    vehicle = next(each for each in ready["vehicles"] if (each["lastReading"] or {"date": today})["date"] != today)
    last = vehicle["lastReading"]
    assert last is not None  # noqa: S101 - for the type checker
    body = (
        f'{{"vin": "{vehicle["vin"]}", "odometerReadingDate": "{today}", "odometerReading": {last["km"] + 250},\n'
        f'  "observationType": "REPAIR_MAINTENANCE_SERVICE",\n'
        f'  "enterpriseOrganisation": "{garage["enterpriseOrganisation"]}", '
        f'"enteredOrganisation": "{garage["enteredOrganisation"]}"}}'
    )
    asks = f"curl --cacert {shlex.quote(ready['ca'])} --user {garage['username']}:{garage['password']} \\\n"
    return (
        f"{asks}  --header 'Content-Type: application/json' \\\n"
        f"  --data '{body}' \\\n"
        f"  {ready['api']}/observation\n\n"
        f"What became of it, a second later, with the GUID that was answered:\n\n"
        f"{asks}  {ready['api']}/observation/GUID/status"
    )


def _a_few(vehicles: list[VehicleEntry]) -> list[VehicleEntry]:
    """Two ordinary ones, and some of the others."""
    ordinary = [each for each in vehicles if each["case"].startswith("ordinary")]
    others = [each for each in vehicles if not each["case"].startswith("ordinary")]
    telling = ("short VIN shared", "truck", "replaced odometer", "without history: new")
    return ordinary[:2] + [each for each in others if each["case"].startswith(telling)][:_SHOWN]


def _indented(console: Console, table: Table) -> None:
    console.print(Padding(table, (0, 0, 1, 2)))
