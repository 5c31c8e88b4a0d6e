"""The file that sets up a sandbox's reports: played sources, and a key that its own authority certifies."""

from __future__ import annotations

import json
from pathlib import Path

from odopass.sandbox.certificates import REGISTRY
from odopass.sandbox.played_sources import Addresses


def write_report_setup(path: Path, *, sources: Addresses, documents: Path) -> None:
    """Write the file anew; the sources have other addresses at each start.

    Args:
        path: the file.
        sources: where the played sources are.
        documents: key and certificates that reports are signed with.
    """
    lines = [f"registry = {json.dumps(REGISTRY)}", "", "[signing]"]
    lines += [f"{name} = {json.dumps(str(documents))}" for name in ("key", "chain")]
    for name, table in sources.configuration()["sources"].items():
        # What JSON writes of texts and numbers, TOML reads the same.
        lines += ["", f"[sources.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")
