from __future__ import annotations

import json
import re

import pytest
from tests.unit.domain.judged import findings, history

from odopass.domain import finding as f
from odopass.domain.catalogue import CATALOGUE, LANGUAGES
from odopass.domain.finding import Finding

pytestmark = pytest.mark.requirement("W17")

NO_BREAK = "\u00a0"


def test_a_finding_is_told_in_dutch_french_and_german_with_both_readings_and_both_dates() -> None:
    (found,) = findings(85_000, history((90, 186_000)))[:1]
    texts = CATALOGUE[found.code].describe(found)
    assert list(texts) == ["nl", "fr", "de"]
    for language, reading, earlier in (
        ("nl", "85.000", "186.000"),
        ("fr", f"85{NO_BREAK}000", f"186{NO_BREAK}000"),
        ("de", "85.000", "186.000"),
    ):
        assert f"{reading}{NO_BREAK}km" in texts[language]
        assert f"{earlier}{NO_BREAK}km" in texts[language]
        assert "14/09/2026" in texts[language]
        assert "16/06/2026" in texts[language]


def test_millions_are_set_apart_twice() -> None:
    found = Finding(f.ABOVE_DISPLAY, {"km": 9_512_000, "limit_km": 999_999})
    texts = CATALOGUE[f.ABOVE_DISPLAY].describe(found)
    assert "9.512.000" in texts["nl"]
    assert f"9{NO_BREAK}512{NO_BREAK}000" in texts["fr"]


def test_dates_of_the_first_centuries_keep_four_digits() -> None:
    found = Finding(f.IN_THE_FUTURE, {"date": "0007-03-01", "today": "2026-09-14"})
    assert all("01/03/0007" in text for text in CATALOGUE[f.IN_THE_FUTURE].describe(found).values())


def test_an_identifier_is_shown_as_it_is_even_if_it_looks_like_a_number_a_date_or_a_placeholder() -> None:
    for identifier in ("12345678", "20260914", "{km}", "%s"):
        for text in CATALOGUE[f.VIN_UNKNOWN].describe(Finding(f.VIN_UNKNOWN, {"identifier": identifier})).values():
            assert f" {identifier} " in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_breaks_before_a_unit_or_french_punctuation_and_apostrophes_are_round(language: str) -> None:
    for type_ in CATALOGUE.values():
        assert not re.search(r" (km|kg)\b| [:;!?]|'", type_.text[language])
    if language != "fr":
        assert not any(re.search(r"\s[:;!?]", type_.text[language]) for type_ in CATALOGUE.values())


def test_french_colons_have_a_blank_before_them() -> None:
    assert not any(re.search(rf"[^{NO_BREAK}][:;!?]", type_.text["fr"]) for type_ in CATALOGUE.values())


@pytest.mark.requirement("R4")
def test_a_finding_survives_json() -> None:
    for found in findings(412, history((90, 186_000))):
        assert Finding.from_json(json.loads(json.dumps(found.as_json()))) == found
