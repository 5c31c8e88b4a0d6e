"""The control port of a sandbox: traffic, clock, pages, and the commands that use it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.acceptance.controlling import Control
from tests.acceptance.running_sandbox import Sandbox, wait_for_outcome
from tests.acceptance.test_sandbox import observation
from typer.testing import CliRunner, Result

from odopass.cli import main
from odopass.clock import BRUSSELS
from odopass.wire.dates import format_wire_date

Vehicle = dict[str, Any]
Take = Callable[[], Vehicle]

NO_CONTROL_PORT = "http://127.0.0.1:9"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def body_for(sandbox: Sandbox, vehicle: Vehicle, day: datetime, **changes: object) -> dict[str, object]:
    dated = format_wire_date(day.astimezone(BRUSSELS).date())
    km = vehicle["lastReading"]["km"] + 150
    return observation(sandbox, vehicle, km, odometerReadingDate=dated, **changes)


def command(sandbox: Sandbox, *arguments: str) -> Result:
    where = ["--control", sandbox.ready["control"]]
    return CliRunner().invoke(main, ["sandbox", *arguments, *where], env={"COLUMNS": "160"})


@pytest.mark.requirement("K3")
def test_traffic_is_told_as_it_happens_to_who_waits_for_it(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    vehicle = take_bad_vehicle()
    before = control.last()
    told: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: told.extend(control.after(before, wait=60)))
    waiting.start()
    with bad_sandbox.client() as client:
        answer = client.post(
            "/observation",
            json=observation(bad_sandbox, vehicle, vehicle["lastReading"]["km"] + 100),
            headers={"client-software-name": "Testsoftware"},
        )
    waiting.join(60)
    (exchange,) = told
    assert exchange["number"] == before + 1
    assert exchange["garage"] == bad_sandbox.garages[0]["username"]
    assert (exchange["method"], exchange["path"]) == ("POST", "/api/observation")
    assert exchange["headers"]["client-software-name"] == "Testsoftware"
    assert "authorization" not in exchange["headers"]
    assert bad_sandbox.garages[0]["password"] not in json.dumps(told)
    assert json.loads(exchange["body"])["vin"] == vehicle["vin"]
    assert exchange["status"] == answer.status_code == 200
    assert json.loads(exchange["answer"]) == answer.json()
    assert exchange["fault"] is None
    assert timedelta(0) < moment(exchange["ended"]) - moment(exchange["began"]) < timedelta(minutes=1)


@pytest.mark.requirement("K3")
def test_traffic_can_be_forgotten_and_numbers_go_on(bad_sandbox: Sandbox, control: Control) -> None:
    with bad_sandbox.client() as client:
        client.get("/openapi.json")
        last = control.last()
        assert control.client.delete("/traffic").status_code == 204
        assert control.get("/traffic") == {"exchanges": [], "last": last}
        client.get("/openapi.json")
    assert [each["number"] for each in control.after(last)] == [last + 1]


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/faults", b"", ""),
        ("/faults", b"[]", ""),
        ("/faults", b'{"kind": "delay"}', "seconds"),
        ("/faults", b'{"kind": "delay", "seconds": "long"}', "seconds"),
        ("/clock", b"{}", ""),
        ("/clock", b'{"advance": "two hours"}', "advance"),
        ("/clock", b'{"advance": "P1000Y"}', "advance"),
        ("/clock", b'{"set": "2026-03-29T00:30:00"}', "set"),
        ("/clock", b'{"reset": false}', "reset"),
        ("/clock", b'{"advance": "PT1S", "reset": true}', ""),
        ("/clock", b"x" * 70_000, ""),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(control: Control, path: str, body: bytes, field: str) -> None:
    answer = control.client.post(path, content=body)
    assert answer.status_code == 400
    problems = answer.json()["errors"]
    assert problems[0]["field"] == field
    assert all(problem["message"] for problem in problems)


@pytest.mark.requirement("K3")
@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=1.5", "wait=soon", "wait=61", "wait=nan"])
def test_a_question_for_traffic_that_makes_no_sense_is_refused(control: Control, query: str) -> None:
    answer = control.client.get(f"/traffic?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


@pytest.mark.requirement("K3")
def test_other_websites_cannot_use_the_control_port(control: Control) -> None:
    strange_name = control.client.get("/faults", headers={"Host": "rebound.example"})
    strange_page = control.client.post("/clock", json={"reset": True}, headers={"Origin": "https://bad.example"})
    assert (strange_name.status_code, strange_page.status_code) == (421, 403)
    assert control.client.get("/nothing").status_code == 404
    assert control.client.put("/faults").status_code == 405


@pytest.mark.requirement("K3", "W15")
def test_a_moved_clock_is_everybodys_clock_and_breaks_nothing(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    now = datetime.now(UTC)
    with bad_sandbox.client() as client:

        def came_to(body: dict[str, object]) -> tuple[str, list[str]]:
            answer = client.post("/observation", json=body)
            assert answer.status_code == 200, answer.text
            status = wait_for_outcome(client, answer.json()["requestGuid"])
            return status["status"], [issue["type"] for issue in status["issues"]]

        tomorrow = now + timedelta(days=1)
        assert came_to(body_for(bad_sandbox, take_bad_vehicle(), tomorrow)) == ("ISSUE", ["201"])
        control.move({"advance": "P1D"})
        assert came_to(body_for(bad_sandbox, take_bad_vehicle(), tomorrow)) == ("PROCESSED", [])
        report = body_for(bad_sandbox, take_bad_vehicle(), tomorrow, observationType="VEHICLE_HISTORY_DOCUMENT")
        assert came_to(report) == ("PROCESSED", [])
        # Far beyond the certificates' time, and back before they were made: TLS goes by the system's clock.
        control.move({"advance": "P1200D"})
        with bad_sandbox.client() as late:
            assert late.get("/openapi.json").status_code == 200
        far = now + timedelta(days=1_201)
        assert came_to(body_for(bad_sandbox, take_bad_vehicle(), far)) == ("PROCESSED", [])
        assert moment(control.after(control.last() - 1)[-1]["began"]) > far - timedelta(days=1)
        control.move({"set": (now - timedelta(days=1)).isoformat()})
        with bad_sandbox.client() as early:
            assert early.get("/openapi.json").status_code == 200
        assert came_to(body_for(bad_sandbox, take_bad_vehicle(), now)) == ("ISSUE", ["201"])
        control.move({"reset": True})
        assert came_to(body_for(bad_sandbox, take_bad_vehicle(), now)) == ("PROCESSED", [])
    told = control.get("/clock")
    assert told["aheadSeconds"] == 0


@pytest.mark.requirement("K3")
def test_faults_are_added_listed_and_removed_on_the_command_line(bad_sandbox: Sandbox, control: Control) -> None:
    options = ("--operation", "status", "--every", "2", "--retry-after", "9")
    added = command(bad_sandbox, "fault", "add", "unavailable", *options)
    assert added.exit_code == 0, added.output
    name = added.output.partition(":")[0]
    (rule,) = control.get("/faults")["faults"]
    assert {key: rule[key] for key in ("id", "kind", "operation", "every", "retryAfter")} == {
        "id": name,
        "kind": "unavailable",
        "operation": "status",
        "every": 2,
        "retryAfter": 9,
    }
    listed = command(bad_sandbox, "fault", "list")
    assert all(part in listed.output for part in (name, "unavailable", "Retry-After 9", "status"))
    assert json.loads(command(bad_sandbox, "fault", "list", "--json").output)["faults"] == [rule]
    refused = command(bad_sandbox, "fault", "add", "delay")
    assert (refused.exit_code, "seconds" in refused.output) == (1, True)
    assert command(bad_sandbox, "fault", "remove", name).exit_code == 0
    assert command(bad_sandbox, "fault", "remove", name).exit_code == 1
    assert command(bad_sandbox, "fault", "remove").exit_code == 2
    assert "no rules" in command(bad_sandbox, "fault", "list").output
    command(bad_sandbox, "fault", "add", "html", "--next", "1")
    assert command(bad_sandbox, "fault", "remove", "--all").exit_code == 0
    assert control.get("/faults")["faults"] == []


@pytest.mark.requirement("K3")
def test_the_clock_is_moved_on_the_command_line(bad_sandbox: Sandbox, control: Control) -> None:
    assert "7,200 s ahead" in command(bad_sandbox, "clock", "advance", "PT2H").output
    assert round(control.get("/clock")["aheadSeconds"]) == 7_200
    assert command(bad_sandbox, "clock", "set", "2026-03-29T00:30:00Z").output.startswith("2026-03-29T00:30:0")
    assert "behind" in command(bad_sandbox, "clock", "show").output
    assert "as the system has it" in command(bad_sandbox, "clock", "reset").output
    wrong = command(bad_sandbox, "clock", "advance", "soon")
    assert (wrong.exit_code, "PT90S" in wrong.output, "{" in wrong.output) == (1, True, False)


@pytest.mark.requirement("K3")
def test_the_commands_find_the_control_port_in_the_ready_file_and_say_when_there_is_none(bad_sandbox: Sandbox) -> None:
    runner = CliRunner()
    found = runner.invoke(main, ["sandbox", "clock", "show", "--ready-file", str(bad_sandbox.ready_file)])
    assert found.exit_code == 0, found.output
    for where in (["--control", NO_CONTROL_PORT], ["--ready-file", str(bad_sandbox.data / "missing.json")]):
        lost = runner.invoke(main, ["sandbox", "fault", "list", *where])
        assert lost.exit_code == 3
        assert "What to do" in lost.output


@pytest.mark.requirement("K1")
def test_a_sandbox_without_a_folder_is_wrong_usage() -> None:
    assert CliRunner().invoke(main, ["sandbox", "--gentle"]).exit_code == 2


@pytest.mark.requirement("K3")
def test_the_page_shows_each_exchange_with_who_what_outcome_and_rule(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    vehicle = take_bad_vehicle()
    before = control.last()
    rule = control.add("cut-after", next=1)
    with bad_sandbox.client() as client, pytest.raises(httpx.TransportError):
        client.post("/observation", json=observation(bad_sandbox, vehicle, vehicle["lastReading"]["km"] + 100))
    (exchange,) = control.after(before)
    page = control.client.get("/").text
    for told in ("Testgarage Antwerpen", "submits a reading", vehicle["vin"], "no answer", rule, "cut-after"):
        assert told in page
    detail = control.client.get(f"/exchanges/{exchange['number']}").text
    assert "client-software" in detail or "user-agent" in detail
    assert bad_sandbox.garages[0]["password"] not in page + detail
    assert control.client.get("/exchanges/999999").status_code == 404
    stamp = page.partition('hx-get="/live?seen=')[2].partition('"')[0]
    assert control.client.get(f"/live?seen={stamp}").status_code == 204
    control.add("html", next=1)
    assert control.client.get(f"/live?seen={stamp}").status_code == 200
    for line in page.splitlines():
        if 'href="/files' in line or 'src="/files' in line:
            address = line.partition('="/files')[2].partition('"')[0]
            assert control.client.get(f"/files{address}").status_code == 200
