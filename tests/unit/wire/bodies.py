"""Bodies of observations that tests share: right ones, one with everything wrong, and any that can be written."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import strategies as st

from odopass.domain.observation import ObservationType
from odopass.wire.errors import Invalid
from odopass.wire.kbo import enterprise_number, establishment_number
from odopass.wire.observation import ObservationRequest, parse_observation

ENTERPRISE = enterprise_number(1_234_567)
ESTABLISHMENT = establishment_number(21_234_567)
RIGHT: dict[str, object] = {
    "vin": "TESTVAN0000000001",
    "odometerReadingDate": "05/03/2026",
    "odometerReading": 123456,
    "observationType": "REPAIR_MAINTENANCE_SERVICE",
    "enterpriseOrganisation": ENTERPRISE,
    "enteredOrganisation": ESTABLISHMENT,
}
BY_PLATE = {name: value for name, value in RIGHT.items() if name != "vin"} | {"licensePlate": "1-ABC-234"}
MANDATORY = [name for name in RIGHT if name != "vin"]


def as_body(members: dict[str, object]) -> bytes:
    return json.dumps(members).encode()


def parsed(members: dict[str, object], *, strict_members: bool = True) -> ObservationRequest:
    return parse_observation(as_body(members), strict_members=strict_members)


def problems_of(body: dict[str, object] | bytes, *, strict_members: bool = True) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse_observation(body if isinstance(body, bytes) else as_body(body), strict_members=strict_members)
    found = {problem.field: problem.message for problem in refused.value.problems}
    assert len(found) == len(refused.value.problems)
    for message in found.values():
        assert message.isprintable()
        assert len(message) < 300
    return found


DATES = st.dates(date(1, 1, 1), date(9999, 12, 31))


@st.composite
def requests(draw: st.DrawFn) -> ObservationRequest:
    by_vin = draw(st.booleans())
    kinds = [kind for kind in ObservationType if by_vin or kind is not ObservationType.VEHICLE_HISTORY_DOCUMENT]
    return ObservationRequest(
        vin=draw(st.from_regex(r"\A[0-9A-Z]{1,17}\Z")) if by_vin else None,
        license_plate=None if by_vin else draw(st.from_regex(r"\A[0-9A-Z]{1,9}\Z")),
        unifier=draw(st.none() | st.integers(0, 2_147_483_647)),
        first_use_date=draw(st.none() | DATES),
        reading_date=draw(DATES),
        km=draw(st.integers(0, 9_999_999)),
        type=draw(st.sampled_from(kinds)),
        enterprise=enterprise_number(draw(st.integers(1, 19_999_999))),
        establishment=establishment_number(draw(st.integers(20_000_000, 89_999_999))),
    )
