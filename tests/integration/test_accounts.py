"""Logging in, against real accounts in a real database; time is the test's own."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
import unicodedata
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from odopass.registry.accounts import accounts
from odopass.registry.accounts.accounts import AccountExists, AccountState, BadAccount, NoSuchAccount
from odopass.registry.accounts.credentials import Authenticator
from odopass.registry.accounts.passwords import WeakPassword, matches
from odopass.registry.accounts.secret import Secret
from odopass.registry.accounts.verdicts import Garage, Locked, Refused, TooManyAttempts
from odopass.wire.basic_auth import Credentials, basic_header
from odopass.wire.kbo import enterprise_number, establishment_number

ESTABLISHMENT = establishment_number(21234567)
SISTER = establishment_number(21234568)
ENTERPRISE = enterprise_number(4174971)
PASSWORD = "abcd-efgh-jkmn-pqrs"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


class OwnTime:
    """Monotonic seconds that pass only when the test says so; what would have slept is noted."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Door:
    """An authenticator with its own time and figures."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.time = OwnTime()
        self.metrics = CollectorRegistry()
        self.authenticator = Authenticator(
            pool, metrics=self.metrics, threads=1, clock=self.time, sleep=self.time.sleep
        )

    async def knock(
        self, password: str, address: str = HERE, username: str = ESTABLISHMENT
    ) -> Garage | Refused | Locked | TooManyAttempts:
        return await self.authenticator.authenticate(header(password, username), address)

    @property
    def comparisons(self) -> int:
        return int(self.metrics.get_sample_value("odopass_password_comparison_seconds_count") or 0)

    def answers(self, answer: str) -> int:
        return int(self.metrics.get_sample_value("odopass_logins_total", {"answer": answer}) or 0)


def header(password: str, username: str = ESTABLISHMENT) -> bytes:
    return basic_header(Credentials(username, password)).encode()


@pytest_asyncio.fixture
async def garage(pool: asyncpg.Pool) -> Garage:
    async with pool.acquire() as connection:
        added = await accounts.add(
            connection,
            establishment=ESTABLISHMENT,
            enterprise=ENTERPRISE,
            name="Garage Peeters",
            password=Secret(PASSWORD),
        )
    return Garage(added.id, ESTABLISHMENT, ESTABLISHMENT, ENTERPRISE, "Garage Peeters")


@pytest_asyncio.fixture
async def door(pool: asyncpg.Pool) -> AsyncIterator[Door]:
    door = Door(pool)
    yield door
    await door.authenticator.aclose()


@pytest.mark.requirement("W2")
async def test_right_credentials_say_which_garage_it_is(door: Door, garage: Garage) -> None:
    assert await door.knock(PASSWORD) == garage


@pytest.mark.requirement("W2")
async def test_whatever_is_wrong_gets_the_same_answer(door: Door, garage: Garage) -> None:
    wrong = [
        None,
        b"",
        b"Basic",
        b"Basic !!!!",
        b"Bearer abcdef",
        b"Basic " + base64.b64encode(b"no colon"),
        b"Basic " + base64.b64encode(b":"),
        b"Basic " + base64.b64encode(b"\x00:\x00"),
        header("wrong-password-1"),
        header(""),
        header(PASSWORD.upper()),
        header(PASSWORD + " "),
        header(PASSWORD, username=SISTER),
        header(PASSWORD, username="nobody"),
        header(PASSWORD, username="Ünknown"),
        header("x" * 5_000),
    ]
    answers = [await door.authenticator.authenticate(value, HERE) for value in wrong]
    assert answers == [Refused()] * len(wrong)
    assert await door.knock(PASSWORD) == garage


@pytest.mark.requirement("W2")
@pytest.mark.parametrize("password", ["with:colons:in:it:", "Zürich–Łódź–Αθήνα", "sleutel 🔑 en wiel"])
async def test_passwords_with_colons_and_any_letters_work(
    door: Door, garage: Garage, pool: asyncpg.Pool, password: str
) -> None:
    async with pool.acquire() as connection:
        await accounts.reset_password(connection, ESTABLISHMENT, Secret(password))
    let_in = await door.knock(password)
    assert isinstance(let_in, Garage)
    assert let_in.account_id == garage.account_id


@pytest.mark.requirement("W2")
async def test_an_accent_may_come_composed_decomposed_or_in_latin_1(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    password = unicodedata.normalize("NFC", "été-à-Liège-2027")
    async with pool.acquire() as connection:
        await accounts.reset_password(connection, ESTABLISHMENT, Secret(password))
    latin = b"Basic " + base64.b64encode(f"{ESTABLISHMENT}:{password}".encode("latin-1"))
    for value in (header(password), header(unicodedata.normalize("NFD", password)), latin):
        assert await door.authenticator.authenticate(value, HERE) == garage


@pytest.mark.requirement("R8")
async def test_fifty_first_requests_at_once_cost_one_hash(door: Door, garage: Garage) -> None:
    answers = await asyncio.gather(*(door.knock(PASSWORD) for _ in range(50)))
    assert answers == [garage] * 50
    assert door.comparisons == 1


async def test_who_hangs_up_first_does_not_spoil_it_for_the_others(door: Door, garage: Garage) -> None:
    first, *others = [asyncio.create_task(door.knock(PASSWORD)) for _ in range(5)]
    while not door.authenticator._flights:  # noqa: ASYNC110 - one step of the loop, then it is there
        await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.gather(*others) == [garage] * 4
    assert first.cancelled()
    assert door.comparisons == 1


async def test_a_header_that_was_let_in_is_remembered_for_sixty_seconds(door: Door, garage: Garage) -> None:
    value = header(PASSWORD)
    assert door.authenticator.remembered(value) is None
    await door.authenticator.authenticate(value, HERE)
    door.time.seconds += 59.9
    assert door.authenticator.remembered(value) == garage
    assert door.authenticator.remembered(value + b" ") is None
    door.time.seconds += 0.1
    assert door.authenticator.remembered(value) is None


async def test_after_sixty_seconds_the_row_is_read_and_nothing_is_hashed(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    await door.knock(PASSWORD)
    await pool.execute("update account set name = 'Garage Peeters en zoon'")
    door.time.seconds += 61
    let_in = await door.knock(PASSWORD)
    assert isinstance(let_in, Garage)
    assert let_in.name == "Garage Peeters en zoon"
    assert let_in.account_id == garage.account_id
    assert door.comparisons == 1


async def test_the_next_day_the_password_is_compared_again(door: Door, garage: Garage) -> None:
    await door.knock(PASSWORD)
    door.time.seconds += 12 * 3600 + 1
    assert await door.knock(PASSWORD) == garage
    assert door.comparisons == 2


@pytest.mark.requirement("W2", "R8")
async def test_an_unknown_name_takes_the_same_path_as_a_wrong_password(door: Door, garage: Garage) -> None:
    assert await door.knock("wrong-password-1") == Refused()
    assert door.comparisons == 1
    assert await door.knock("wrong-password-1", username="nobody") == Refused()
    assert door.comparisons == 2
    # Told again, both are known to be wrong.
    assert await door.knock("wrong-password-1") == Refused()
    assert await door.knock("wrong-password-1", username="nobody") == Refused()
    assert door.comparisons == 2
    assert await door.knock(PASSWORD) == garage


@pytest.mark.requirement("R8")
async def test_the_same_wrong_password_again_and_again_costs_one_hash(door: Door, garage: Garage) -> None:
    for _ in range(100):
        assert await door.knock("wrong-password-1") == Refused()
    assert door.comparisons == 1
    assert await door.knock(PASSWORD) == garage


@pytest.mark.requirement("R8")
async def test_a_reset_works_at_once_and_the_old_password_at_most_sixty_seconds(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    new = "wxyz-2345-6789-abcd"
    assert await door.knock(new) == Refused()  # tried too early, and known to be wrong
    assert await door.knock(PASSWORD) == garage
    async with pool.acquire() as connection:
        await accounts.reset_password(connection, ESTABLISHMENT, Secret(new))
    assert await door.knock(new) == garage
    assert await door.knock(PASSWORD) == garage
    door.time.seconds += 60
    assert await door.knock(PASSWORD) == Refused()
    assert await door.knock(new) == garage


@pytest.mark.requirement("R8")
async def test_an_operator_s_lock_holds_within_sixty_seconds_and_only_who_has_the_password_learns_of_it(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    assert await door.knock(PASSWORD) == garage
    async with pool.acquire() as connection:
        await accounts.lock(connection, ESTABLISHMENT)
    door.time.seconds += 60
    assert await door.knock(PASSWORD) == Locked()
    assert await door.knock(PASSWORD) == Locked()
    assert await door.knock("wrong-password-1") == Refused()
    async with pool.acquire() as connection:
        await accounts.unlock(connection, ESTABLISHMENT)
    assert await door.knock(PASSWORD) == garage


async def test_an_account_without_a_password_lets_nobody_in(door: Door, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await accounts.add(
            connection, establishment=ESTABLISHMENT, enterprise=ENTERPRISE, name="Garage Peeters", password=None
        )
    assert await door.knock(PASSWORD) == Refused()
    assert await door.knock("None") == Refused()
    assert door.comparisons == 2


@pytest.mark.requirement("R8")
async def test_two_hundred_wrong_passwords_at_once_do_not_keep_the_garage_out(door: Door, garage: Garage) -> None:
    flood = [asyncio.create_task(door.knock(f"wrong-password-{number}")) for number in range(200)]
    await asyncio.sleep(0)
    # Another address is let in while the flood still waits …
    assert await door.knock(PASSWORD, ELSEWHERE) == garage
    assert door.comparisons <= 4
    assert not all(task.done() for task in flood)
    # … and then the flood's own address too, at once, since the password is known to be right.
    before = door.comparisons
    assert await door.authenticator.verify(ESTABLISHMENT, Secret(PASSWORD), HERE) == garage
    assert door.comparisons <= before + 1
    answers = await asyncio.gather(*flood)
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) >= 200 - 66
    assert sum(isinstance(answer, Refused) for answer in answers) >= 64
    assert all(answer.retry_after >= 1 for answer in answers if isinstance(answer, TooManyAttempts))


@pytest.mark.requirement("R8")
async def test_straight_after_hundreds_of_wrong_ones_the_right_one_is_let_in_from_the_same_address(
    door: Door, garage: Garage
) -> None:
    await asyncio.gather(*(door.knock(f"wrong-password-{number}") for number in range(200)))
    slept = len(door.time.slept)
    before = door.comparisons
    assert await door.knock(PASSWORD) == garage
    assert door.comparisons == before + 1
    assert len(door.time.slept) == slept


@pytest.mark.requirement("R8")
async def test_wrong_answers_are_held_back_from_the_eleventh_on_and_right_ones_never(
    door: Door, garage: Garage
) -> None:
    for number in range(18):
        assert await door.knock(f"wrong-password-{number % 2}") == Refused()
    assert door.time.slept == [0.25, 0.5, 1, 2, 4, 5, 5, 5]
    assert await door.knock(PASSWORD) == garage
    assert len(door.time.slept) == 8
    # Elsewhere nobody has sent anything wrong.
    assert await door.knock("wrong-password-0", ELSEWHERE) == Refused()
    assert len(door.time.slept) == 8


@pytest.mark.requirement("R8")
async def test_a_stranger_who_goes_through_the_names_does_not_keep_the_garage_waiting(
    door: Door, garage: Garage
) -> None:
    flood = [asyncio.create_task(door.knock("wrong-password", username=f"name-{number}")) for number in range(100)]
    await asyncio.sleep(0)
    assert await door.knock(PASSWORD, ELSEWHERE) == garage
    assert door.comparisons <= 4
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_the_event_loop_goes_on_while_a_password_is_hashed(
    door: Door, garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, allowed = threading.Event(), threading.Event()

    def held_up(stored: str, password: Secret) -> bool:
        begun.set()
        assert allowed.wait(30), "the event loop did not get to run"
        return matches(stored, password)

    monkeypatch.setattr("odopass.registry.accounts.passwords.matches", held_up)
    knocking = asyncio.create_task(door.knock(PASSWORD))
    await asyncio.to_thread(begun.wait, 30)
    allowed.set()
    assert await knocking == garage


@pytest.mark.requirement("R8")
async def test_a_hash_made_with_earlier_settings_is_made_anew_at_the_next_login(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    earlier = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await pool.execute("update account set password_hash = $1", earlier)
    assert await door.knock(PASSWORD) == garage
    assert "m=19456,t=2,p=1" in await pool.fetchval("select password_hash from account")
    door.time.seconds += 61
    assert await door.knock(PASSWORD) == garage
    assert door.comparisons == 1


async def test_a_hash_that_cannot_be_read_lets_nobody_in_and_is_reported(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    await pool.execute("update account set password_hash = 'plain text'")
    with capture_logs() as lines:
        assert await door.knock(PASSWORD) == Refused()
    assert {"event": "password_hash_unreadable", "log_level": "error", "account_id": garage.account_id} in lines


async def test_without_the_database_nothing_is_said_about_the_credentials(
    door: Door, garage: Garage, pool: asyncpg.Pool
) -> None:
    await pool.execute("alter table account rename to away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await door.knock(PASSWORD)
    await pool.execute("alter table away rename to account")
    assert await door.knock(PASSWORD) == garage


@pytest.mark.requirement("R13")
@pytest.mark.usefixtures("garage")
async def test_nothing_secret_is_logged_shown_or_measured(
    door: Door, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    typed = "Geheim-wachtwoord-7"
    with capture_logs() as lines:
        for number in range(15):
            await door.knock(typed if number % 2 else f"{typed}{number}")
        await door.knock("x", username=typed)  # the two fields swapped
        await door.knock(PASSWORD)
        await pool.execute("update account set password_hash = 'broken'")
        door.time.seconds += 61
        await door.knock(typed)
        await door.authenticator.verify(ESTABLISHMENT, Secret(typed), HERE)
        await asyncio.gather(*(door.knock(f"{typed}-{number}", ELSEWHERE) for number in range(80)))
    captured = capsys.readouterr()
    written = [repr(lines), caplog.text, captured.out, captured.err, generate_latest(door.metrics).decode()]
    secrets = [typed, PASSWORD, header(typed).decode(), header(PASSWORD).decode()[6:], "$argon2id"]
    assert not [secret for secret in secrets for text in written if secret in text]
    events = {line["event"] for line in lines}
    assert {"login_refused", "logins_slowed", "login_line_full", "password_hash_unreadable"} <= events
    assert {line["username"] for line in lines if "username" in line} == {
        ESTABLISHMENT,
        "(unknown name of 19 characters)",
    }


@pytest.mark.requirement("R13")
@pytest.mark.usefixtures("garage")
async def test_logins_are_counted_by_answer(door: Door, pool: asyncpg.Pool) -> None:
    await door.knock(PASSWORD)
    await door.knock("wrong-password-1")
    await door.knock("wrong-password-2")
    async with pool.acquire() as connection:
        await accounts.lock(connection, ESTABLISHMENT)
    door.time.seconds += 60
    await door.knock(PASSWORD)
    counted = {answer: door.answers(answer) for answer in ("let_in", "refused", "locked", "too_many")}
    assert counted == {"let_in": 1, "refused": 2, "locked": 1, "too_many": 0}
    assert door.metrics.get_sample_value("odopass_logins_waiting") == 0


async def test_two_authenticators_may_share_one_registry_of_figures(pool: asyncpg.Pool, garage: Garage) -> None:
    metrics = CollectorRegistry()
    for _ in range(2):
        authenticator = Authenticator(pool, metrics=metrics)
        assert await authenticator.authenticate(header(PASSWORD), HERE) == garage
        await authenticator.aclose()
    assert metrics.get_sample_value("odopass_logins_total", {"answer": "let_in"}) == 2


@pytest.mark.requirement("R8")
@pytest.mark.usefixtures("garage")
async def test_passwords_are_stored_as_memory_hard_hashes_only(pool: asyncpg.Pool) -> None:
    row = await pool.fetchrow("select a.*, a::text as everything from account a")
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in row["everything"]
    async with pool.acquire() as connection:
        found = await accounts.find(connection, ESTABLISHMENT)
    assert found.password_hash == row["password_hash"]
    assert "argon2" not in repr(found)


@pytest.mark.requirement("R8")
@pytest.mark.usefixtures("garage")
async def test_an_establishment_has_one_account_and_a_user_name_one_establishment(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        with pytest.raises(AccountExists, match=r"has an account already: .*Garage Peeters.*reset"):
            await accounts.add(
                connection, establishment=ESTABLISHMENT, enterprise=ENTERPRISE, name="Again", password=None
            )
        with pytest.raises(AccountExists, match="taken by another establishment"):
            await accounts.add(
                connection,
                establishment=SISTER,
                enterprise=ENTERPRISE,
                name="Sister",
                username=ESTABLISHMENT,
                password=None,
            )
        # The caller's transaction goes on: a sister establishment may have an account of its own.
        added = await accounts.add(
            connection, establishment=SISTER, enterprise=ENTERPRISE, name="Sister", username="sister", password=None
        )
    assert (added.username, added.state) == ("sister", AccountState.ACTIVE)


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"establishment": ESTABLISHMENT[:-1] + "0"}, BadAccount),
        ({"establishment": ENTERPRISE}, BadAccount),
        ({"enterprise": "BE0417497106"}, BadAccount),
        ({"enterprise": ESTABLISHMENT}, BadAccount),
        ({"name": "  "}, BadAccount),
        ({"name": "x" * 201}, BadAccount),
        ({"username": "with:colon"}, BadAccount),
        ({"username": "-"}, BadAccount),
        ({"username": "Ünïcode"}, BadAccount),
        ({"password": Secret("short")}, WeakPassword),
        ({"password": Secret(ESTABLISHMENT + "ab")}, WeakPassword),
    ],
)
async def test_an_account_that_cannot_be_is_refused_and_nothing_stored(
    pool: asyncpg.Pool, change: dict[str, object], error: type[Exception]
) -> None:
    given: dict[str, object] = {
        "establishment": ESTABLISHMENT,
        "enterprise": ENTERPRISE,
        "name": "Garage Peeters",
        "password": Secret(PASSWORD),
    }
    async with pool.acquire() as connection:
        with pytest.raises(error):
            await accounts.add(connection, **(given | change))  # type: ignore[arg-type]
    assert await pool.fetchval("select count(*) from account") == 0


@pytest.mark.requirement("R8")
async def test_accounts_are_renamed_found_and_listed(pool: asyncpg.Pool, garage: Garage) -> None:
    async with pool.acquire() as connection:
        await accounts.add(
            connection, establishment=SISTER, enterprise=ENTERPRISE, name="Carrosserie Zwart", password=None
        )
        renamed = await accounts.rename(connection, ESTABLISHMENT, name=" Garage   Peeters & zoon ", username="peeters")
        assert (renamed.name, renamed.username) == ("Garage Peeters & zoon", "peeters")
        assert await accounts.find(connection, ESTABLISHMENT) == await accounts.find(connection, "peeters") == renamed
        with pytest.raises(AccountExists):
            await accounts.rename(connection, SISTER, username="peeters")
        for missing in ("nobody", ENTERPRISE):
            with pytest.raises(NoSuchAccount, match=missing):
                await accounts.lock(connection, missing)
        listed = [account.name for account in await accounts.list_all(connection)]
        assert listed == ["Carrosserie Zwart", "Garage Peeters & zoon"]
        found = await accounts.list_all(connection, containing="PEETERS")
        assert [account.id for account in found] == [garage.account_id]
        assert await accounts.list_all(connection, containing="%") == []
