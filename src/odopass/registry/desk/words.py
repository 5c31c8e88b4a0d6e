"""The desk's words in four languages."""

from __future__ import annotations

from functools import cache
from typing import Final

from odopass.languages import accepted_language
from odopass.wording import LOCALES, Wording, read_wording

_PACKAGE: Final = "odopass.registry.desk"


@cache
def wording(language: str) -> Wording:
    """The words of a language.

    Raises:
        KeyError: it is none of nl, fr, de, en.
    """
    return read_wording(_PACKAGE, language, ("desk",))


def language_of(chosen: str | None, accepted: str) -> str:
    """The language for a browser: what was chosen in it, or the best that it accepts."""
    return chosen if chosen in LOCALES else accepted_language(accepted)
