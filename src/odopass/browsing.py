"""Opening a page in the browser of whoever sits at this machine."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser


def open_in_browser(address: str) -> None:
    """Open an address if there is a screen to show it on; else do nothing.

    Without a screen the standard library would look for a browser that takes the terminal for itself.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    # Some browsers are programs that run until they are closed.
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
