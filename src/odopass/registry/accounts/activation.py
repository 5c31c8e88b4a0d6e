"""A one-time code with which a garage gives its account a password of its own (R8)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from odopass.registry.accounts import accounts
from odopass.registry.accounts.passwords import generate
from odopass.registry.accounts.secret import Secret

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

#: A letter takes days, and waits on a desk for some more.
VALID: Final = timedelta(days=30)

_MAKE: Final = """
    insert into account_code (account_id, code, sent_by, employee_id, made_at, valid_until)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (account_id) do update
    set code = excluded.code, sent_by = excluded.sent_by, employee_id = excluded.employee_id,
        made_at = excluded.made_at, valid_until = excluded.valid_until
"""
# Of two who use the code at the same moment one finds it.
_USE: Final = """
    delete from account_code k using account a
    where a.id = k.account_id and a.establishment = $1 and k.code = $2 and k.valid_until > $3
    returning a.username
"""


class WrongCode(Exception):  # noqa: N818 - it names what was given
    """The establishment has no such code: mistyped, used, replaced by a newer one, or too old."""


async def make_code(
    connection: Database, account_id: int, *, employee_id: int, sent_by: str, now: datetime
) -> tuple[Secret, datetime]:
    """Make a code; an earlier one of the account works no more.

    Args:
        connection: to the registry's database.
        account_id: whose.
        employee_id: who asks for it.
        sent_by: letter or mail.
        now: the present moment, UTC.

    Returns:
        The code, and until when it can be used.
    """
    code = generate()
    await connection.execute(_MAKE, account_id, _digest(code), sent_by, employee_id, now, now + VALID)
    return code, now + VALID


async def use_code(connection: Database, establishment: str, code: Secret, password: Secret, *, now: datetime) -> None:
    """Give the account of an establishment the password that the garage has chosen; the code works no more.

    In a transaction of the caller's: a password that is refused leaves the code as it was.

    Raises:
        WrongCode: it has no such code.
        WeakPassword: the password is guessed too easily.
    """
    digits = "".join(char for char in establishment if char.isdigit())
    username = await connection.fetchval(_USE, digits, _digest(code), now)
    if username is None:
        raise WrongCode
    await accounts.reset_password(connection, username, password)


def _digest(code: Secret) -> bytes:
    # As it is typed from paper: blanks, dashes and capitals do not matter.
    bare = "".join(char for char in code.reveal().lower() if char.isalnum())
    return hashlib.sha256(bare.encode("utf-8", "replace")).digest()
