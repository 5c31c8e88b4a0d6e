"""Which of the four languages a reader gets (W17)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers

from odopass.languages import accepted_language
from odopass.registry.report.wording import LOCALES


def chosen_language(query: Mapping[str, str], headers: Headers) -> str:
    """The reader's language: the one asked for in the address, else the best of the browser's, else Dutch.

    An address that asks for a language there is none of is read as one that asks for none.
    """
    asked = query.get("language", "").lower()
    return asked if asked in LOCALES else accepted_language(headers.get("accept-language", ""))
