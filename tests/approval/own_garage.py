"""Drives `odopass garage` through its pages, as the tester of an approval run would by hand."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from tests.acceptance.running_garage import set_account, start_garage
from tests.acceptance.running_sandbox import Sandbox, wait_until

from odopass.wire.dates import parse_wire_date

_WARNINGS = {
    "late.warned": "date_in_past",
    "warnings.lower-warned": "local_001",
    "warnings.higher-warned": "local_209",
    "warnings.same-warned": "same_as_before",
    "warnings.future-warned": "date_in_future",
    "vin.short-warned": "vin_short",
}


class OwnGarage:
    """The application, and what its pages say; call it with a step.

    Args:
        folder: of its data.
        sandbox: that it reports to, as the first garage.
    """

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        set_account(folder, sandbox)
        self.folder, self.account = folder, sandbox.garages[0]
        self.readings: dict[str, str] = {}  # page of the newest reading by VIN
        self.warned: set[str] = set()
        self.refused = False
        self._start()

    def _start(self) -> None:
        self.process: subprocess.Popen[bytes]
        self.process, address = start_garage(self.folder)
        headers = {"origin": address.rstrip("/"), "accept-language": "en"}
        self.browser = httpx.Client(base_url=address, headers=headers, timeout=30, follow_redirects=True)

    def close(self) -> None:
        self.browser.close()
        self.process.terminate()
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()

    def __call__(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return getattr(self, "do_" + step["step"])(dict(step)) or {}

    def do_enter(self, step: dict[str, Any]) -> None:
        order = "" if step["name"] not in {"ordinary.enter", "exclusion.enter"} else step["name"]
        if order:
            self.open_order(order, step, "till_sale" if step["exclude"] else "service")
        self.save("readings/new", step, {"order": order} if order else {})

    def open_order(self, number: str, step: Mapping[str, Any], operation: str) -> None:
        if operation == "till_sale":
            self.browser.post("exclusions", data={"rule": [f"operation:{operation}"]}).raise_for_status()
        fields = {"number": number, "vin": step["vin"], "operation": operation, "category": "car"}
        self.browser.post("orders/new", data=fields).raise_for_status()

    def save(self, page: str, step: Mapping[str, Any], more: Mapping[str, str]) -> None:
        """Fill the form in and save it; its warnings are confirmed if the step says so."""
        fields = {
            "vin": step["vin"],
            "reading_date": parse_wire_date(step["date"]).isoformat(),
            "km": step.get("typed", str(step["km"])),
            "type": "REPAIR_MAINTENANCE_SERVICE",
            "read_by": "Bench 1",
            **more,
        }
        answer = self.browser.post(page, data=fields)
        stamps = re.findall(r'name="confirmed" value="([^"]+)"', answer.text)
        self.warned = {stamp.partition(":")[0] for stamp in stamps}
        self.refused = answer.status_code == 422 and not stamps
        if stamps and step.get("confirm", True):
            answer = self.browser.post(page, data=fields | {"confirmed": stamps})
            assert answer.status_code == 200, answer.text
        found = re.search(r"/readings/\d+$", answer.url.path)
        if found and page == "readings/new" and answer.status_code == 200:
            self.readings[step["vin"]] = found[0].lstrip("/")

    def do_close(self, step: dict[str, Any]) -> None:
        self.browser.post("orders/ordinary.enter/close", data={"as_soon_as_sent": "yes"}).raise_for_status()

    def do_invoice(self, step: dict[str, Any]) -> None:
        """The application makes no invoices; its order is closed, and looked at once more."""
        self.browser.get("orders/ordinary.enter").raise_for_status()

    def do_restart(self, step: dict[str, Any]) -> None:
        self.browser.close()
        self.process.kill()
        self.process.wait()
        self._start()

    def do_correct(self, step: dict[str, Any]) -> None:
        self.save(f"{self.readings[step['vin']]}/correct", step, {})

    def do_confirm(self, step: dict[str, Any]) -> None:
        self.browser.post(f"{self.readings[step['vin']]}/confirm").raise_for_status()

    def do_history(self, step: dict[str, Any]) -> Mapping[str, Any]:
        """After the ordinary reading for a vehicle for sale, which is entered first."""
        if not step["again"]:
            self.save("readings/new", step, {"for_sale": "yes"})
            # It is offered once the reading has been sent.
            wait_until(lambda: "Ask for the vehicle history" in self.page(self.readings[step["vin"]]))
        self.browser.post(f"{self.readings[step['vin']]}/vehicle-history").raise_for_status()
        return {}

    def do_wait(self, step: dict[str, Any]) -> None:
        """It sends and asks by itself."""

    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        name = step["name"]
        if name in _WARNINGS:
            return _yes(_WARNINGS[name] in self.warned)
        if name.endswith("-refused"):
            return _yes(self.refused)
        return getattr(self, "asked_" + name.replace(".", "_").replace("-", "_"))(step)

    def asked_outage_warned(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        page = self.page("")
        return _yes("bar warn" in page or "bar bad" in page)

    def asked_correction_shown(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        page = self.page("problems")
        told = [description["nl"] for description in step["descriptions"]]
        shown = [code for code in step["codes"] if code in page]
        dutch = html.unescape(self.browser.get("problems", headers={"accept-language": "nl"}).text)
        return _yes(step["requestGuid"] in page and all(each in dutch for each in told)) | {"shown": shown}

    def asked_correction_overview(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return _yes("Correct it" in self.page("problems"))

    def asked_correction_followed(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return _yes(f"{step['km']:,}" in self.page(self.readings[step["vin"]]))

    def asked_exclusion_possible(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return _yes("Nothing is reported for this order" in self.page("orders/exclusion.enter"))

    def asked_account_shown(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        page = html.unescape(self.browser.post("account/password").text)
        fields = ("username", "enterpriseOrganisation", "password")
        return _yes(all(self.account[each] in page for each in fields) and 'id="email"' in page)

    def asked_account_changed(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return _yes("change it on the registry's website too" in self.page("account"))

    def asked_history_offered(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return _yes("Vehicle history" in self.page(""))

    def asked_history_shown(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        [document] = set(re.findall(r'href="/(vehicle-history/\d+/report\.pdf)"', self.page(self.history())))
        return _yes(self.browser.get(document).content.startswith(b"%PDF"))

    def history(self) -> str:
        found: list[str] = re.findall(r'href="/(vehicle-history/\d+)"', self.page("vehicle-history"))
        return found[0]

    def page(self, path: str) -> str:
        return html.unescape(self.browser.get(path).raise_for_status().text)


def _yes(said: object) -> dict[str, Any]:
    return {"answer": "yes" if said else "no"}
