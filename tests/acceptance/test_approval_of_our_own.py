"""The workshop's application passes the approval run, as any DMS has to: `odopass approve` with a driver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.acceptance.running_sandbox import start_sandbox
from tests.approval.own_garage import OwnGarage


@contextmanager
def driving(dms: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Iterator[str]:
    """Let a DMS be driven over HTTP; gives the address."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            step = json.loads(self.rfile.read(int(self.headers["content-length"])))
            try:
                status, content = 200, json.dumps(dms(step)).encode()
            except Exception as error:  # noqa: BLE001 - told to the kit, which tells it
                status, content = 500, repr(error).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.requirement("K4", "K5")
def test_our_own_application_passes_in_full(tmp_path: Path) -> None:
    (tmp_path / "garage").mkdir()
    with start_sandbox(tmp_path / "sandbox", "--control-port", "0") as sandbox:
        dms = OwnGarage(tmp_path / "garage", sandbox)
        try:
            with driving(dms) as address:
                options = ["--sandbox", str(sandbox.ready_file), "--data", str(tmp_path / "runs")]
                options += ["--driver-url", address]
                done = subprocess.run(
                    [sys.executable, "-m", "odopass.cli", "approve", *options],
                    capture_output=True,
                    text=True,
                    env={**os.environ},
                    timeout=900,
                    check=False,
                )
        finally:
            dms.close()
    assert done.returncode == 0, done.stdout + done.stderr
    [folder] = (tmp_path / "runs" / "runs").iterdir()
    verdicts = {each["id"]: each["verdict"] for each in json.loads((folder / "report.json").read_text())["criteria"]}
    assert set(verdicts.values()) == {"passed"}
    assert {"vhr-fetched", "vhr-once", "vhr-shown", "guid-kept", "sent-after-outage"} <= verdicts.keys()
    suite = ET.parse(folder / "junit.xml").getroot()
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "0")
