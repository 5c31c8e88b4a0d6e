"""What text may stand in the document: characters that its fonts can draw, and none that change how others read.

A PDF/A file has no character without a glyph, and a name that a foreign source tells may hold anything: marks that
turn the direction of writing, control characters, scripts that the fonts do not have.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cache, lru_cache
from typing import Final

from odopass.lettering import FONTS

#: Stands for a character that the fonts do not have.
UNKNOWN: Final = "\ufffd"

#: Longer words get places to break at; no word of the four languages, no VIN and no number is as long.
_LONGEST_WORD: Final = 28
_PIECE: Final = 7
_BREAK_HERE: Final = "\u200b"
_LONG: Final = re.compile(rf"[^\s\u00a0]{{{_LONGEST_WORD},}}")


@cache
def drawable() -> tuple[tuple[int, int], ...]:
    """The ranges of code points that the fonts can draw, in order."""
    text = FONTS.joinpath("characters.txt").read_text("ascii")
    ranges = (line.split("-") for line in text.splitlines() if not line.startswith("#"))
    return tuple((int(first, 16), int(last, 16)) for first, last in ranges)


@lru_cache(maxsize=4096)
def presentable(text: str) -> str:
    """The text as the document can show it.

    Line breaks and tabs become blanks, invisible characters go, those without a glyph become U+FFFD, and words that
    are longer than a line may be get places to break at.
    """
    if text.isascii() and text.isprintable():
        shown = text
    else:
        shown = "".join(_shown(character) for character in unicodedata.normalize("NFC", text))
    return _LONG.sub(_breakable, shown)


def _shown(character: str) -> str:
    if character in "\n\r\t\v\f\u2028\u2029":
        return " "
    if unicodedata.category(character) in {"Cc", "Cf"}:
        return ""
    code = ord(character)
    place = bisect_right(drawable(), (code, 0x110000)) - 1
    return character if place >= 0 and code <= drawable()[place][1] else UNKNOWN


def _breakable(word: re.Match[str]) -> str:
    text = word.group()
    return _BREAK_HERE.join(text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
