"""Reports as a dealer's software and a buyer meet them: over TLS, from a sandbox, with sources of every kind."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from tests.acceptance.running_sandbox import Sandbox, wait_for_outcome
from tests.acceptance.test_sandbox import Vehicle, case, observation
from tests.pdf import tools

from odopass.registry.report.document.verifying import Broken, Verified, verify
from odopass.sandbox.certificates import REGISTRY

REPORT = "VEHICLE_HISTORY_DOCUMENT"
#: The longest that sources are waited for, and time to put the report together.
LONGEST_SECONDS = 70


def ask(sandbox: Sandbox, client: httpx.Client, vehicle: Vehicle, km: int, **changes: object) -> str:
    """Ask for a report with today's reading; return the GUID."""
    body = observation(sandbox, vehicle, km, observationType=REPORT, **changes)
    answer = client.post("/observation", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["requestGuid"])


def last_km(vehicle: Vehicle) -> int:
    return int(vehicle["lastReading"]["km"])


def fetched(client: httpx.Client, guid: str, language: str = "NL") -> tuple[bytes, str]:
    """The document and the public address of a report that stands."""
    answer = client.get(f"/observation/{guid}/status/vhr", params={"language": language})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"file", "publicUrl"}
    return base64.b64decode(answer.json()["file"], validate=True), str(answer.json()["publicUrl"])


def made(sandbox: Sandbox, vehicle: Vehicle, *, patience: float = 30) -> tuple[bytes, str]:
    """Ask for a vehicle's report and wait for it."""
    with sandbox.client() as client:
        guid = ask(sandbox, client, vehicle, last_km(vehicle) + 400)
        assert wait_for_outcome(client, guid, patience=patience) == {"status": "PROCESSED", "issues": []}
        return fetched(client, guid)


def public(sandbox: Sandbox, address: str, language: str = "en") -> str:
    """The text of a public page, as somebody without an account gets it."""
    with httpx.Client(verify=sandbox.trust(), timeout=30) as buyer:
        answer = buyer.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert f'lang="{language}' in answer.text
    return tools.plain(re.sub(r"<[^>]+>", " ", answer.text))


def text_of(folder: Path, pdf: bytes) -> str:
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    return " ".join(tools.text_of(path))


def refused(answer: httpx.Response, status: str) -> None:
    """A 409 that tells the status at its top level."""
    assert answer.status_code == 409
    body = answer.json()
    assert set(body) == {"errors", "status", "message"}
    assert body["status"] == status
    assert body["errors"][0]["message"] == body["message"]


@pytest.mark.requirement("W11", "W16")
def test_a_dealer_is_told_ongoing_while_a_source_takes_its_time_and_then_gets_the_report(sandbox: Sandbox) -> None:
    vehicle = case(sandbox, "slow: the manufacturer answers after 5 s")
    began = time.monotonic()
    ongoing = 0
    with sandbox.client() as client:
        guid = ask(sandbox, client, vehicle, last_km(vehicle) + 400)
        while time.monotonic() - began < 3:
            assert client.get(f"/observation/{guid}/status").json() == {"status": "ONGOING", "issues": []}
            refused(client.get(f"/observation/{guid}/status/vhr"), "ONGOING")
            ongoing += 1
            time.sleep(0.5)
        assert wait_for_outcome(client, guid) == {"status": "PROCESSED", "issues": []}
        assert 5 < time.monotonic() - began < 15
        pdf, address = fetched(client, guid)
    assert ongoing > 2
    assert pdf.startswith(b"%PDF-")
    assert address.startswith(f"{sandbox.ready['public']}/vhr/")


