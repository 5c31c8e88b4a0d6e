"""PostgreSQL's own programs for backups, run beside the server as the user of this program."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from odopass.registry.postgres import find_binaries
from odopass.registry.postgres.children import tied_command

_LAST_LINES = 200
_ENOUGH_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is.

    Attributes:
        url: without the password: every user of the machine sees the arguments of programs.
        password: its user's.
    """

    url: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Address:
        """Take the password out of an address."""
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        name, _, password = user.partition(":")
        return cls(urlunsplit(parts._replace(netloc=f"{name}@{host}" if name else host)), unquote(password))


class ProgramFailed(Exception):  # noqa: N818 - it names the state of things
    """A program ended with an error.

    Attributes:
        program: its name.
        output: the end of what it wrote.
    """

    def __init__(self, program: str, output: str) -> None:
        super().__init__(program, output)
        self.program = program
        self.output = output


def run_program(
    name: str,
    arguments: Sequence[str | Path],
    *,
    address: Address | None = None,
    heard: Callable[[str], None] | None = None,
) -> str:
    """Run one of PostgreSQL's programs to its end; it ends with us, however that happens.

    Args:
        name: of the program.
        arguments: for it; the address comes before them.
        address: of the database it works with.
        heard: is given every line it writes, as it is written.

    Returns:
        The end of what it wrote.

    Raises:
        ProgramFailed: it ended with another exit code than 0.
    """
    command = [find_binaries().program(name)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PGCONNECT_TIMEOUT": "10"}
    if address is not None:
        command += ["--no-password", f"--dbname={address.url}"]
        environment["PGPASSWORD"] = address.password
    lines: deque[str] = deque(maxlen=_LAST_LINES)
    process = subprocess.Popen(
        tied_command([*command, *map(str, arguments)]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd="/",
        start_new_session=True,  # Ctrl-C in a terminal is for us; we end the program
    )
    try:
        for line in _lines(process):
            lines.append(line)
            if heard is not None:
                heard(line)
        code = process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(_ENOUGH_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
    output = "\n".join(lines)
    if code != 0:
        raise ProgramFailed(name, output)
    return output


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What a program writes, line by line; one that tells its progress ends its lines with a carriage return."""
    assert process.stdout is not None  # noqa: S101 - for the type checker
    rest = b""
    while chunk := os.read(process.stdout.fileno(), 65_536):
        *whole, rest = re.split(rb"[\r\n]", rest + chunk)
        for line in whole:
            if line.strip():
                yield line.decode(errors="replace")
    if rest.strip():
        yield rest.decode(errors="replace")
