from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.wire.dates import DATE_PATTERN, format_wire_date, parse_wire_date

pytestmark = pytest.mark.requirement("W3")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05/03/2026", date(2026, 3, 5)),
        ("29/02/2024", date(2024, 2, 29)),
        ("29/02/2000", date(2000, 2, 29)),
        ("31/12/9999", date(9999, 12, 31)),
        ("01/01/0001", date(1, 1, 1)),
    ],
)
def test_a_day_of_the_calendar_in_ten_characters_is_read(text: str, day: date) -> None:
    assert parse_wire_date(text) == day
    assert format_wire_date(day) == text


@pytest.mark.parametrize(
    "text", ["29/02/2023", "29/02/1900", "31/04/2026", "31/11/2026", "00/01/2026", "01/13/2026", "01/01/0000"]
)
def test_what_is_no_day_of_the_calendar_is_refused_as_such(text: str) -> None:
    with pytest.raises(ValueError, match=f'^"{text}" is no day of the calendar; expected dd/mm/yyyy'):
        parse_wire_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "05/03/26",
        "5/3/2026",
        "05-03-2026",
        "2026-03-05",
        "2026/03/05",
        "05/03/2026 ",
        " 05/03/2026",
        "05/03/2026\n",
        "05/03/2026T00:00",
        "05/03/20 6",
        "+5/03/2026",
        "0x/03/2026",
        "٠٥/٠٣/٢٠٢٦",
        "05/03/２０２６",
        "²5/03/2026",
        "05／03／2026",
        "1_/03/2026",
        "5/03//2026",
        "\x0005/03/202",
        "x" * 100_000,
    ],
)
def test_any_other_writing_is_refused_with_what_was_sent_and_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="is not written as a date; expected dd/mm/yyyy") as refused:
        parse_wire_date(text)
    message = str(refused.value)
    assert message.isprintable()
    assert len(message) < 200
    assert text[:3].strip("\x00") in message


def test_the_usual_mistakes_are_told_apart() -> None:
    for text, hint in (("05/03/26", "four digits"), ("2026-03-05", "ISO"), ("05/03/2026 ", "blanks")):
        with pytest.raises(ValueError, match=hint):
            parse_wire_date(text)


def test_every_day_of_two_centuries_comes_back_as_it_was() -> None:
    day = date(1900, 1, 1)
    while day.year <= 2100:
        text = format_wire_date(day)
        assert parse_wire_date(text) == day
        assert re.search(DATE_PATTERN, text)
        day += timedelta(days=1)


@given(st.text(max_size=12) | st.from_regex(r"\A[0-9]{2}/[0-9]{2}/[0-9]{4}\Z"))
def test_what_is_read_is_written_the_same_and_fits_the_pattern(text: str) -> None:
    try:
        day = parse_wire_date(text)
    except ValueError:
        return
    assert format_wire_date(day) == text
    assert re.search(DATE_PATTERN, text)
