"""Become PostgreSQL's user, ask to be ended with the parent, and become the program.

Run as a script in a fresh interpreter, and therefore without imports from this package. A hook between fork and
exec would do the same, but runs Python in the child of a process with threads, which can deadlock.

Arguments: user id, group id, signal for the parent's death, the parent's process id, program, its arguments …
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_CANNOT_RUN = 126


def main(arguments: list[str]) -> None:
    """Replace this process by the program."""
    uid, gid, death_signal, parent = (int(argument) for argument in arguments[:4])
    program = arguments[4:]
    try:
        if uid != os.geteuid():
            os.setgroups([gid])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        os.umask(0o077)
        # After the change of user, which would undo it. It is kept through exec.
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            sys.stderr.write(f"FATAL:  prctl: {os.strerror(ctypes.get_errno())}\n")
            sys.exit(_CANNOT_RUN)
        if os.getppid() != parent:
            sys.exit(_CANNOT_RUN)  # the parent died before we could ask
        os.execv(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"FATAL:  {program[0]} cannot be run as user {uid}: {error}\n")
        sys.exit(_CANNOT_RUN)


if __name__ == "__main__":
    main(sys.argv[1:])
