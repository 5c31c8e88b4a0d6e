"""Start a program that ends when its parent does, however the parent ends.

This file is also the program in between: run by path in a bare interpreter, it asks the kernel for SIGTERM at its
parent's death and becomes the program. A hook between fork and exec would do the same, but runs Python in the child of
a process with threads, which can deadlock.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_CANNOT_RUN = 126


def tied(program: Sequence[str]) -> list[str]:
    """The command that runs `program` (an absolute path and its arguments) as a child that does not outlive us.

    The kernel looks at the thread that starts it: start it from one that lives as long as the process.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *program]


def _main(parent: int, program: list[str]) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
        sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
        sys.exit(_CANNOT_RUN)
    if os.getppid() != parent:
        sys.exit(_CANNOT_RUN)  # the parent died before we could ask
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
