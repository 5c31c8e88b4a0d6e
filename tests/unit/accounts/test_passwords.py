"""What passwords are, and that they stay where they belong."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.registry.accounts import passwords
from odopass.registry.accounts.passwords import (
    UnreadableHash,
    WeakPassword,
    generate,
    is_outdated,
    make_hash,
    matches,
    require_strength,
)
from odopass.registry.accounts.secret import Secret

COMPOSED = "garage-caf\u00e9-noisette"
DECOMPOSED = "garage-cafe\u0301-noisette"


@pytest.mark.requirement("R8")
def test_a_hash_is_argon2id_with_a_salt_and_without_the_password() -> None:
    password = Secret("abcd-efgh-jkmn-pqrs")
    first, second = make_hash(password), make_hash(password)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert password.reveal() not in first
    assert matches(first, password)
    assert not matches(first, Secret("abcd-efgh-jkmn-pqrt"))


@pytest.mark.requirement("W2")
@pytest.mark.parametrize(
    "text",
    ["with:colons:in:it:", ":first", "Zürich–Łódź–Αθήνα", "emoji 🔧🚗 and blanks", COMPOSED, "x" * 256],
    ids=["colons", "first", "letters", "emoji", "accent", "long"],
)
def test_any_printable_text_can_be_a_password(text: str) -> None:
    assert passwords.can_be_password(text)
    assert matches(make_hash(Secret(text)), Secret(text))


@pytest.mark.requirement("W2")
def test_an_accent_is_the_same_however_the_client_composes_it() -> None:
    assert matches(make_hash(Secret(COMPOSED)), Secret(DECOMPOSED))
    assert matches(make_hash(Secret(DECOMPOSED)), Secret(COMPOSED))


def test_a_blank_of_another_script_is_an_ordinary_blank() -> None:
    assert passwords.prepare("vier\u00a0wielen\u3000und") == "vier wielen und"


@given(st.text())
def test_preparing_twice_changes_nothing_more(text: str) -> None:
    once = passwords.prepare(text)
    assert passwords.prepare(once) == once


@pytest.mark.parametrize("text", ["", "a\x00b", "tab\tbed", "\ud800", "x" * 257])
def test_what_nobody_can_have_is_known_without_a_hash(text: str) -> None:
    assert not passwords.can_be_password(text)


@pytest.mark.requirement("R8")
def test_a_hash_with_earlier_settings_is_outdated_and_still_matches() -> None:
    from argon2 import PasswordHasher

    earlier = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("abcd-efgh-jkmn-pqrs")
    assert matches(earlier, Secret("abcd-efgh-jkmn-pqrs"))
    assert is_outdated(earlier)
    assert not is_outdated(make_hash(Secret("abcd-efgh-jkmn-pqrs")))


def test_a_row_that_was_tampered_with_is_told_apart_from_a_wrong_password() -> None:
    for stored in ("", "plain text", "$argon2id$v=19$m=19456,t=2,p=1$broken"):
        with pytest.raises(UnreadableHash) as caught:
            matches(stored, Secret("abcd-efgh-jkmn-pqrs"))
        assert caught.value.__cause__ is None
        assert "abcd" not in str(caught.value)


def test_generated_passwords_are_strong_different_and_have_nothing_to_mistake() -> None:
    made = [generate().reveal() for _ in range(500)]
    assert len(set(made)) == 500
    for text in made:
        assert [len(group) for group in text.split("-")] == [4, 4, 4, 4]
        assert not set(text) & set("lo01IO")
        assert text == text.lower()


def test_generated_passwords_pass_the_rules_for_those_given_by_hand() -> None:
    # The rule against uniformity would refuse fewer than one in 10^9 of them.
    for _ in range(200):
        require_strength(generate(), known=("2123456722", "Garage Peeters"))


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("short-pass1", "too short"),
        ("", "too short"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abababababababab", "repeats"),
        ("198 765 432 198 765", "a number"),
        ("2123456722abc", "name or number"),
        ("GaragePeeters1", "name or number"),
        ("with a tab\tinside", "control characters"),
        ("x1y2z3" * 50, "at most"),
    ],
)
def test_a_weak_password_is_refused_without_being_repeated(text: str, reason: str) -> None:
    with pytest.raises(WeakPassword, match=reason) as caught:
        require_strength(Secret(text), known=("2123456722", "Garage Peeters"))
    assert not text or text not in str(caught.value)


@pytest.mark.requirement("R13")
def test_a_secret_shows_itself_to_nobody_who_does_not_ask() -> None:
    secret = Secret("abcd-efgh-jkmn-pqrs")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", "%s %r" % (secret, secret), repr([secret])]  # noqa: UP031
    assert not any("abcd" in text for text in shown)
    with pytest.raises(TypeError):
        json.dumps(secret)
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not written"):
            write(secret)
    assert secret.reveal() == "abcd-efgh-jkmn-pqrs"
