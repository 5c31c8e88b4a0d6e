"""Who may use the application: a name with a PIN or password for each workplace, if the garage wants that."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from odopass.clock import Clock
from odopass.garage.account.account import SettingStore

_SETTING: Final = "workplaces"
#: Fewest signs of a PIN or password.
SHORTEST: Final = 4
_LONGEST_NAME: Final = 60
#: Tries before one has to wait, and how long at first and at most.
_FREE_TRIES: Final = 3
_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(minutes=15)


class TooSoon(Exception):  # noqa: N818 - it names what happened
    """After wrong tries one has to wait.

    Attributes:
        seconds: how long.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Wait {seconds} s.")
        self.seconds = seconds


class Workplaces:
    """The workplaces that may use the application; with none, everybody at this computer may."""

    def __init__(self, settings: SettingStore, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, datetime]] = {}

    def names(self) -> list[str]:
        """Every workplace."""
        return sorted(self._stored())

    def set(self, name: str, secret: str) -> None:
        """Add a workplace, or give it another PIN.

        Raises:
            ValueError: the code of what is wrong: ``name_form`` or ``secret_short``.
        """
        name = name.strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ValueError("name_form")
        if len(secret) < SHORTEST:
            raise ValueError("secret_short")
        salt = os.urandom(16)
        kept = f"{base64.b64encode(salt).decode()}${base64.b64encode(_derived(secret, salt)).decode()}"
        with self._lock:
            self._settings.set_setting(_SETTING, json.dumps(self._stored() | {name: kept}, ensure_ascii=False))

    def remove(self, name: str) -> None:
        """Take a workplace away."""
        with self._lock:
            stored = self._stored()
            stored.pop(name, None)
            self._settings.set_setting(_SETTING, json.dumps(stored, ensure_ascii=False))

    def check(self, name: str, secret: str) -> bool:
        """Whether this is the PIN of this workplace.

        Raises:
            TooSoon: there were wrong tries; this one was not looked at.
        """
        now = self._clock.now()
        with self._lock:
            tries, until = self._wrong.get(name, (0, now))
            if now < until:
                raise TooSoon(int((until - now).total_seconds()) + 1)
        kept = self._stored().get(name, "")
        salt, _, expected = kept.partition("$")
        # A name that nobody has takes as long as one that somebody has.
        derived = _derived(secret, base64.b64decode(salt) or b"nobody has this.")
        right = bool(kept) and hmac.compare_digest(derived, base64.b64decode(expected))
        with self._lock:
            if right:
                self._wrong.pop(name, None)
            else:
                over = tries + 1 - _FREE_TRIES
                wait = min(_FIRST_WAIT * 2 ** min(over, 10), _LONGEST_WAIT) if over >= 0 else timedelta()
                self._wrong[name] = (tries + 1, now + wait)
        return right

    def _stored(self) -> dict[str, str]:
        stored = self._settings.setting(_SETTING)
        return {} if stored is None else dict(json.loads(stored))


def _derived(secret: str, salt: bytes) -> bytes:
    # The same letters may be typed in two ways on two keyboards.
    typed = unicodedata.normalize("NFC", secret).encode()
    return hashlib.scrypt(typed, salt=salt, n=2**14, r=8, p=1, dklen=32)
