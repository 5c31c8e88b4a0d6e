"""What docs/how-to/keep-an-outbox.md shows works as it stands, on the real sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.running_sandbox import Sandbox

from odopass.clock import BRUSSELS
from odopass.domain.observation import ObservationType
from odopass.garage import outbox
from odopass.garage.checks.texts import TEXTS
from odopass.garage.client import Endpoint
from odopass.garage.outbox import Outbox, ReadingDraft, State, Vehicle
from odopass.wire.basic_auth import Credentials

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "keep-an-outbox.md"

Take = Callable[[], dict[str, Any]]


def examples() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(example, names)
    return names


def draft(vehicle: dict[str, Any], more_km: int = 100) -> ReadingDraft:
    return ReadingDraft(
        Vehicle(vehicle["vin"], None), datetime.now(BRUSSELS).date(), vehicle["lastReading"]["km"] + more_km
    )


def open_outbox(sandbox: Sandbox, folder: Path) -> Outbox:
    garage = sandbox.garages[0]
    endpoint = Endpoint(
        sandbox.api, Credentials(garage["username"], garage["password"]), ca_file=Path(sandbox.ready["ca"])
    )
    return Outbox.open(
        folder,
        endpoint,
        enterprise=garage["enterpriseOrganisation"],
        establishment=garage["enteredOrganisation"],
        report_language="fr",
    )


@pytest.mark.requirement("G1", "G3")
def test_the_example_sends_a_reading_and_tells_its_outcome(
    sandbox: Sandbox, take_vehicle: Take, tmp_path: Path
) -> None:
    garage = sandbox.garages[0]
    reading = examples()["report_reading"](
        tmp_path / "outbox",
        sandbox.api,
        Path(sandbox.ready["ca"]),
        garage["username"],
        garage["password"],
        garage["enterpriseOrganisation"],
        draft(take_vehicle()),
    )
    assert reading.state is State.PROCESSED


@pytest.mark.requirement("G7", "G8")
def test_a_warning_is_confirmed_by_a_person_and_an_issue_corrected(
    sandbox: Sandbox, take_vehicle: Take, tmp_path: Path
) -> None:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return True

    vehicle, submit_after_asking = take_vehicle(), examples()["submit_after_asking"]
    late = draft(vehicle, more_km=-vehicle["lastReading"]["km"] + 1)
    late = replace(late, reading_date=late.reading_date - timedelta(days=1))
    with open_outbox(sandbox, tmp_path) as opened:
        number = submit_after_asking(opened, late, ask)
        assert asked == [TEXTS["date_in_past"].format(days=1)]
        reading = opened.settled(number, 60)
        assert reading.state is State.ISSUE
        assert [each.number for each in opened.problems()] == [number]
        opened.correct(number, replace(reading.draft, km=vehicle["lastReading"]["km"] + 50))
        corrected = opened.settled(number, 60)
        assert (corrected.state, corrected.draft.km) == (State.PROCESSED, vehicle["lastReading"]["km"] + 50)
        assert corrected.request_guid != reading.request_guid
        kinds = [news.event.kind for news in opened.news()]
        assert kinds[0] == "entered"
        assert "corrected" in kinds
        assert list(opened.news(after=max(news.id for news in opened.news()))) == []


@pytest.mark.requirement("G13")
def test_a_vehicle_history_comes_into_the_book(sandbox: Sandbox, take_vehicle: Take, tmp_path: Path) -> None:
    wanted = replace(draft(take_vehicle()), type=ObservationType.VEHICLE_HISTORY_DOCUMENT)
    with open_outbox(sandbox, tmp_path) as opened:
        number = opened.submit(wanted)
        assert opened.settled(number, 60).state is State.PROCESSED
        report = opened.report(number)
        assert report is not None
        assert report.pdf.startswith(b"%PDF-")
        assert report.public_url == opened.standing(number).report_url != ""
        assert opened.pulse().trouble == opened.fault == ""


@pytest.mark.requirement("G7", "G13")
def test_a_vehicle_history_that_the_registry_asks_about_comes_once_it_is_corrected(
    sandbox: Sandbox, take_vehicle: Take, tmp_path: Path
) -> None:
    vehicle = take_vehicle()
    mistyped = replace(draft(vehicle, more_km=-1_000), type=ObservationType.VEHICLE_HISTORY_DOCUMENT)
    with open_outbox(sandbox, tmp_path) as opened:
        number = opened.submit(mistyped)
        asked = opened.settled(number, 60)
        assert (asked.state, [issue.type for issue in asked.issues]) == (State.ISSUE, ["001"])
        assert opened.report(number) is None
        opened.correct(number, replace(mistyped, km=vehicle["lastReading"]["km"] + 40))
        assert opened.settled(number, 60).state is State.PROCESSED
        report = opened.report(number)
        assert report is not None
        assert report.pdf.startswith(b"%PDF-")


@pytest.mark.requirement("G1")
def test_every_call_and_error_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    calls = {name for name in vars(Outbox) if not name.startswith("_")} - {"open"}
    assert {name for name in calls if f"`{name}(" not in page and f"`{name}`" not in page} == set()
    errors = {name for name in outbox.__all__ if issubclass(getattr(outbox, name), Exception)}
    assert {name for name in errors if f"| `{name}` |" not in page} == set()
