"""How a registry's reports are set up: its name, the outside sources, the key that signs.

One TOML file says it all; its secrets are in other files or in the environment::

    registry = "Odometer registry of Belgium"

    [signing]  # without it, documents are not signed
    key = "documents-key.pem"  # or pkcs12 = "documents.p12", or a token, see [signing.token]
    chain = "documents-chain.pem"
    passphrase_file = "passphrase"  # or passphrase_variable = "NAME"
    timestamp_url = "https://tsa.example/"

    [signing.token]  # a PKCS#11 token in place of files
    module = "/usr/lib/softhsm/libsofthsm2.so"
    token = "registry"
    key = "documents"
    pin_file = "pin"

    [sources.registration_authority]
    adapter = "registration"
    address = "https://authority.example/vehicles"
"""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from odopass.clock import BRUSSELS, Clock, SystemClock
from odopass.registry.accounts.secret import Secret
from odopass.registry.postgres import ExplainedError
from odopass.registry.report.content import ReportContent
from odopass.registry.report.document.producing import DocumentProducer
from odopass.registry.report.document.signing import DocumentSigner
from odopass.registry.report.document.signing_keys import (
    KeySource,
    PemFiles,
    Pkcs12File,
    Token,
    UnusableKeyError,
    secret_from_environment,
    secret_from_file,
)
from odopass.registry.report.making import LEASE, ReportMaker
from odopass.registry.report.published import Reports
from odopass.registry.report.sources import ConfigurationError, Enquiry, Question, enquire, open_client, sources_from
from odopass.registry.report.view import view_of
from odopass.registry.store.database import Pool

_OF_SIGNING: Final = frozenset(
    {"key", "chain", "pkcs12", "passphrase_file", "passphrase_variable", "timestamp_url", "token"}
)
_OF_TOKEN: Final = frozenset({"module", "token", "key", "pin_file", "pin_variable", "certificate", "chain"})

DEFAULT_NAME: Final = "Odometer registry"


class UnusableSetup(ExplainedError):  # noqa: N818 - it names the state of things
    """The file that sets up reports cannot be used."""


@dataclass(frozen=True, slots=True)
class ReportSetup:
    """What reports are made with.

    Attributes:
        registry: the name of the registry, as it stands on them.
        configuration: the tables of the sources under `sources`.
        key: signs the documents; None leaves them unsigned.
        timestamp_url: a time-stamping service (RFC 3161), if one is used.
    """

    registry: str = DEFAULT_NAME
    configuration: Mapping[str, Any] = field(default_factory=dict)
    key: KeySource | None = None
    timestamp_url: str | None = None


@dataclass(frozen=True, slots=True)
class Reporting:
    """The parts of a process that have to do with reports."""

    reports: Reports
    maker: ReportMaker


def read_setup(path: Path | None) -> ReportSetup:
    """Read the file; None is a registry without outside sources whose documents are not signed.

    Raises:
        UnusableSetup: with what is wrong and what to do.
    """
    if path is None:
        return ReportSetup()
    try:
        stated = tomllib.loads(path.read_text("utf-8"))
        _expect(stated, {"registry", "signing", "sources"}, "")
        signing = stated.get("signing", {})
        _expect(signing, _OF_SIGNING, "signing.")
        return ReportSetup(
            registry=str(stated.get("registry", DEFAULT_NAME)),
            configuration={"sources": stated.get("sources", {})},
            key=_key(signing, path.parent) if signing else None,
            timestamp_url=signing.get("timestamp_url"),
        )
    except (OSError, ValueError, KeyError, UnusableKeyError) as error:
        raise _unusable(path, error) from error


async def check_setup(path: Path) -> None:
    """Look whether processes will be able to use the file: its sources, its key.

    Raises:
        UnusableSetup: with what is wrong and what to do.
    """
    setup = read_setup(path)
    try:
        _signer(setup)
        async with open_client() as client:
            sources_from(setup.configuration, client=client, clock=SystemClock())
    except (UnusableKeyError, ConfigurationError) as error:
        raise _unusable(path, error) from error


@asynccontextmanager
async def open_reporting(
    setup: ReportSetup, pool: Pool, clock: Clock, *, public_url: str, lease: timedelta = LEASE
) -> AsyncIterator[Reporting]:
    """Open the sources and the key; the maker is not run yet.

    Args:
        setup: what reports are made with.
        pool: the database.
        clock: the time of day.
        public_url: the address of the public pages, without a slash at the end.
        lease: how long the making of a report may take before it is begun anew.

    Raises:
        UnusableSetup: a source's table cannot be used, or the key cannot be had.
    """
    try:
        signer = _signer(setup)
    except UnusableKeyError as error:
        raise _unusable(None, error) from error
    async with open_client() as client:
        try:
            sources = sources_from(setup.configuration, client=client, clock=clock)
        except ConfigurationError as error:
            raise _unusable(None, error) from error

        async def ask(question: Question) -> Enquiry:
            return await enquire(sources, question)

        with DocumentProducer(signer) as producer:

            async def produce(content: ReportContent, language: str, url: str) -> bytes:
                # A document speaks of the moment it was made: whether it has expired since is for the page to say.
                today = content.made_at.astimezone(BRUSSELS).date()
                view = view_of(content, language=language, public_url=url, today=today)
                return await producer.produce(view, made_at=content.made_at)

            yield Reporting(
                Reports(pool, clock, public_url=public_url, produce=produce, registry=setup.registry),
                ReportMaker(pool, clock, ask, setup.registry, lease),
            )


def _expect(table: object, names: Collection[str], place: str) -> None:
    """See that a table holds nothing but these: a misspelt name would be passed over, and a report lack its sources."""
    if not isinstance(table, dict):
        raise ValueError(f"{place.rstrip('.')} must be a table")  # noqa: TRY004 - of a file, not of a program
    if strange := sorted(set(table) - set(names)):
        raise ValueError(f"{', '.join(place + name for name in strange)}: there is no such setting")


def _signer(setup: ReportSetup) -> DocumentSigner | None:
    return None if setup.key is None else DocumentSigner(setup.key, timestamp_url=setup.timestamp_url)


def _key(signing: Mapping[str, Any], folder: Path) -> KeySource:
    if "token" in signing:
        token = signing["token"]
        _expect(token, _OF_TOKEN, "signing.token.")
        chain = token.get("chain")
        pin = _secret(token, folder, "pin")
        if pin is None:
            raise ValueError("signing.token needs pin_file or pin_variable")
        return Token(
            module=folder / token["module"],
            token=token["token"],
            key=token["key"],
            pin=pin,
            certificate=token.get("certificate"),
            chain=None if chain is None else folder / chain,
        )
    passphrase = _secret(signing, folder, "passphrase")
    if "pkcs12" in signing:
        return Pkcs12File(folder / signing["pkcs12"], passphrase)
    return PemFiles(folder / signing["key"], folder / signing["chain"], passphrase)


def _secret(table: Mapping[str, Any], folder: Path, name: str) -> Secret | None:
    if f"{name}_file" in table:
        return secret_from_file(folder / table[f"{name}_file"])
    if f"{name}_variable" in table:
        return secret_from_environment(table[f"{name}_variable"])
    return None


def _unusable(path: Path | None, error: Exception) -> UnusableSetup:
    where = "The set-up of reports" if path is None else f"The set-up of reports in {path}"
    reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
    return UnusableSetup(
        f"{where} cannot be used.",
        reason,
        "Correct it and start again; docs/how-to/set-up-reports.md tells what it can hold.",
    )
