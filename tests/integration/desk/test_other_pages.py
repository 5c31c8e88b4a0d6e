from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from datetime import timedelta
from email.message import Message as Mail
from typing import cast
from uuid import UUID

import pytest
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.integration.desk.conftest import VIN, Browser, add_employee, browsing
from tests.registry.population import Garage, add_plate, basic
from tests.registry.running import TODAY, Dms, Registry

from odopass.registry.desk.mail import MailFailed, can_be_address, send_mail
from odopass.registry.desk.setup import MailSetup
from odopass.registry.desk.tables import guarded
from odopass.registry.review.quality import by_software, count_days, of_garage, stopped
from odopass.wire.kbo import enterprise_number, establishment_number

pytestmark = pytest.mark.requirement("R7")

WORDS = "Letter 2026/114"


@pytest.fixture
async def chef(registry: Registry, browser: Browser) -> Browser:
    """The browser of an administrator who audits as well."""
    await add_employee(registry.pool, "chef", "administrator", "auditor")
    await browser.log_in("chef")
    return browser


@pytest.mark.parametrize("text", [VIN, VIN.lower(), "1-ABC-234", "1abc 234"])
async def test_a_vehicle_is_found_by_vin_or_plate_and_its_history_shown_once_the_reason_is_told(
    registry: Registry, reviewer: Browser, car: int, text: str
) -> None:
    await add_plate(registry.pool, "1ABC234", car)
    found = await reviewer.get(f"/desk/look-up?text={text}")
    assert f'href="/desk/vehicles/{car}"' in found.text
    asked = await reviewer.get(f"/desk/vehicles/{car}")
    assert "Why do you look at the history" in asked.text
    assert "80,000" not in asked.text
    page = f"/desk/vehicles/{car}"
    assert (await reviewer.send(page, page, reason="", words="")).status_code == 422
    assert (await reviewer.send(page, page, reason="other", words="")).status_code == 422
    assert await registry.count("history_access") == 0
    shown = await reviewer.send(page, page, reason="police", words=WORDS)
    assert "80,000" in shown.text
    row = await registry.pool.fetchrow("select h.reason, e.username from history_access h, employee e")
    assert tuple(row) == (f"police: {WORDS}", "anna")
    # The reason holds for an hour, and for nobody else.
    assert "80,000" in (await reviewer.get(page)).text
    registry.clock.moment += timedelta(minutes=61)
    await reviewer.log_in("anna")
    assert "80,000" not in (await reviewer.get(page)).text


async def test_requests_garages_and_nothing_are_found_too(reviewer: Browser, case: UUID, garage: Garage) -> None:
    assert (await reviewer.get(f"/desk/look-up?text={case}")).url.path == f"/desk/cases/{case}"
    assert garage.establishment in (await reviewer.get("/desk/look-up?text=garage+1")).text
    for nothing in ("XYZ", "00000000-0000-0000-0000-000000000000", "%00'\"<"):
        answer = await reviewer.get(f"/desk/look-up?text={nothing}")
        assert answer.status_code == 200
        assert "alert" in answer.text


@pytest.mark.requirement("R1")
async def test_a_reading_is_corrected_and_withdrawn_at_the_desk(
    registry: Registry, reviewer: Browser, dms: Dms, car: int
) -> None:
    await dms.submitted(vin=VIN, km=100_000)
    page = f"/desk/vehicles/{car}"
    shown = await reviewer.send(page, page, reason="garage_asks")
    arrival = await registry.pool.fetchval("select arrival from reading where km = 100000")
    address = f"{page}/readings/{TODAY}/{arrival}"
    assert f'href="{address}"' in shown.text
    form = await reviewer.get(address)
    hidden = {"csrf": form.text.partition('name="csrf" value="')[2].partition('"')[0], "page": address}
    why = {"reason": "garage_asked", "words": WORDS}
    for wrong in (
        {"kind": "correct", "km": "96.000", "day": f"{TODAY}"},
        {"kind": "correct", "km": "96000", "day": "2026-02-30"},
        {"kind": "correct", "km": "96000", "day": f"{TODAY + timedelta(days=1)}"},
        {"kind": "correct", "km": "100000", "day": f"{TODAY}"},
        {"kind": "correct", "km": "96000", "day": f"{TODAY}", "words": ""},
        {"kind": "withdraw", "reason": "photo_proves"},
    ):
        assert (await reviewer.post(address, hidden | why | wrong)).status_code == 422
    done = await reviewer.post(address, hidden | why | {"kind": "correct", "km": "96 000", "day": f"{TODAY}"})
    assert "Corrected. The old value is kept." in done.text
    assert "<s>100,000\xa0km</s>" in done.text
    assert await registry.readings(car) == [(TODAY, 96_000)]
    late = await reviewer.post(address, hidden | why | {"kind": "withdraw"})
    assert late.status_code == 409
    arrival = await registry.pool.fetchval("select arrival from reading where km = 96000")
    address = f"{page}/readings/{TODAY}/{arrival}"
    assert "Withdrawn." in (await reviewer.post(address, hidden | why | {"kind": "withdraw"})).text
    assert await registry.readings(car) == []


