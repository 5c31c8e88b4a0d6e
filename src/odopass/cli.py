"""The command line: `odopass …`."""

from __future__ import annotations

import typer

main = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_show_locals=False)
