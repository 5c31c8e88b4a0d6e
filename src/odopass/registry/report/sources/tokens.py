"""OAuth 2.0 access tokens by client credentials: fetched once for all who need one, and kept until they expire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from odopass.registry.accounts.secret import Secret
from odopass.registry.report.sources.fetching import Fetcher
from odopass.registry.report.sources.members import Oddities, read_members
from odopass.registry.report.sources.question import SourceAway, SourceUnreadable

_OK = 200
_TOKEN: Final = re.compile(r"[!-~]{1,8000}", re.ASCII)
#: A token is not used in its last moments: it would expire on the way.
_MARGIN_SECONDS: Final = 60
_LONGEST_LIFE_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    good_until: float


class AccessTokens:
    """The access token of one client.

    Args:
        fetcher: fetches, within bounds.
        address: where tokens are issued.
        form: what identifies the client, without its secret.
        secret: the client's secret.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self, fetcher: Fetcher, *, address: str, form: Mapping[str, str], secret: Secret, now: Callable[[], float]
    ) -> None:
        self._fetcher = fetcher
        self._address = address
        self._form = dict(form)
        self._secret = secret
        self._now = now
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    async def current(self, *, refused: str | None = None) -> str:
        """A token that is good for now.

        Args:
            refused: the one that was just refused; it is not given again. If another one has come meanwhile, that is.

        Raises:
            SourceAway: no token can be had.
        """
        async with self._fetching:
            token = self._token
            if token is None or token.text == refused or token.good_until <= self._now():
                token = self._token = await self._fetch()
            return token.text

    async def _fetch(self) -> _Token:
        form = {**self._form, "grant_type": "client_credentials", "client_secret": self._secret.reveal()}
        asked_at = self._now()
        try:
            received = await self._fetcher.post_form(self._address, form)
            if received.status != _OK:
                raise SourceAway(f"no access token: HTTP {received.status}")
            members = read_members(received.body, Oddities())
        except SourceUnreadable as error:
            raise SourceAway(f"no access token: {error}") from None
        text = members.text("access_token", longest=8_000)
        if text is None or not _TOKEN.fullmatch(text):
            raise SourceAway("no access token in the answer")
        life = members.whole("expires_in", highest=_LONGEST_LIFE_SECONDS) or 0
        return _Token(text, asked_at + life - _MARGIN_SECONDS)
