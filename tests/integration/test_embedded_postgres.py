"""The embedded PostgreSQL keeps what it committed, and says in plain words what keeps it from running."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import asyncpg
import pytest

from odopass.registry.postgres import EmbeddedPostgres, PostgresUnavailable, children, cluster, disk_is_full, leftovers

# Signals that were ignored by whoever runs the tests (nohup, a shell's background) are ignored by all its children.
SERVE = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from odopass.registry.postgres import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
print(server.pid, server.dsn(), flush=True)
sys.stdin.read()
server.stop()
"""


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "data"
    with EmbeddedPostgres(folder):
        pass
    return folder


@pytest.fixture
def data_dir(made: Path, tmp_path: Path) -> Path:
    """A data folder that was used before."""
    subprocess.run(["cp", "-a", made, tmp_path / "data"], check=True)
    return tmp_path / "data"


class Owner:
    """Another process that owns a server."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ready(self) -> tuple[int, str]:
        assert self.process.stdout is not None
        pid, dsn = self.process.stdout.readline().split()
        return int(pid), dsn

    def close(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture
def own() -> Iterator[Callable[[Path], Owner]]:
    owners: list[Owner] = []

    def start(folder: Path) -> Owner:
        owners.append(Owner(folder))
        return owners[-1]

    yield start
    for owner in owners:
        owner.close()


def running(pid: int) -> bool:
    """Tell whether a process still holds anything; one that has ended may wait to be collected by its parent."""
    try:
        return bool(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return False


def socket_dir(dsn: str) -> Path:
    return Path(dsn.rpartition("host=")[2])


async def ask(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def write_until_cut_off(dsn: str, kill: Callable[[], None]) -> set[int]:
    """Commit rows over four connections, kill in the middle, and return what was acknowledged."""
    setup = await asyncpg.connect(dsn)
    await setup.execute("create table written (number integer)")
    await setup.close()
    acknowledged: set[int] = set()
    enough = asyncio.Event()

    async def write(lane: int) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for step in range(1_000_000):
                await connection.execute("insert into written values ($1)", lane * 1_000_000 + step)
                acknowledged.add(lane * 1_000_000 + step)
                if len(acknowledged) == 400:
                    enough.set()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            connection.terminate()

    lanes = [asyncio.create_task(write(lane)) for lane in range(4)]
    await enough.wait()
    kill()
    await asyncio.gather(*lanes)
    return acknowledged


async def written(dsn: str) -> set[int]:
    connection = await asyncpg.connect(dsn)
    try:
        return {row["number"] for row in await connection.fetch("select number from written")}
    finally:
        await connection.close()


async def test_a_first_start_makes_a_private_durable_checked_database(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    with EmbeddedPostgres(folder) as server:
        connection = await asyncpg.connect(server.dsn())
        shown = {
            name: await connection.fetchval(f"show {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses")
        }
        assert shown == {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "listen_addresses": "",
        }
        assert await connection.fetchval("select current_user") == "odopass"
        assert await connection.fetchval("select not rolsuper from pg_roles where rolname = current_user")
        assert await connection.fetchval("select upper('é') = 'É' and 'Z' < 'a'"), "C.UTF-8"
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.dsn(), password="guessed")


def test_what_is_private_is_closed_to_others_and_cleared_away(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        for name in ("postgres.password", "postgres.log", "odopass.lock"):
            assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600, name
        sockets = socket_dir(server.dsn())
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_a_later_start_finds_the_data_again(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        await ask(server.dsn(), "create table kept as select 42 as answer")
    with EmbeddedPostgres(data_dir) as server:
        assert await ask(server.dsn(), "select answer from kept") == 42


async def test_a_database_is_made_once(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        assert server.create_database("more")
        assert not server.create_database("more")
        assert await ask(server.dsn("more"), "select current_database()") == "more"


async def test_what_was_committed_survives_a_killed_server(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        acknowledged = await write_until_cut_off(server.dsn(), lambda: os.kill(server.pid, signal.SIGKILL))
        assert server.wait(10) == -signal.SIGKILL
        assert "killed by SIGKILL" in str(server.failure())
    with EmbeddedPostgres(data_dir) as server:
        assert await written(server.dsn()) >= acknowledged


async def test_what_was_committed_survives_a_killed_owner_and_an_immediate_restart(
    data_dir: Path, own: Callable[[Path], Owner]
) -> None:
    owner = own(data_dir)
    pid, dsn = owner.ready()
    acknowledged = await write_until_cut_off(dsn, owner.process.kill)
    owner.process.wait(30)
    with EmbeddedPostgres(data_dir) as server:
        assert not running(pid), "the earlier server ended with its owner"
        assert not socket_dir(dsn).exists(), "its socket was cleared away"
        assert await written(server.dsn()) >= acknowledged


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_the_server_ends_with_its_owner_whatever_ends_that(
    data_dir: Path, own: Callable[[Path], Owner], number: signal.Signals
) -> None:
    owner = own(data_dir)
    pid, _ = owner.ready()
    owner.process.send_signal(number)
    owner.process.wait(30)
    until(lambda: not running(pid))
    with EmbeddedPostgres(data_dir) as server:
        assert await ask(server.dsn(), "select 1") == 1


def test_the_server_is_out_of_reach_of_ctrl_c(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        assert os.getpgid(server.pid) != os.getpgid(0)
        assert os.getsid(server.pid) != os.getsid(0)


async def test_the_server_outlives_the_thread_that_started_it(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        assert server.wait(0.5) is None
        assert await ask(server.dsn(), "select 1") == 1
    finally:
        server.stop()


def test_a_second_start_names_the_process_that_has_the_folder(data_dir: Path, own: Callable[[Path], Owner]) -> None:
    owner = own(data_dir)
    pid, _ = owner.ready()
    with pytest.raises(PostgresUnavailable, match=f"process with id {owner.process.pid} "):
        EmbeddedPostgres(data_dir).start()
    assert running(pid), "the first is unharmed"


def test_a_second_start_in_the_same_process_is_refused_too(data_dir: Path) -> None:
    with (
        EmbeddedPostgres(data_dir) as server,
        pytest.raises(PostgresUnavailable, match=f"process with id {os.getpid()} "),
    ):
        EmbeddedPostgres(data_dir).start()
    assert server.data_dir == data_dir


def test_a_forked_child_neither_stops_the_server_nor_keeps_the_folder(data_dir: Path) -> None:
    script = SERVE.replace(
        "sys.stdin.read()",
        "import os, time\n"
        "if os.fork() == 0:\n    server.stop(); print('child', os.getpid(), flush=True); time.sleep(20); os._exit(0)\n"
        "sys.stdin.read()",
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline().split()[0])
    child = int(owner.stdout.readline().split()[1])
    try:
        assert running(pid)
        owner.kill()
        owner.wait()
        assert running(child)
        with EmbeddedPostgres(data_dir):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        owner.communicate()


def test_a_server_somebody_else_runs_in_the_folder_is_named_and_left_alone(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 0.2)
    with EmbeddedPostgres(data_dir) as server:
        (data_dir / "odopass.lock").unlink()
        with pytest.raises(PostgresUnavailable, match=f"process {server.pid}"):
            EmbeddedPostgres(data_dir, tell=told.append).start()
        assert server.poll() is None
        assert any(str(server.pid) in line for line in told)


def freeze_checkpointer(server: int) -> None:
    """Make a clean shutdown of the server hang."""
    for entry in Path("/proc").iterdir():
        # Strangers come and go while we look.
        with suppress(FileNotFoundError, ProcessLookupError):
            if entry.name.isdecimal() and b"checkpointer" in (entry / "cmdline").read_bytes():
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == server:
                    os.kill(int(entry.name), signal.SIGSTOP)
                    return
    raise AssertionError("no checkpointer")


def test_the_server_of_a_killed_owner_that_hangs_is_ended(
    data_dir: Path, own: Callable[[Path], Owner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "ORPHAN_PATIENCE_SECONDS", 0.3)
    owner = own(data_dir)
    pid, _ = owner.ready()
    freeze_checkpointer(pid)
    owner.process.kill()
    with EmbeddedPostgres(data_dir) as server:
        assert not running(pid)
        assert server.poll() is None


def test_a_server_that_does_not_stop_cleanly_is_stopped_at_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_FAST_SHUTDOWN_SECONDS", 0.3)
    with EmbeddedPostgres(data_dir) as server:
        pid = server.pid
        freeze_checkpointer(pid)
    assert not running(pid)
    with EmbeddedPostgres(data_dir) as server:
        assert server.poll() is None


def leave_lock_file(folder: Path, pid: int) -> Path:
    """Write what a server that was killed leaves behind."""
    path = folder / "postgres" / "postmaster.pid"
    path.write_text(f"{pid}\n{folder / 'postgres'}\n1700000000\n5432\n/tmp\n\n  1234567  7654321\nready   \n")
    owner = (folder / "postgres").stat()
    os.chown(path, owner.st_uid, owner.st_gid)
    path.chmod(0o600)
    return path


def test_a_left_over_lock_file_naming_a_living_stranger_is_removed_and_said_so(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # The stranger has to have the server's own user: PostgreSQL by itself sees through any other.
    user = (data_dir / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=user, cwd="/") as stranger:
        try:
            path = leave_lock_file(data_dir, stranger.pid)
            with caplog.at_level(logging.WARNING), EmbeddedPostgres(data_dir) as server:
                assert path.read_text().startswith(f"{server.pid}\n")
            assert f"{stranger.pid}, which it names, is sleep" in caplog.text
        finally:
            stranger.kill()


def test_a_left_over_lock_file_naming_a_dead_process_does_no_harm(data_dir: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        pass
    path = leave_lock_file(data_dir, dead.pid)
    with EmbeddedPostgres(data_dir) as server:
        assert path.read_text().startswith(f"{server.pid}\n")


def test_an_empty_left_over_lock_file_does_no_harm(data_dir: Path) -> None:
    leave_lock_file(data_dir, 1).write_text("")
    with EmbeddedPostgres(data_dir) as server:
        assert server.poll() is None


def test_data_of_another_major_version_are_refused_and_untouched(data_dir: Path) -> None:
    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (data_dir / "postgres").rglob("*") if path.is_file()}

    (data_dir / "postgres" / "PG_VERSION").write_text("14\n")
    before = content()
    with pytest.raises(PostgresUnavailable, match=r"PostgreSQL 14; .* PostgreSQL 18\b") as refused:
        EmbeddedPostgres(data_dir).start()
    assert "dump" in refused.value.do
    assert content() == before


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("Dear Sir")
    with pytest.raises(PostgresUnavailable, match="does not hold PostgreSQL's data"):
        EmbeddedPostgres(tmp_path).start()
    assert (tmp_path / "postgres" / "letter.txt").read_text() == "Dear Sir"


def test_an_interrupted_first_start_is_done_again(tmp_path: Path, own: Callable[[Path], Owner]) -> None:
    owner = own(tmp_path)
    until((tmp_path / "postgres.unfinished" / "PG_VERSION").exists)
    owner.process.kill()
    owner.process.wait(30)
    assert not (tmp_path / "postgres").exists()
    with EmbeddedPostgres(tmp_path) as server:
        assert server.poll() is None
    assert not (tmp_path / "postgres.unfinished").exists()


async def test_a_lost_password_is_replaced(data_dir: Path) -> None:
    (data_dir / "postgres.password").unlink()
    told: list[str] = []
    with EmbeddedPostgres(data_dir, tell=told.append) as server:
        assert await ask(server.dsn(), "select 1") == 1
        assert await ask(server.admin_dsn, "select 1") == 1
    assert any("new password" in line for line in told)


def test_a_wrong_password_is_explained(data_dir: Path) -> None:
    (data_dir / "postgres.password").write_text("wrong\n")
    with pytest.raises(PostgresUnavailable, match="does not let us in"):
        EmbeddedPostgres(data_dir).start()
    assert leftovers.servers_in(data_dir / "postgres") == []


def test_a_wrong_setting_is_explained(data_dir: Path) -> None:
    with pytest.raises(PostgresUnavailable, match="shared_bufers") as refused:
        EmbeddedPostgres(data_dir, settings={"shared_bufers": "1GB"}).start()
    assert "Correct the setting" in refused.value.do


def test_damaged_data_are_explained(data_dir: Path) -> None:
    control = data_dir / "postgres" / "global" / "pg_control"
    control.write_bytes(bytes(control.stat().st_size))
    with pytest.raises(PostgresUnavailable, match="damaged") as refused:
        EmbeddedPostgres(data_dir).start()
    assert "backup" in refused.value.do


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_where_a_folder_should_be_is_explained(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PostgresUnavailable, match="cannot be used as a folder"):
        EmbeddedPostgres(tmp_path / "file" / below).start()


async def test_a_path_longer_than_postgresql_and_sockets_take_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["long" * 50] * 8)
    assert len(str(folder)) > 1600
    for _ in range(2):
        with EmbeddedPostgres(folder) as server:
            assert await ask(server.dsn(), "select 1") == 1


def test_a_long_log_is_cut_and_its_predecessor_kept(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_LOG_LIMIT_BYTES", 10_000)
    monkeypatch.setattr(children, "_LOG_CHECK_SECONDS", 0.02)
    log = data_dir / "postgres.log"
    with EmbeddedPostgres(data_dir) as server:
        with log.open("a") as written:
            written.write("x" * 20_000)
        until(lambda: log.stat().st_size < 10_000)
        assert server.poll() is None
    assert (data_dir / "postgres.log.1").stat().st_size >= 20_000
    assert "database system is shut down" in log.read_text(), "the server writes on"


def test_nothing_listens_on_the_network(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        inodes = set()
        for entry in Path(f"/proc/{server.pid}/fd").iterdir():
            target = str(entry.readlink()) if entry.is_symlink() else ""
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        assert inodes, "its Unix socket, at least"
        for table in ("tcp", "tcp6", "udp", "udp6"):
            path = Path("/proc/net") / table
            rows = path.read_text().splitlines()[1:] if path.exists() else []
            assert not [row for row in rows if row.split()[9] in inodes]
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(socket_dir(server.dsn()) / ".s.PGSQL.5432"))


def test_disk_is_full_knows_the_shapes_of_a_full_disk() -> None:
    assert disk_is_full(asyncpg.DiskFullError("full"))
    assert disk_is_full(OSError(28, "No space left on device"))
    assert not disk_is_full(asyncpg.UniqueViolationError("twice"))
    assert not disk_is_full(OSError(2, "No such file"))
