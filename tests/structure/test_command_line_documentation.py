"""Every command and option is documented, and nothing is documented that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from odopass.cli import load, main

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
#: Set up the shell; told once for the whole program.
OF_THE_SHELL = {"--install-completion", "--show-completion"}
PARTS = ("approve", "demo", "garage", "registry", "sandbox", "simulate")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by what one types."""
    waiting = [(f"odopass {name}", load(name)) for name in PARTS]
    while waiting:
        name, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is None or command.invoke_without_command:
            yield name, command
        if below is not None:
            waiting += [(f"{name} {each}", inner) for each, inner in below.items()]


COMMANDS = dict(commands())


def options(command: Any) -> dict[str, Any]:
    """A command's options by their names."""
    named = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    return {name: option for option in named for name in option.opts if name != "--help"}


def documented() -> dict[str, dict[str, str]]:
    """For each heading of the page the options in its table, with what stands under "default"."""
    sections: dict[str, dict[str, str]] = {}
    for section in re.split(r"^#+ ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        rows = re.findall(r"^\| `(--[\w-]+)[^`]*` \|([^|]*)\|", text, flags=re.MULTILINE)
        sections[heading.strip()] = {name: default.strip() for name, default in rows}
    return sections


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_page_lists_exactly_the_options_that_a_command_has(name: str) -> None:
    assert name in documented(), f"{PAGE.name} has no heading {name!r}"
    assert set(documented()[name]) == set(options(COMMANDS[name])) - OF_THE_SHELL


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_page_tells_which_options_are_required_and_the_defaults_of_the_others(name: str) -> None:
    rows = documented()[name]
    for option, parameter in options(COMMANDS[name]).items():
        if option in OF_THE_SHELL:
            continue
        if parameter.required:
            assert rows[option] == "required"
        elif isinstance(parameter.default, str | int | float) and parameter.default not in (False, ""):
            default = "on" if parameter.default is True else getattr(parameter.default, "value", parameter.default)
            assert rows[option] == str(default)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = COMMANDS[name]
    assert command.help, f"{name} has no help"
    silent = [option for option, parameter in options(command).items() if not parameter.help]
    assert silent == []
    shown = CliRunner().invoke(main, [*name.split()[1:], "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for option in options(command):
        assert option in shown.output


def test_the_page_has_no_command_that_is_not_there() -> None:
    headings = {heading for heading in documented() if heading.startswith("odopass ")}
    groups = {name.rpartition(" ")[0] for name in COMMANDS}
    assert headings <= set(COMMANDS) | groups
