"""Other programs hand readings over to the workshop's application, which sends them to the real sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.running_garage import set_account, start_garage
from tests.acceptance.running_sandbox import Sandbox, wait_until

from odopass.clock import BRUSSELS, SystemClock
from odopass.garage.book import Book
from odopass.garage.book.entries import State
from odopass.garage.checks import CATEGORIES, OPERATIONS
from odopass.garage.feeds import COLUMNS, Outcome

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "hand-readings-over.md"
PATIENCE = 90.0


def _example(language: str) -> str:
    [example] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return str(example)


def _day(days_ago: int = 0) -> str:
    return (datetime.now(BRUSSELS).date() - timedelta(days=days_ago)).strftime("%d/%m/%Y")


@contextmanager
def _garage(folder: Path, *options: str) -> Iterator[httpx.Client]:
    process, address = start_garage(folder, *options)
    headers = {"origin": address.rstrip("/"), "accept-language": "en"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as browser:
            yield browser
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def _token(browser: httpx.Client) -> str:
    page = browser.post("account/feeds/token").text
    [token] = re.findall(r'<output class="secret">([^<]+)</output>', page)
    return str(token)


@pytest.mark.requirement("G2", "G8", "G11", "G15")
def test_readings_of_a_file_and_of_the_interface_reach_the_registry_and_warnings_wait_for_a_person(
    sandbox: Sandbox, take_vehicle: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    drop = tmp_path / "from the DMS"
    drop.mkdir()
    set_account(tmp_path, sandbox)
    names: dict[str, Any] = {}
    exec(_example("python"), names)
    vehicles = [take_vehicle() for _ in range(3)]
    kms = [vehicle["lastReading"]["km"] + 100 for vehicle in vehicles]
    with _garage(tmp_path, "--drop-folder", str(drop)) as browser:
        address, token = str(browser.base_url), _token(browser)
        part = drop / "orders.csv.tmp"
        rows = [
            "VIN;Day;KM;Read By;Work Order;Invoice",
            f"{vehicles[0]['vin']};{_day()};{kms[0]};Léa;W-1;9",
            f"{vehicles[1]['vin']};{_day(2)};{kms[1]};Léa;W-2;9",
            f"{vehicles[2]['vin']};{_day()};{kms[2]:,};Léa;W-3;9",
            "",
        ]
        part.write_bytes("\r\n".join(rows).encode("cp1252"))
        part.rename(drop / "orders.csv")

        # The file: one is sent, one waits, one is rejected with its line and reason.
        def ask(number: int) -> dict[str, Any]:
            answer = browser.get(f"feed/readings/{number}", headers={"authorization": f"Bearer {token}"})
            return dict(answer.json())

        wait_until(lambda: ask(1).get("state") == "processed", patience=PATIENCE)
        wait_until(lambda: not list(drop.glob("*.csv")), patience=PATIENCE)
        assert ask(2)["state"] == "check"
        [done], [rejects] = (drop / "done").iterdir(), (drop / "rejected").iterdir()
        assert done.name == rejects.name
        assert rejects.read_text("utf-8-sig").splitlines()[1].startswith("4;km: ")

        # The interface: the key makes a repetition harmless.
        reading = {"key": "dms-1", "vin": vehicles[2]["vin"], "day": _day(), "km": kms[2], "readBy": "Léa"}
        first = names["hand_over"](address, token, reading)
        assert (first["outcome"], first["number"]) == ("taken", 3)
        assert names["hand_over"](address, token, reading)["outcome"] == "known"
        assert names["hand_over"](address, token, reading | {"key": "dms-2"})["outcome"] == "refused"
        wait_until(lambda: names["standing"](address, token, "dms-1")["state"] == "processed", patience=PATIENCE)
        assert names["standing"](address, token, "dms-1")["request"]

        # The warning: a person confirms it on the reading's page, and it is sent.
        page = browser.get("readings/2").text
        stamps = re.findall(r'name="confirmed" value="([^"]+)"', page)
        assert "This day is not today (days since then: 2)." in page
        assert browser.post("readings/2/release", data={"confirmed": stamps}).status_code == 303
        wait_until(lambda: ask(2)["state"] == "processed", patience=PATIENCE)


@pytest.mark.requirement("G15")
def test_the_examples_of_a_file_and_for_curl_work_as_they_stand(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    drop = tmp_path / "data" / "drop"
    drop.mkdir(parents=True)
    (drop / "orders.csv").write_text(_example("csv").replace("25/11/2026", _day()).replace("1-ABC-234", "1-ABC-235"))
    with _garage(tmp_path) as browser:
        command = _example("sh").replace("http://127.0.0.1:8090/", str(browser.base_url)).replace("25/11/2026", _day())
        environment = {**os.environ, "ODOPASS_TOKEN": _token(browser)}
        outcomes = []
        for _ in range(2):
            done = subprocess.run(["sh", "-c", command], env=environment, check=True, capture_output=True, text=True)
            outcomes.append(re.findall(r'"outcome": "(\w+)"', done.stdout))
        assert outcomes == [["taken"], ["known"]]
        wait_until(lambda: not list(drop.glob("*.csv")), patience=PATIENCE)
    with Book.open(tmp_path / "data" / "book.sqlite3", SystemClock()) as book:
        assert sorted(each.draft.work_order for each in book.readings.find()) == ["", "W-2041", "W-2042"]
    assert list((drop / "rejected").iterdir()) == []


@pytest.mark.requirement("G3", "G15")
def test_killed_in_the_middle_of_a_file_it_takes_each_line_once(tmp_path: Path) -> None:
    drop = tmp_path / "data" / "drop"
    drop.mkdir(parents=True)
    lines = [f"WVWZZZ1JZX{number:07};{_day()};{number};Anna" for number in range(800)]
    (drop / "orders.csv").write_text("vin;day;km;read_by\n" + "\n".join([*lines, lines[7], "x;y;z;Anna"]) + "\n")
    process, _ = start_garage(tmp_path)
    try:
        with Book.open(tmp_path / "data" / "book.sqlite3", SystemClock()) as book:
            wait_until(lambda: book.readings.one(60) is not None, patience=PATIENCE)
            process.kill()
            process.wait()
            taken = len(book.readings.find(limit=5_000))
            assert taken < 800
            assert (drop / "orders.csv").exists()
            with _garage(tmp_path):
                wait_until(lambda: not list(drop.glob("*.csv")), patience=PATIENCE)
            readings = book.readings.find(limit=5_000)
            assert len(readings) == 800
            assert {each.draft.vehicle.vin for each in readings} == {line.split(";")[0] for line in lines}
    finally:
        process.kill()
        process.wait()
    [rejects] = (drop / "rejected").glob("*.csv")
    assert [line.split(";")[0] for line in rejects.read_text("utf-8-sig").splitlines()] == ["line", "803"]


@pytest.mark.requirement("G15")
def test_every_field_outcome_and_state_of_the_page_is_one_and_none_is_missing() -> None:
    page = PAGE.read_text("utf-8")
    section = page.partition("## The fields")[2].partition("\n## ")[0]
    outcomes = page.partition("## What happens to a reading")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", outcomes, re.MULTILINE) == list(Outcome)
    assert set(re.findall(r"`(\w+)`", page.splitlines()[-2] + page.splitlines()[-1])) == set(State)
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]*\| (.*) \|$", section, re.MULTILINE))
    assert tuple(rows) == COLUMNS
    assert tuple(re.findall(r"`(\w+)`", rows["operation"])) == OPERATIONS
    assert tuple(re.findall(r"`(\w+)`", rows["category"])) == CATEGORIES
