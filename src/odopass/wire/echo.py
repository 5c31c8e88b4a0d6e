"""What was sent, shown back in a message: short, printable, on one line."""

from __future__ import annotations

#: Longest part of a value that is shown, in characters.
SHOWN_CHARACTERS = 40

#: Integers below this are shown whole; Python refuses to write out enormous ones.
_SHOWN_WHOLE = 10**SHOWN_CHARACTERS


class NumberAsSent(float):
    """A JSON number that is no plain integer, with the text that was sent (``100.0``, ``1e400``, 5,000 digits)."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> NumberAsSent:
        """Keep `text` beside its value as a float."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def printable(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    r"""`text` cut at `limit` characters, with everything invisible written as ``\uXXXX``."""
    cut = text[:limit]
    if not cut.isprintable():
        cut = "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in cut)
    return cut if len(text) <= limit else f"{cut}…"


def shown(value: object) -> str:
    """A JSON value as a developer would recognise it in a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{printable(value)}"'
        case NumberAsSent():
            return printable(value.text)
        case int():
            return str(value) if -_SHOWN_WHOLE < value < _SHOWN_WHOLE else "an enormous integer"
        case list():
            return "an array"
        case dict():
            return "an object"
    return type(value).__name__