@pytest.mark.requirement("R8")
async def test_a_garage_is_added_gets_a_letter_and_chooses_its_password(registry: Registry, chef: Browser) -> None:
    number, enterprise = establishment_number(21234567), enterprise_number(4174971)
    wrong = await chef.send("/desk/accounts", "/desk/accounts", name="X", establishment="123", enterprise=enterprise)
    assert wrong.status_code == 422
    page = await chef.send(
        "/desk/accounts", "/desk/accounts", name="Garage Peeters", establishment=number, enterprise=enterprise
    )
    assert "Not activated yet" in page.text
    again = await chef.send(
        "/desk/accounts", "/desk/accounts", name="Garage Peeters", establishment=number, enterprise=enterprise
    )
    assert again.status_code == 409
    codes = []
    for _ in range(2):
        letter = await chef.send(f"/desk/accounts/{number}", f"/desk/accounts/{number}/letter")
        codes.append(letter.text.partition('col-8 guid">')[2].partition("<")[0])
    assert "https://registry.test/desk/activate" in letter.text
    async with browsing(registry) as garage:

        async def activate(code: str, new: str = "een moeilijk wachtwoord", again: str = "") -> int:
            fields = {"establishment": number, "code": code, "new": new, "again": again or new}
            return (await garage.post("/desk/activate", fields)).status_code

        assert await activate(codes[0]) == 403  # replaced by the second
        assert await activate(codes[1], "kort") == 422
        assert await activate(codes[1], again="something else") == 422
        assert await activate(codes[1].upper().replace("-", " ")) == 200
        assert await activate(codes[1]) == 403  # it works once
    authorization = basic(number, "een moeilijk wachtwoord")
    guid = "00000000-0000-0000-0000-000000000000"
    answer = await registry.http.get(f"/api/observation/{guid}/status", headers={"Authorization": authorization})
    assert answer.status_code == 404
    assert await registry.pool.fetchval("select count(*) from administration_log") == 3


@pytest.mark.requirement("R8")
async def test_a_code_is_too_old_after_thirty_days(registry: Registry, chef: Browser, garage: Garage) -> None:
    page = f"/desk/accounts/{garage.establishment}"
    letter = await chef.send(page, f"{page}/letter")
    code = letter.text.partition('col-8 guid">')[2].partition("<")[0]
    registry.clock.moment += timedelta(days=30)
    fields = {"establishment": garage.establishment, "code": code, "new": "een moeilijk wachtwoord"}
    answer = await chef.post("/desk/activate", fields | {"again": fields["new"]})
    assert answer.status_code == 403


@pytest.mark.requirement("R8")
async def test_a_garage_is_renamed_locked_and_let_in_again(registry: Registry, chef: Browser, garage: Garage) -> None:
    page = f"/desk/accounts/{garage.establishment}"
    assert "The new name is stored." in (await chef.send(page, f"{page}/rename", name="Garage <b>É</b>")).text
    assert "Garage &lt;b&gt;É&lt;/b&gt;" in (await chef.get(page)).text
    assert (await chef.send(page, f"{page}/rename", name="  ")).status_code == 422
    assert "Locked." in (await chef.send(page, f"{page}/lock")).text
    assert await registry.pool.fetchval("select state from account") == "locked"
    assert "It can log in again." in (await chef.send(page, f"{page}/lock")).text
    log = await registry.pool.fetch("select what, about from administration_log order by id")
    assert [tuple(row) for row in log] == [
        (f"garage {what}", garage.establishment) for what in ("renamed", "locked", "unlocked")
    ]
    assert "garage renamed" in (await chef.get("/desk/log?which=accounts")).text


