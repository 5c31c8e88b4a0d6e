"""The example clients meet the criteria that they are shown for: each is driven as its page says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.running_sandbox import Sandbox, start_sandbox

from odopass.approval.scenarios import SCENARIOS, Kind

EXAMPLES = Path(__file__).parents[2] / "examples" / "dms"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "get-approved.md"
CLIENTS = {
    "python": (sys.executable, EXAMPLES / "dms.py"),
    "javascript": ("node", EXAMPLES / "dms.mjs"),
    "php": ("php", EXAMPLES / "dms.php"),
    "csharp": ("dotnet", "run", "--project", EXAMPLES / "csharp", "--"),
}


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start_sandbox(tmp_path_factory.mktemp("examples") / "sandbox", "--control-port", "0") as sandbox:
        yield sandbox


@pytest.mark.requirement("K5")
@pytest.mark.parametrize("number", range(len(CLIENTS)), ids=list(CLIENTS))
def test_an_example_is_driven_from_nothing_to_its_first_green_criteria(
    number: int, controlled: Sandbox, tmp_path: Path
) -> None:
    command = [str(part) for part in list(CLIENTS.values())[number]]
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} on this machine")
    garage = controlled.garages[0]["username"]
    driver = " ".join([*command, str(controlled.ready_file)])
    options = ["--sandbox", str(controlled.ready_file), "--data", str(tmp_path / "runs"), "--garage", garage]
    options += ["--driver", driver, "--scenario", "ordinary", "--new"]
    # Each example has vehicles of its own: earlier runs are named as such.
    for earlier in range(number):
        _pretend_earlier_run(tmp_path / "runs", controlled, earlier)
    done = subprocess.run(
        [sys.executable, "-m", "odopass.cli", "approve", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ first-status: passed" in done.stdout
    assert "✓ sent-in-workshop: passed" in done.stdout


def _pretend_earlier_run(data: Path, sandbox: Sandbox, number: int) -> None:
    folder = data / "runs" / f"2000-01-01T00-00-0{number}"
    folder.mkdir(parents=True)
    vehicle = {"vin": sandbox.ordinary()[number]["vin"], "plate": "", "km": 0}
    record = {
        "began": "2000-01-01T00:00:00+00:00",
        "ended": "2000-01-01T00:00:01+00:00",
        "garage": sandbox.garages[0]["username"],
        "today": "01/01/2000",
        "software": "",
        "vehicles": {"a": vehicle},
        "played": [],
        "exchanges": [],
    }
    (folder / "record.json").write_text(json.dumps({"record-1": record}))


@pytest.mark.requirement("K5")
def test_the_page_names_every_example_every_scenario_and_every_kind_of_step() -> None:
    page = PAGE.read_text("utf-8")
    assert [name for name in (*SCENARIOS, *(kind.value for kind in Kind)) if f"`{name}`" not in page] == []
    for name in ("dms.py", "dms.mjs", "dms.php", "csharp"):
        assert name in page
