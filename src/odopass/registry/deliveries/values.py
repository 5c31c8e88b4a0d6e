"""What cells mean: columns of text become columns of values, with nothing where a cell cannot be read.

Whole columns at once, since a nation's extract has a hundred million cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

#: Reads a column of text without blanks around it: as many values, null where there is no text or it is wrong.
Reader: TypeAlias = Callable[[pa.Array], pa.Array]

_LONGEST_TEXT: Final = 100
_ISO, _BELGIAN = "^(18|19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$", "^[0-9]{2}/[0-9]{2}/(18|19|20)[0-9]{2}$"
_TRUE: Final = pa.array(["true", "t", "yes", "y", "1"])
_FALSE: Final = pa.array(["false", "f", "no", "n", "0"])


def only(cells: pa.Array, good: pa.Array) -> pa.Array:
    """The cells that are good, and null for the others."""
    return pc.if_else(good, cells, pa.scalar(None, cells.type))


def matching(pattern: str) -> Reader:
    """Text of this form, in upper case."""

    def read(cells: pa.Array) -> pa.Array:
        upper = pc.utf8_upper(cells)
        return only(upper, pc.match_substring_regex(upper, pattern))

    return read


def category(cells: pa.Array) -> pa.Array:
    """An EU category of vehicles: a letter, a digit, and further ones of sub-categories, such as M1, N1G or L3e."""
    upper = pc.utf8_upper(cells)
    written = pc.replace_substring_regex(upper, "^(L[1-7])E", r"\1e")
    return only(written, pc.match_substring_regex(upper, "^[LMNOTCRS][1-9][0-9A-Z]{0,3}$"))


def plate(cells: pa.Array) -> pa.Array:
    """A plate as it is compared: upper case, without dashes, blanks and points; 1 to 12 letters and digits."""
    bare = pc.utf8_upper(pc.replace_substring_regex(cells, r"[-. ]", ""))
    return only(bare, pc.match_substring_regex(bare, "^[0-9A-Z]{1,12}$"))


def text(cells: pa.Array) -> pa.Array:
    """Text of up to 100 characters that can all be printed."""
    fits = pc.less_equal(pc.utf8_length(cells), _LONGEST_TEXT)
    return only(cells, pc.and_(fits, pc.invert(pc.match_substring_regex(cells, r"[\x00-\x1f\x7f]"))))


def number(highest: int) -> Reader:
    """A whole number from 0 to `highest`. Zeros after a decimal point are let go, since some files hold only floats."""

    def read(cells: pa.Array) -> pa.Array:
        whole = pc.replace_substring_regex(cells, r"^([0-9]+)\.0+$", r"\1")
        # Ten digits at most, so that the number fits wherever it goes.
        values = pc.cast(only(whole, pc.match_substring_regex(whole, "^[0-9]{1,10}$")), pa.int64())
        return only(values, pc.less_equal(values, highest)).cast(pa.int32())

    return read


def flag(cells: pa.Array) -> pa.Array:
    """Yes or no: true, t, yes, y, 1, or their opposites, in any case."""
    lower = pc.utf8_lower(cells)
    yes = pc.is_in(lower, _TRUE)
    known = pc.or_(yes, pc.is_in(lower, _FALSE))
    return only(yes, known)


def day(cells: pa.Array) -> pa.Array:
    """A day of the calendar from 1800 to 2099, as 2026-03-05 or 05/03/2026; midnight may follow."""
    cells = pc.replace_substring_regex(cells, r"[T ]00:00(:00(\.0+)?)?(Z|\+00:00)?$", "")
    iso, belgian = (
        _day(only(cells, pc.match_substring_regex(cells, pattern)), written)
        for pattern, written in ((_ISO, "%Y-%m-%d"), (_BELGIAN, "%d/%m/%Y"))
    )
    return pc.coalesce(iso, belgian)


def _day(cells: pa.Array, written: str) -> pa.Array:
    moments = pc.strptime(cells, format=written, unit="s", error_is_null=True)
    # 30 February is read as 2 March: only what is written back the same is a day.
    real = pc.equal(pc.strftime(moments, format=written), cells)
    return only(moments, real).cast(pa.date32())
