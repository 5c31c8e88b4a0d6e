"""The words of reports (W17)."""

from __future__ import annotations

from functools import cache

from odopass.wording import DEFAULT_LANGUAGE, LOCALES, Wording, read_wording

__all__ = ["DEFAULT_LANGUAGE", "LOCALES", "Wording", "wording"]


@cache
def wording(language: str) -> Wording:
    """The words of a language.

    Raises:
        KeyError: it is none of nl, fr, de, en.
    """
    return read_wording("odopass.registry.report", language, ("report",))
