"""Programs of odopass beside the demo, started as a person would start them, which end with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from odopass.registry.postgres import ExplainedError
from odopass.registry.serving.tied import tied
from odopass.sandbox.demo.screen import Screen

_READY_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 60.0


@contextmanager
def program_beside(
    screen: Screen,
    arguments: Sequence[str],
    folder: Path,
    *,
    name: str,
    waiting: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[dict[str, Any], float]]:
    """Run `odopass …` and give what its ready file says, and after how many seconds it was ready.

    Args:
        screen: to tell on what is waited for.
        arguments: the command and its options; the one that names the ready file is added.
        folder: where the ready file and what the program prints are kept.
        name: what people call the program.
        waiting: what is told meanwhile.
        environment: what is set in its environment beside our own.

    Raises:
        ExplainedError: it does not start.
    """
    ready_file = folder / f"{name}-ready.json"
    output = folder / f"{name}.txt"
    command = [sys.executable, "-m", "odopass.cli", *arguments, "--ready-file", str(ready_file)]
    with output.open("wb") as file:
        process = subprocess.Popen(
            tied(command),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    try:
        with screen.waiting(waiting):
            began = time.monotonic()
            while not ready_file.exists():
                if process.poll() is not None or time.monotonic() - began > _READY_SECONDS:
                    raise _not_ready(name, output, process)
                time.sleep(_LOOK_SECONDS)
        seconds = time.monotonic() - began
        yield json.loads(ready_file.read_text(encoding="utf-8")), seconds
    finally:
        _stop(screen, name, process)


def _stop(screen: Screen, name: str, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with screen.waiting(f"ending the {name}"):
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _not_ready(name: str, output: Path, process: subprocess.Popen[bytes]) -> ExplainedError:
    said = output.read_text(encoding="utf-8", errors="replace").strip() or "nothing"
    code = process.poll()
    why = f"It says: {said}" if code is None else f"It ended with exit code {code} and says: {said}"
    return ExplainedError(f"The {name} does not start.", why, "Put that right and start the demo again.")
