"""Start the workshop's application as a person does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.running_sandbox import Sandbox, wait_until


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def start_garage(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the application and wait until it is ready.

    Args:
        folder: of its data, its configuration and its output.
        options: further ones for the command line.

    Returns:
        the process, and the address of the application.
    """
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "odopass.cli", "garage", "--data", str(folder / "data"), "--port", "0"]
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            [*command, "--no-browser", "--ready-file", str(ready), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(folder),
        )
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None)
        assert process.poll() is None, (folder / "output.txt").read_text()
        return process, json.loads(ready.read_text())["address"]
    except BaseException:
        process.kill()
        process.wait()
        raise


@contextmanager
def running_garage(folder: Path, *options: str) -> Iterator[str]:
    """The application as long as the context lasts; it ends, or is ended, whatever happens.

    Yields:
        its address, which ends in a slash.
    """
    process, address = start_garage(folder, *options)
    try:
        yield address
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def set_account(folder: Path, sandbox: Sandbox) -> None:
    """Set the application's account up as the first garage of a sandbox."""
    garage = sandbox.garages[0]
    command = [sys.executable, "-m", "odopass.cli", "garage", "--data", str(folder / "data"), "account"]
    options = {
        "--establishment": garage["username"],
        "--enterprise": garage["enterpriseOrganisation"],
        "--environment": "own",
        "--address": sandbox.api,
        "--ca-file": str(sandbox.ready["ca"]),
    }
    subprocess.run(
        [*command, *(part for option in options.items() for part in option)],
        input=garage["password"].encode() + b"\n",
        env=_environment(folder),
        check=True,
        capture_output=True,
    )
