"""`odopass approve` as a tester uses it: led by the page, interrupted, gone on with; and why it cannot run."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.acceptance.running_sandbox import Sandbox, start_sandbox, wait_until
from tests.approval.playing import GoodDms

PATIENCE = 60.0


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start_sandbox(tmp_path_factory.mktemp("run") / "sandbox", "--control-port", "0") as sandbox:
        yield sandbox


class Page:
    """The run and its page, as a browser without scripts uses it."""

    def __init__(self, sandbox: Sandbox, data: Path) -> None:
        self.output = data.with_name("output.txt")
        options = ["--sandbox", str(sandbox.ready_file), "--data", str(data), "--port", "0", "--no-browser"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "odopass.cli", "approve", *options, "--scenario", "ordinary"],
                stdout=output,
                stderr=output,
            )
        wait_until(lambda: "in the browser: " in self.printed() or self.process.poll() is not None, patience=PATIENCE)
        [address] = re.findall(r"in the browser: (\S+)", self.printed())
        origin = {"origin": address.rstrip("/"), "accept-language": "en"}
        self.http = httpx.Client(base_url=address, headers=origin, follow_redirects=True, timeout=30)

    def printed(self) -> str:
        return self.output.read_text("utf-8")

    def text(self) -> str:
        return self.http.get("").raise_for_status().text

    def shows(self, words: str) -> None:
        wait_until(lambda: words in self.text(), patience=PATIENCE)

    def values(self) -> list[str]:
        return re.findall(r'<code class="big">([^<]*)</code>', self.text())

    def done(self, step: str) -> None:
        self.http.post("answer", data={"step": step, "answer": "done"}).raise_for_status()

    def end(self) -> int:
        self.http.close()
        self.process.terminate()
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()


@pytest.mark.requirement("K4", "K5")
def test_a_run_is_led_by_the_page_interrupted_and_gone_on_with(controlled: Sandbox, tmp_path: Path) -> None:
    dms = GoodDms(controlled, garage=1)
    dms.account = controlled.garages[0]
    dms.http = controlled.client(0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = _approve(controlled, tmp_path, "--no-browser", "--port", str(other.getsockname()[1]))
    assert (taken.returncode, "Give --port another number" in taken.stderr) == (3, True), taken.stderr
    # A start that came to nothing takes nothing away: the tester still sees how to connect the DMS.
    first = Page(controlled, tmp_path / "runs")
    try:
        first.shows("Connect the DMS to the sandbox")
        assert controlled.garages[0]["password"] in first.text()
        first.http.post("begin")
        first.shows("Enter this reading in the DMS")
        vin, km, date = first.values()
        dms({"step": "enter", "name": "", "vin": vin, "km": int(km), "date": date, "confirm": True, "exclude": False})
        first.done("ordinary.enter")
        first.shows("Close the work order")
    finally:
        assert first.end() == 3
    assert "interrupted" in first.printed()
    second = Page(controlled, tmp_path / "runs")
    try:
        second.shows("Close the work order")
        assert controlled.garages[0]["password"] in second.text()  # how to connect the DMS can be looked up at any time
        second.done("ordinary.enter")  # a form that was left open: nothing comes of it
        second.shows("Close the work order")
        second.done("ordinary.close")
        second.shows("Waiting for the DMS")
        dms({"step": "wait"})
        second.shows("The software meets every criterion.")
        assert second.http.get("report/report.en.pdf").content.startswith(b"%PDF")
    finally:
        dms.close()
        assert second.end() == 0
    [folder] = (tmp_path / "runs" / "runs").iterdir()
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert [each["step"] for each in told["steps"]] == ["ordinary.enter", "ordinary.close", "ordinary.outcome"]
    assert controlled.garages[0]["password"] not in (folder / "report.json").read_text("utf-8")


@pytest.mark.requirement("K5")
@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--sandbox", "none.json"], 3, "Start a sandbox first"),
        (["--scenario", "nonsense"], 2, "There is no scenario nonsense"),
        (["--driver", "false", "--driver-url", "http://127.0.0.1:1/"], 2, "not both"),
        (["--garage", "nobody"], 3, "no garage nobody"),
        (["--driver", "false", "--scenario", "account"], 3, "the driver ended with 1: it said nothing"),
        (["--driver", "false", "--scenario", "ordinary"], 3, "sent-in-workshop: cannot be judged"),
    ],
)
def test_what_cannot_run_says_why_and_has_its_exit_code(
    options: list[str], code: int, words: str, controlled: Sandbox, tmp_path: Path
) -> None:
    done = _approve(controlled, tmp_path, *options)
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr


def _approve(sandbox: Sandbox, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    given = ["--data", str(folder / "runs"), *options]
    if "--sandbox" not in options:
        given += ["--sandbox", str(sandbox.ready_file)]
    return subprocess.run(
        [sys.executable, "-m", "odopass.cli", "approve", *given],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"COLUMNS": "200", "PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        timeout=120,
        check=False,
    )
