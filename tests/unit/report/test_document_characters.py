from __future__ import annotations

import unicodedata
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from odopass.lettering import FONTS
from odopass.lettering.characters import UNKNOWN, drawable, presentable

BREAK = "\u200b"


def _in(font: str) -> set[int]:
    return set(TTFont(BytesIO((FONTS / font).read_bytes())).getBestCmap())


@pytest.mark.requirement("R11")
def test_the_list_of_characters_is_what_both_fonts_can_draw() -> None:
    listed = {code for first, last in drawable() for code in range(first, last + 1)}
    both = _in("NotoSans-Regular.ttf") & _in("NotoSans-SemiBold.ttf")
    seen = {code for code in both if unicodedata.category(chr(code))[0] != "C" and chr(code) not in "\u2028\u2029"}
    assert listed == seen


def test_the_whole_latin_range_can_be_drawn() -> None:
    for first, last in [(0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x24F), (0x1E00, 0x1EFF)]:
        for code in range(first, last + 1):
            assert presentable(chr(code)) == unicodedata.normalize("NFC", chr(code))
    assert presentable("Żółć, Čapek, Őrbottyán, Ğüneş, Þórður, Ἀερόστατον, Ψ") == (
        "Żółć, Čapek, Őrbottyán, Ğüneş, Þórður, Ἀερόστατον, Ψ"
    )


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("a\u202eevil\u202c b", "aevil b"),
        ("two\r\nlines\tand\u2028more", "two  lines and more"),
        ("\u0000\u0007\ufeffx\u00ad", "x"),
        ("中文", UNKNOWN * 2),
        ("\ue000\U0001f697\ud800\uffff", UNKNOWN * 4),
        ("o\u0308", "ö"),
    ],
)
def test_what_cannot_be_drawn_is_left_out_or_marked(told: str, shown: str) -> None:
    assert presentable(told) == shown


def test_only_words_longer_than_a_line_may_be_get_places_to_break_at() -> None:
    assert BREAK not in presentable("WVWZZZ1KZBW123456 and Geschwindigkeitsbegrenzer")
    long = "W" * 60
    assert presentable(long).replace(BREAK, "") == long
    assert max(len(piece) for piece in presentable(long).split(BREAK)) <= 7


@given(st.text())
def test_nothing_is_left_that_the_fonts_cannot_draw(text: str) -> None:
    listed = {code for first, last in drawable() for code in range(first, last + 1)}
    assert {ord(character) for character in presentable(text)} <= listed | {ord(BREAK)}