class Box(Message):
    """A mail server's box."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []

    def handle_message(self, message: Mail) -> None:
        self.mails.append(message)


@pytest.mark.requirement("R8")
async def test_a_code_goes_by_mail_through_a_real_server_and_a_server_that_is_away_changes_nothing(
    registry: Registry, chef: Browser, garage: Garage
) -> None:
    box = Box()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        set_mail(registry, MailSetup("127.0.0.1", port, "none", "registry@registry.test"))
        page = f"/desk/accounts/{garage.establishment}"
        assert (await chef.send(page, f"{page}/mail", address="nobody")).status_code == 422
        sent = await chef.send(page, f"{page}/mail", address="garage@example.test")
        assert "The code is on its way by mail." in sent.text
        (message,) = box.mails
        assert message["To"] == "garage@example.test"
        text = message.get_payload(decode=True).decode()
        assert garage.establishment in text
        code = text.partition("Code: ")[2].split()[0]
    failed = await chef.send(page, f"{page}/mail", address="garage@example.test")
    assert failed.status_code == 502
    assert "Nothing was changed." in failed.text
    fields = {"establishment": garage.establishment, "code": code, "new": "een moeilijk wachtwoord"}
    assert (await chef.post("/desk/activate", fields | {"again": fields["new"]})).status_code == 200


def set_mail(registry: Registry, setup: MailSetup) -> None:
    """Let the running desk send its mail through this server."""
    (mounted,) = [route for route in registry.app.routes if isinstance(route, Mount) and route.path == "/desk"]
    state = cast("Starlette", mounted.app).state
    state.office = replace(state.office, setup=replace(state.office.setup, mail=setup))


async def test_a_mail_cannot_be_turned_into_several() -> None:
    for address in ("a@b.test\nBcc: c@d.test", "a@b.test,c@d.test", "<a@b.test>", "a b@c.test", "@b.test", "a@b"):
        assert not can_be_address(address)
    with pytest.raises(MailFailed):
        await send_mail(
            MailSetup("127.0.0.1", 1, "none", "r@registry.test"), to="a@b.test", subject="x", text="x", language="nl"
        )


async def test_the_figures_of_garages_and_software_are_those_of_what_they_sent(
    registry: Registry, dms: Dms, garage: Garage, case: UUID
) -> None:
    assert case
    registry.clock.put(TODAY + timedelta(days=1))
    await dms.post(
        "/api/observation", dms.body(vin=VIN, km=96_000), softwareBuilder="Bo", softwareName="Dms", softwareVersion="1"
    )
    await dms.submitted(vin=VIN, km=96_001)  # the same garage and day: refused
    now = registry.clock.now()
    assert await count_days(registry.pool, now) > 0
    figures = await of_garage(registry.pool, garage.account_id, now)
    assert (figures.submissions, figures.asked, figures.error) == (3, 1, 1)
    assert len(await by_software(registry.pool, now, most=10)) >= 1
    # Counted once, and not again so soon.
    while await count_days(registry.pool, now):
        pass
    assert await registry.pool.fetchval("select count(*) from counted_day") == 91


async def test_a_garage_that_sent_regularly_and_fell_silent_is_named(registry: Registry, garage: Garage) -> None:
    for back in range(30, 40):
        await registry.pool.execute(
            "insert into garage_day values ($1, $2, 0, 5, 5, 0, 0, 0, 0, 0, $3)",
            TODAY - timedelta(days=back),
            garage.account_id,
            registry.clock.now() - timedelta(days=back),
        )
    (found,) = await stopped(registry.pool, registry.clock.now(), most=5)
    assert found["id"] == garage.account_id
    assert (found["days"], found["submissions"]) == (10, 50)


async def test_the_dashboard_shows_what_is_open_and_gives_tables_to_take_along(
    registry: Registry, reviewer: Browser, dms: Dms, case: UUID, garage: Garage
) -> None:
    assert case
    await registry.pool.execute("update account set name = '=cmd|calc' where id = $1", garage.account_id)
    page = await reviewer.get("/desk/dashboard")
    assert page.status_code == 200
    assert 'class="tile mb-0">1<' in page.text
    assert 'class="bar-REVIEWING"' in page.text
    for table in ("days", "garages", "software", "silent"):
        answer = await reviewer.get(f"/desk/dashboard/{table}.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) >= (2 if table != "silent" else 1)
    garages = (await reviewer.get("/desk/dashboard/garages.csv")).text
    assert "'=cmd|calc" in garages
    assert (await reviewer.get("/desk/dashboard/other.csv")).status_code == 404
    assert dms


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", " =1", "\r\n=1", "|x", "%x"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"


async def test_auditors_read_who_decided_and_who_looked(
    registry: Registry, reviewer: Browser, case: UUID, car: int
) -> None:
    page = f"/desk/cases/{case}"
    await reviewer.send(page, f"{page}/decide", kind="reject", reason="fraud", words="Twice in a week.")
    await add_employee(registry.pool, "otto", "auditor")
    async with browsing(registry) as otto:
        await otto.log_in("otto")
        decisions = await otto.get("/desk/log")
        assert "Twice in a week." in decisions.text
        looks = await otto.get("/desk/log?which=looks")
        assert VIN in looks.text
        export = await otto.get("/desk/log/decisions.csv")
        (_, row) = csv.reader(io.StringIO(export.content.decode("utf-8-sig")))
        assert row[1:5] == ["anna", "Anna", "reject", str(case)]
    assert (await reviewer.get("/desk/log")).status_code == 403
    assert car


@pytest.mark.parametrize(
    "path",
    [
        "vehicles/99999999999999999999999999",
        "vehicles/1/readings/2026-02-30/1",
        "vehicles/1/readings/2026-02-03/99999999999999999999999",
        "accounts/%00",
        "accounts/..%2f..%2fetc",
        "cases/%00",
        "log/other.csv",
        "dashboard/%00.csv",
    ],
)
async def test_addresses_that_lead_nowhere_are_told(registry: Registry, browser: Browser, path: str) -> None:
    await add_employee(registry.pool, "anna", "reviewer", "administrator", "auditor")
    await browser.log_in("anna")
    answer = await browser.get(f"/desk/{path}")
    assert answer.status_code == 404
    assert "<h1>" in answer.text


@pytest.mark.parametrize("query", ["number=-1", "number=99999999", "days=99999", "days=-1", "text=%00%ff", "issue='"])
async def test_filters_that_make_no_sense_do_no_harm(reviewer: Browser, query: str) -> None:
    assert (await reviewer.get(f"/desk/?{query}")).status_code == 200
