"""The application's words in four languages (G14)."""

from __future__ import annotations

from functools import cache
from typing import Final

from odopass.wording import DEFAULT_LANGUAGE, LOCALES, Wording, read_wording

LANGUAGES: Final = tuple(LOCALES)
_PACKAGE: Final = "odopass.garage.app"


@cache
def wording(language: str) -> Wording:
    """The words of a language."""
    return read_wording(_PACKAGE, language, ["garage"])


def language_of(chosen: str | None, accepted: str) -> str:
    """The language for a browser: what was chosen in it, or the first that it accepts and we speak.

    Args:
        chosen: nl, fr, de, en, or anything else for none.
        accepted: its Accept-Language header, which lists languages by preference.
    """
    if chosen in LOCALES:
        return chosen
    for part in accepted.split(","):
        code = part.partition(";")[0].strip().lower()[:2]
        if code in LOCALES:
            return code
    return DEFAULT_LANGUAGE
