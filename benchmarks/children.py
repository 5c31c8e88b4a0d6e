"""Processes that a benchmark starts, tells when they are ready, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 40
ROOT = Path(__file__).parents[1]


@contextmanager
def child(module: str, arguments: Sequence[str], log: Path) -> Iterator[str]:
    """Run ``python -m module`` meanwhile; gives the one line that it printed when it was ready.

    Raises:
        RuntimeError: it ended before it was ready; the message ends with what it said.
    """
    with log.open("wb") as messages:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            cwd=ROOT,
            text=True,
        )
    try:
        if process.stdout is None:
            raise RuntimeError("its output is not ours to read")
        ready = process.stdout.readline().strip()
        if not ready:
            raise RuntimeError(f"{module} did not start:\n{log.read_text(errors='replace')[-2_000:]}")
        yield ready
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()


def say_ready(line: str) -> None:
    """In a child: tell the benchmark that work can begin, and end when the benchmark has ended without saying so."""
    print(line, flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    os.read(0, 1)  # nothing is ever written; it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)
