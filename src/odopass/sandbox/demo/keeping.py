"""Where the demo leaves the document that it got: somewhere that outlives it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

#: It says whose it is, since the next demo overwrites it.
NAME: Final = "odopass-demo-vehicle-history.pdf"


def keep(document: bytes, folder: Path | None) -> Path:
    """Write the document.

    Args:
        document: the file's content.
        folder: of the demo's data; None if that is removed at the end: then the current folder, or, if nothing can be
            written there, a new one among the temporary files.

    Returns:
        Where it is, as an absolute path.
    """
    where = Path.cwd() if folder is None else folder.absolute()
    if folder is None and not os.access(where, os.W_OK):
        where = Path(tempfile.mkdtemp(prefix="odopass-history-"))
    path = where / NAME
    path.write_bytes(document)
    return path
