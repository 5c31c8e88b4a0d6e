"""The registry of sources: which there are, by name, from a TOML file or a mapping of the same shape.

docs/reference/sources.md lists the settings.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from odopass.clock import Clock
from odopass.registry.accounts.secret import Secret
from odopass.registry.report.sources.adapters import Adapter, Setup
from odopass.registry.report.sources.authorities import AccidentInspection, DutchRegistry, RegistrationAuthority
from odopass.registry.report.sources.breaker import Breaker
from odopass.registry.report.sources.configured import ConfiguredSource
from odopass.registry.report.sources.fetching import Fetcher, Sleep
from odopass.registry.report.sources.manufacturer import Manufacturer
from odopass.registry.report.sources.mot_history import ADDRESS as MOT_ADDRESS
from odopass.registry.report.sources.mot_history import MotHistory
from odopass.registry.report.sources.question import LONGEST_SECONDS

#: The adapters that come with the registry. Any other is named as "module:Name" and made with a `Setup`.
ADAPTERS: Final[Mapping[str, Callable[[Setup], Adapter]]] = {
    "registration": RegistrationAuthority,
    "manufacturer": Manufacturer,
    "accident_inspection": AccidentInspection,
    "dutch_registry": DutchRegistry,
    "mot_history": MotHistory,
}
_ADDRESSES: Final = {"mot_history": MOT_ADDRESS}
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class ConfigurationError(Exception):
    """The configuration of sources cannot be used; the text names every problem with its place."""


class _SourceTable(BaseModel):
    """One source in the configuration."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    adapter: str
    address: str | None = None
    key: str | None = None
    key_file: str | None = None
    timeout_seconds: float = Field(default=LONGEST_SECONDS, gt=0, le=LONGEST_SECONDS)
    retries: int = Field(default=2, ge=0, le=5)
    at_once: int = Field(default=100, ge=1, le=500)
    breaker_failures: int = Field(default=5, ge=0)
    breaker_seconds: float = Field(default=30.0, gt=0)
    options: dict[str, str] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)
    secret_files: dict[str, str] = Field(default_factory=dict)

    @field_validator("address")
    @classmethod
    def _safe(cls, address: str | None) -> str | None:
        """An address that keeps our key and the vehicle from other eyes."""
        if address is None:
            return None
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname, parts.port
            httpx.URL(address)
        except (ValueError, httpx.InvalidURL):
            raise ValueError("it is no address") from None
        if not host or parts.username is not None or parts.query or parts.fragment:
            raise ValueError("give scheme, host and path only")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
            raise ValueError("it must begin with https:// (http:// only for this machine)")
        return address.rstrip("/")


class _Tables(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)

    sources: dict[str, _SourceTable] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Tools:
    """What all sources of a process are made with."""

    client: httpx.AsyncClient
    clock: Clock
    chance: random.Random
    now: Callable[[], float]
    sleep: Sleep


def read_configuration(path: Path) -> dict[str, Any]:
    """Read a TOML file; tables other than `sources` are somebody else's.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def sources_from(
    configuration: Mapping[str, Any],
    *,
    client: httpx.AsyncClient,
    clock: Clock,
    chance: random.Random | None = None,
    now: Callable[[], float] = time.monotonic,
    sleep: Sleep = asyncio.sleep,
) -> tuple[ConfiguredSource, ...]:
    """Make the sources of a configuration, in its order.

    Args:
        configuration: a mapping with the tables of the sources under `sources`.
        client: the process's connections, from `open_client`.
        clock: the time of day, for what lies in the future.
        chance: decides jitter.
        now: a clock that only goes forward, in seconds, for the breakers.
        sleep: rests between two tries.

    Raises:
        ConfigurationError: something in it cannot be used; all that cannot is named.
    """
    try:
        tables = _Tables.model_validate(dict(configuration))
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        raise ConfigurationError("\n".join(lines)) from None
    tools = _Tools(client, clock, chance or random.Random(), now, sleep)  # noqa: S311 - jitter is no secret
    made: list[ConfiguredSource] = []
    problems: list[str] = []
    for name, table in tables.sources.items():
        try:
            made.append(_source(name, table, tools))
        except (OSError, ValueError) as error:
            problems.append(f"sources.{name}: {error}")
    if problems:
        raise ConfigurationError("\n".join(problems))
    return tuple(made)


def _source(name: str, table: _SourceTable, tools: _Tools) -> ConfiguredSource:
    address = table.address or _ADDRESSES.get(table.adapter)
    if address is None:
        raise ValueError("It needs an address.")
    if table.key is not None and table.key_file is not None:
        raise ValueError("Give key or key_file, not both.")
    setup = Setup(
        name=name,
        address=address,
        key=_secret(table.key, table.key_file),
        options=table.options,
        secrets={
            **{option: _printable(text) for option, text in table.secrets.items()},
            **{option: _from_file(path) for option, path in table.secret_files.items()},
        },
        fetcher=Fetcher(name, tools.client, table.retries, tools.chance, tools.sleep),
        clock=tools.clock,
    )
    return ConfiguredSource(
        name=name,
        adapter=_adapter(table.adapter)(setup),
        breaker=Breaker(
            failures=table.breaker_failures, rest_seconds=table.breaker_seconds, now=tools.now, chance=tools.chance
        ),
        places=asyncio.Semaphore(table.at_once),
        seconds=table.timeout_seconds,
    )


def _adapter(named: str) -> Callable[[Setup], Adapter]:
    if named in ADAPTERS:
        return ADAPTERS[named]
    module, colon, attribute = named.partition(":")
    if not colon:
        raise ValueError(f"There is no adapter {named!r}; there are {', '.join(ADAPTERS)}, and any as module:Name.")
    try:
        made: Callable[[Setup], Adapter] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"The adapter {named!r} cannot be had: {error}.") from error
    return made


def _secret(text: str | None, path: str | None) -> Secret | None:
    if path is not None:
        return _from_file(path)
    return None if text is None else _printable(text)


def _from_file(path: str) -> Secret:
    return _printable(Path(path).read_text("utf-8").strip())


def _printable(text: str) -> Secret:
    """A secret that can go into a header; the message does not show it."""
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("A key or secret is empty or has characters that no header can carry.")
    return Secret(text)
