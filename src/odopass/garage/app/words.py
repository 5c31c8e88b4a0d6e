"""The application's words in four languages (G14)."""

from __future__ import annotations

from functools import cache
from typing import Final

from odopass.languages import accepted_language
from odopass.wording import LOCALES, Wording, read_wording

LANGUAGES: Final = tuple(LOCALES)
#: Keeps the language that was chosen in a browser.
LANGUAGE_COOKIE: Final = "language"
_PACKAGE: Final = "odopass.garage.app"


@cache
def wording(language: str) -> Wording:
    """The words of a language."""
    return read_wording(_PACKAGE, language, ["garage"])


def language_of(chosen: str | None, accepted: str) -> str:
    """The language for a browser: what was chosen in it, or the best that it accepts.

    Args:
        chosen: nl, fr, de, en, or anything else for none.
        accepted: its Accept-Language header.
    """
    return chosen if chosen in LOCALES else accepted_language(accepted)
