from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from odopass.registry import desk
from odopass.registry.desk import labels
from odopass.registry.desk.visit import NOTICES
from odopass.wording import LOCALES

FOLDER = Path(desk.__file__).parent
TRANSLATED = [language for language in LOCALES if language != "en"]

pytestmark = pytest.mark.requirement("W17")


def _said_in(source: str) -> Iterator[str]:
    """What a module hands to `say`, by whatever way it has it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == "say":
                yield str(node.args[0].value)


def _said_in_template(source: str) -> Iterator[str]:
    """Fixed texts; what a template takes from a table of labels is checked with that table."""
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "say" and isinstance(call.args[0], nodes.Const):
            yield call.args[0].value


def _tables() -> Iterator[str]:
    for name, table in vars(labels).items():
        if name.isupper() and name not in {"TONES", "CATALOGUE"}:
            yield from table.values()
    yield from NOTICES.values()


@cache
def said() -> frozenset[str]:
    texts = set(_tables())
    for module in FOLDER.rglob("*.py"):
        texts.update(_said_in(module.read_text("utf-8")))
    for template in FOLDER.rglob("*.html"):
        texts.update(_said_in_template(template.read_text("utf-8")))
    return frozenset(texts)


def catalogue(language: str) -> Catalog:
    with (FOLDER / "locale" / language / "LC_MESSAGES" / "desk.po").open("rb") as stored:
        return read_po(stored, locale=LOCALES[language], abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_texts_of_every_kind_of_place_are_found() -> None:
    assert {"Waits for review", "Fraud is suspected", "Accepted: the reading counts.", "Reviewer", "Look up"} <= said()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_has_its_words_in_every_language_and_none_is_left_over(language: str) -> None:
    translated = {str(message.id) for message in messages(language) if message.string}
    assert said() - translated == set(), "missing"
    assert {str(message.id) for message in messages(language)} - said() == set(), "superfluous"
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_word_is_a_guess(language: str) -> None:
    assert [message.id for message in messages(language) if message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_fills_in_the_same_values(language: str) -> None:
    for message in messages(language):
        assert names(str(message.string)) == names(str(message.id)), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_sentences_end_alike_in_every_language(language: str) -> None:
    for message in messages(language):
        assert str(message.id).endswith(".") == str(message.string).endswith("."), message.id


def test_french_keeps_its_signs_on_the_line() -> None:
    loose = [
        message.string for message in messages("fr") if re.search(r"[^\u00a0\u202f][:;?!](\s|$)", str(message.string))
    ]
    assert loose == []
