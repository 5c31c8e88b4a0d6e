"""Basic authentication (RFC 7617): reading and writing the ``Authorization`` header (W2)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

_BASE64_GROUP = 4
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and the password that came with it. The password is left out when this is printed."""

    username: str
    password: str = field(repr=False)


def parse_basic(header: bytes | str | None) -> Credentials | None:
    """The credentials in an ``Authorization`` header's value, or None if it holds none that can be right.

    The password may hold colons and any letters. Bytes that are not UTF-8 are read as Latin-1, which older clients
    send. Control characters, which the standard forbids in both parts, make it None. Never raises.
    """
    if header is None:
        return None
    if isinstance(header, str):
        try:
            header = header.encode("latin-1")
        except UnicodeEncodeError:
            return None
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    token = token.strip(b" \t")
    if len(token) % _BASE64_GROUP != 0:  # strict mode takes "dTpw=" in some releases of Python
        return None
    try:
        pair = binascii.a2b_base64(token, strict_mode=True)
    except ValueError:
        return None
    try:
        text = pair.decode()
    except UnicodeDecodeError:
        text = pair.decode("latin-1")
    username, colon, password = text.partition(":")
    if not colon or _CONTROL.search(text):
        return None
    return Credentials(username, password)


def basic_header(credentials: Credentials) -> str:
    """The ``Authorization`` header's value for `credentials`, in UTF-8.

    Raises:
        ValueError: the user name holds a colon, or either part a control character; no server could read it back.
    """
    if ":" in credentials.username:
        raise ValueError("a user name must not hold a colon")
    pair = f"{credentials.username}:{credentials.password}"
    if _CONTROL.search(pair):
        raise ValueError("user name and password must not hold control characters")
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
