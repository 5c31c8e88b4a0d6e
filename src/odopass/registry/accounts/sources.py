"""Who tries to log in: from which network, and under which name it may be written into a log."""

from __future__ import annotations

import ipaddress
import re

#: Providers give a customer a /64 of IPv6 at least, so its addresses count as one.
_IPV6_PREFIX = 64
_LONGEST_ADDRESS = 64
_LOGGED_LETTERS = 40

#: What a user name may be: an establishment number, or for test accounts letters, digits and . _ - @
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{1,63}")
_LIKE_A_NUMBER = re.compile(r"[0-9.]{1,16}")


def network_of(address: str) -> str:
    """The network an address stands for: itself for IPv4, its /64 for IPv6; other texts (a local socket) as they are.

    >>> network_of("::ffff:192.0.2.7"), network_of("2001:db8:1:2:aaaa::1")
    ('192.0.2.7', '2001:db8:1:2::/64')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "".join(char if char.isprintable() else "?" for char in address[:_LONGEST_ADDRESS])
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, _IPV6_PREFIX), strict=False))


def loggable(username: str, *, exists: bool) -> str:
    """A user name for the log (R13).

    People swap the two fields, and then the password arrives as user name. So only a name that belongs to an account,
    or that looks like an establishment number, is written as it is; of any other one only its length.
    """
    if exists or _LIKE_A_NUMBER.fullmatch(username):
        return username[:_LOGGED_LETTERS]
    return f"(unknown name of {len(username)} characters)"
