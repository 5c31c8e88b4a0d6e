"""Two PostgreSQL under Patroni on loopback ports, from the configuration in `deploy/` and Debian's packages."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import yaml
from tests.registry.running import until

DEPLOYED = Path(__file__).parents[2] / "deploy" / "patroni" / "patroni.yml"
PROGRAMS = ("patroni", "etcd", "setpriv")
BINARIES = "/usr/lib/postgresql/{major}/bin"
PASSWORD = "for this test only"


def missing() -> str | None:
    """What the cluster needs and is not here, None if nothing is missing."""
    gone = [name for name in PROGRAMS if shutil.which(name) is None]
    if _binaries() is None:
        gone.append("a PostgreSQL of 15 or newer in /usr/lib/postgresql")
    if gone:
        return f"not here: {', '.join(gone)} (tools/install-test-tools.sh --long installs them)"
    return None


def _binaries() -> Path | None:
    found = [Path(BINARIES.format(major=major)) for major in range(15, 30)]
    return next((path for path in found if (path / "postgres").exists()), None)


@dataclass
class Node:
    """A database machine: Patroni and the PostgreSQL that it keeps."""

    name: str
    port: int
    api: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def postgres(self) -> list[int]:
        """The processes of its PostgreSQL."""
        data = self.folder / "data"
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdecimal() and (entry / "cwd").readlink() == data:
                    found.append(int(entry.name))
        return found

    def walsenders(self) -> list[int]:
        found = []
        for pid in self.postgres():
            with suppress(OSError):
                if b"walsender" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found

    def kill(self) -> None:
        """End everything on the machine by SIGKILL, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        while pids := self.postgres():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@dataclass
class Cluster:
    """etcd and two nodes."""

    folder: Path
    synchronous: bool
    nodes: list[Node]
    etcd_ports: tuple[int, int]
    etcd: subprocess.Popen[bytes] | None = None
    user: list[str] = field(default_factory=list)

    def address(self, database: str, user: str = "odopass") -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{PASSWORD.replace(' ', '%20')}@{hosts}/{database}?target_session_attrs=primary"

    def start(self) -> None:
        client, peer = (f"http://127.0.0.1:{port}" for port in self.etcd_ports)
        own = ["--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer]
        own += ["--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
        # Several etcd wait for one another's disks; this one alone may be forgetful.
        self.etcd = self._run("etcd", ["etcd", "--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync", *own])
        for node in self.nodes:
            self.start_node(node)

    def start_node(self, node: Node) -> None:
        path = self.folder / f"{node.name}.yml"
        path.write_text(yaml.safe_dump(self._configuration(node)))
        path.chmod(0o644)
        node.process = self._run(node.name, ["patroni", str(path)])

    def stop(self) -> None:
        for node in self.nodes:
            if node.process is not None:
                node.kill()
        if self.etcd is not None:
            self.etcd.kill()
            self.etcd.wait()

    async def primary(self) -> Node | None:
        """Who says that it is primary."""
        async with httpx.AsyncClient(timeout=2) as http:
            for node in self.nodes:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{node.api}/primary")).status_code == 200:
                        return node
        return None

    async def ready(self) -> Node:
        """Wait until there are a primary and a standby that follows it as it shall; the primary."""

        async def followed() -> object:
            node = await self.primary()
            if node is None:
                return False
            standby = next(each for each in self.nodes if each is not node)
            kind = "synchronous" if self.synchronous else "asynchronous"
            async with httpx.AsyncClient(timeout=2) as http:
                with suppress(httpx.HTTPError):
                    return (await http.get(f"http://127.0.0.1:{standby.api}/{kind}")).status_code == 200
            return False

        await until(followed, seconds=180)
        node = await self.primary()
        assert node is not None
        return node

    async def make_database(self) -> str:
        """What `deploy/postgresql/registry.sql` does; the database's address."""
        connection = await asyncpg.connect(self.address("postgres", "postgres"))
        try:
            await connection.execute(f"create role odopass login password '{PASSWORD}'")
            await connection.execute("create database odopass owner odopass encoding 'UTF8' template template0")
            made = await connection.fetchval("select pg_current_wal_lsn()")

            async def followed() -> object:
                return await connection.fetchval(
                    "select count(*) from pg_stat_replication where replay_lsn >= $1::pg_lsn", made
                )

            # Whoever connects asks the machines in turn, and one that does not know the database is an error.
            await until(followed, seconds=60)
        finally:
            await connection.close()
        return self.address("odopass")

    def log(self) -> str:
        """The end of everybody's log."""
        return "\n".join(f"{path.name}: {path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    def _run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*self.user, *command],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": str(self.folder)},
            )

    def _configuration(self, node: Node) -> dict[str, Any]:
        """The deployed configuration, with this machine's addresses, folders and passwords."""
        said: dict[str, Any] = yaml.safe_load(DEPLOYED.read_text("utf-8"))
        said["name"] = node.name
        said["restapi"] = {"listen": f"127.0.0.1:{node.api}", "connect_address": f"127.0.0.1:{node.api}"}
        said["etcd3"]["hosts"] = [f"127.0.0.1:{self.etcd_ports[0]}"]
        shared = said["bootstrap"]["dcs"]
        shared["synchronous_mode"] = self.synchronous
        shared["postgresql"]["parameters"]["max_connections"] = 60
        own = said["postgresql"]
        own["listen"] = own["connect_address"] = f"127.0.0.1:{node.port}"
        own["data_dir"] = str(node.folder / "data")
        own["pgpass"] = str(node.folder / "pgpass")
        own["bin_dir"] = str(_binaries())
        own["parameters"] |= {
            "unix_socket_directories": str(node.folder),
            "shared_buffers": "32MB",
            "effective_cache_size": "64MB",
        }
        for account in own["authentication"].values():
            account["password"] = PASSWORD
        own["pg_hba"] = [line.replace("10.0.0.0/24", "127.0.0.1/32").replace("peer", "trust") for line in own["pg_hba"]]
        return said


def _free_ports(number: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


@contextmanager
def cluster(*, synchronous: bool) -> Iterator[Cluster]:
    """A cluster that is starting; everything of it is gone afterwards."""
    # Short, since a socket's path may not be long.
    folder = Path(tempfile.mkdtemp(prefix="odopass-ha-"))
    ports = _free_ports(6)
    nodes = [Node(name, ports[at], ports[at + 1], folder / name) for name, at in (("db1", 0), ("db2", 2))]
    made = Cluster(folder, synchronous, nodes, (ports[4], ports[5]))
    for node in nodes:
        node.folder.mkdir(mode=0o700)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        who = pwd.getpwnam("postgres")
        made.user = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
        for path in (folder, *(node.folder for node in nodes)):
            os.chown(path, who.pw_uid, who.pw_gid)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)
