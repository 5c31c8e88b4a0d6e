"""What the journal says of a settled request (R9)."""

from __future__ import annotations

from odopass.domain.observation import Observation
from odopass.registry.journal.entries import JSON, Entry
from odopass.registry.journal.readings import reading_json, shown
from odopass.registry.judging.deciding import Settlement

#: A request was judged: its case's new state, and the reading that joined the history, if one did.
SETTLED = "observation.settled"


def entry_of(settled: Settlement) -> Entry:
    """The entry about a case, with all that its row and its reading are made of."""
    request, reading = settled.request, settled.reading
    content: dict[str, JSON] = {
        "case": str(request.case_guid),
        "request": str(request.guid),
        "request_kind": request.kind,
        "account": request.account_id,
        "vehicle": settled.vehicle_id,
        "identifier": request.identifier,
        "observation": _observed(settled.observation),
        "standing": str(settled.standing),
        "status": settled.status.value,
        "findings": [finding.as_json() for finding in settled.findings],
        "confirmed": settled.confirmed,
    }
    public: dict[str, JSON] = {}
    if reading is not None and settled.vehicle_id is not None:
        joined = reading_json(
            vehicle=settled.vehicle_id,
            date=reading.date,
            km=reading.km,
            source=reading.source.value,
            observation_type=settled.observation.type.value,
            account=request.account_id,
            starts_segment=reading.starts_segment,
            remarks=settled.remarks,
        )
        content["reading"] = joined
        public = shown(settled.vin, joined)
    return Entry(SETTLED, str(request.case_guid), content, public)


def _observed(observation: Observation) -> JSON:
    return {"date": observation.reading_date.isoformat(), "km": observation.km, "type": observation.type.value}
