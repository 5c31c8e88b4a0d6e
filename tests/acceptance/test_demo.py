"""`odopass demo`, as somebody who has just found the project starts it."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

TOUR_SECONDS = 180
KEPT = "odopass-demo-vehicle-history.pdf"


def start_demo(folder: Path, *options: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start it with a small fleet in the folder `here` of the folder; what it prints goes to `printed.txt`."""
    (folder / "here").mkdir()
    with (folder / "printed.txt").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "odopass.cli", "demo", "--vehicles", "120", *options],
            cwd=folder / "here",
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "100", "TMPDIR": str(folder)},
        )


def printed(folder: Path) -> str:
    return (folder / "printed.txt").read_text(encoding="utf-8")


def wait_until(process: subprocess.Popen[bytes], folder: Path, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TOUR_SECONDS
    while not condition():
        assert process.poll() is None, printed(folder)
        assert time.monotonic() < deadline, printed(folder)
        time.sleep(0.05)


def nothing_is_left(folder: Path) -> bool:
    """No process of the demo works on anything in the folder, and nothing but output and document is in it."""
    here = str(folder)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if here in where or (here in command and entry.name != str(os.getpid())):
                return False
    left = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return left - {f"here/{KEPT}"} == {"here", "printed.txt"}


@pytest.mark.requirement("W7", "W8", "W9", "W10", "W11", "W13")
def test_a_script_gets_the_whole_story_with_every_outcome_and_then_the_demo_ends(tmp_path: Path) -> None:
    process = start_demo(tmp_path, "--exit")
    assert process.wait(TOUR_SECONDS) == 0, printed(tmp_path)
    story = printed(tmp_path)
    summary = story[story.index("What happened") :]
    assert re.search(r"1 +A reading like any other +✔ PROCESSED *\n", summary)
    assert re.search(r"2 +A typing mistake, corrected +! ISSUE → ✔ PROCESSED", summary)
    assert re.search(r"3 +An unusual reading, confirmed +! ISSUE → ✔ PROCESSED", summary)
    assert re.search(r"4 +The same day twice +✔ PROCESSED → ✘ ERROR", summary)
    assert re.search(r"5 +A reading that cannot be +! ISSUE → ◷ REVIEWING", summary)
    assert re.search(r"6 +A history for the buyer +✔ PROCESSED *\n", summary)
    assert re.search(r"7 +A garage without software of its own +✔ PROCESSED → ! ISSUE", summary)
    assert "Every step came out as told" in summary
    assert nothing_is_left(tmp_path)


@pytest.mark.requirement("W11", "R10")
def test_the_report_is_left_in_the_current_folder_and_its_page_was_reached(tmp_path: Path) -> None:
    process = start_demo(tmp_path, "--exit")
    assert process.wait(TOUR_SECONDS) == 0, printed(tmp_path)
    story = printed(tmp_path)
    assert re.search(rf"Signed PDF +{tmp_path}/here/{KEPT}\n", story)
    assert (tmp_path / "here" / KEPT).read_bytes().startswith(b"%PDF-")
    assert re.search(r"Public page +https://127\.0\.0\.1:\d+/vhr/\S+\n", story)
    assert "without an account: 200" in story
    assert "Eén kilometerstand sluit niet aan op de andere." in " ".join(story.split())


@pytest.mark.requirement("W17")
def test_owners_read_the_issues_in_their_own_language(tmp_path: Path) -> None:
    process = start_demo(tmp_path, "--exit", "--data", str(tmp_path / "kept"))
    assert process.wait(TOUR_SECONDS) == 0, printed(tmp_path)
    story = " ".join(printed(tmp_path).split())
    assert "001 De kilometerstand" in story
    assert "211 Der Kilometerstand" in story
    assert "001 Le kilométrage" in story
    assert "150 U hebt voor dit voertuig al een kilometerstand" in story
    assert (tmp_path / "kept" / "sandbox" / "postgres").is_dir(), "what --data names is kept"
    assert (tmp_path / "kept" / KEPT).read_bytes().startswith(b"%PDF-")
    assert list((tmp_path / "here").iterdir()) == []


def test_on_a_terminal_it_goes_on_until_ctrl_c_and_then_leaves_nothing_behind(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        process = start_demo(tmp_path, stdin=slave)
        wait_until(process, tmp_path, lambda: "Ctrl-C ends all" in printed(tmp_path))
        page = re.search(r"Start page +(https://\S+)", printed(tmp_path))
        authority = re.search(r"Trust +(\S+/ca\.pem)", printed(tmp_path))
        assert page is not None
        assert authority is not None
        answer = httpx.get(page[1], verify=ssl.create_default_context(cafile=authority[1]), timeout=10)
        assert answer.status_code == 200
        workshop = re.search(r"Workshop +(http://127\.0\.0\.1:\d+/)", printed(tmp_path))
        assert workshop is not None
        problems = httpx.get(f"{workshop[1]}problems", headers={"accept-language": "en"}, timeout=10).text
        assert "Issue 001" in problems, "the mistake that is left for the visitor"
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        os.close(master)
        os.close(slave)
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_during_the_tour_it_says_so_and_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start_demo(tmp_path, "--exit")
    wait_until(process, tmp_path, lambda: "A typing mistake" in printed(tmp_path))
    process.send_signal(number)
    assert process.wait(60) == 130
    assert "interrupted" in printed(tmp_path)
    assert nothing_is_left(tmp_path)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter.txt").write_text("dear")
    process = start_demo(tmp_path, "--exit", "--data", str(tmp_path / "kept"))
    assert process.wait(TOUR_SECONDS) == 3
    assert "It is not empty" in printed(tmp_path)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["letter.txt"]
