"""Read a source's answer field by field: what cannot be right is left out and counted, the rest stands.

A source is another organisation's program. Nothing it sends is trusted: not the encoding, not the types, not the
figures. What is noted about an oddity names the field and the reason, never the value, which may be anything.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Final, NoReturn, TypeVar

from odopass.registry.report.sources.question import SourceUnreadable

#: What kinds of oddity are told apart in one answer, and how many entries of a list are looked at.
_MOST_KINDS: Final = 50
MOST_ENTRIES: Final = 2_000

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_DIGITS: Final = re.compile(r"\d{1,12}", re.ASCII)
_LONGEST_NUMBER: Final = 20
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


_Value = TypeVar("_Value")


class _OddError(Exception):
    """A value cannot be right; the text says why."""


class _Unusable:
    """Stands where JSON had something no field may hold: a name given twice, NaN, a fraction, an endless number."""


_UNUSABLE: Final = _Unusable()


class Oddities:
    """What was left out of one answer."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()

    def note(self, field: str, reason: str) -> None:
        """Count one field or entry that was left out."""
        key = f"{field}: {reason}"
        if key not in self._counted and len(self._counted) >= _MOST_KINDS:
            key = "others"
        self._counted[key] += 1

    def counted(self) -> dict[str, int]:
        """How often each was met."""
        return dict(self._counted)

    def __len__(self) -> int:
        return self._counted.total()


class Members:
    """The members of a JSON object; a missing one, null and a blank text are all "not told", which is no oddity."""

    def __init__(self, members: Mapping[str, object], oddities: Oddities, where: str = "") -> None:
        self._members = members
        self._where = where
        self.oddities = oddities

    def odd(self, name: str, reason: str) -> None:
        """Note that a member is left out."""
        self.oddities.note(self._where + name, reason)

    def missing(self, name: str) -> None:
        """Note that a member which must be there is not; if it is there and cannot be right, that was noted already."""
        if not self.tells(name):
            self.odd(name, "missing")

    def tells(self, name: str) -> bool:
        """Whether the member is there, whatever it is; null and a blank text are not."""
        value = self._members.get(name)
        return value is not None and not (isinstance(value, str) and not value.strip())

    def text(self, name: str, *, longest: int) -> str | None:
        """A text of 1 to `longest` printable characters; line breaks and runs of blanks count as one blank."""
        return self._read(name, lambda value: _text(value, longest))

    def code(self, name: str, known: frozenset[str]) -> str | None:
        """One of the known codes, exactly."""
        return self._read(name, lambda value: _code(value, known))

    def whole(self, name: str, *, lowest: int = 0, highest: int) -> int | None:
        """A whole number within bounds (both included)."""
        return self._read(name, lambda value: _whole(value, lowest, highest))

    def flag(self, name: str) -> bool | None:
        """True or false."""
        return self._read(name, _flag)

    def day(self, name: str, *, since: date, until: date) -> date | None:
        """A day as yyyy-mm-dd, within bounds (both included)."""
        return self._read(name, lambda value: _within(_day(value), since, until))

    def day_of_moment(self, name: str, zone: tzinfo, *, since: date, until: date) -> date | None:
        """The day, by the clocks of a zone, of a moment as yyyy-mm-ddThh:mm:ssZ; within bounds (both included)."""
        return self._read(name, lambda value: _within(_day_of_moment(value, zone), since, until))

    def whole_in_digits(self, name: str, *, highest: int) -> int | None:
        """A whole number, which may be given as a text of digits."""
        return self._read(name, lambda value: _whole(_from_digits(value), 0, highest))

    def entries(self, name: str) -> Iterator[Members] | None:
        """The objects of a list, each to be read like this one; None if there is no list."""
        values = self._read(name, _list)
        return None if values is None else self._entries(name, values)

    def _entries(self, name: str, values: list[object]) -> Iterator[Members]:
        where = f"{self._where}{name}[]"
        for value in values[:MOST_ENTRIES]:
            if isinstance(value, dict):
                yield Members(value, self.oddities, f"{where}.")
            else:
                self.oddities.note(where, "no object")
        for _ in values[MOST_ENTRIES:]:
            self.oddities.note(where, "too many")

    def _read(self, name: str, read: Callable[[object], _Value]) -> _Value | None:
        if not self.tells(name):
            return None
        try:
            return read(self._members[name])
        except _OddError as error:
            self.odd(name, str(error))
            return None


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise _OddError("no text")
    text = " ".join(value.split())
    if len(text) > longest:
        raise _OddError("too long")
    if not text.isprintable():
        raise _OddError("characters that cannot be printed")
    return text


def _code(value: object, known: frozenset[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise _OddError("unknown")
    return value


def _whole(value: object, lowest: int, highest: int) -> int:
    if type(value) is not int:
        raise _OddError("no whole number")
    if value < lowest:
        raise _OddError("too low")
    if value > highest:
        raise _OddError("too high")
    return value


def _from_digits(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _OddError("neither true nor false")
    return value


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _OddError("no date")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _OddError("no such day") from None


def _day_of_moment(value: object, zone: tzinfo) -> date:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise _OddError("no date")
    try:
        moment = datetime.fromisoformat(value)
        return moment.date() if moment.tzinfo is None else moment.astimezone(zone).date()
    except (ValueError, OverflowError):
        raise _OddError("no such day") from None


def _within(day: date, since: date, until: date) -> date:
    if day < since:
        raise _OddError("long before it can be")
    if day > until:
        raise _OddError("in the future")
    return day


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _OddError("no list")
    return value


def read_members(body: bytes, oddities: Oddities) -> Members:
    """The members of the JSON object that a source answered with.

    Raises:
        SourceUnreadable: it is no JSON object in UTF-8.
    """
    try:
        text = body.removeprefix(_BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError:
        _unreadable("not UTF-8")
    try:
        value: object = _DECODER.decode(text)
    except RecursionError:
        _unreadable("nested too deeply")
    except ValueError:
        _unreadable("no JSON")
    if not isinstance(value, dict):
        _unreadable("no JSON object")
    return Members(value, oddities)


def _unreadable(reason: str) -> NoReturn:
    raise SourceUnreadable(reason) from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; which of two members of one name is meant cannot be told, so neither is."""
    members = dict(pairs)
    if len(members) != len(pairs):
        for name, times in Counter(name for name, _ in pairs).items():
            if times > 1:
                members[name] = _UNUSABLE
    return members


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else _UNUSABLE


def _nothing(_: str) -> object:
    return _UNUSABLE


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_nothing, parse_constant=_nothing, parse_int=_integer
)
