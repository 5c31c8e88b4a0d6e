"""The options of `odopass registry serve` that are about the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Desk = Annotated[bool, typer.Option("--desk/--no-desk", help="Serve the employees' desk below /desk, or do not.")]
DeskUrl = Annotated[
    str,
    typer.Option(
        "--desk-url",
        metavar="URL",
        help="The address under which employees reach the desk, if not the public one; it is reached under no other "
        "name then.",
        show_default=False,
    ),
]
DeskSetupFile = Annotated[
    Path | None,
    typer.Option(
        "--desk-setup",
        metavar="FILE",
        envvar="ODOPASS_DESK",
        show_envvar=True,
        help="The TOML file that sets the desk up: OpenID Connect, mail, how long sessions last. Without: passwords "
        "only, and no mail.",
        show_default=False,
    ),
]
