"""The commands `odopass sandbox fault` and `odopass sandbox clock`: what the control port does, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.table import Table

from odopass.sandbox.control.serving import DEFAULT_PORT, HOST
from odopass.sandbox.faults.rules import Kind, Operation

EXIT_REFUSED: Final = 1
EXIT_UNREACHABLE: Final = 3

_EPILOG: Final = "Exit codes: 0 done; 1 the sandbox refused, and says why; 2 wrong usage; 3 there is no sandbox."
_TIMEOUT_S: Final = 30.0
_OK: Final = range(200, 300)

fault = typer.Typer(name="fault", no_args_is_help=True, help="Let a running sandbox misbehave by rule.")
clock = typer.Typer(name="clock", no_args_is_help=True, help="See and move the clock of a running sandbox.")

Control = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help=f"The address of the control port. By default that of the ready file, or http://{HOST}:{DEFAULT_PORT}.",
        envvar="ODOPASS_SANDBOX_CONTROL",
        show_envvar=False,
    ),
]
ReadyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The ready file of the sandbox, which names its control port.")
]
_DURATION: Final = (
    "Give a duration as ISO 8601 has it: PT90S, PT2H, P1D. With a minus and after -- to go back: -- -PT2H."
)
_MOMENT: Final = "Give a moment with its time zone: 2026-03-29T00:30:00Z."


@fault.command("add", epilog=_EPILOG)
def add(
    kind: Annotated[Kind, typer.Argument(help="What goes wrong.", show_default=False)],
    *,
    operation: Annotated[Operation, typer.Option(help="With which operation.")] = Operation.ANY,
    garage: Annotated[str | None, typer.Option(metavar="USERNAME", help="Only with this garage's requests.")] = None,
    vin: Annotated[str | None, typer.Option(help="Only with requests about this vehicle.")] = None,
    probability: Annotated[
        float | None, typer.Option(metavar="P", help="How likely, above 0 up to 1. By default always.")
    ] = None,
    next_: Annotated[int | None, typer.Option("--next", metavar="N", help="Only with the next so many.")] = None,
    every: Annotated[
        int | None, typer.Option(metavar="N", help="Only with each so many-th: 2 is every second.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="S", help="How long: a delay, a maintenance, or ONGOING.")
    ] = None,
    retry_after: Annotated[
        int | None,
        typer.Option(metavar="S", help="What unavailable and throttled tell in Retry-After. By default nothing."),
    ] = None,
    control: Control = None,
    ready_file: ReadyFile = None,
) -> None:
    """Add a rule; its name is printed.

    It comes before the sandbox's own misbehaviour. Of several rules that fit, the one that was added first is applied.
    """
    rule = {
        "kind": kind.value,
        "operation": operation.value,
        "garage": garage,
        "vin": vin,
        "probability": probability,
        "next": next_,
        "every": every,
        "seconds": seconds,
        "retryAfter": retry_after,
    }
    given = {name: value for name, value in rule.items() if value is not None}
    told = _ask("POST", "/faults", control, ready_file, given)
    typer.echo(f"{told['id']}: {kind.means}")


@fault.command("list", epilog=_EPILOG)
def list_(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
    control: Control = None,
    ready_file: ReadyFile = None,
) -> None:
    """List all rules in the order in which they are looked at, and how often each was applied.

    Those whose names begin with m are the sandbox's own.
    """
    told = _ask("GET", "/faults", control, ready_file)
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    if not told["faults"]:
        typer.echo("There are no rules: the sandbox answers as a healthy registry does.")
        return
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    for title in ("Rule", "What", "With", "When", "Applied"):
        table.add_column(title, overflow="fold")
    for each in told["faults"]:
        table.add_row(each["id"], _what(each), _with(each), _when(each), str(each["applied"]))
    Console().print(table)


@fault.command("remove", epilog=_EPILOG)
def remove(
    names: Annotated[list[str] | None, typer.Argument(metavar="RULE...", help="Their names, such as r3.")] = None,
    *,
    every_one: Annotated[bool, typer.Option("--all", help="All rules, the sandbox's own among them.")] = False,
    control: Control = None,
    ready_file: ReadyFile = None,
) -> None:
    """Remove rules."""
    if every_one == bool(names):
        raise typer.BadParameter("Name rules, or give --all.", param_hint="RULE")
    for path in ["/faults"] if every_one else [f"/faults/{name}" for name in names or ()]:
        _ask("DELETE", path, control, ready_file)


@clock.command("show", epilog=_EPILOG)
def show(*, control: Control = None, ready_file: ReadyFile = None) -> None:
    """Print what time it is in the sandbox, and by how much that is ahead of the system."""
    _tell_clock(_ask("GET", "/clock", control, ready_file))


@clock.command("advance", epilog=_EPILOG)
def advance(
    duration: Annotated[str, typer.Argument(help="As in ISO 8601: PT90S, PT2H, P1D. With a minus and after --: back.")],
    *,
    control: Control = None,
    ready_file: ReadyFile = None,
) -> None:
    """Move the clock ahead."""
    _tell_clock(_ask("POST", "/clock", control, ready_file, {"advance": duration}, hint=_DURATION))


@clock.command("set", epilog=_EPILOG)
def set_(
    moment: Annotated[str, typer.Argument(help="As in ISO 8601, with its time zone: 2026-03-29T00:30:00Z.")],
    *,
    control: Control = None,
    ready_file: ReadyFile = None,
) -> None:
    """Let it be a certain moment in the sandbox; its clock goes on from there."""
    _tell_clock(_ask("POST", "/clock", control, ready_file, {"set": moment}, hint=_MOMENT))


@clock.command("reset", epilog=_EPILOG)
def reset(*, control: Control = None, ready_file: ReadyFile = None) -> None:
    """Let the clock say what the system's says."""
    _tell_clock(_ask("POST", "/clock", control, ready_file, {"reset": True}))


