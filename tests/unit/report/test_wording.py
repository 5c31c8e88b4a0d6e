from __future__ import annotations

import datetime as dt

import pytest

from odopass.registry.report.wording import LOCALES, wording

DAY = dt.date(2024, 5, 3)


@pytest.mark.requirement("W17")
@pytest.mark.parametrize(
    ("language", "expected"),
    [("nl", "123.456\u00a0km"), ("fr", "123\u202f456\u00a0km"), ("de", "123.456\u00a0km"), ("en", "123,456\u00a0km")],
)
def test_distances_are_written_as_the_language_writes_them(language: str, expected: str) -> None:
    assert wording(language).km(123_456) == expected


@pytest.mark.requirement("W17")
@pytest.mark.parametrize("language", LOCALES)
def test_days_are_written_as_on_the_certificate_in_every_language(language: str) -> None:
    assert wording(language).day(DAY) == "03/05/2024"


@pytest.mark.requirement("W17")
@pytest.mark.parametrize(
    ("language", "month", "country", "name"),
    [
        ("nl", "mei 2024", "Nederland", "Nederlands"),
        ("fr", "mai 2024", "Pays-Bas", "Français"),
        ("de", "Mai 2024", "Niederlande", "Deutsch"),
        ("en", "May 2024", "Netherlands", "English"),
    ],
)
def test_months_countries_and_languages_have_their_names(language: str, month: str, country: str, name: str) -> None:
    say = wording(language)
    assert (say.month(DAY), say.country("nl"), say.language_name(language)) == (month, country, name)


def test_a_country_nobody_knows_is_shown_as_its_code() -> None:
    assert wording("nl").country("#[") == "#["


@pytest.mark.requirement("W17")
def test_belgian_words_are_used() -> None:
    assert wording("nl")("imported used") == "tweedehands ingevoerd"
    assert wording("fr")("First registration in Belgium") == "Première immatriculation en Belgique"
    assert wording("de")("First use") == "Erstzulassung"


def test_values_with_braces_are_shown_as_they_are() -> None:
    assert wording("nl")("Valid until {date}", date="{x}") == "Geldig tot en met {x}"


def test_a_text_without_values_keeps_its_braces() -> None:
    assert wording("fr")("{fuel of tomorrow}") == "{fuel of tomorrow}"


@pytest.mark.requirement("W17")
def test_there_is_no_fifth_language() -> None:
    with pytest.raises(KeyError):
        wording("es")
