from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.wire.errors import Invalid
from odopass.wire.headers import ClientSoftware, client_software, idempotency_key

BUILDER = b"client-software-builder"
NAME = b"client-software-name"
VERSION = b"client-software-version"

software = pytest.mark.requirement("W21")


@software
def test_the_software_is_read_whatever_the_case_of_the_headers_names() -> None:
    headers = [(b"Client-Software-Builder", b"Acme"), (b"CLIENT-SOFTWARE-NAME", b"DMS"), (VERSION, b"1.2")]
    assert client_software(headers) == ClientSoftware("Acme", "DMS", "1.2")


@software
@pytest.mark.parametrize("headers", [[], [(b"user-agent", b"x")], [(NAME, b""), (VERSION, b" \t")]])
def test_software_that_does_not_say_its_name_is_none(headers: list[tuple[bytes, bytes]]) -> None:
    assert client_software(headers) is None


@software
def test_what_is_missing_is_empty() -> None:
    assert client_software([(VERSION, b"7")]) == ClientSoftware("", "", "7")


@software
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Bücher".encode(), "Bücher"),
        ("Bücher".encode("latin-1"), "Bücher"),
        (b"A\x00B\x1b[31mC\x7f", "AB[31mC"),
        (b"  A  ", "A"),
        (b"x" * 10_000, "x" * 200),
        (b"A\xc2\x85B", "AB"),
    ],
)
def test_odd_names_are_cleaned_never_refused(sent: bytes, kept: str) -> None:
    assert client_software([(NAME, sent)]) == ClientSoftware("", kept, "")


@software
@given(st.binary())
def test_any_bytes_become_printable_text_of_bounded_length(sent: bytes) -> None:
    found = client_software([(BUILDER, sent), (VERSION, b"1")])
    assert found is not None
    assert found.builder.isprintable()
    assert len(found.builder) <= 200


@pytest.mark.parametrize("key", [b"a", b"0d9f6ad6-08f0-4f0b-8d19-2a7c0f5e4a11", b"a b", b"~" * 255])
def test_an_idempotency_key_is_printable_ascii(key: bytes) -> None:
    assert idempotency_key([(b"idempotency-key", key)]) == key.decode()
    assert idempotency_key([(b"Idempotency-Key", b" " + key + b" ")]) == key.decode()


def test_without_the_header_there_is_no_key() -> None:
    assert idempotency_key([(b"host", b"x")]) is None


def test_the_same_key_twice_is_one_key() -> None:
    assert idempotency_key([(b"idempotency-key", b"a"), (b"idempotency-key", b"a")]) == "a"


@pytest.mark.requirement("W12")
@pytest.mark.parametrize(
    "headers",
    [
        [(b"idempotency-key", b"")],
        [(b"idempotency-key", b"   ")],
        [(b"idempotency-key", b"~" * 256)],
        [(b"idempotency-key", b"a\x00b")],
        [(b"idempotency-key", b"a\x7f")],
        [(b"idempotency-key", "clé".encode())],
        [(b"idempotency-key", b"a"), (b"idempotency-key", b"b")],
    ],
)
def test_any_other_key_is_refused_with_the_headers_name(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Invalid) as refused:
        idempotency_key(headers)
    (problem,) = refused.value.problems
    assert problem.field == "Idempotency-Key"
    assert problem.message.isprintable()
