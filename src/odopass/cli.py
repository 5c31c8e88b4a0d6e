"""The command line: `odopass …`.

Commands are imported when they are used: the list of commands appears at once, and each command needs only what is
installed for it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup

import odopass

if TYPE_CHECKING:
    from typer._click import Command, Context

EXIT_NOT_INSTALLED: Final = 7


@dataclass(frozen=True, slots=True)
class _Part:
    """A command of the program.

    Attributes:
        module: where its Typer application is.
        application: the name of that application.
        help: the line in the list of commands.
        extra: what has to be installed for it.
    """

    module: str
    application: str
    help: str
    extra: str


_PARTS: Final = {
    "demo": _Part(
        "odopass.sandbox.demo.commands",
        "demo",
        "See how it works: a registry, a garage and real observations, told as a story.",
        "all",
    ),
    "registry": _Part(
        "odopass.registry.commands",
        "registry",
        "Run a registry: serve, judge, migrate, manage garages' accounts.",
        "registry",
    ),
    "sandbox": _Part(
        "odopass.sandbox.commands",
        "sandbox",
        "Run a registry with test garages and test vehicles, to develop a DMS against.",
        "registry",
    ),
    "garage": _Part(
        "odopass.garage.commands",
        "garage",
        "Run the workshop's application: enter readings, have them sent, answer what the registry asks.",
        "garage",
    ),
    "approve": _Part(
        "odopass.approval.commands",
        "approve",
        "Judge a DMS by the criteria of good practice, with scenarios on a sandbox.",
        "approval",
    ),
    "simulate": _Part(
        "odopass.simulate.commands",
        "app",
        "Make up a national fleet with its errors and frauds, as files or as traffic.",
        "simulate",
    ),
}


class _Parts(TyperGroup):
    """The program's commands: what is listed stands for what is loaded when it is used."""

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Load the command that is named."""
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or name not in _PARTS:
            return name, listed, rest
        return name, load(name), rest


def load(name: str) -> Command:
    """Import a command.

    Raises:
        typer.Exit: what it needs is not installed; the message has been printed.
    """
    part = _PARTS[name]
    try:
        module = importlib.import_module(part.module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("odopass"):
            raise
        typer.echo(
            f"`odopass {name}` needs a part that is not installed.\n"
            f"  Why: the Python package {error.name} is missing.\n"
            f"  What to do: pip install 'odopass[{part.extra}]'",
            err=True,
        )
        raise typer.Exit(EXIT_NOT_INSTALLED) from None
    return typer.main.get_command(getattr(module, part.application))


main = typer.Typer(
    cls=_Parts,
    no_args_is_help=True,
    help="The open odometer registry: readings in, judged against a vehicle's whole history, fraud out.",
    epilog="Every command explains itself: odopass COMMAND --help. Exit code 7: a part is not installed.",
    pretty_exceptions_show_locals=False,
)


def _listed() -> None:
    """Never called: `_Parts` loads the command it stands for."""


for _name, _part in _PARTS.items():
    main.command(_name, help=_part.help)(_listed)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"odopass {odopass.__version__}")
        raise typer.Exit


@main.callback()
def _options(
    *,
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True, callback=_show_version),
) -> None:
    """Options of the program itself."""


if __name__ == "__main__":
    main()
