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

from odopass.registry import report
from odopass.registry.report.view import FIXED

FOLDER = Path(report.__file__).parent
WORDS = Catalogues(FOLDER, "report", (FOLDER,), more=frozenset(FIXED))

pytestmark = pytest.mark.requirement("W17")


def test_texts_of_every_kind_of_place_are_found() -> None:
    assert {"garage", "No recall is open.", "imported used", "Valid until", "Go to the content"} <= WORDS.said


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
    check_ends(WORDS, language)


def test_french_keeps_its_signs_on_the_line() -> None:
    check_french_signs(WORDS)
