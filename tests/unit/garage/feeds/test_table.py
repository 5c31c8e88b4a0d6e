"""CSV as other programs write it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from odopass.garage.feeds.table import Line, TableFault, read_table

pytestmark = pytest.mark.requirement("G15")

HEADER = "vin;day;km;read_by"
ROW = "WVWZZZ1JZXW000001;24/11/2026;120000;Léa"
FIELDS = {"vin": "WVWZZZ1JZXW000001", "day": "24/11/2026", "km": "120000", "read_by": "Léa"}


def lines(content: str | bytes) -> Sequence[Line]:
    return list(read_table(content.encode() if isinstance(content, str) else content).lines())


def fault(content: str | bytes) -> str:
    with pytest.raises(TableFault) as caught:
        lines(content)
    return caught.value.finding.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_ends_of_lines(encoding: str, end: str) -> None:
    [line] = lines(f"{HEADER}{end}{ROW}{end}".encode(encoding))
    assert (line.number, line.fields, line.fault) == (2, FIELDS, None)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_separators(separator: str) -> None:
    [line] = lines(f"{HEADER}\n{ROW}".replace(";", separator))
    assert line.fields == FIELDS


def test_excels_line_that_names_the_separator_is_passed_over() -> None:
    [line] = lines(f"sep=;\r\n{HEADER}\r\n{ROW}")
    assert (line.number, line.fields) == (3, FIELDS)


def test_columns_come_in_any_order_and_case_and_unknown_ones_are_named() -> None:
    table = read_table(b"Read By;KM;Colour;DAY;First-Use;Vin\nAnna;5;red;24/11/2026;;X\n")
    assert (table.header, table.ignored) == (("Read By", "KM", "Colour", "DAY", "First-Use", "Vin"), ("Colour",))
    [line] = table.lines()
    assert line.fields == {"read_by": "Anna", "km": "5", "day": "24/11/2026", "first_use": "", "vin": "X"}


def test_the_columns_of_a_rejects_file_are_passed_over() -> None:
    table = read_table(f"line;reason;{HEADER}\n7;km: why;{ROW}\n".encode())
    assert (table.header, table.ignored) == (("vin", "day", "km", "read_by"), ())
    [line] = table.lines()
    assert (line.fields, line.cells) == (FIELDS, ROW.split(";"))


def test_quoted_fields_may_hold_separators_quotes_and_ends_of_lines_and_lines_are_counted_as_editors_do() -> None:
    first, second = lines(f'{HEADER}\n"A;B";1;2;"say ""x""\nmore"\n\n;;;\n{ROW}\n')
    assert (first.number, first.fields["vin"], first.fields["read_by"]) == (2, "A;B", 'say "x"\nmore')
    assert (second.number, second.fields) == (6, FIELDS)


def test_a_line_with_too_many_or_too_few_fields_is_not_guessed_at() -> None:
    long, short, good = lines(f"{HEADER}\n{ROW};5\nA;24/11/2026;5\n{ROW}\n")
    assert long.fault is not None
    assert short.fault is not None
    assert (long.fault.code, dict(long.fault.values)) == ("line_fields", {"found": 5, "expected": 4})
    assert (short.fault.code, short.cells) == ("line_fields", ["A", "24/11/2026", "5"])
    assert good.fields == FIELDS


def test_a_quotation_that_never_ends_says_which_lines_it_swallows() -> None:
    good, bad = lines(f'{HEADER}\n{ROW}\n"A;1;2;x\n{ROW}\n')
    assert good.fault is None
    assert bad.fault is not None
    assert (bad.number, bad.fault.code, bad.fault.values["last"]) == (3, "quotation", 4)


def test_lines_after_a_wrong_quotation_are_read() -> None:
    bad, good = lines(f'{HEADER}\n"A"x;1;2;y\n{ROW}\n')
    assert bad.fault is not None
    assert (bad.fault.code, good.number, good.fields) == ("quotation", 3, FIELDS)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file_empty"),
        ("\ufeff", "file_empty"),
        (" \r\n\n", "file_empty"),
        (ROW, "columns_missing"),
        ("vin;day;km\n", "columns_missing"),
        ("km;day;read_by\n", "columns_missing"),
        ("vin;km;day;read_by;Read-By\n", "column_twice"),
        ('"vin;km\n', "quotation"),
        (b"vin;km;day;read_by;\x81\n", "file_encoding"),
    ],
)
def test_a_file_that_cannot_be_taken_as_a_whole_says_why(content: str | bytes, code: str) -> None:
    assert fault(content) == code


def test_only_a_header_is_a_table_without_lines() -> None:
    assert lines(HEADER) == []
