"""A reading on a report can be proven to be in the journal, by anybody, with nothing but SHA-256."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from tests.integration.journal.conftest import VIN, seal
from tests.registry.population import add_reading
from tests.registry.running import REPORT, TODAY, Dms, Registry
from typer.testing import CliRunner

from odopass.registry.commands import registry as commands

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "the-journal.md"

pytestmark = pytest.mark.requirement("R9", "R10")


async def reported(registry: Registry, dms: Dms) -> str:
    """The address of a report that shows two readings."""
    for day, km in ((300, 80_000), (200, 85_000)):
        assert (await dms.submitted(vin=VIN, km=km, day=TODAY - timedelta(days=day))).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=90_000, kind=REPORT)).status == "PROCESSED"
    return f"/vhr/{await registry.pool.fetchval('select public_id from report')}"


async def proof_of(registry: Registry, dms: Dms) -> dict[str, Any]:
    address = await reported(registry, dms)
    await seal(registry.pool)
    page = await registry.http.get(f"{address}?language=en")
    assert f'href="{address}/proof.json"' in page.text
    answer = await registry.http.get(f"{address}/proof.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith('attachment; filename="odopass-proof-')
    assert answer.headers["referrer-policy"] == "no-referrer"
    proof: dict[str, Any] = answer.json()
    return proof


async def verify(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, commands, ["verify-proof", *arguments])


def check(text: str) -> list[dict[str, Any]]:
    """The program in docs/explanation/the-journal.md, as it stands there."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    entries: list[dict[str, Any]] = names["check"](text)
    return entries


@pytest.mark.usefixtures("car")
async def test_the_page_of_a_report_offers_a_proof_that_the_documented_recipe_verifies(
    registry: Registry, dms: Dms
) -> None:
    proof = await proof_of(registry, dms)
    head = proof["seal"]
    assert len(proof["proofs"]) == 4
    assert proof["withoutProof"] == []
    assert head["hash"] == (await registry.pool.fetchval("select hash from journal.seal")).hex()
    shown = [entry["public"] for entry in check(json.dumps(proof))]
    assert [(each["date"], each["km"]) for each in shown if "km" in each] == [
        ((TODAY - timedelta(days=300)).isoformat(), 80_000),
        ((TODAY - timedelta(days=200)).isoformat(), 85_000),
        (TODAY.isoformat(), 90_000),
    ]
    assert shown[-1]["report"] == proof["report"]


@pytest.mark.usefixtures("car")
async def test_a_proof_tells_nothing_of_garages_and_requests(registry: Registry, dms: Dms) -> None:
    text = json.dumps(await proof_of(registry, dms))
    guids = [str(row["guid"]) for row in await registry.pool.fetch("select guid from request")]
    assert guids
    for secret in (*guids, dms.garage.establishment, dms.garage.enterprise, "account", "vehicle", "salt"):
        assert secret not in text


