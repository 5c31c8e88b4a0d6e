from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.wire.basic_auth import Credentials, basic_header, parse_basic

pytestmark = pytest.mark.requirement("W2")


def header(pair: bytes) -> bytes:
    return b"Basic " + base64.b64encode(pair)


def test_the_example_of_the_standard_is_read() -> None:
    assert parse_basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == Credentials("Aladdin", "open sesame")
    assert parse_basic("Basic dGVzdDoxMjPCow==") == Credentials("test", "123£")


@pytest.mark.parametrize("scheme", [b"Basic", b"basic", b"BASIC", b"bAsIc"])
def test_the_scheme_is_known_in_any_case(scheme: bytes) -> None:
    assert parse_basic(scheme + b"  " + base64.b64encode(b"a:b") + b" ") == Credentials("a", "b")


@pytest.mark.parametrize(
    ("pair", "password"),
    [
        (b"user:a:b:c", "a:b:c"),
        (b"user::", ":"),
        (b"user:", ""),
        ("user:pâté 🚗 密码".encode(), "pâté 🚗 密码"),
        ("user:pâté".encode("latin-1"), "pâté"),
    ],
)
def test_passwords_may_hold_colons_and_any_letters(pair: bytes, password: str) -> None:
    assert parse_basic(header(pair)) == Credentials("user", password)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Bearer dTpw",
        "Basicd dTpw",
        "dTpw",
        "Basic dTpw=",
        "Basic dTp",
        "Basic dT!pw",
        "Basic dT\npw",
        "Basic dTpw dTpw",
        "Basic ====",
        "Basic dTpŵ",
        b"Basic \xff\xfe",
        header(b"no colon"),
        header(b""),
        header(b"us\x00er:password"),
        header(b"user:pass\x00word"),
        header(b"user:pass\r\nword"),
        header(b"user:pass\x7f"),
    ],
)
def test_what_holds_no_credentials_is_none(value: bytes | str | None) -> None:
    assert parse_basic(value) is None


@given(st.binary() | st.text() | st.binary().map(header))
def test_nothing_that_is_sent_raises(value: bytes | str) -> None:
    found = parse_basic(value)
    assert found is None or ":" not in found.username


PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(PRINTED.filter(lambda name: ":" not in name), PRINTED)
def test_what_is_written_is_read_back(username: str, password: str) -> None:
    credentials = Credentials(username, password)
    assert parse_basic(basic_header(credentials)) == credentials


@pytest.mark.parametrize(("username", "password"), [("a:b", "c"), ("a\n", "c"), ("a", "c\x00")])
def test_what_no_server_could_read_back_is_not_written(username: str, password: str) -> None:
    with pytest.raises(ValueError, match="must not hold"):
        basic_header(Credentials(username, password))


def test_credentials_never_print_their_password() -> None:
    assert "secret" not in f"{Credentials('user', 'secret')!r} {Credentials('user', 'secret')}"
