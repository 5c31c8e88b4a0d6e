from __future__ import annotations

from string import Formatter

import pytest
from tests.unit.domain.judged import findings, history

from odopass.domain import finding as f
from odopass.domain.catalogue import CATALOGUE
from odopass.domain.finding import Finding
from odopass.registry.desk.found import ENGLISH, finding_text
from odopass.wording import Wording

pytestmark = pytest.mark.requirement("R7")

ENGLISH_WORDS, DUTCH_WORDS = Wording("en", {}), Wording("nl", {})


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_issue_type_has_english_words_with_nothing_that_the_garages_words_do_not_have() -> None:
    assert set(ENGLISH) == set(CATALOGUE)
    for code, text in ENGLISH.items():
        assert names(text) <= names(CATALOGUE[code].text["nl"]), code


def test_an_employee_who_reads_english_is_told_in_english_with_figures_and_days() -> None:
    (found,) = findings(85_000, history((90, 186_000)))[:1]
    text, language = finding_text(found, ENGLISH_WORDS)
    assert language == "en"
    assert text == "The reading of 85,000 km on 14/09/2026 is lower than 186,000 km on 16/06/2026."


def test_the_others_are_told_in_the_words_that_the_garage_reads() -> None:
    found = Finding(f.ABOVE_DISPLAY, {"km": 9_512_000, "limit_km": 999_999})
    assert finding_text(found, DUTCH_WORDS) == (CATALOGUE[f.ABOVE_DISPLAY].describe(found)["nl"], "nl")


def test_an_identifier_is_shown_as_it_is() -> None:
    for identifier in ("20260914", "{km}"):
        text, _ = finding_text(Finding(f.VIN_UNKNOWN, {"identifier": identifier}), ENGLISH_WORDS)
        assert text == f"No vehicle with the VIN {identifier} is known."
