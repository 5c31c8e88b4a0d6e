from __future__ import annotations

import ast
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

from odopass import approval
from odopass.approval.criteria import AREAS, CRITERIA
from odopass.approval.judging import RULES, SHOWN_IN
from odopass.approval.scenarios import SCENARIOS, TEXTS, steps_of
from odopass.approval.words import REASONS

FOLDER = Path(approval.__file__).parent
_OF_CRITERIA = {text for each in CRITERIA.values() for text in (each.title, each.asked)} | set(AREAS.values())
_OF_STEPS = {each.title for each in SCENARIOS.values()} | {each.text for each in steps_of()} | set(TEXTS.values())
WORDS = Catalogues(FOLDER, "approval", (FOLDER,), tables=True, more=frozenset(_OF_CRITERIA | _OF_STEPS | set(REASONS)))

pytestmark = pytest.mark.requirement("K5", "W17")


def _reasons_given() -> set[str]:
    given = set()
    for module in (FOLDER / "judging").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                named = {"failed", "missed", "not_shown", "error"}
                if node.func.id in named and isinstance(node.args[0], ast.Constant):
                    given.add(str(node.args[0].value))
                given.update(
                    str(each.value.value)
                    for each in node.keywords
                    if each.arg == "unwarned" and isinstance(each.value, ast.Constant)
                )
    return given - {""}


def test_every_reason_that_a_rule_gives_is_among_those_that_are_translated() -> None:
    assert _reasons_given() <= set(REASONS)
    assert "A second vehicle history was asked for." in REASONS


def test_every_criterion_has_a_rule_and_a_scenario_that_shows_it() -> None:
    assert list(RULES.keys() ^ CRITERIA.keys()) == []
    assert SHOWN_IN.keys() == CRITERIA.keys()
    assert {each for shown in SHOWN_IN.values() for each in shown} <= SCENARIOS.keys()


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
