"""One process of the registry under measurement: ``serve`` takes requests, ``both`` judges too, ``work`` only judges.

Logs go to standard error at the level that a registry is run with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from benchmarks.children import say_ready
from odopass.registry.logs import configure_logs
from odopass.registry.serving.listening import listen
from odopass.registry.serving.process import run, serve, work
from odopass.registry.settings import Environment, Settings


async def _work(settings: Settings) -> None:
    say_ready("ready")
    await work(settings)


def main(
    part: str,
    database_url: Annotated[str, typer.Argument(envvar="ODOPASS_BENCH_DATABASE_URL")],
    reports: Annotated[str | None, typer.Argument(help="The file that sets up reports.")] = None,
) -> None:
    """Run one part of a registry until told to end."""
    configure_logs("info")
    settings = Settings(Environment.PRODUCTION, database_url, reports=reports)
    if part == "work":
        run(_work(settings))
        return
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = replace(settings, public_url=address)
    run(serve(settings, [listener], judges=part == "both", on_started=lambda: say_ready(address)))


if __name__ == "__main__":
    typer.run(main)
