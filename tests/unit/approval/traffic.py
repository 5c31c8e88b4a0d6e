"""Traffic as tests write it: a line for each exchange."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from odopass.approval.record import Played, Record
from odopass.approval.traffic import Exchange

START = datetime(2026, 11, 25, 10, tzinfo=UTC)
VIN = "WVWTEST01AB000001"
GUID = "00000000-0000-4000-8000-00000000000{}"


class Traffic:
    """Builds a record; every call adds an exchange at a second of the run."""

    def __init__(self) -> None:
        self.record = Record(began=START.isoformat(), garage="2000000138", today="25/11/2026")

    def submit(
        self,
        at: float,
        guid: int | None = 1,
        *,
        vin: str = VIN,
        km: Any = 120_000,
        date: str = "25/11/2026",
        status: int | None = 200,
        kind: str = "REPAIR_MAINTENANCE_SERVICE",
    ) -> Exchange:
        body = {"vin": vin, "odometerReading": km, "odometerReadingDate": date, "observationType": kind}
        answer = {"requestGuid": GUID.format(guid)} if guid is not None and status == 200 else {}
        return self._add(at, "POST", "/api/observation", body, status, answer)

    def follow(self, at: float, about: int, how: str, guid: int, *, km: int = 0, kind: str = "") -> Exchange:
        body = {} if how == "confirm" else {"vin": VIN, "odometerReading": km, "observationType": kind}
        path = f"/api/observation/{GUID.format(about)}/{how}"
        return self._add(at, "POST", path, body, 200, {"requestGuid": GUID.format(guid)})

    def ask(self, at: float, guid: int = 1, state: str = "PROCESSED", *issues: str, status: int = 200) -> Exchange:
        told = {"status": state, "issues": [{"type": each, "description": {}} for each in issues]}
        return self._add(at, "GET", f"/api/observation/{GUID.format(guid)}/status", None, status, told)

    def step(self, name: str, *, after: int = 0, upto: int = 10_000, answer: str = "", **asked: Any) -> None:
        said = {"answer": answer} if answer else {}
        self.record.played.append(Played(name, {"vin": VIN, **asked}, after=after, upto=upto, answer=said))

    def _add(self, at: float, method: str, path: str, body: Any, status: int | None, answer: Any) -> Exchange:  # noqa: PLR0917
        began = START + timedelta(seconds=at)
        exchange = Exchange(
            number=len(self.record.exchanges) + 1,
            began=began,
            ended=began + timedelta(seconds=0.01),
            garage=self.record.garage,
            method=method,
            path=path,
            body="" if body is None else json.dumps(body),
            status=status,
            answer="" if status is None else json.dumps(answer),
        )
        self.record.exchanges.append(exchange)
        return exchange
