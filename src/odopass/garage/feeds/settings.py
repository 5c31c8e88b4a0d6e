"""What the garage has set about its feeds: the folder, the language of reasons, the token of the HTTP interface."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from odopass.clock import Clock
from odopass.garage.book.settings import Settings

_FOLDER: Final = "feed_folder"
_LANGUAGE: Final = "feed_language"
_TOKEN: Final = "feed_token"  # noqa: S105 - the name of a setting
_TOKEN_MADE: Final = "feed_token_made"  # noqa: S105 - the name of a setting


class FeedSettings:
    """The settings; every change raises `BookFault` if it cannot be written.

    Args:
        settings: of the book.
        data: the folder of the book; the drop folder is ``drop`` in it unless another is chosen.
        clock: the time.
    """

    def __init__(self, settings: Settings, data: Path, clock: Clock) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock

    @property
    def folder(self) -> Path:
        """Where files are dropped."""
        return Path(self._settings.setting(_FOLDER) or self._data / "drop")

    def set_folder(self, folder: Path) -> None:
        """Choose another folder.

        Raises:
            ValueError: ``folder_relative``, or ``folder_missing`` if it is no folder that is there.
        """
        if not folder.is_absolute():
            raise ValueError("folder_relative")
        if folder != self._data / "drop" and not folder.is_dir():
            raise ValueError("folder_missing")
        self._settings.set_setting(_FOLDER, str(folder))

    @property
    def language(self) -> str:
        """The language of the reasons in rejects files, "" if none was chosen."""
        return self._settings.setting(_LANGUAGE) or ""

    def set_language(self, language: str) -> None:
        """Choose the language of the reasons in rejects files."""
        self._settings.set_setting(_LANGUAGE, language)

    def make_token(self) -> str:
        """Make a token, which is not kept and so can be shown this once; the one before is not taken any more."""
        token = secrets.token_urlsafe(32)
        self._settings.set_setting(_TOKEN_MADE, self._clock.now().isoformat())
        self._settings.set_setting(_TOKEN, _digest(token))
        return token

    def revoke_token(self) -> None:
        """Take no token any more."""
        self._settings.set_setting(_TOKEN, "")

    def token_made(self) -> datetime | None:
        """When the token that is taken was made; None if none is."""
        made = self._settings.setting(_TOKEN_MADE)
        return datetime.fromisoformat(made) if made and self._settings.setting(_TOKEN) else None

    def takes(self, token: str) -> bool:
        """Whether this is the token."""
        kept = self._settings.setting(_TOKEN) or ""
        return bool(kept) and hmac.compare_digest(kept, _digest(token))


def _digest(token: str) -> str:
    # 256 random bits: a fast hash is enough, nobody can try them all.
    return hashlib.sha256(token.encode()).hexdigest()
