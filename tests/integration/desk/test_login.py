from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pyotp
import pytest
from tests.integration.desk.conftest import PASSWORD, Browser, add_employee, browsing
from tests.registry.running import Registry, running_registry

from odopass.registry.employees import throttle

pytestmark = pytest.mark.requirement("R7")

NEW = "veertig zeilen op zee"


async def test_an_employee_logs_in_and_out(registry: Registry, browser: Browser) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    shown = await browser.get("/desk/?garage=x")
    assert "Log in" in shown.text
    assert shown.url.params["goes_to"] == "/desk/?garage=x"
    entered = await browser.post(
        "/desk/login", {"username": " Anna ", "password": PASSWORD, "goes_to": "/desk/?garage=x"}
    )
    assert entered.status_code == 200
    assert str(entered.url).endswith("/desk/?garage=x")
    assert "Anna" in entered.text
    left = await browser.send("/desk/myself", "/desk/logout")
    assert "logged out" in left.text
    assert "Log in" in (await browser.get("/desk/")).text
    assert await registry.count("employee_session") == 0


async def test_the_cookie_is_out_of_reach_of_scripts_and_only_a_digest_of_it_is_stored(
    registry: Registry, browser: Browser
) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    answer = (await browser.log_in("anna")).history[0]
    cookie = answer.headers["set-cookie"].lower()
    for flag in ("httponly", "samesite=lax", "secure", "path=/desk"):
        assert flag in cookie
    token = browser.http.cookies["desk-session"]
    stored = await registry.pool.fetchval("select token from employee_session")
    assert token.encode() not in stored
    assert len(stored) == 32


@pytest.mark.parametrize(("username", "password"), [("anna", "wrong wrong wrong"), ("nobody", PASSWORD), ("anna", "")])
async def test_what_is_wrong_is_not_told(registry: Registry, browser: Browser, username: str, password: str) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    answer = await browser.log_in(username, password)
    assert answer.status_code == 403
    assert "User name, password or code is wrong, or the account is locked." in answer.text
    assert await registry.count("employee_session") == 0


async def test_guessing_is_slowed_down_and_only_where_it_comes_from(registry: Registry, browser: Browser) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    for _ in range(throttle.FREE):
        assert (await browser.log_in("anna", "wrong wrong wrong")).status_code == 403
    # Not even the right password is looked at now, and the wait is told.
    waits = await browser.log_in("anna")
    assert waits.status_code == 429
    assert int(waits.headers["retry-after"]) == throttle.FIRST_WAIT.total_seconds() + 1
    async with browsing(registry, client="198.51.100.4") as elsewhere:
        assert (await elsewhere.log_in("anna")).status_code == 200
    registry.clock.moment += throttle.FIRST_WAIT + timedelta(seconds=1)
    assert (await browser.log_in("anna")).status_code == 200


