"""Which of our languages a browser asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from odopass.wording import DEFAULT_LANGUAGE, LOCALES

#: Wishes beyond this many in one header are not looked at.
_MOST_WISHES: Final = 50


@dataclass(frozen=True, slots=True)
class _Wish:
    language: str  # without region; "*" is any other
    quality: float


def accepted_language(header: str) -> str:
    """The best of our languages by an Accept-Language header (RFC 9110, section 12.5.4).

    A region counts as its language: "fr-CH" is French. Of wishes as strong as each other the first one wins.
    """
    wishes = sorted(_wishes(header), key=attrgetter("quality"), reverse=True)
    refused = {wish.language for wish in wishes if wish.quality == 0}
    named = {wish.language for wish in wishes}
    for wish in wishes:
        if wish.quality == 0:
            break
        if wish.language in LOCALES:
            return wish.language
        if wish.language == "*":
            left = [language for language in LOCALES if language not in named]
            if left:
                return left[0]
    return next((language for language in LOCALES if language not in refused), DEFAULT_LANGUAGE)


def _wishes(header: str) -> Iterator[_Wish]:
    for part in header.split(",")[:_MOST_WISHES]:
        named, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = _quality(parameters)
        if named and quality is not None:
            yield _Wish(named.partition("-")[0], quality)


def _quality(parameters: list[str]) -> float | None:
    """The q value, 1 if none is given; None if it is none."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0
