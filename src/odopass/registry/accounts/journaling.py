"""What the journal says of accounts (R9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import JSON, Entry

if TYPE_CHECKING:
    from odopass.registry.accounts.accounts import Account
    from odopass.registry.store.database import Database


async def note(connection: Database, what: str, account: Account, **more: JSON) -> None:
    """Append that something was done to an account, within the caller's transaction.

    The garage's name stays out: it may be a person's.

    Args:
        connection: in the transaction that does it.
        what: added, reset, locked, unlocked, renamed.
        account: as it is now.
        more: what else is to be known of it.
    """
    await append(connection, [_entry(what, account, more)])


async def note_all(connection: Database, what: str, accounts: Iterable[Account]) -> None:
    """The same of many accounts."""
    await append(connection, [_entry(what, account, {}) for account in accounts])


def _entry(what: str, account: Account, more: Mapping[str, JSON]) -> Entry:
    content: dict[str, JSON] = {
        "account": account.id,
        "username": account.username,
        "enterprise": account.enterprise,
        "state": account.state.value,
        "has_password": account.password_hash is not None,
        **more,
    }
    return Entry(f"account.{what}", account.establishment, content)
