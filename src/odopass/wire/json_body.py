"""Reading a JSON object from bytes, strictly: whatever is sent, the outcome is an object or `Invalid` (W12).

The standard library's decoder does the work in C. It is laxer than the wire allows in four ways, and each is closed
here: duplicate names (the last would win), NaN and Infinity, text that cannot be stored (half a surrogate pair,
U+0000), and numbers. ``100.0``, ``1e2`` and ``1e400`` stay distinguishable from integers as `NumberAsSent`.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from odopass.wire.echo import NumberAsSent, printable, shown
from odopass.wire.errors import Invalid, Problem

#: Longest body that is read, in bytes. A whole observation takes about 300.
MAX_BODY_BYTES = 65_536

#: Longest integer that is read as one, in digits; Python itself refuses more than 4,300.
_MAX_DIGITS = 4_000

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _LaxError(ValueError):
    """The plain decoder met something that needs the tolerant one to describe it."""


def body_too_large() -> Problem:
    """What is answered to a body of more than `MAX_BODY_BYTES`."""
    return Problem((), f"The body is too large: at most {MAX_BODY_BYTES} bytes are read.")


def read_object(body: bytes) -> tuple[dict[str, object], list[Problem]]:
    """The members of the JSON object in `body`, and what is wrong with it as JSON but does not hide its members.

    The second part is empty unless a name is duplicated, a string unstorable or a number no JSON; the caller adds
    its own problems and refuses with all of them together.

    Raises:
        Invalid: the members cannot be told: no JSON, no object, too large, nested too deeply.
    """
    text = _decoded(body)
    problems: list[Problem] = []
    try:
        value = _PLAIN.decode(text)
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except ValueError:
        value = _decode_tolerantly(text, problems)
    if type(value) is not dict:
        _refuse(f"The body must be a JSON object, in braces; it is {shown(value)}.")
    # Unescaped, neither NUL nor half a surrogate pair gets this far.
    if b"\\u" in body:
        problems.extend(_unstorable_text(value))
    return value, problems


def _decoded(body: bytes) -> str:
    if len(body) > MAX_BODY_BYTES:
        raise Invalid([body_too_large()])
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        _refuse(f"The body is not UTF-8: byte {error.start + 1} does not fit.")
    if not text or text.isspace():
        _refuse("The body is empty; a JSON object is expected.")
    return text


def _refuse(message: str) -> NoReturn:
    raise Invalid([Problem((), message)]) from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _LaxError
    return members


def _no_constant(_: str) -> NoReturn:
    raise _LaxError


_PLAIN = json.JSONDecoder(object_pairs_hook=_members, parse_float=NumberAsSent, parse_constant=_no_constant)


def _decode_tolerantly(text: str, problems: list[Problem]) -> object:
    """Decode what the plain decoder refused, if it is JSON at all, and add to `problems` what is wrong with it."""

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        duplicated: set[str] = set()
        for name, value in pairs:
            if name in found:
                duplicated.add(name)
            found[name] = value
        problems.extend(
            Problem((printable(name),), "It is given more than once; give it once.") for name in sorted(duplicated)
        )
        return found

    def constant(name: str) -> NumberAsSent:
        problems.append(Problem((), f"{name} is not a number in JSON."))
        return NumberAsSent(name)

    def integer(digits: str) -> int | NumberAsSent:
        return int(digits) if len(digits) <= _MAX_DIGITS else NumberAsSent(digits)

    decoder = json.JSONDecoder(
        object_pairs_hook=members, parse_float=NumberAsSent, parse_constant=constant, parse_int=integer
    )
    try:
        value: object = decoder.decode(text)
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not valid JSON: {error.msg}, line {error.lineno}, column {error.colno}.")
    return value


def _unstorable_text(members: dict[str, object]) -> list[Problem]:
    """One problem for each member that holds text which no database can keep, its own name included."""
    return [
        Problem((printable(name),), "Text must not hold U+0000 or half of a surrogate pair.")
        for name, value in sorted(members.items(), key=lambda member: member[0])
        if _holds_unstorable(name, value)
    ]


def _holds_unstorable(name: str, value: object) -> bool:
    waiting: list[object] = [name, value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if _UNSTORABLE.search(part):
                return True
        elif isinstance(part, dict):
            waiting.extend(part)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return False
