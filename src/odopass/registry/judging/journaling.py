"""What the journal says of a settled request (R9)."""

from __future__ import annotations

from odopass.registry.journal.entries import JSON, Entry
from odopass.registry.journal.readings import observation_json, reading_json, shown
from odopass.registry.judging.deciding import Settlement

#: A request was judged: its case's new state, and the reading that joined the history, if one did.
SETTLED = "observation.settled"


def entry_of(settled: Settlement) -> Entry:
    """The entry about a case: what came, the state it led to, and the reading that joined the history, if one did.

    Written for every observation, so it says nothing twice and leaves out what is as usual.
    """
    request, reading = settled.request, settled.reading
    content: dict[str, JSON] = {
        "request": str(request.guid),
        "request_kind": request.kind,
        "vehicle": settled.vehicle_id,
        "status": settled.status.value,
    }
    if settled.standing != request.guid:
        content["standing"] = str(settled.standing)
    if settled.findings:
        content["findings"] = [finding.as_json() for finding in settled.findings]
    if settled.confirmed:
        content["confirmed"] = True
    if request.identifier != settled.vin:
        content["identifier"] = request.identifier
    if reading is None or settled.vehicle_id is None:
        observation = settled.observation
        content["account"] = request.account_id
        content["observation"] = observation_json(observation.reading_date, observation.km, observation.type.value)
        return Entry(SETTLED, str(request.case_guid), content)
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
    return Entry(SETTLED, str(request.case_guid), content, shown(settled.vin, joined))
