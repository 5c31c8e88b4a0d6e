"""Putting a base backup back, up to its end or up to a moment after it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from odopass.registry.backup.archive import Segment, check_owner, histories, segments
from odopass.registry.backup.base import Progress, size_of, verify
from odopass.registry.backup.faults import BackupRefused, explained, no_room, room
from odopass.registry.backup.kept import CLUSTER, SEGMENT_BYTES, Facts
from odopass.registry.backup.moment import told
from odopass.registry.backup.new_folder import new_data_folder
from odopass.registry.postgres import EmbeddedPostgres, PostgresUnavailable, find_binaries

_LAST = re.compile(r"last completed transaction was at log time (\S+ \S+)")
_LOG = "pg_wal"


def restore_base_backup(
    backup: Path,
    data: Path,
    *,
    archive: Path | None,
    until: datetime | None,
    tell: Callable[[str], None],
    progress: Progress,
) -> str | None:
    """Make a data folder from a backup; what it is made from stays as it is.

    Args:
        backup: a folder that `write_base_backup` made.
        data: the data folder to be made; it may hold no data.
        archive: the log of changes since; None: up to the end of the backup.
        until: leave out what was committed after this moment; None: everything that the archive has.
        tell: is told what is being done.
        progress: is told how much has been copied.

    Returns:
        When the last change that was replayed had been made, as PostgreSQL tells it; None if there was none.

    Raises:
        BackupRefused: the folder is in use or not empty, the backup is damaged, or it does not lead to that moment.
    """
    facts = Facts.read(backup)
    _check(facts, backup, archive, until)
    tell("reading the backup and comparing it with its checksums")
    verify(backup / CLUSTER)
    more = [] if archive is None else _since(facts, backup, archive)
    with new_data_folder(data, tell) as (staging, user):
        wanted = size_of(backup / CLUSTER) + len(more) * SEGMENT_BYTES
        if room(staging) < wanted:
            raise no_room(data, wanted)
        tell("copying")
        cluster = staging / CLUSTER
        _copy(backup / CLUSTER, cluster, wanted, progress)
        with explained(data):
            for segment in more:
                _add(segment, cluster / _LOG)
            for history in [] if archive is None else histories(archive):
                shutil.copyfile(history, cluster / _LOG / history.name)
            # The server then replays what it finds in its log, and goes on as a new timeline: what comes after can
            # never be taken for what came after the backup the first time.
            (cluster / "recovery.signal").touch()
            for path in (cluster, *cluster.rglob("*")):
                user.own(path)
        tell("replaying the log of changes")
        last = _replay(staging, until, tell)
        # A start as any other: it gets a password of its own, and shows that the database can be used.
        (staging / "postgres.password").unlink(missing_ok=True)
        with EmbeddedPostgres(staging, tell=lambda _: None):
            pass
    return last


def _check(facts: Facts, backup: Path, archive: Path | None, until: datetime | None) -> None:
    major = find_binaries().major
    if facts.major != major:
        raise BackupRefused(
            f"{backup} is of PostgreSQL {facts.major}; this program brings PostgreSQL {major}.",
            "Base backups are files of one version.",
            f"Restore it with odopass {facts.odopass}, write a dump there (odopass registry backup --dump FILE), and "
            "restore that here.",
        )
    if archive is not None:
        if not archive.is_dir():
            raise BackupRefused(f"There is no folder {archive}.", "It was named as archive.", "Name the right one.")
        check_owner(archive, facts)
    if until is not None and until < facts.ended:
        raise BackupRefused(
            f"{backup} does not lead to {told(until)}.",
            f"It was whole at {told(facts.ended)} only.",
            "Take a backup that was made before that moment, and the archive kept since.",
        )


def _since(facts: Facts, backup: Path, archive: Path) -> list[Segment]:
    """What the archive has and the backup needs, without gaps."""
    own = {segment.number: segment for segment in segments(backup / CLUSTER / _LOG)}
    kept = {each.number: each for each in segments(archive) if each.number >= facts.first_segment}
    # Of the piece that was being written during the backup, the archive may have less, if it fell behind, or more.
    taken = {
        number: each for number, each in kept.items() if number not in own or _filled(each) >= _filled(own[number])
    }
    numbers = sorted(own | kept)
    missing = sorted(set(range(facts.first_segment, numbers[-1] + 1)) - set(numbers))
    if missing:
        raise BackupRefused(
            f"{archive} does not continue {backup}.",
            f"{len(missing)} pieces of the log are missing between them, the first is "
            f"{_name(facts.timeline, missing[0])}. Archiving began after the backup, fell behind, or files are gone.",
            "Restore a backup that was made while it was archived, or leave --archive out to get this backup as it is.",
        )
    return [taken[number] for number in sorted(taken)]


def _name(timeline: int, number: int) -> str:
    high, low = divmod(number, 0x1_0000_0000 // SEGMENT_BYTES)
    return f"{timeline:08X}{high:08X}{low:08X}"


def _filled(segment: Segment) -> int:
    with explained(segment.path):
        return len(segment.path.read_bytes().rstrip(b"\0"))


def _add(segment: Segment, log: Path) -> None:
    target = log / segment.name
    shutil.copyfile(segment.path, target)
    if target.stat().st_size != SEGMENT_BYTES:
        raise BackupRefused(
            f"{segment.path} is damaged.",
            f"It has {target.stat().st_size:,} bytes instead of {SEGMENT_BYTES:,}.",
            "Restore up to a moment before it was written, without the files from this one on, and check the disk.",
        )


def _copy(source: Path, target: Path, total: int, progress: Progress) -> None:
    done = 0

    def copied(each: str, to: str) -> str:
        nonlocal done
        shutil.copyfile(each, to)
        done += os.stat(to).st_size  # noqa: PTH116 - shutil hands out names
        progress(done, total)
        return to

    with explained(target):
        try:
            shutil.copytree(source, target, copy_function=copied)
        except shutil.Error as error:
            _, _, reason = error.args[0][0]
            if "No space left" in reason or "quota" in reason:
                raise no_room(target.parent, total) from None
            raise BackupRefused(
                f"{source} cannot be copied.", reason, "Put right what it names, and try again."
            ) from None
        for folder, _, files in os.walk(target):
            Path(folder).chmod(0o700)
            for file in files:
                (Path(folder) / file).chmod(0o600)


def _replay(staging: Path, until: datetime | None, tell: Callable[[str], None]) -> str | None:
    recovery = {
        # Everything is in the folder's own log already: the server's user may not be allowed to read the archive.
        "restore_command": "/bin/false",
        "recovery_target_timeline": "latest",
        "recovery_target_action": "promote",
        "hot_standby": "off",
    }
    if until is not None:
        recovery["recovery_target_time"] = until.isoformat(sep=" ")
    server = EmbeddedPostgres(staging, settings=recovery, tell=tell, recovering=True)
    try:
        with server:
            pass
    except PostgresUnavailable as error:
        if "recovery ended before" in error.why and until is not None:
            last = _last(server.log_path)
            raise BackupRefused(
                f"The archive does not tell what was done up to {told(until)}.",
                f"The last change in it was made at {last}." if last else "There is no change in it.",
                "If that is all there was, restore without --until: you get everything up to that change.",
            ) from None
        raise
    return _last(server.log_path)


def _last(log: Path) -> str | None:
    found: Sequence[str] = _LAST.findall(log.read_text("utf-8", errors="replace"))
    return f"{found[-1]} UTC" if found else None
