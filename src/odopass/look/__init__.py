"""What all pages for people at work share: Bootstrap's style sheet and htmx, as published, each with its licence.

An application mounts the folder under an address of its own and serves the files itself; no page asks another machine
for anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: The folder to mount.
STATIC: Final = Path(__file__).parent / "static"
#: Bootstrap's style sheet. Its arrows and ticks are data: images: a page's policy allows ``img-src 'self' data:``.
BOOTSTRAP: Final = "bootstrap-5.3.9.min.css"
#: htmx 4: inheritance is explicit, and answers of 4xx and 5xx are swapped in like any other.
HTMX: Final = "htmx-4.0.1.min.js"
