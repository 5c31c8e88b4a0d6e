from __future__ import annotations

from datetime import date

import pytest

from odopass.garage.checks import Severity, typed_date, typed_km, typed_plate, typed_vin

VIN = "WVWZZZ1JZXW000001"


def codes(findings: tuple[object, ...]) -> list[str]:
    return [getattr(finding, "code") for finding in findings]  # noqa: B009


@pytest.mark.requirement("G9")
@pytest.mark.parametrize("text", [VIN, VIN.lower(), f" {VIN} ", "WVW ZZZ 1JZ\u00a0XW 000001\n"])
def test_a_vin_is_taken_in_any_case_and_without_the_blanks_of_a_document(text: str) -> None:
    assert (typed_vin(text).value, typed_vin(text).findings) == (VIN, ())


@pytest.mark.requirement("G9")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{VIN}8", "vin_too_long"),
        ("0" * 17, "vin_one_character"),
        ("0" * 18, "vin_too_long"),
        ("7" * 5, "vin_one_character"),
        ("WVW-ZZZ1JZXW00001", "vin_characters"),
        ("WVWZZZ1JZXW00000é", "vin_characters"),
        ("WVWZZZ1JZXW00000１", "vin_characters"),
    ],
)
def test_an_impossible_vin_is_an_error(text: str, code: str) -> None:
    typed = typed_vin(text)
    assert typed.value is None
    assert codes(typed.findings) == [code]
    assert typed.findings[0].severity is Severity.ERROR


@pytest.mark.requirement("G9")
@pytest.mark.parametrize(
    ("text", "code"), [("WVWZZZ1JZXW00000", "vin_short"), ("AB1", "vin_short"), ("WVWZZZ1JZXWO00001", "vin_letter")]
)
def test_an_unusual_vin_is_a_warning_and_kept(text: str, code: str) -> None:
    typed = typed_vin(text)
    assert typed.value == text
    assert codes(typed.findings) == [code]
    assert typed.findings[0].severity is Severity.WARNING


@pytest.mark.requirement("G8")
@pytest.mark.parametrize("text", ["12.345", "12 345", "12,3", "-5", "+5", "1e5", "12km", " 12", "１２", "٣"])
def test_a_reading_is_digits_and_nothing_else(text: str) -> None:
    assert typed_km(text).value is None
    assert codes(typed_km(text).findings) == ["km_digits"]


@pytest.mark.requirement("G8")
def test_a_reading_is_taken_as_it_is() -> None:
    assert [typed_km(text).value for text in ("0", "7", "000123", "123456", "9999999")] == [0, 7, 123, 123456, 9999999]
    assert codes(typed_km("10000000").findings) == ["km_too_high"]
    assert codes(typed_km("9" * 5000).findings) == ["km_too_high"]
    assert codes(typed_km("").findings) == ["km_missing"]


@pytest.mark.requirement("G11")
def test_a_day_is_told_in_full() -> None:
    assert typed_date("24/11/2026").value == typed_date("2026-11-24").value == date(2026, 11, 24)
    for text in ("1/2/26", "01/02/26", "2026/11/24", "31/04/2026", "2026-02-30", "29/02/2026", "tomorrow"):
        assert codes(typed_date(text).findings) == ["date_form"], text
    assert typed_date(" ").findings == ()


def test_plates_are_told_apart_by_letters_and_digits_only() -> None:
    assert typed_plate("1-abc-123").value == typed_plate("1 ABC 123").value == "1ABC123"
    assert codes(typed_plate("1_ABC").findings) == ["plate_characters"]
    assert codes(typed_plate("--").findings) == ["plate_characters"]
    assert codes(typed_plate("1234567890").findings) == ["plate_too_long"]


@pytest.mark.requirement("G9")
@pytest.mark.parametrize("text", ["WVWZZZ1JZXW00000ß", "WVWZZZ1JZXW0000ı1", "WVWZZZ1JZXW000ﬁ1", "WVWZZZ1JZXW00000１"])
def test_no_letter_of_a_vin_is_made_of_another_one(text: str) -> None:
    assert [each.code for each in typed_vin(text).findings] == ["vin_characters"]
    assert [each.code for each in typed_plate(text[-3:]).findings] == ["plate_characters"]
