"""The connection to the registry, made of the account as it is set up."""

from __future__ import annotations

import threading
from typing import Protocol

from odopass.garage.account import AccountStore, SecretLost
from odopass.garage.client import Endpoint, RegistryClient
from odopass.garage.sending import Connection


class ReportLanguage(Protocol):
    """Tells in which language reports are fetched."""

    def __call__(self) -> str:
        """nl, fr, de or en."""
        ...


class Connections:
    """One client as long as the account stays the same."""

    def __init__(self, account: AccountStore, report_language: ReportLanguage) -> None:
        self._account = account
        self._report_language = report_language
        self._lock = threading.Lock()
        self._client: RegistryClient | None = None
        self._numbers = ("", "")
        self._revision = ""

    def __call__(self) -> Connection | None:
        """The connection of the account; None if none is set up or its password cannot be read."""
        with self._lock:
            # Another window or the command line may have changed the account.
            if self._revision != self._account.revision():
                self._client = None
            if self._client is None and not self._make():
                return None
            assert self._client is not None  # noqa: S101 - made just now
            enterprise, establishment = self._numbers
            return Connection(self._client, enterprise, establishment, self._report_language())

    def changed(self) -> None:
        """The account was changed: the next connection is of the new one."""
        with self._lock:
            self._client = None

    def test(self, endpoint: Endpoint | None = None) -> None:
        """See whether the registry is reached and takes the credentials.

        Args:
            endpoint: of an account that is not saved; None: of the one that is.

        Raises:
            LookupError: no account is set up.
            SecretLost: the password cannot be read.
            OSError: the authority's file cannot be read.
            ValueError: no registry could read the credentials.
            RegistryError: it is not reached, or does not take them.
        """
        endpoint = endpoint or self._account.endpoint()
        if endpoint is None:
            raise LookupError("No account is set up.")
        with RegistryClient(endpoint, attempts=1) as client:
            client.check_connection()

    def _make(self) -> bool:
        try:
            self._revision = self._account.revision()
            account, endpoint = self._account.read(), self._account.endpoint()
            if account is None or endpoint is None:
                return False
            # The sender spaces its attempts itself.
            self._client = RegistryClient(endpoint, attempts=1)
        except (SecretLost, OSError, ValueError):
            return False
        # A client that was given out may still be in the middle of an exchange: it is left to end by itself.
        self._numbers = (account.enterprise, account.establishment)
        return True