def _tell_clock(told: dict[str, Any]) -> None:
    ahead = told["aheadSeconds"]
    side = "ahead of" if ahead > 0 else "behind"
    place = f"{abs(ahead):,.0f} s {side} the system" if ahead else "as the system has it"
    typer.echo(f"{told['now']}  {place}")


def _ask(
    method: str,
    path: str,
    control: str | None,
    ready_file: Path | None,
    body: dict[str, Any] | None = None,
    *,
    hint: str = "",
) -> dict[str, Any]:
    """What the control port answers.

    Args:
        method: of the call.
        path: of the call.
        control: the control port's address; None for that of the ready file.
        ready_file: of the sandbox; None for the usual address.
        body: to send; None for none.
        hint: what to give instead of what was refused, in the words of the command line.

    Raises:
        typer.Exit: it refuses, or does not answer; the message has been printed.
    """
    address = control or _address_in(ready_file)
    try:
        # Never by way of a proxy: it is this machine.
        with httpx.Client(trust_env=False, timeout=_TIMEOUT_S) as client:
            answer = client.request(method, f"{address.rstrip('/')}{path}", json=body)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise _unreachable(
            f"No sandbox answers at {address}.",
            str(error) or type(error).__name__,
            "Start one: odopass sandbox --data DIR. Or name its control port: --control URL, or --ready-file FILE",
        ) from None
    if answer.status_code in _OK:
        return dict(answer.json()) if answer.content else {}
    try:
        problems = [(each["field"], each["message"]) for each in answer.json()["errors"]]
    except (ValueError, KeyError, TypeError):
        problems = [("", f"It answers {answer.status_code}: is it a sandbox's control port?")]
    if hint and any(field for field, _ in problems):
        # What is said of no field tells how the body looks, which nobody has written here.
        problems = [each for each in problems if each[0]] + [("", hint)]
    for field, message in problems:
        typer.echo(f"{field}: {message}" if field else message, err=True)
    raise typer.Exit(EXIT_REFUSED)


def _address_in(ready_file: Path | None) -> str:
    if ready_file is None:
        return f"http://{HOST}:{DEFAULT_PORT}"
    try:
        return str(json.loads(ready_file.read_text("utf-8"))["control"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreachable(
            f"The ready file {ready_file} tells no control port.",
            getattr(error, "strerror", None) or "It is no ready file of a sandbox.",
            "Name the file that the sandbox was started with; it is there as long as the sandbox runs.",
        ) from None


def _unreachable(what: str, why: str, advice: str) -> typer.Exit:
    typer.echo(f"{what}\n  Why: {why}\n  What to do: {advice}", err=True)
    return typer.Exit(EXIT_UNREACHABLE)


def _what(told: dict[str, Any]) -> str:
    seconds = f" {told['seconds']:g} s" if "seconds" in told else ""
    retry_after = f" Retry-After {told['retryAfter']}" if "retryAfter" in told else ""
    return f"{told['kind']}{seconds}{retry_after}"


def _with(told: dict[str, Any]) -> str:
    return " ".join(str(told[name]) for name in ("operation", "garage", "vin") if name in told)


def _when(told: dict[str, Any]) -> str:
    if "next" in told:
        return f"the next {told['next']}"
    if "every" in told:
        return f"one in {told['every']}"
    return f"{told['probability']:.0%} by chance" if "probability" in told else "always"
