from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from odopass.clock import SystemClock
from odopass.registry.report.sources import (
    LONGEST_SECONDS,
    ConfigurationError,
    Question,
    enquire,
    open_client,
    read_configuration,
    sources_from,
)
from odopass.registry.report.sources.adapters import Setup
from odopass.registry.report.sources.configured import ConfiguredSource
from odopass.registry.report.sources.members import Oddities
from odopass.registry.report.sources.question import Answer

pytestmark = pytest.mark.requirement("W16")

MOT = {
    "adapter": "mot_history",
    "key": "api-key",
    "options": {"token_address": "https://login.example/token", "client_id": "client"},
    "secrets": {"client_secret": "very secret"},
}


@pytest_asyncio.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client() as opened:
        yield opened


def configured(client: httpx.AsyncClient, **tables: Any) -> tuple[ConfiguredSource, ...]:
    return sources_from({"sources": tables}, client=client, clock=SystemClock())


def refusal(client: httpx.AsyncClient, **tables: Any) -> str:
    with pytest.raises(ConfigurationError) as raised:
        configured(client, **tables)
    return str(raised.value)


class Quiet:
    """An adapter that an operator wrote."""

    kind = "manufacturer"

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def concerns(self, question: Question) -> bool:
        return bool(question.vin)

    async def ask(self, question: Question, oddities: Oddities) -> Answer:
        oddities.note(question.vin, self.setup.address)
        return Answer()


def test_a_source_and_a_whole_enquiry_take_a_minute_at_most_unless_told_otherwise(client: httpx.AsyncClient) -> None:
    assert LONGEST_SECONDS == 60.0
    assert inspect.signature(enquire).parameters["seconds"].default == 60.0
    (source,) = configured(client, one={"adapter": "registration", "address": "https://gateway.example"})
    assert source.seconds == 60.0


def test_sources_are_read_from_a_file_in_its_order(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "authority.key").write_text("let-me-in\n", "utf-8")
    file = tmp_path / "odopass.toml"
    file.write_text(
        f"""
        [registry]
        name = "somebody else's table"

        [sources.authority]
        adapter = "registration"
        address = "https://gateway.example/registration/"
        key_file = "{tmp_path}/authority.key"
        timeout_seconds = 12.5
        retries = 0

        [sources.nl]
        adapter = "dutch_registry"
        address = "http://127.0.0.1:9000"
        """,
        "utf-8",
    )
    authority, dutch = sources_from(read_configuration(file), client=client, clock=SystemClock())
    assert (authority.name, authority.kind, authority.seconds) == ("authority", "registration", 12.5)
    assert (dutch.name, dutch.kind) == ("nl", "foreign_registry")
    setup = authority.adapter.setup  # type: ignore[attr-defined]
    assert setup.address == "https://gateway.example/registration"
    assert setup.key.reveal() == "let-me-in"


def test_a_registry_without_sources_has_none(client: httpx.AsyncClient) -> None:
    assert sources_from({}, client=client, clock=SystemClock()) == ()


def test_an_operator_s_own_adapter_is_named_by_module(client: httpx.AsyncClient) -> None:
    (source,) = configured(client, own={"adapter": f"{__name__}:Quiet", "address": "https://own.example"})
    assert source.kind == "manufacturer"
    assert source.concerns(Question("VIN"))


def test_the_mot_history_api_has_its_public_address(client: httpx.AsyncClient) -> None:
    (source,) = configured(client, uk=MOT)
    assert source.adapter._setup.address == "https://history.mot.api.gov.uk"  # type: ignore[attr-defined]
    assert source.kind == "foreign_registry"


@pytest.mark.parametrize(
    "address",
    [
        "http://gateway.example",
        "http://127.0.0.1.example",
        "ftp://gateway.example",
        "gateway.example",
        "https://",
        "https://user:word@gateway.example",
        "https://gateway.example/?q=1",
        "https://gateway.example/#top",
        "https://gateway.example:nine",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_would_give_away_the_key_or_is_none_is_refused(client: httpx.AsyncClient, address: str) -> None:
    assert "one" in refusal(client, one={"adapter": "registration", "address": address})


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"timeout_seconds": 60.1}, "timeout_seconds"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds"),
        ({"timeout_seconds": "10"}, "timeout_seconds"),
        ({"retries": 6}, "retries"),
        ({"retries": -1}, "retries"),
        ({"at_once": 0}, "at_once"),
        ({"adapter": "oracle"}, "oracle"),
        ({"adapter": "nowhere.at.all:Thing"}, "nowhere.at.all:Thing"),
        ({"adapter": "json:Thing"}, "json:Thing"),
        ({"adress": "https://x.example"}, "adress"),
        ({"address": None}, "address"),
        ({"key": "a", "key_file": "b"}, "key_file"),
        ({"key_file": "there-is-no-such-file"}, "there-is-no-such-file"),
        ({"key": "clé"}, "key"),
        ({"key": "a\r\nx-admin: 1"}, "key"),
        ({"adapter": "mot_history"}, "token_address"),
    ],
)
def test_what_is_wrong_with_a_source_is_named(client: httpx.AsyncClient, changed: dict[str, Any], named: str) -> None:
    right = {"adapter": "registration", "address": "https://gateway.example"}
    text = refusal(client, one={**right, **changed})
    assert "sources.one" in text
    assert named in text


def test_all_that_is_wrong_is_named_at_once_and_no_secret_with_it(client: httpx.AsyncClient) -> None:
    text = refusal(client, one={"adapter": "oracle", "address": "https://a.example"}, two={**MOT, "key": "clé-secrète"})
    assert "sources.one" in text
    assert "sources.two" in text
    assert "clé" not in text
    text = refusal(client, one={"adapter": "registration", "key": 17_171_717, "retries": 99})
    assert "sources.one.key" in text
    assert "sources.one.retries" in text
    assert "17171717" not in text


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    for content in (b"[sources", b"\xff\xfe"):
        (tmp_path / "odopass.toml").write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"odopass\.toml"):
            read_configuration(tmp_path / "odopass.toml")
    with pytest.raises(ConfigurationError, match=r"missing\.toml"):
        read_configuration(tmp_path / "missing.toml")
