"""Which texts a package says to people, and what its catalogues make of them.

Texts stand in English in modules and templates. They are said by ``say("…")``, or stand in a table of a module whose
members are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from odopass.wording import LOCALES

TRANSLATED = [language for language in LOCALES if language != "en"]

#: A module's table of texts that people read, whoever says them.
_TABLE = "Final[Mapping[str, str]]"


@dataclass(frozen=True)
class Catalogues:
    """The words of a package.

    Attributes:
        folder: of its catalogues: below it is ``locale``.
        name: of the catalogues.
        spoken: modules, templates and folders of them that say something.
        tables: whether every table of texts in the modules is said, by others too.
        unsaid: names of tables that are not for people.
        more: texts that are said and found nowhere else.
    """

    folder: Path
    name: str
    spoken: tuple[Path, ...]
    tables: bool = False
    unsaid: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()

    @cached_property
    def said(self) -> frozenset[str]:
        """Every text that has to have its words."""
        texts = set(self.more)
        for module in self._files("*.py"):
            texts.update(self._said_in(module.read_text("utf-8")))
        for template in self._files("*.html"):
            texts.update(self._said_in_template(template.read_text("utf-8")))
        return frozenset(texts)

    def catalogue(self, language: str) -> Catalog:
        """A language's words, as the file has them."""
        with (self.folder / "locale" / language / "LC_MESSAGES" / f"{self.name}.po").open("rb") as stored:
            return read_po(stored, locale=LOCALES[language], abort_invalid=True)

    def messages(self, language: str) -> list[Message]:
        """A language's words without the head of the file."""
        return [message for message in self.catalogue(language) if message.id]

    def _files(self, pattern: str) -> Iterator[Path]:
        for path in self.spoken:
            yield from path.rglob(pattern) if path.is_dir() else [path] if path.match(pattern) else []

    def _said_in(self, source: str) -> Iterator[str]:
        tree = ast.parse(source)
        assigned = [node for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
        tables = {ast.unparse(node.target): node.value for node in assigned}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_say(node.func):
                asked = node.args[0]
                if isinstance(asked, ast.Constant):
                    yield str(asked.value)
                for part in ast.walk(asked):
                    if isinstance(part, ast.Name) and part.id in tables:
                        yield from _constants(tables[part.id])
        if self.tables:
            for node in assigned:
                if ast.unparse(node.annotation) == _TABLE and ast.unparse(node.target) not in self.unsaid:
                    yield from _constants(node.value)

    def _said_in_template(self, source: str) -> Iterator[str]:
        for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                asked = call.args[0]
                if isinstance(asked, nodes.Const):
                    yield asked.value
                else:
                    told = isinstance(asked, nodes.Getitem | nodes.Name)
                    assert self.tables, "templates say fixed texts only"
                    assert told, "templates say fixed texts, or what stands in a table"


def _is_say(called: ast.expr) -> bool:
    return (isinstance(called, ast.Name) and called.id == "say") or (
        isinstance(called, ast.Attribute) and called.attr == "say"
    )


def _constants(value: ast.expr | None) -> Iterator[str]:
    """The texts of a table: the values of a dictionary, or the members of a tuple."""
    parts = value.values if isinstance(value, ast.Dict) else value.elts if isinstance(value, ast.Tuple) else []
    yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def names(text: str) -> set[str]:
    """The names in braces that a text fills in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def check_complete(catalogues: Catalogues, language: str) -> None:
    """Every text has its words, and no words are left over."""
    translated = {str(message.id) for message in catalogues.messages(language) if message.string}
    assert catalogues.said - translated == set(), "missing"
    assert {str(message.id) for message in catalogues.messages(language)} - catalogues.said == set(), "superfluous"
    assert not catalogues.catalogue(language).obsolete


def check_sure(catalogues: Catalogues, language: str) -> None:
    """No words are a guess."""
    assert [message.id for message in catalogues.messages(language) if message.fuzzy] == []


def check_values(catalogues: Catalogues, language: str) -> None:
    """The words fill in the same values as the text."""
    for message in catalogues.messages(language):
        assert names(str(message.string)) == names(str(message.id)), message.id


def check_ends(catalogues: Catalogues, language: str, signs: Iterable[str] = ".") -> None:
    """A sentence ends with the sign that it ends with in English."""
    for message in catalogues.messages(language):
        for sign in signs:
            assert str(message.id).endswith(sign) == str(message.string).endswith(sign), message.id


def check_french_signs(catalogues: Catalogues) -> None:
    """No line breaks before a French sign that has a blank before it."""
    loose = [
        message.string
        for message in catalogues.messages("fr")
        if re.search(r"[^\u00a0\u202f][:;?!»](\s|$)|«[^\u00a0\u202f]", str(message.string))
    ]
    assert loose == []
