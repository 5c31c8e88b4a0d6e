from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.backup.conftest import count, done, names, read_more, refused

from odopass.registry.journal.guarding import migrate_embedded
from odopass.registry.postgres import EmbeddedPostgres

pytestmark = pytest.mark.requirement("R14")


async def test_a_dump_moves_a_registry_to_a_new_folder_and_can_be_used_there(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    await done("backup", "--dump", tmp_path / "registry.dump", "--data", running.data_dir)
    assert "is there already" in await refused(
        "backup", "--dump", tmp_path / "registry.dump", "--data", running.data_dir
    )
    await done("restore", tmp_path / "registry.dump", "--data", tmp_path / "new")
    assert "not empty" in await refused("restore", tmp_path / "registry.dump", "--data", tmp_path / "new")
    with EmbeddedPostgres(tmp_path / "new") as server:
        # The journal is guarded anew: a dump does not tell who may write in it.
        assert await migrate_embedded(server) == []
        await read_more(server.dsn(), 1)
        assert await count(server.dsn()) == 101
    assert names(tmp_path) == ["data", "new", "registry.dump", "registry.dump.sha256"]


async def test_a_dump_fills_an_empty_database_given_by_its_address(
    running: EmbeddedPostgres, tmp_path: Path, empty_database_url: str
) -> None:
    dump = ("backup", "--dump", tmp_path / "registry.dump", "--database-url")
    assert "pg_read_all_data" in await refused(*dump, running.dsn())
    assert names(tmp_path) == ["data"]
    await done(*dump, running.admin_dsn_of("odopass"))
    await done("restore", tmp_path / "registry.dump", "--database-url", empty_database_url)
    assert await count(empty_database_url) == 100
    told = await refused("restore", tmp_path / "registry.dump", "--database-url", empty_database_url)
    assert "not empty" in told


async def test_a_damaged_dump_is_refused_with_and_without_its_checksum(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    dump = tmp_path / "registry.dump"
    await done("backup", "--dump", dump, "--data", running.data_dir)
    content = dump.read_bytes()
    dump.write_bytes(content[:-200])
    assert "checksum" in await refused("restore", dump, "--data", tmp_path / "new")
    (tmp_path / "registry.dump.sha256").unlink()
    assert "cannot be read as a dump" in await refused("restore", dump, "--data", tmp_path / "new")
    assert not (tmp_path / "new").exists()


async def test_a_database_that_cannot_be_reached_leaves_no_file(tmp_path: Path) -> None:
    address = "postgresql://nobody@127.0.0.1:1/none"
    told = await refused("backup", "--dump", tmp_path / "registry.dump", "--database-url", address)
    assert "cannot be reached" in told
    assert names(tmp_path) == []
