"""What requests say in headers: which software sent them (W21), and the key that makes a repetition harmless."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from odopass.wire.echo import shown
from odopass.wire.errors import Invalid, Problem

BUILDER: Final = "client-software-builder"
NAME: Final = "client-software-name"
VERSION: Final = "client-software-version"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"

#: Longest part of a software header that is kept, in characters.
MAX_SOFTWARE_LENGTH: Final = 200
MAX_IDEMPOTENCY_KEY_LENGTH: Final = 255

#: Headers as ASGI hands them over: name and value in bytes.
RawHeaders = Iterable[tuple[bytes, bytes]]

_SOFTWARE: Final = {BUILDER.encode(): 0, NAME.encode(): 1, VERSION.encode(): 2}
_KEY: Final = IDEMPOTENCY_KEY.lower().encode()
_FIRST_PRINTABLE: Final = 0x20
_LAST_PRINTABLE: Final = 0x7E


@dataclass(frozen=True, slots=True)
class ClientSoftware:
    """The software that sent a request, as it calls itself; "" where it does not say.

    Attributes:
        builder: who makes it.
        name: what it is called.
        version: which one it is.
    """

    builder: str
    name: str
    version: str


def client_software(headers: RawHeaders) -> ClientSoftware | None:
    """Who sent this, or None if no header says so.

    Nothing here is refused: what can't be shown is left out and what is too long is cut. Of a header that comes
    twice the last counts.
    """
    parts = ["", "", ""]
    for name, value in headers:
        if (place := _SOFTWARE.get(name.lower())) is not None:
            parts[place] = _kept(value)
    return ClientSoftware(*parts) if any(parts) else None


def _kept(value: bytes) -> str:
    """A header's text. Clients send UTF-8 though the standard's reading of such bytes was Latin-1."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text.strip()[:MAX_SOFTWARE_LENGTH]


def idempotency_key(headers: RawHeaders) -> str | None:
    """The key of a request, or None if it has none.

    Raises:
        Invalid: it is not 1 to 255 printable ASCII characters, or there are two that differ.
    """
    keys = {value for name, value in headers if name.lower() == _KEY}
    if not keys:
        return None
    if len(keys) > 1:
        raise Invalid([Problem((IDEMPOTENCY_KEY,), "The header comes twice with different keys; send one.")])
    key = keys.pop().strip(b" \t")
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_LENGTH or not all(
        _FIRST_PRINTABLE <= byte <= _LAST_PRINTABLE for byte in key
    ):
        problem = (
            f"{shown(key.decode('latin-1'))} is not a key: expected 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} printable "
            "ASCII characters."
        )
        raise Invalid([Problem((IDEMPOTENCY_KEY,), problem)])
    return key.decode("ascii")
