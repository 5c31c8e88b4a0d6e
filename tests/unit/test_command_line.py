from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import odopass
from odopass.cli import EXIT_NOT_INSTALLED, main

#: Packages that only some commands need.
HEAVY = ("asyncpg", "uvicorn", "starlette", "cryptography", "argon2", "numpy", "pyarrow", "httpx", "prometheus_client")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments), env={"COLUMNS": "120"})
    return result.exit_code, result.output


def in_a_process(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_the_list_of_commands_needs_nothing_of_what_the_commands_need() -> None:
    program = (
        "import sys\n"
        "from odopass.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        f"sys.exit(', '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = in_a_process(program)
    assert done.stderr.strip() == ""
    for name in ("demo", "registry", "sandbox", "simulate"):
        assert name in done.stdout


@pytest.mark.parametrize(
    ("command", "missing", "extra"),
    [
        ("sandbox", "asyncpg", "registry"),
        ("registry", "asyncpg", "registry"),
        ("simulate", "numpy", "simulate"),
        ("demo", "pyarrow", "all"),
    ],
)
def test_a_command_whose_extra_is_not_installed_says_which(command: str, missing: str, extra: str) -> None:
    # None in sys.modules is how Python is told that a module is not there.
    program = (
        f"import sys; sys.modules[{missing!r}] = None\nfrom odopass.cli import main\nmain([{command!r}, '--help'])"
    )
    done = in_a_process(program)
    assert done.returncode == EXIT_NOT_INSTALLED
    assert f"the Python package {missing} is missing" in done.stderr
    assert f"pip install 'odopass[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistyped_command_gets_a_suggestion() -> None:
    code, output = run("sandbx")
    assert code == 2
    assert "'sandbox'" in output


def test_the_version_is_told() -> None:
    assert run("--version") == (0, f"odopass {odopass.__version__}\n")


def test_a_wrong_option_is_wrong_usage() -> None:
    code, output = run("sandbox", "--data", "x", "--port", "70000")
    assert code == 2
    assert "--port" in output
