"""Who has logged in, while the application runs."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Final

#: After so long without a click a workplace has to log in again, in seconds.
IDLE_S: Final = 12 * 3_600


class Sessions:
    """Names of workplaces by unguessable tokens."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def begin(self, name: str) -> str:
        """Log a workplace in and return the token for its browser."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._names[token] = (name, time.monotonic())
        return token

    def name(self, token: str | None) -> str | None:
        """Which workplace a browser belongs to, or None."""
        if token is None:
            return None
        now = time.monotonic()
        with self._lock:
            self._names = {each: known for each, known in self._names.items() if now - known[1] < IDLE_S}
            known = self._names.get(token)
            if known is None:
                return None
            self._names[token] = (known[0], now)
            return known[0]

    def end(self, token: str | None) -> None:
        """Log a browser out."""
        with self._lock:
            self._names.pop(token or "", None)

    def end_of(self, name: str) -> None:
        """Log a workplace out wherever it is logged in."""
        with self._lock:
            self._names = {token: known for token, known in self._names.items() if known[0] != name}
