"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from odopass.registry.postgres import find_binaries


def describe() -> dict[str, str]:
    """Processor, cores, memory, kernel and the versions that matter, in words."""
    return {
        "processor": _from(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "kernel": f"{platform.system()} {platform.release()}",
        "PostgreSQL": find_binaries().release,
        "Python": platform.python_version(),
    }


def _from(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _memory() -> str:
    kilobytes = int(_from(Path("/proc/meminfo"), "MemTotal").split()[0])
    return f"{kilobytes / 2**20:.0f} GiB"