async def test_many_guesses_at_the_same_moment_are_no_way_round(registry: Registry, browser: Browser) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    answers = await asyncio.gather(*(browser.log_in("anna", f"wrong wrong {n}") for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [403] * throttle.FREE + [429] * (12 - throttle.FREE)


async def test_a_stranger_with_many_networks_does_not_keep_an_employee_out(
    registry: Registry, browser: Browser
) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    assert (await browser.log_in("anna")).status_code == 200
    async with browsing(registry, client="203.0.113.1") as first:
        await first.log_in("anna", "wrong wrong wrong")
    await registry.pool.execute("update login_try set wrong = 10000 where network = '*'")
    async with browsing(registry, client="203.0.113.2") as stranger:
        assert (await stranger.log_in("anna", "wrong wrong wrong")).status_code == 429
    assert (await browser.log_in("anna")).status_code == 200


async def test_sessions_end_when_nobody_clicks_and_after_a_working_day_in_any_case(
    registry: Registry, reviewer: Browser
) -> None:
    for _ in range(3):
        registry.clock.moment += timedelta(minutes=29)
        assert "Waits for review" in (await reviewer.get("/desk/")).text
    registry.clock.moment += timedelta(minutes=31)
    assert "Log in" in (await reviewer.get("/desk/")).text
    await reviewer.log_in("anna")
    for _ in range(21):
        registry.clock.moment += timedelta(minutes=29)
        shown = await reviewer.get("/desk/")
    assert "Log in" in shown.text


async def test_a_locked_employee_is_out_at_once(registry: Registry, reviewer: Browser) -> None:
    await registry.pool.execute("update employee set state = 'locked'")
    assert "Log in" in (await reviewer.get("/desk/")).text
    assert (await reviewer.log_in("anna")).status_code == 403


async def test_a_form_that_another_site_sends_changes_nothing(registry: Registry, reviewer: Browser) -> None:
    fields = reviewer.hidden(await reviewer.get("/desk/myself"), "/desk/logout")
    for headers in ({"Origin": "https://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = await reviewer.http.post("/desk/logout", data=fields, headers=headers)
        assert answer.status_code == 403
    # From the right place, but without the session's own token.
    answer = await reviewer.post("/desk/logout", fields | {"csrf": "guessed"})
    assert "look at it and send it once more" in answer.text
    assert await registry.count("employee_session") == 1


async def test_the_desk_answers_under_its_own_name_only(registry: Registry) -> None:
    transport = httpx.ASGITransport(registry.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://rebound.test") as http:
        assert (await http.get("/desk/login")).status_code == 421


async def test_a_registry_without_a_desk_has_none(database_url: str) -> None:
    async with running_registry(database_url, desk=False) as registry:
        assert (await registry.http.get("/desk/")).status_code == 404
        assert (await registry.http.get("/health")).status_code == 200


async def test_the_desk_is_no_part_of_the_api(registry: Registry, browser: Browser) -> None:
    assert (await browser.get("/desk")).url.path == "/desk/login"
    document = (await registry.http.get("/api/openapi.json")).text
    assert "/desk" not in document
    assert (await browser.get("/api/desk/")).status_code == 404


async def test_every_answer_has_the_headers_that_keep_browsers_safe(browser: Browser) -> None:
    for path in ("/desk/login", "/desk/nothing", "/desk/static/desk.css"):
        headers = (await browser.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "strict-transport-security" in headers
        assert headers["cache-control"] == ("max-age=3600" if "static" in path else "no-store")


@pytest.mark.parametrize("goes_to", ["https://evil.test/", "//evil.test", "/\\evil.test", "/desk@evil.test", "desk"])
async def test_a_login_leads_to_the_desk_and_nowhere_else(registry: Registry, browser: Browser, goes_to: str) -> None:
    await add_employee(registry.pool, "anna", "reviewer")
    answer = await browser.post("/desk/login", {"username": "anna", "password": PASSWORD, "goes_to": goes_to})
    assert answer.url.host == "registry.test"
    assert answer.history[0].headers["location"].startswith("/desk/")


async def test_a_page_for_another_role_says_whom_it_is_for(reviewer: Browser) -> None:
    answer = await reviewer.get("/desk/staff")
    assert answer.status_code == 403
    assert "Administrator" in answer.text


async def test_an_employee_changes_the_password_and_is_logged_out_everywhere_else(
    registry: Registry, reviewer: Browser
) -> None:
    async with browsing(registry) as other:
        await other.log_in("anna")
        wrong = await reviewer.send("/desk/myself", "/desk/myself/password", old="x", new=NEW, again=NEW)
        assert "The present password is wrong." in wrong.text
        for weak in ("short", "wachtwoord1234", "aaaaaaaaaaaaaaaa", "123456789012345"):
            answer = await reviewer.send("/desk/myself", "/desk/myself/password", old=PASSWORD, new=weak, again=weak)
            assert answer.status_code == 422
        done = await reviewer.send("/desk/myself", "/desk/myself/password", old=PASSWORD, new=NEW, again=NEW)
        assert "Your new password is stored." in done.text
        assert "Log in" in (await other.get("/desk/")).text
    assert (await reviewer.log_in("anna")).status_code == 403
    assert (await reviewer.log_in("anna", NEW)).status_code == 200


async def test_a_second_factor_is_asked_for_and_each_code_works_once(registry: Registry, reviewer: Browser) -> None:
    page = await reviewer.get("/desk/myself/factor")
    assert "<svg" in page.text
    fields = reviewer.hidden(page, "/desk/myself/factor")
    totp = pyotp.TOTP(fields["secret"])

    def code() -> str:
        return totp.at(registry.clock.moment)

    refused = await reviewer.post("/desk/myself/factor", fields | {"code": "000000"})
    assert "not the code of this moment" in refused.text
    shown = await reviewer.post("/desk/myself/factor", fields | {"code": code()})
    recovery = shown.text.partition('class="recovery"')[2].partition("</ul>")[0]
    first = recovery.partition("<li>")[2].partition("</li>")[0]
    assert recovery.count("<li>") == 10
    async with browsing(registry) as other:
        assert "needs a code as well" in (await other.log_in("anna")).text
        # The code of the enrolment was used; the next one works, once.
        assert (await other.log_in("anna", code=code())).status_code == 403
        registry.clock.moment += timedelta(seconds=30)
        assert (await other.log_in("anna", code=code())).status_code == 200
        assert (await other.log_in("anna", code=code())).status_code == 403
        assert (await other.log_in("anna", code=first)).status_code == 200
        assert (await other.log_in("anna", code=first.upper())).status_code == 403
    assert "9 recovery codes are left" in (await reviewer.get("/desk/myself")).text
    off = await reviewer.send("/desk/myself", "/desk/myself/factor/remove", old=PASSWORD)
    assert "The second factor is off." in off.text
    assert (await reviewer.log_in("anna")).status_code == 200


async def test_what_was_typed_when_the_session_ended_comes_back_after_the_login(
    registry: Registry, reviewer: Browser, case: UUID
) -> None:
    page = f"/desk/cases/{case}"
    shown = await reviewer.get(page)
    fields = reviewer.hidden(shown, f"{page}/decide") | {
        "kind": "reject",
        "reason": "unbelievable",
        "words": 'The garage sent "no" photo & <nothing> else.',
    }
    registry.clock.moment += timedelta(hours=1)
    ended = await reviewer.post(f"{page}/decide", fields)
    assert ended.status_code == 401
    assert "what you typed is not lost" in ended.text
    login = reviewer.hidden(ended, "/desk/login")
    assert PASSWORD not in str(login)
    # A wrong password in between loses nothing either.
    again = await reviewer.post("/desk/login", login | {"username": "anna", "password": "wrong"})
    assert again.status_code == 403
    back = await reviewer.post(
        "/desk/login", reviewer.hidden(again, "/desk/login") | {"username": "anna", "password": PASSWORD}
    )
    assert back.url.path == page
    assert "The garage sent &#34;no&#34; photo &amp; &lt;nothing&gt; else." in back.text
    assert 'value="reject" data-key="r" checked' in back.text
    assert 'value="unbelievable" selected' in back.text
    sent = await reviewer.post(
        f"{page}/decide", reviewer.hidden(back, f"{page}/decide") | {k: fields[k] for k in ("kind", "reason", "words")}
    )
    assert "Rejected: the garage is told." in sent.text
    assert await registry.count("kept_form") == 0


@pytest.mark.parametrize(
    ("page", "action", "fields"),
    [
        ("/desk/staff", "/desk/staff", {"name": "Bert B", "username": "bert"}),
        ("/desk/accounts", "/desk/accounts", {"name": "Garage B", "establishment": "2123456", "enterprise": "041"}),
    ],
)
async def test_other_forms_come_back_after_the_login_too(
    registry: Registry, browser: Browser, page: str, action: str, fields: dict[str, str]
) -> None:
    await add_employee(registry.pool, "chef", "administrator")
    await browser.log_in("chef")
    form = browser.hidden(await browser.get(page), action) | fields
    registry.clock.moment += timedelta(hours=1)
    ended = await browser.post(action, form)
    back = await browser.post(
        "/desk/login", browser.hidden(ended, "/desk/login") | {"username": "chef", "password": PASSWORD}
    )
    assert back.url.path == page
    for text in fields.values():
        assert f'value="{text}"' in back.text


async def test_administrators_make_employees_and_cannot_lock_themselves_out(
    registry: Registry, browser: Browser
) -> None:
    await add_employee(registry.pool, "chef", "administrator")
    await browser.log_in("chef")
    bad = await browser.send("/desk/staff", "/desk/staff", username="Böse", name="B", **{"role-reviewer": "yes"})
    assert bad.status_code == 422
    added = await browser.send("/desk/staff", "/desk/staff", username="Bert", name="Bert B", **{"role-reviewer": "yes"})
    password = added.text.partition('class="guid fs-4">')[2].partition("<")[0]
    async with browsing(registry) as other:
        assert "Waits for review" in (await other.log_in("bert", password)).text
        locked = await browser.send("/desk/staff", "/desk/staff/bert", **{"role-reviewer": "yes", "locked": "yes"})
        assert "changed" in locked.text
        assert "Log in" in (await other.get("/desk/")).text
    himself = await browser.send("/desk/staff", "/desk/staff/chef", locked="yes")
    assert "You cannot lock yourself out." in himself.text
    assert [row["what"] for row in await registry.pool.fetch("select what from administration_log order by id")] == [
        "employee added",
        "employee changed: reviewer, locked",
    ]


async def test_a_database_that_is_away_is_told_and_what_was_typed_stays_in_the_browser(
    registry: Registry, reviewer: Browser
) -> None:
    await registry.pool.close()
    answer = await reviewer.get("/desk/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "database does not answer" in answer.text
