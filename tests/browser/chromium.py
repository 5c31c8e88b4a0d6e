"""Debian's Chromium, and what it is started with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

CHROMIUM: Final = Path("/usr/bin/chromium")


def need_chromium() -> None:
    """Skip the test if there is no browser; fail it where there has to be one."""
    if not CHROMIUM.exists():
        reason = f"no browser at {CHROMIUM}: install Debian's package chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def flags() -> list[str]:
    # As root Chromium has no sandbox of its own; what it is shown here is ours. Small machines have a small /dev/shm.
    return ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
