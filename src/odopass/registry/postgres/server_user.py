"""Whom the server runs as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from odopass.registry.postgres.faults import PostgresUnavailable


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The operating system's user that owns the data and runs the server.

    Attributes:
        uid: user id.
        gid: group id.
        foreign: whether this is another user than the one this program runs as.
    """

    uid: int
    gid: int
    foreign: bool

    def own(self, folder: Path) -> None:
        """Hand one folder of ours over to this user; its mode and its parents stay as they are."""
        if self.foreign:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)

    @property
    def name(self) -> str:
        """The user's name, or the number when it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def own_like_folder(fd: int, folder: Path) -> None:
    """Give a file that root has just made to the owner of its folder, who may want to start without root."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)


def choose_server_user(data_dir: Path, cluster: Path) -> ServerUser:
    """Choose the user for the server.

    Whoever owns the data keeps them, so that starting once as root changes nothing for a folder that belongs
    to an ordinary user. New data of root go to the system user `odopass`, else to `nobody`; so do new data of
    an owner without a name, as of a folder mounted into a container, because initdb refuses such a user.

    Args:
        data_dir: the folder that holds everything of the registry.
        cluster: PostgreSQL's own folder inside it, which need not exist.
    """
    owner = next((path.stat() for path in (cluster, data_dir) if path.exists()), None)
    if os.geteuid() != 0:
        if cluster.exists() and owner is not None and owner.st_uid != os.geteuid():
            who = ServerUser(owner.st_uid, owner.st_gid, foreign=True).name
            raise PostgresUnavailable(
                f"The data in {cluster} belong to another user.",
                f"They belong to {who}; this program runs as user id {os.geteuid()}.",
                f"Start it as {who} or as root, or name another folder for the data.",
            )
        return ServerUser(os.geteuid(), os.getegid(), foreign=False)
    if owner is not None and owner.st_uid != 0 and (cluster.exists() or _has_name(owner.st_uid)):
        return ServerUser(owner.st_uid, owner.st_gid, foreign=True)
    for name in ("odopass", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(found.pw_uid, found.pw_gid, foreign=True)
    raise PostgresUnavailable(
        "PostgreSQL refuses to run as root, and there is no user to run it as.",
        "Neither the user odopass nor the user nobody exists.",
        "Make a system user: useradd --system --no-create-home odopass",
    )