@pytest.mark.usefixtures("car")
async def test_the_command_verifies_a_proof_without_and_with_the_registry(
    registry: Registry, dms: Dms, tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(await proof_of(registry, dms)))
    alone = await verify(str(file))
    assert alone.exit_code == 0, alone.output
    assert f"proven: 85000 km on {TODAY - timedelta(days=200)}" in alone.stdout
    assert "which only the registry can show it still has" in alone.stdout
    # The tree has grown meanwhile; the seal is still one of its seals.
    await dms.submitted(vin=VIN, km=95_000, day=TODAY)
    await seal(registry.pool)
    compared = await verify(str(file), "--database-url", database_url, "--json")
    assert compared.exit_code == 0, compared.output
    assert [each.get("km") for each in json.loads(compared.stdout)["proven"]] == [80_000, 85_000, 90_000, None]
    other = json.loads(file.read_text())
    other["seal"]["number"] = 77
    head = {k: v for k, v in other["seal"].items() if k != "hash"}
    other["seal"]["hash"] = sha256(json.dumps(head, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    file.write_text(json.dumps(other))
    assert (await verify(str(file))).exit_code == 0
    refused = await verify(str(file), "--database-url", database_url)
    assert refused.exit_code == 4
    assert "no such seal" in refused.output


@pytest.mark.usefixtures("car")
async def test_a_proof_with_anything_changed_is_refused_and_says_what(
    registry: Registry, dms: Dms, tmp_path: Path
) -> None:
    proof = await proof_of(registry, dms)

    async def refused(changed: dict[str, Any]) -> str:
        file = tmp_path / "proof.json"
        file.write_text(json.dumps(changed))
        found = await verify(str(file))
        assert found.exit_code == 4, found.output
        return found.output

    def copy() -> dict[str, Any]:
        copied: dict[str, Any] = json.loads(json.dumps(proof))
        return copied

    forged = copy()
    forged["proofs"][1]["entry"] = forged["proofs"][1]["entry"].replace("85000", "35000")
    with pytest.raises(AssertionError, match="35000"):
        check(json.dumps(forged))
    assert "is not in the tree" in await refused(forged)
    forged = copy()
    forged["proofs"][0]["leafIndex"] += 1
    assert "is not in the tree" in await refused(forged)
    forged = copy()
    forged["seal"]["rootHash"] = "0" * 64
    assert "The hash of seal 1 is not that of what it says" in await refused(forged)
    forged = copy()
    forged["vin"] = "WVWZZZ1JZXW000002"
    assert "is not about the vehicle WVWZZZ1JZXW000002" in await refused(forged)
    forged = copy()
    forged["proofs"][0]["path"] = ["00"]
    assert "no proof of a journal: proofs.0.path.0" in await refused(forged)
    forged = copy()
    del forged["seal"]
    assert "no proof of a journal: seal" in await refused(forged)
    (tmp_path / "proof.json").write_bytes(b"\xff{")
    assert (await verify(str(tmp_path / "proof.json"))).exit_code == 4
    assert (await verify(str(tmp_path / "nothing.json"))).exit_code == 2


async def test_readings_without_an_entry_or_not_sealed_yet_are_named(registry: Registry, dms: Dms, car: int) -> None:
    await add_reading(registry.pool, car, date(2020, 3, 1), 10_000)
    address = await reported(registry, dms)
    before: httpx.Response = await registry.http.get(f"{address}/proof.json")
    assert before.status_code == 503
    assert before.headers["retry-after"]
    async with registry.pool.acquire() as connection, connection.transaction():
        # Only the journal's beginning is sealed.
        late = await connection.fetch("delete from journal.unsealed where batch > 1 returning batch")
    await seal(registry.pool)
    for row in late:
        await registry.pool.execute("insert into journal.unsealed overriding system value values ($1)", row["batch"])
    proof = (await registry.http.get(f"{address}/proof.json")).json()
    assert proof["proofs"] == []
    assert [(each["km"], each["why"]) for each in proof["withoutProof"]] == [
        (10_000, "no entry"),
        (80_000, "not sealed yet"),
        (85_000, "not sealed yet"),
        (90_000, "not sealed yet"),
    ]
    await seal(registry.pool)
    proof = (await registry.http.get(f"{address}/proof.json")).json()
    assert [each["km"] for each in proof["withoutProof"]] == [10_000]


async def test_an_address_without_a_report_has_no_proof(registry: Registry) -> None:
    for address in ("/vhr/nothing-here/proof.json", "/vhr/00000000-0000-4000-8000-000000000000/proof.json"):
        assert (await registry.http.get(address)).status_code == 404


@pytest.mark.usefixtures("car")
async def test_a_proof_in_a_large_tree_leads_to_its_root(registry: Registry, dms: Dms) -> None:
    from odopass.registry.journal.appending import append
    from odopass.registry.journal.entries import Entry

    address = await reported(registry, dms)
    await seal(registry.pool)
    async with registry.pool.acquire() as connection, connection.transaction():
        await append(connection, [Entry("test.done", "somebody", {"n": n}) for n in range(70_000)])
    await seal(registry.pool)
    proof = (await registry.http.get(f"{address}/proof.json")).json()
    assert proof["seal"]["treeSize"] > 70_000
    assert len(proof["proofs"]) == 4
    for part in proof["proofs"]:
        assert len(part["path"]) == 17
    assert len(check(json.dumps(proof))) == 4
