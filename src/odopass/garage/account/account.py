"""The account as it was set up: who the garage is, and with which registry (G12)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from odopass.garage.account.secrets import Secrets
from odopass.garage.client import Endpoint
from odopass.wire.basic_auth import Credentials
from odopass.wire.kbo import enterprise_problem, establishment_problem

_SETTING: Final = "account"
_REVISION: Final = "account_revision"
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Environment(StrEnum):
    """Which registry."""

    BETA = "beta"
    PRODUCTION = "production"
    OWN = "own"


_ADDRESSES: Final = {
    Environment.BETA: "https://ws-professionals.beta.car-pass.be/api",
    Environment.PRODUCTION: "https://ws-professionals.car-pass.be/api",
}


class SettingStore(Protocol):
    """Where settings are kept."""

    def setting(self, name: str) -> str | None:
        """A setting, or None."""
        ...

    def set_setting(self, name: str, value: str) -> None:
        """Keep a setting."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """What the garage was given when its account was made, but for the password.

    Attributes:
        environment: which registry.
        own_address: of its API, for an environment of one's own.
        establishment: KBO number, 10 digits: the user name, unless `username` says another.
        enterprise: KBO number, 10 digits.
        email: of the account.
        helpdesk_phone: of the registry's helpdesk.
        helpdesk_link: to its contact form.
        ca_file: an authority in PEM to believe beside no other, for a registry of one's own; "" for the system's.
        username: of a test account whose user name is not its establishment number; "" for all others (W2).
    """

    environment: Environment = Environment.PRODUCTION
    own_address: str = ""
    establishment: str = ""
    enterprise: str = ""
    email: str = ""
    helpdesk_phone: str = ""
    helpdesk_link: str = ""
    ca_file: str = ""
    username: str = ""

    @property
    def login(self) -> str:
        """The user name."""
        return self.username or self.establishment

    @property
    def base_url(self) -> str:
        """The address of the API."""
        return _ADDRESSES.get(self.environment, self.own_address.rstrip("/"))


def typed_number(text: str) -> str:
    """A KBO number as it was typed, without country, dots and blanks."""
    bare = re.sub(r"[\s.\-]", "", text).upper()
    return bare.removeprefix("BE")


def typed_file(text: str) -> str:
    """The whole path of a file as it was typed: the application may be started in another folder the next time."""
    return str(Path(text).expanduser().absolute()) if text else ""


def problems(account: Account, *, password: str) -> Iterator[tuple[str, str]]:
    """What is wrong with an account: pairs of field and code.

    Args:
        account: as typed, its numbers by way of `typed_number`.
        password: the one that would be used.
    """
    if establishment_problem(account.establishment):
        yield "establishment", "establishment_number"
    if enterprise_problem(account.enterprise):
        yield "enterprise", "enterprise_number"
    if ":" in account.username or not account.username.isprintable():
        yield "username", "username_form"
    if not password:
        yield "password", "password_missing"
    if account.email and not _EMAIL.fullmatch(account.email):
        yield "email", "email_form"
    if account.environment is Environment.OWN:
        yield from _own_address_problems(account.own_address)
    if account.helpdesk_link and not account.helpdesk_link.startswith(("https://", "http://", "mailto:")):
        yield "helpdesk_link", "link_form"
    if account.ca_file and not Path(account.ca_file).is_file():
        yield "ca_file", "ca_file_missing"


def _own_address_problems(address: str) -> Iterator[tuple[str, str]]:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "own_address", "address_form"
        return
    if not host or parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.fragment:
        yield "own_address", "address_form"
    elif parts.scheme == "http" and host not in _LOCAL:
        # The password would cross the network for all to read.
        yield "own_address", "address_https"


def endpoint_of(account: Account, password: str) -> Endpoint:
    """The registry of an account, with its credentials."""
    return Endpoint(
        base_url=account.base_url,
        credentials=Credentials(account.login, password),
        ca_file=Path(account.ca_file) if account.ca_file else None,
    )


class AccountStore:
    """The account in the book's settings, and its password where passwords are kept."""

    def __init__(self, settings: SettingStore, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets

    def read(self) -> Account | None:
        """The account, or None if none was set up."""
        stored = self._settings.setting(_SETTING)
        if stored is None:
            return None
        members = json.loads(stored)
        return Account(**{**members, "environment": Environment(members["environment"])})

    def write(self, account: Account, password: str | None) -> None:
        """Keep the account.

        Args:
            account: without `problems`.
            password: None keeps the one there is.

        Raises:
            BookFault: it cannot be written.
            OSError: the password cannot be.
        """
        # The password first: an account with the former password would be a failed login, and many of them lock it.
        if password is not None:
            self._secrets.keep(password)
        self._settings.set_setting(_SETTING, json.dumps(asdict(account), ensure_ascii=False))
        self._settings.set_setting(_REVISION, str(uuid4()))

    def revision(self) -> str:
        """Another word whenever the account was written, by this process or by another."""
        return self._settings.setting(_REVISION) or ""

    def password(self) -> str | None:
        """The password, or None if none was kept.

        Raises:
            SecretLost: it was kept, but cannot be read any more.
        """
        return self._secrets.read()

    def endpoint(self) -> Endpoint | None:
        """The registry with the garage's credentials; None if no account is set up.

        Raises:
            SecretLost: the password cannot be read any more.
        """
        account = self.read()
        password = self.password() if account is not None else None
        if account is None or not password:
            return None
        return endpoint_of(account, password)
