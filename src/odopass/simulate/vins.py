"""Vehicle identification numbers as ISO 3779 builds them: 17 characters, no I, O or Q, a check digit where one applies.

The check digit in position 9 is mandatory for vehicles built for North America and China; European makers fill the
position as they like.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from odopass.simulate.arrays import Ints

VIN_LENGTH = 17
#: The characters a VIN may have. The letters I, O and Q look too much like 1 and 0.
VIN_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
#: First characters of makers whose VINs carry a check digit: North America and China.
CHECKED_REGIONS = "12345L"

_WEIGHTS = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2], dtype=np.int64)
_CHECK_POSITION = 8
_MODEL_YEAR_POSITION = 9
#: Position 10: thirty characters for thirty model years, A for 1980 and 2010.
_MODEL_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"

_VALUES = np.zeros(128, dtype=np.int64)
for _value, _characters in enumerate(("", "AJ", "BKS", "CLT", "DMU", "ENV", "FW", "GPX", "HY", "RZ")):
    for _character in _characters:
        _VALUES[ord(_character)] = _value
for _digit in range(10):
    _VALUES[ord("0") + _digit] = _digit

_LETTERS = np.frombuffer(VIN_ALPHABET.encode(), dtype=np.uint8)
_YEAR_LETTERS = np.frombuffer(_MODEL_YEARS.encode(), dtype=np.uint8)
_CHECK_LETTERS = np.frombuffer(b"0123456789X", dtype=np.uint8)

#: Serial numbers have six digits; the position before them tells the millions apart.
_SERIALS = 1_000_000
#: Odd and free of the factor 5, so that multiplying by it visits each serial once.
_STRIDE = 386_117


def _check_characters(characters: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The check digit that belongs to each row of 17 characters, whatever its position 9 holds."""
    return np.asarray(_CHECK_LETTERS[(_VALUES[characters] @ _WEIGHTS) % 11])


def check_digit(vin: str) -> str:
    """The check digit that belongs into position 9 of ``vin``.

    Raises:
        ValueError: ``vin`` does not have 17 characters.
    """
    if len(vin) != VIN_LENGTH:
        raise ValueError(f"a VIN with a check digit has {VIN_LENGTH} characters, not {len(vin)}")
    row = np.frombuffer(vin.encode("ascii"), dtype=np.uint8)[None, :]
    return chr(_check_characters(row)[0])


def make_vins(
    rng: np.random.Generator, wmis: list[str], years: Ints, filler: npt.NDArray[np.bool_], numbers: Ints
) -> npt.NDArray[np.bytes_]:
    """One VIN for each vehicle, none of them twice.

    Args:
        rng: for the characters that mean nothing here.
        wmis: the first three characters of each.
        years: the model year of each.
        filler: whether positions 4 to 6 and 9 hold the letter Z.
        numbers: the vehicle's number in the fleet; it makes the VIN unique, up to 33 million vehicles.
    """
    count = len(wmis)
    rows = _LETTERS[rng.integers(0, len(_LETTERS), size=(count, VIN_LENGTH))]
    rows[:, :3] = np.frombuffer("".join(wmis).encode(), dtype=np.uint8).reshape(count, 3)
    for place in (3, 4, 5, _CHECK_POSITION):
        rows[filler, place] = ord("Z")
    rows[:, _MODEL_YEAR_POSITION] = _YEAR_LETTERS[(years - 1980) % len(_YEAR_LETTERS)]
    rows[:, 10] = _LETTERS[(numbers // _SERIALS) % len(_LETTERS)]
    serial = (numbers * _STRIDE + 12_345) % _SERIALS
    for place in range(6):
        rows[:, 16 - place] = ord("0") + (serial // 10**place) % 10
    checked = np.isin(rows[:, 0], np.frombuffer(CHECKED_REGIONS.encode(), dtype=np.uint8))
    rows[checked, _CHECK_POSITION] = _check_characters(rows[checked])
    return np.frombuffer(rows.tobytes(), dtype=f"S{VIN_LENGTH}")


def make_short_vin(year: int, number: int) -> str:
    """A chassis number as makers gave before 1981: 7 to 14 characters, most of them digits."""
    shape = number % 4
    if shape == 0:
        return f"{year % 100:02d}{number:07d}"
    if shape == 1:
        return f"GHN{number:06d}{'LR'[number // 4 % 2]}"
    if shape == 2:  # noqa: PLR2004
        return f"{1_000_000 + number:07d}"
    return f"{114_010 + year % 10}12{number:06d}"
