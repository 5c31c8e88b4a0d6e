"""What is to be copied from `deploy/` is accepted by the programs that read it, and starts commands that there are."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.structure.test_command_line_documentation import COMMANDS, options

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in (".service", ".timer"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
PROGRAM = "/opt/odopass/.venv/bin/odopass"


def needs(program: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not here (tools/install-test-tools.sh --long installs it)"
    )


def command_of(unit: Path) -> list[str]:
    """What a unit starts, a shell's line taken apart."""
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text().replace("\\\n", " "), flags=re.MULTILINE)
    words = shlex.split(line)
    return shlex.split(words[-1])[1:] if words[0] == "/bin/sh" else words


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_there_is_with_options_that_it_has(unit: Path) -> None:
    program, *words = command_of(unit)
    assert program == PROGRAM
    name = f"odopass {words[0]} {words[1]}"
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= set(options(COMMANDS[name]))


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_what_a_unit_expands_is_in_the_example_of_the_environment(unit: Path) -> None:
    told = set(re.findall(r"^(\w+)=", (DEPLOY / "systemd" / "odopass.env").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)\}", unit.read_text())) <= told


@needs("systemd-analyze")
def test_systemd_accepts_the_units_and_finds_them_closed(tmp_path: Path) -> None:
    names = []
    for unit in UNITS:
        # The program is not installed on the machine that tests; a template needs an instance to be checked.
        names.append(unit.name.replace("@.", "@8080."))
        (tmp_path / names[-1]).write_text(unit.read_text().replace(PROGRAM, shutil.which("true") or "/bin/true"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(f"./{name}" for name in names)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in checked.stderr.splitlines() if "odopass" in line]
    assert (checked.returncode, ours) == (0, [])
    for name in names:
        if name.endswith(".service"):
            rated = subprocess.run(
                ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"./{name}"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            (exposure,) = re.findall(r"Overall exposure level for .*: ([\d.]+)", rated.stdout)
            assert float(exposure) < 2.5, rated.stdout


@needs("patroni")
def test_patroni_accepts_its_configuration(tmp_path: Path) -> None:
    said = yaml.safe_load((DEPLOY / "patroni" / "patroni.yml").read_text())
    # Its validator looks whether ports are free and programs are there: on addresses that this machine has.
    said["restapi"]["listen"] = "127.0.0.1:18008"
    said["postgresql"]["listen"] = "127.0.0.1:15432"
    said["postgresql"]["data_dir"] = str(tmp_path / "data")
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not binaries:
        pytest.skip("PostgreSQL is not here (tools/install-test-tools.sh --long installs it)")
    said["postgresql"]["bin_dir"] = str(binaries[-1].parent)
    path = tmp_path / "patroni.yml"
    path.write_text(yaml.safe_dump(said))
    checked = subprocess.run(["patroni", "--validate-config", path], capture_output=True, text=True, check=False)
    problems = [line for line in (checked.stdout + checked.stderr).splitlines() if line.strip()]
    # Who may connect is told for each machine, below `postgresql`; nobody listens to etcd's address here.
    assert [line for line in problems if "pg_hba  is not defined" not in line and "etcd3" not in line] == []


@needs("haproxy")
def test_haproxy_accepts_its_configuration(tmp_path: Path) -> None:
    frame = tmp_path / "frame.cfg"
    frame.write_text("global\n    log stdout format raw local0\ndefaults\n    log global\n")
    checked = subprocess.run(
        ["haproxy", "-c", "-f", frame, "-f", DEPLOY / "haproxy" / "postgresql.cfg"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr


def test_every_file_is_listed_and_no_secret_is_in_any() -> None:
    listed = (DEPLOY / "README.md").read_text()
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name != "README.md" and path.suffix != ".timer":
            assert path.name in listed, path
    secrets = re.findall(r"password: (\S+)", (DEPLOY / "patroni" / "patroni.yml").read_text())
    assert secrets
    assert all(secret.startswith("CHANGE-ME") for secret in secrets)
