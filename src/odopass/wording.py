"""The words of pages and documents in four languages: gettext catalogues, read as they are, so nothing is compiled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

#: The languages people are spoken to in (W17, G14), and how each is written in Belgium.
LOCALES: Final = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}

DEFAULT_LANGUAGE: Final = "nl"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words and its ways of writing numbers and dates.

    Attributes:
        language: nl, fr, de or en.
    """

    language: str
    _words: dict[str, str]

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, its values filled in.

        Args:
            text: as it stands in English; the key of the catalogue.
            **values: for the names in braces.
        """
        return self._words.get(text, text).format_map(values) if values else self._words.get(text, text)

    def count(self, number: int) -> str:
        """A whole number with its thousands set apart."""
        return format_decimal(number, locale=LOCALES[self.language])

    def km(self, number: int) -> str:
        """A distance in km; the blank before the unit does not break."""
        return f"{self.count(number)}\u00a0km"

    def day(self, day: dt.date) -> str:
        """A day as on the certificate: dd/mm/yyyy in every language."""
        return day.strftime("%d/%m/%Y")

    def month(self, day: dt.date) -> str:
        """A month and year, short, for an axis."""
        return format_date(day, "MMM yyyy", locale=LOCALES[self.language])

    def time(self, moment: dt.datetime) -> str:
        """An hour and minute of the day, in the moment's own zone."""
        return format_time(moment, "HH:mm", locale=LOCALES[self.language])

    def country(self, code: str) -> str:
        """A country's name."""
        name: str = Locale.parse(LOCALES[self.language]).territories.get(code.upper(), code)
        return name

    def language_name(self, code: str) -> str:
        """A language's name in itself, for the switch of languages."""
        return (Locale.parse(code).get_display_name(code) or code).capitalize()


def read_wording(package: str, language: str, catalogues: Iterable[str]) -> Wording:
    """The words of a language, from ``locale/LANGUAGE/LC_MESSAGES/CATALOGUE.po`` of a package.

    Args:
        package: whose folder holds the catalogues.
        language: nl, fr, de or en; the texts stand in English, so that has no catalogue.
        catalogues: their names without the ending.

    Raises:
        KeyError: the language is none of these.
    """
    if language not in LOCALES:
        raise KeyError(language)
    if language == "en":
        return Wording(language, {})
    words: dict[str, str] = {}
    for name in catalogues:
        stored = files(package).joinpath("locale", language, "LC_MESSAGES", f"{name}.po").read_bytes()
        catalogue = read_po(BytesIO(stored), locale=LOCALES[language], abort_invalid=True)
        words.update(
            (message.id, message.string)
            for message in catalogue
            if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string
        )
    return Wording(language, words)
