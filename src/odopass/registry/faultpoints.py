"""Named points in the flow of a request at which a test may end the process.

A crash between any two steps must lose nothing and repeat nothing. Tests set the environment variable
`ODOPASS_DIE_AT` to the name of a point, and the process ends there by SIGKILL, as in a power cut; without the variable
`reached` costs one comparison.
"""

from __future__ import annotations

import os
import signal
from typing import Final

POINTS: Final = (
    "intake: before the commit",
    "intake: after the commit, before the answer",
    "chain: before the commit",
    "chain: after the commit, before the answer",
    "judging: after the claim",
    "judging: after reading the histories",
    "judging: judged, before the commit",
    "judging: after the commit",
    "report: claimed",
    "report: the sources were asked",
    "report: written, before the commit",
    "files: before the commit",
    "files: after the commit",
    "journal: sealed, before the commit",
)

_die_at = os.environ.get("ODOPASS_DIE_AT")


def reached(point: str) -> None:
    """Note that the flow has come to this point; end the process if it is the one a test has named."""
    if _die_at is not None and _die_at == point:
        os.kill(os.getpid(), signal.SIGKILL)
