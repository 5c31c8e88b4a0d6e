from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.wire.errors import Invalid
from odopass.wire.json_body import MAX_BODY_BYTES, read_object

pytestmark = pytest.mark.requirement("W12")


def refusal(body: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_object(body)
    (problem,) = refused.value.problems
    assert problem.fields == ()
    assert problem.message.isprintable()
    assert len(problem.message) < 200
    return problem.message


def told(body: bytes) -> list[tuple[str, str]]:
    _, problems = read_object(body)
    return [(problem.field, problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is empty"),
        (b" \r\n\t", "The body is empty"),
        (b"\xef\xbb\xbf", "The body is empty"),
        (b'{"vin": "A', "not valid JSON"),
        (b'{"vin": "A"', "not valid JSON"),
        (b'{"vin": }', "not valid JSON"),
        (b'{"vin": "A"} {}', "not valid JSON"),
        (b'{"vin": "A",}', "not valid JSON"),
        (b"{'vin': 'A'}", "not valid JSON"),
        (b'{"vin": 0123}', "not valid JSON"),
        (b'{"vin": "A\nB"}', "not valid JSON"),
        (b'{"vin": "A\x00B"}', "not valid JSON"),
        (b"\x00" * 100, "not valid JSON"),
        (b'{"vin": "A"}\x00', "not valid JSON"),
        (b'{"vin": "\\x41"}', "not valid JSON"),
        ('{"vin": 1٢}'.encode(), "not valid JSON"),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"vin": "A"}', "not valid JSON"),
        ('{"vin": "A"}'.encode("utf-16"), "not UTF-8: byte 1"),
        ('{"vin": "é"}'.encode("latin-1"), "not UTF-8: byte 10"),
        (b'{"vin": "\xed\xa0\x80"}', "not UTF-8"),  # half a surrogate pair in bytes
        (b'{"vin": "\xc0\x80"}', "not UTF-8"),  # U+0000 written too long
        (b"[]", "it is an array"),
        (b"null", "it is null"),
        (b'"vin"', 'it is "vin"'),
        (b"true", "it is true"),
        (b"12", "it is 12"),
        (b"1e400", "it is 1e400"),
        (b"9" * 5000, "it is 9999"),
        (b"NaN", "it is NaN"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b'{"a":1,"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "nested too deeply"),
        (b" " * (MAX_BODY_BYTES + 1), "too large"),
        (b'{"vin": "' + b"A" * 10_000_000 + b'"}', "too large"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_object_is_refused_with_the_reason(body: bytes, message: str) -> None:
    assert message in refusal(body)


def test_the_largest_body_is_read() -> None:
    body = b'{"a": "' + b"x" * (MAX_BODY_BYTES - 9) + b'"}'
    assert len(body) == MAX_BODY_BYTES
    members, problems = read_object(body)
    assert len(str(members["a"])) == MAX_BODY_BYTES - 9
    assert problems == []


def test_a_byte_order_mark_is_forgiven() -> None:
    assert read_object(b'\xef\xbb\xbf{"a": 1}') == ({"a": 1}, [])


def test_an_escaped_pair_of_surrogates_is_one_character() -> None:
    assert read_object(b'{"a": "\\ud83d\\ude97"}') == ({"a": "\U0001f697"}, [])


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (b'{"a": 1, "a": 1}', [("a", "It is given more than once; give it once.")]),
        (b'{"a": 1, "a": 2, "a": 3, "b": 1, "b": 1}', [("a", "more than once"), ("b", "more than once")]),
        (b'{"a": {"b": 1, "b": 2}}', [("b", "more than once")]),
        (b'{"a": NaN}', [("", "NaN is not a number in JSON.")]),
        (b'{"a": -Infinity, "a": Infinity}', [("", "-Infinity"), ("", "Infinity"), ("a", "more than once")]),
        (b'{"a": "\\ud800"}', [("a", "surrogate")]),
        (b'{"a": "\\udc00\\ud800"}', [("a", "surrogate")]),
        (b'{"a": "\\u0000"}', [("a", "U+0000")]),
        (b'{"a": [[{"b": "\\u0000"}]]}', [("a", "U+0000")]),
        (b'{"a": [{"\\ud800": 1}]}', [("a", "surrogate")]),
        (b'{"\\udfff": 1}', [("\\udfff", "surrogate")]),
        (b'{"\\u0000": 1, "\\ud800": 1}', [("\\u0000", "U+0000"), ("\\ud800", "surrogate")]),
    ],
)
def test_what_does_not_hide_the_members_is_told_beside_them(body: bytes, problems: list[tuple[str, str]]) -> None:
    found = told(body)
    assert [field for field, _ in found] == [field for field, _ in problems]
    for (_, message), (_, part) in zip(found, problems, strict=True):
        assert part in message


@pytest.mark.parametrize("number", ["100.0", "1e2", "1E2", "1e400", "-1e400", "-0.0", "9" * 4301, "-" + "9" * 5000])
def test_a_number_that_is_no_plain_integer_is_not_read_as_one(number: str) -> None:
    members, problems = read_object(f'{{"a": {number}}}'.encode())
    assert type(members["a"]) is not int
    assert problems == []


@pytest.mark.parametrize("number", ["0", "-0", "-1", "9999999", "9" * 4000])
def test_a_plain_integer_is_read_as_one(number: str) -> None:
    members, _ = read_object(f'{{"a": {number}}}'.encode())
    assert type(members["a"]) is int
    assert members["a"] == int(number)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_refusal(body: bytes) -> None:
    try:
        members, _ = read_object(body)
    except Invalid as invalid:
        problems = invalid.problems
    else:
        problems = ()
        assert type(members) is dict
    assert all(problem.message.isprintable() for problem in problems)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != "\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abcdef"), JSON_VALUES), st.booleans())
def test_an_ordinary_object_comes_back_as_it_was(members: dict[str, object], ascii_only: bool) -> None:
    assert read_object(json.dumps(members, ensure_ascii=ascii_only).encode()) == (members, [])
