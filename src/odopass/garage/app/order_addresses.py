"""The address of a work order's page, whatever its number looks like: many a garage counts 2026/114."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

#: Parts of addresses that are pages of their own.
_TAKEN: Final = frozenset({"new"})


def order_address(number: str) -> str:
    """Where an order's page is.

    Signs that mean something in addresses are written with ``~`` instead of ``%``: servers and browsers take the
    latter out before they look where a page is, so that ``2026%2F114`` would be a page below ``2026``.
    """
    part = quote(number, safe="").replace("~", "%7E")
    if part in _TAKEN or part.startswith("."):
        # Nor is any number another page, or a step up.
        part = f"%{ord(part[0]):02X}{part[1:]}"
    return f"/orders/{part.replace('%', '~')}"


def number_in(part: str) -> str:
    """The number that a part of an address names."""
    return unquote(part.replace("~", "%"))
