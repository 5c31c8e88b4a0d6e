"""Programs that look at PDF files; tools/install-test-tools.sh installs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test, and fail it in CI, where everything must be there."""
    reason += "; run tools/install-test-tools.sh"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(program: str, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """What a program says on its standard output, whatever its exit code."""
    if shutil.which(program) is None:
        missing(f"{program} is not installed")
    ended = subprocess.run(
        [program, *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
    )
    return ended.stdout.decode()


def text_of(pdf: Path) -> list[str]:
    """The text of each page, in the order in which it is written."""
    pages = run("pdftotext", "-raw", "-enc", "UTF-8", pdf, "-").split("\f")
    return [plain(page) for page in pages[:-1]]


def plain(text: str) -> str:
    """The text with every kind of blank as one plain one."""
    return re.sub(r"\s+", " ", text).strip()


def said_by_outloud(paths: Sequence[Path]) -> dict[str, list[str]]:
    """For each file what outloud finds: what a validator does not see and a screen reader would stumble on."""
    program = Path(sys.executable).parent / "outloud"
    # On a terminal's side it ends with 1 if there are errors; the report says all.
    ended = subprocess.run([program, *paths, "--json", "-"], capture_output=True, check=False)
    report = json.loads(ended.stdout[ended.stdout.index(b"{") :])
    return {
        Path(each["path"]).stem: [f"{one['rule']}: {one['message']}: {one.get('evidence')}" for one in each["findings"]]
        + ([each["error"]] if each["error"] else [])
        for each in report["results"]
    }
