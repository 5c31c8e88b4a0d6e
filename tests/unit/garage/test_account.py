from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.registry.running import OwnClock

from odopass.garage.account import Account, AccountStore, Environment, SecretLost, TooSoon, Workplaces, problems
from odopass.garage.account.account import typed_file, typed_number
from odopass.garage.account.secrets import FileSecrets
from odopass.garage.book import Book
from odopass.wire.kbo import enterprise_number, establishment_number

pytestmark = pytest.mark.requirement("G12")

ACCOUNT = Account(
    environment=Environment.BETA,
    establishment=establishment_number(20_000_001),
    enterprise=enterprise_number(4_000_001),
)


@pytest.fixture
def clock() -> OwnClock:
    return OwnClock(datetime(2026, 11, 24, tzinfo=UTC))


@pytest.fixture
def book(tmp_path: Path, clock: OwnClock) -> Iterator[Book]:
    with Book.open(tmp_path / "book.sqlite3", clock) as opened:
        yield opened


@pytest.fixture
def secrets(tmp_path: Path) -> FileSecrets:
    return FileSecrets(tmp_path / "password", tmp_path / "config" / "key")


def test_the_password_is_kept_to_the_letter_and_readable_by_nobody_else(secrets: FileSecrets, tmp_path: Path) -> None:
    assert secrets.read() is None
    secrets.keep(" pä:ss\u0301 €")
    assert secrets.read() == " pä:ss\u0301 €"
    for file in (tmp_path / "password", tmp_path / "config" / "key"):
        assert file.stat().st_mode & 0o077 == 0
    assert "pä".encode() not in (tmp_path / "password").read_bytes()


def test_a_lost_key_is_told_and_a_new_password_mends_it(secrets: FileSecrets, tmp_path: Path) -> None:
    secrets.keep("one")
    (tmp_path / "config" / "key").unlink()
    with pytest.raises(SecretLost, match="once more"):
        secrets.read()
    secrets.keep("two")
    assert secrets.read() == "two"


def test_a_test_account_may_have_another_user_name_than_its_establishment_number(
    book: Book, secrets: FileSecrets
) -> None:
    store = AccountStore(book.settings, secrets)
    store.write(replace(ACCOUNT, username="test-garage"), "secret")
    endpoint = store.endpoint()
    assert endpoint is not None
    assert endpoint.credentials.username == "test-garage"
    assert dict(problems(replace(ACCOUNT, username="test:garage"), password="secret")) == {"username": "username_form"}


def test_an_account_is_an_endpoint_once_it_has_a_password(book: Book, secrets: FileSecrets) -> None:
    store = AccountStore(book.settings, secrets)
    assert store.endpoint() is None
    store.write(ACCOUNT, "secret")
    endpoint = store.endpoint()
    assert endpoint is not None
    assert endpoint.base_url == "https://ws-professionals.beta.car-pass.be/api"
    assert endpoint.credentials.username == ACCOUNT.establishment
    store.write(ACCOUNT, None)
    assert store.password() == "secret"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://registry.example/api", "address_https"),
        ("https://", "address_form"),
        ("registry.example", "address_form"),
        ("https://user@registry.example/api", "address_form"),
        ("https://registry.example:x/api", "address_form"),
    ],
)
def test_an_address_over_which_a_password_could_be_read_is_refused(address: str, code: str) -> None:
    own = Account(Environment.OWN, address, ACCOUNT.establishment, ACCOUNT.enterprise)
    assert list(problems(own, password="x")) == [("own_address", code)]


def test_a_file_is_found_again_from_whatever_folder_the_application_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert typed_file("tls/ca.pem") == typed_file("~/tls/ca.pem") == str(tmp_path / "tls" / "ca.pem")
    assert typed_file("") == ""


def test_numbers_are_taken_as_they_are_printed() -> None:
    number = enterprise_number(4_000_001)
    assert typed_number(f" be {number[:4]}.{number[4:7]}.{number[7:]} ") == number


def test_wrong_pins_make_one_wait_longer_and_longer_and_the_right_one_ends_it(book: Book, clock: OwnClock) -> None:
    workplaces = Workplaces(book.settings, clock)
    workplaces.set("Bénch 1", "1234")
    for _ in range(3):
        assert not workplaces.check("Bénch 1", "0000")
    with pytest.raises(TooSoon):
        workplaces.check("Bénch 1", "1234")
    clock.moment += timedelta(seconds=6)
    assert workplaces.check("Bénch 1", "1234")
    assert not workplaces.check("nobody", "1234")
    assert b"1234" not in (book.settings.setting("workplaces") or "").encode()


@pytest.mark.parametrize(("name", "secret", "code"), [("", "1234", "name_form"), ("Bench", "123", "secret_short")])
def test_a_workplace_needs_a_name_and_four_digits(
    book: Book, clock: OwnClock, name: str, secret: str, code: str
) -> None:
    with pytest.raises(ValueError, match=code):
        Workplaces(book.settings, clock).set(name, secret)
