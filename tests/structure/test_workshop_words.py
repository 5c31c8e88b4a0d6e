from __future__ import annotations

from pathlib import Path

import pytest
from tests.structure.catalogues import (
    TRANSLATED,
    Catalogues,
    check_complete,
    check_ends,
    check_french_signs,
    check_sure,
    check_values,
)

from odopass.garage import app
from odopass.garage.checks import texts

FOLDER = Path(app.__file__).parent
WORDS = Catalogues(
    FOLDER,
    "garage",
    (FOLDER, Path(texts.__file__)),
    tables=True,
    unsaid=frozenset({"TONES"}),
)

pytestmark = pytest.mark.requirement("G14", "W17")


def test_texts_of_every_kind_of_place_are_found() -> None:
    of_a_template, of_a_check, of_a_state = "Save and send", "Enter who read the odometer.", "Under review"
    of_the_account, of_a_module = "Beta: to try things out", "Your rule: {what}"
    of_a_fault = "The disk is full. Make room on it, then do it once more."
    assert {of_a_template, of_a_check, of_a_state, of_the_account, of_a_module, of_a_fault} <= WORDS.said


def test_what_a_badge_looks_like_is_no_text() -> None:
    assert "warn" not in WORDS.said


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_has_its_words_in_every_language_and_none_is_left_over(language: str) -> None:
    check_complete(WORDS, language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_word_is_a_guess(language: str) -> None:
    check_sure(WORDS, language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_fills_in_the_same_values(language: str) -> None:
    check_values(WORDS, language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_sentences_end_alike_in_every_language(language: str) -> None:
    check_ends(WORDS, language, ".?")


def test_french_keeps_its_signs_on_the_line() -> None:
    check_french_signs(WORDS)
