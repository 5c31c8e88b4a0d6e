"""A text that must not get into a log, a message or a traceback."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A password on its way through the program.

    Printing, formatting or logging it shows a placeholder; it cannot be pickled or copied into JSON. Whoever needs
    the text itself says so with `reveal`, which is easy to search for.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")
