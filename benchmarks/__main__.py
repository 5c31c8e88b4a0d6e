"""``python -m benchmarks``: the registry's speed beside the limit and rivals, all in one run on this machine."""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.status import Status

from benchmarks import accepting, documents, flowing, history_documents, importing, machine, report, reporting
from benchmarks.databases import Databases
from benchmarks.wrk import ensure_wrk
from odopass.registry.postgres import EmbeddedPostgres

_TEMPLATE = "bench_template"
_FLOW = "d"
_DOCUMENTS = "g"
_PARTS = (*accepting.NAMES, _FLOW, reporting.LATENCY, reporting.PAGE, _DOCUMENTS, importing.PART)


def main(
    *,
    seconds: Annotated[float, typer.Option(help="Seconds of one round of a, b and c, and of e and f.")] = 8.0,
    rounds: Annotated[int, typer.Option(help="Rounds of a, b, c and g.")] = 5,
    flow_seconds: Annotated[float, typer.Option(help="Seconds for which d is sustained.")] = 60.0,
    garages: Annotated[int, typer.Option(help="Garages in d; 0 looks for the most that get outcomes in time.")] = 0,
    only: Annotated[
        str,
        typer.Option(
            help="Which parts: a limit, b rival, c ours (submissions taken in), d submission to outcome, e report "
            "latency, f public page, g documents beside a rival, i vehicles imported beside a rival."
        ),
    ] = ",".join(_PARTS),
    vehicles: Annotated[int, typer.Option(help="Vehicles in i.")] = 1_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    write: Annotated[Path | None, typer.Option(help="Put the figures between the markers of this document.")] = None,
) -> None:
    """Measure, print, and put the result into a document."""
    parts = [part.strip() for part in only.split(",")]
    unknown = set(parts) - set(_PARTS)
    if unknown:
        raise typer.BadParameter(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}.")
    if write is not None:
        documents.ensure_markers(write)
    ensure_wrk()
    console = Console(stderr=True)
    found: dict[str, Any] = {"machine": machine.describe()}
    with (
        tempfile.TemporaryDirectory(prefix="odopass-bench-") as folder,
        console.status("starting PostgreSQL") as status,
        EmbeddedPostgres(Path(folder) / "data") as server,
    ):
        databases = Databases(server)
        logs = Path(folder)
        if {accepting.OURS, _FLOW, reporting.LATENCY, reporting.PAGE} & set(parts):
            status.update("loading vehicles and a million readings")
            found["readings"] = databases.template(_TEMPLATE)
        contenders = "".join(part for part in parts if part in accepting.NAMES)
        if contenders:
            rates = accepting.measure(
                databases,
                contenders,
                template=_TEMPLATE,
                seconds=seconds,
                rounds=rounds,
                tell=status.update,
                logs=logs,
            )
            found["accepting"] = [
                {"contender": contender, "clients": clients, **dataclasses.asdict(each)}
                for (contender, clients), each in rates.items()
            ]
        if _FLOW in parts:
            found["flowing"] = [
                _flow(
                    databases, layout, garages=garages, seconds=flow_seconds, logs=logs, console=console, status=status
                )
                for layout in flowing.LAYOUTS
            ]
        found |= reporting.measure(databases, parts, template=_TEMPLATE, seconds=seconds, tell=status.update, logs=logs)
        if _DOCUMENTS in parts:
            rates_of_documents = history_documents.measure(rounds=rounds, tell=status.update)
            found["documents"] = dataclasses.asdict(rates_of_documents)
        if importing.PART in parts:
            imports = importing.measure(databases, vehicles=vehicles, rounds=min(rounds, 3), tell=status.update)
            found["imports"] = dataclasses.asdict(imports)
    if as_json:
        json.dump(found, sys.stdout, indent=2)
        print()
    else:
        report.show(found, Console())
    if write is not None:
        report.write(found, write)


def _flow(
    databases: Databases,
    layout: str,
    *,
    garages: int,
    seconds: float,
    logs: Path,
    console: Console,
    status: Status,
) -> dict[str, Any]:
    status.update(f"({_FLOW}) {layout}")
    with flowing.started(databases, layout, template=_TEMPLATE, logs=logs) as players:
        most = garages or players.highest(console.log)
        databases.settle()
        status.update(f"({_FLOW}) {layout}: {most} garages for {seconds:.0f} s")
        flow = players.run(most, seconds)
    return {"layout": layout, **dataclasses.asdict(flow)}


if __name__ == "__main__":
    typer.run(main)
