"""The adapter of the United Kingdom's MOT history API, a real and publicly documented source.

https://documentation.history.mot.api.gov.uk: client credentials from Microsoft Entra ID, an API key, one GET by VIN.
Each test of a vehicle says when it was completed (UTC), and whether its odometer was read, unreadable or missing; the
figure comes in miles or km.
"""

from __future__ import annotations

import re
import time
from datetime import date
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from odopass.registry.report.sources.adapters import Setup
from odopass.registry.report.sources.fetching import Received, refused
from odopass.registry.report.sources.members import Members, Oddities, read_members
from odopass.registry.report.sources.question import Answer, Question, SourceUnreadable
from odopass.registry.report.sources.readings import EARLIEST_READING, HIGHEST, Collected, Unit
from odopass.registry.report.sources.tokens import AccessTokens

#: Where the API is, and what a token for it is asked for, unless the configuration says otherwise.
ADDRESS: Final = "https://history.mot.api.gov.uk"
SCOPE: Final = "https://tapi.dvsa.gov.uk/.default"

_COUNTRY: Final = "GB"
_LONDON: Final = ZoneInfo("Europe/London")
_UNITS: Final = {"MI": Unit.MILES, "KM": Unit.KM}
#: `odometerResultType`: only the first comes with a figure. The others are honest answers, no oddities.
_READ: Final = "READ"
_RESULTS: Final = frozenset({_READ, "UNREADABLE", "NO_ODOMETER"})

_OK, _UNAUTHORISED, _NOT_FOUND = 200, 401, 404
_CODE: Final = re.compile(r"MOTH-[A-Z]{2}-\d{2}", re.ASCII)
_TOKEN_EXPIRED: Final = "MOTH-FB-02"  # noqa: S105 - an error code
_VEHICLE_UNKNOWN: Final = "MOTH-NF-01"


class MotHistory:
    """Tells the readings of tests in Great Britain and Northern Ireland.

    Needs the API key as the source's key, the options `token_address` and `client_id`, and the secret
    `client_secret`; the option `scope` has a default.
    """

    kind = "foreign_registry"

    def __init__(self, setup: Setup) -> None:
        missing = [name for name in ("token_address", "client_id") if name not in setup.options]
        missing += ["client_secret"] if "client_secret" not in setup.secrets else []
        missing += ["key"] if setup.key is None else []
        if missing:
            raise ValueError(f"It needs: {', '.join(missing)}.")
        self._setup = setup
        self._tokens = AccessTokens(
            setup.fetcher,
            address=setup.options["token_address"],
            form={"client_id": setup.options["client_id"], "scope": setup.options.get("scope", SCOPE)},
            secret=setup.secrets["client_secret"],
            now=time.monotonic,
        )

    def concerns(self, question: Question) -> bool:
        """Vehicles imported from the United Kingdom, or imported from nobody knows where."""
        return question.may_come_from(_COUNTRY)

    async def ask(self, question: Question, oddities: Oddities) -> Answer:
        """Ask by VIN; a token that is refused is renewed once."""
        token = await self._tokens.current()
        received = await self._get(question.vin, token)
        if received.status == _UNAUTHORISED or _error_code(received) == _TOKEN_EXPIRED:
            received = await self._get(question.vin, await self._tokens.current(refused=token))
        return self.read(received, oddities)

    async def _get(self, vin: str, token: str) -> Received:
        key = self._setup.key
        headers = {"authorization": f"Bearer {token}", "x-api-key": "" if key is None else key.reveal()}
        address = f"{self._setup.address}/v1/trade/vehicles/vin/{quote(vin, safe='')}"
        return await self._setup.fetcher.get(address, headers=headers)

    def read(self, received: Received, oddities: Oddities) -> Answer:
        """What an answer says.

        Raises:
            SourceAway: that nothing can be had.
            SourceUnreadable: nothing that can be read.
        """
        code = _error_code(received)
        if received.status == _NOT_FOUND and code == _VEHICLE_UNKNOWN:
            return Answer()
        if received.status != _OK:
            raise refused(received, code)
        members = read_members(received.body, oddities)
        if not members.tells("motTests"):
            if members.tells("motTestDueDate"):  # too new to have been tested
                return Answer()
            raise SourceUnreadable("neither tests nor a day of the first one")
        collected = Collected(self._setup.name)
        for told in members.entries("motTests") or ():
            _collect(told, collected, self._setup.today())
        return Answer(readings=collected.all())


def _collect(told: Members, collected: Collected, today: date) -> None:
    """Read one test; one oddity if its reading is left out."""
    result = told.code("odometerResultType", _RESULTS)
    if result is None:
        told.missing("odometerResultType")
    if result != _READ:
        return
    value = told.whole_in_digits("odometerValue", highest=HIGHEST)
    if value is None:
        told.missing("odometerValue")
        return
    unit = told.code("odometerUnit", frozenset(_UNITS))
    if unit is None:
        told.missing("odometerUnit")
        return
    day = told.day_of_moment("completedDate", _LONDON, since=EARLIEST_READING, until=today)
    if day is None:
        told.missing("completedDate")
        return
    collected.add(told, day, value, _UNITS[unit], country=_COUNTRY)


def _error_code(received: Received) -> str:
    """The API's own code of an error; "" if there is none."""
    if received.status == _OK:
        return ""
    try:
        code = read_members(received.body, Oddities()).text("errorCode", longest=20)
    except SourceUnreadable:
        return ""
    return code if code is not None and _CODE.fullmatch(code) else ""