@pytest.mark.requirement("R11")
def test_the_document_is_signed_under_the_sandboxs_authority_and_one_changed_byte_shows(
    sandbox: Sandbox, take_vehicle: Callable[[], Vehicle]
) -> None:
    pdf, _ = made(sandbox, take_vehicle())
    roots = [x509.load_pem_x509_certificate(Path(sandbox.ready["ca"]).read_bytes())]
    moment = datetime.now(UTC)
    verdict = verify(pdf, roots, moment=moment)
    assert isinstance(verdict, Verified), verdict
    assert REGISTRY in verdict.signer
    for place in (len(pdf) // 3, len(pdf) // 2, len(pdf) - 10):
        changed = bytearray(pdf)
        changed[place] ^= 1
        assert isinstance(verify(bytes(changed), roots, moment=moment), Broken), place


@pytest.mark.requirement("W11", "W17", "R10")
def test_document_and_page_are_there_in_four_languages_without_an_account(
    sandbox: Sandbox, take_vehicle: Callable[[], Vehicle], tmp_path: Path
) -> None:
    vehicle = take_vehicle()
    titles = {"nl": "Voertuighistoriek", "fr": "Historique du véhicule", "de": "Fahrzeug", "en": "Vehicle history"}
    with sandbox.client() as client:
        guid = ask(sandbox, client, vehicle, last_km(vehicle) + 400)
        assert wait_for_outcome(client, guid)["status"] == "PROCESSED"
        addresses = set()
        for language, title in titles.items():
            pdf, address = fetched(client, guid, language.upper())
            addresses.add(address)
            shown = text_of(tmp_path, pdf)
            page = public(sandbox, address, language)
            for text in (shown, page):
                assert title in text, language
                assert vehicle["vin"] in text
    assert len(addresses) == 1
    assert address.startswith("https://")
    # A client that is in use makes the address of the request's GUID.
    assert vehicle["vin"] in public(sandbox, f"{sandbox.ready['public']}/vhr/{guid}")


@pytest.mark.requirement("W9", "W10", "W15")
@pytest.mark.parametrize("way", ["correction", "confirm"])
def test_the_issue_comes_first_and_the_report_once_it_is_solved(
    sandbox: Sandbox, take_vehicle: Callable[[], Vehicle], way: str
) -> None:
    # What has stood for years may be confirmed as it is; what is too low can only be corrected.
    corrected = way == "correction"
    vehicle = take_vehicle() if corrected else unchanged_for_long(sandbox)
    with sandbox.client() as client:
        guid = ask(sandbox, client, vehicle, last_km(vehicle) - 20_000 if corrected else last_km(vehicle))
        told = wait_for_outcome(client, guid)
        assert (told["status"], [issue["type"] for issue in told["issues"]]) == (
            "ISSUE",
            ["001" if corrected else "211"],
        )
        refused(client.get(f"/observation/{guid}/status/vhr"), "ISSUE")
        body = observation(sandbox, vehicle, last_km(vehicle) + 300, observationType=REPORT) if corrected else None
        answer = client.post(f"/observation/{guid}/{way}", json=body)
        assert answer.status_code == 200, answer.text
        newest = answer.json()["requestGuid"]
        assert wait_for_outcome(client, newest)["status"] == "PROCESSED"
        # The first request belongs to the same case, and so to the same report.
        assert fetched(client, newest) == fetched(client, guid)


def unchanged_for_long(sandbox: Sandbox) -> Vehicle:
    return case(sandbox, "last read two years ago")


@pytest.mark.requirement("W16")
@pytest.mark.parametrize("behaviour", ["broken half-way", "malformed", "huge", "failing"])
def test_a_source_that_goes_wrong_is_named_and_the_report_is_made(
    sandbox: Sandbox, behaviour: str, tmp_path: Path
) -> None:
    pdf, address = made(sandbox, case(sandbox, behaviour))
    page = public(sandbox, address)
    assert "Could not be asked when the report was made: manufacturer or importer." in page
    assert "fabrikant" in text_of(tmp_path, pdf)
    assert "No recall is open." not in page


@pytest.mark.requirement("W16")
def test_what_cannot_be_right_is_left_out_and_counted_on_the_report(sandbox: Sandbox) -> None:
    page = public(sandbox, made(sandbox, case(sandbox, "absurd"))[1])
    assert re.search(r"Left out because it cannot be right: \d+ from this source: manufacturer or importer\.", page)
    assert page.count("foreign registry (Germany)") == 1
    assert "/1900" not in page


@pytest.mark.requirement("W16")
def test_readings_from_abroad_that_contradict_are_a_remark_on_the_report_and_no_issue(sandbox: Sandbox) -> None:
    page = public(sandbox, made(sandbox, case(sandbox, "contradictory"))[1])
    assert re.search(r"(One reading does|\d+ readings do) not fit the others\.", page)
    assert "foreign registry (Germany)" in page


@pytest.mark.requirement("W16")
def test_earlier_readings_of_an_imported_vehicle_are_part_of_its_history(sandbox: Sandbox) -> None:
    page = public(sandbox, made(sandbox, case(sandbox, "fast: imported used"))[1])
    assert page.count("foreign registry (Netherlands)") == 2
    assert "imported used" in page
    assert re.search(r"The \d+ known readings fit each other\.", page)


@pytest.mark.requirement("W16")
def test_a_silent_source_keeps_the_report_waiting_and_never_prevents_it(sandbox: Sandbox, long_form: bool) -> None:
    vehicle = case(sandbox, "silent: no source ever answers")
    began = time.monotonic()
    with sandbox.client() as client:
        guid = ask(sandbox, client, vehicle, last_km(vehicle) + 400)
        until = began + (LONGEST_SECONDS if long_form else 4)
        while (told := client.get(f"/observation/{guid}/status").json()["status"]) == "ONGOING":
            if time.monotonic() > until:
                break
            time.sleep(0.5)
        if not long_form:
            assert told == "ONGOING"
            refused(client.get(f"/observation/{guid}/status/vhr"), "ONGOING")
            return
        assert told == "PROCESSED"
        assert 59 < time.monotonic() - began < LONGEST_SECONDS
        page = public(sandbox, fetched(client, guid)[1])
    named = "registration authority, manufacturer or importer, accident inspection"
    assert f"Could not be asked when the report was made: {named}" in page


@pytest.mark.requirement("K1", "W16")
@pytest.mark.parametrize("word", ["fast", "slow", "silent", "broken half-way", "contradictory"])
def test_the_ready_file_has_vehicles_of_every_behaviour_with_full_vin_and_a_last_reading(
    sandbox: Sandbox, word: str
) -> None:
    found: list[dict[str, Any]] = [each for each in sandbox.vehicles if word in each["case"]]
    assert found
    for vehicle in found:
        assert len(vehicle["vin"]) == 17
        assert vehicle["lastReading"]["km"] > 0


@pytest.mark.requirement("R10")
def test_the_check_page_knows_the_number_on_the_document_and_no_other(
    sandbox: Sandbox, take_vehicle: Callable[[], Vehicle], tmp_path: Path
) -> None:
    vehicle = take_vehicle()
    pdf, _ = made(sandbox, vehicle)
    found = re.search(r"\b\d{4} \d{4} \d{4}\b", text_of(tmp_path, pdf))
    assert found is not None
    check = f"{sandbox.ready['public']}/check?number="
    known = public(sandbox, check + found[0].replace(" ", "+"))
    assert vehicle["vin"][-4:] in known
    assert vehicle["vin"] not in known
    digits = found[0].replace(" ", "")
    changed = digits[:5] + str((int(digits[5]) + 1) % 10) + digits[6:]
    assert vehicle["vin"][-4:] not in public(sandbox, check + changed)


@pytest.mark.requirement("W2", "W11")
def test_a_report_is_for_the_establishment_that_asked_for_it_not_for_its_sister(
    sandbox: Sandbox, take_vehicle: Callable[[], Vehicle]
) -> None:
    one, sister = (
        number
        for number, garage in enumerate(sandbox.garages)
        if [each["enterpriseOrganisation"] for each in sandbox.garages].count(garage["enterpriseOrganisation"]) == 2
    )
    vehicle = take_vehicle()
    with sandbox.client(one) as client, sandbox.client(sister) as other:
        body = observation(sandbox, vehicle, last_km(vehicle) + 400, one, observationType=REPORT)
        guid = client.post("/observation", json=body).json()["requestGuid"]
        assert wait_for_outcome(client, guid)["status"] == "PROCESSED"
        assert other.get(f"/observation/{guid}/status/vhr").status_code == 404
        fetched(client, guid)
