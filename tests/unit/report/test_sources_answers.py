from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from odopass.registry.accounts.secret import Secret
from odopass.registry.report.content import Recall
from odopass.registry.report.sources.adapters import Setup
from odopass.registry.report.sources.authorities import AccidentInspection, DutchRegistry, RegistrationAuthority
from odopass.registry.report.sources.fetching import Fetcher, Received
from odopass.registry.report.sources.manufacturer import Manufacturer
from odopass.registry.report.sources.members import MOST_ENTRIES, Oddities
from odopass.registry.report.sources.mot_history import MotHistory
from odopass.registry.report.sources.plain_protocol import PlainAdapter
from odopass.registry.report.sources.question import (
    Answer,
    ForeignReading,
    Question,
    SourceAway,
    SourceFailure,
    SourceUnreadable,
)

pytestmark = pytest.mark.requirement("W16")

VIN = "WVWZZZ1KZAW000017"
QUESTION = Question(VIN)


class Noon:
    """A clock that stands at noon of 15 March 2026."""

    def now(self) -> datetime:
        return datetime(2026, 3, 15, 12, tzinfo=UTC)


SETUP = Setup(
    name="asked",
    address="http://127.0.0.1",
    key=Secret("key"),
    options={"token_address": "http://127.0.0.1/token", "client_id": "client"},
    secrets={"client_secret": Secret("secret")},
    fetcher=Fetcher("asked", httpx.AsyncClient(), 0, random.Random(1)),
    clock=Noon(),
)
PLAIN: list[type[PlainAdapter]] = [RegistrationAuthority, Manufacturer, AccidentInspection, DutchRegistry]


def read(adapter: type[PlainAdapter], told: Any, status: int = 200) -> tuple[Answer, dict[str, int]]:
    oddities = Oddities()
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return adapter(SETUP).read(Received(status, body), QUESTION, oddities), oddities.counted()


def read_mot(told: Any, status: int = 200) -> tuple[Answer, dict[str, int]]:
    oddities = Oddities()
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return MotHistory(SETUP).read(Received(status, body), oddities), oddities.counted()


def reading(**changed: Any) -> dict[str, Any]:
    return {"date": "2020-05-04", "value": 40_000, "unit": "km", "country": "DE", **changed}


def test_the_registration_authority_tells_the_vehicle_s_data() -> None:
    told = {
        "vin": VIN,
        "make": "CITROËN",
        "model": " C4   PICASSO\u00a0",
        "firstUse": "2017-06-01",
        "firstRegistration": "2019-02-28",
        "fuel": "hybrid_petrol",
        "electricMotor": True,
        "electricRangeKm": 52,
        "euroStandard": "EURO 6d",
        "co2NedcGKm": 0,
        "co2WltpGKm": 31,
        "somethingNew": {"of": ["next", "year"]},
    }
    answer, oddities = read(RegistrationAuthority, told)
    assert answer.vehicle == {
        "make": "CITROËN",
        "model": "C4 PICASSO",
        "first_use": date(2017, 6, 1),
        "first_registration": date(2019, 2, 28),
        "fuel": "hybrid_petrol",
        "electric_motor": True,
        "electric_range_km": 52,
        "euro_standard": "EURO 6d",
        "co2_nedc_g_km": 0,
        "co2_wltp_g_km": 31,
    }
    assert oddities == {}


def test_what_is_null_blank_or_missing_is_not_told_and_no_oddity() -> None:
    answer, oddities = read(
        RegistrationAuthority, {"vin": VIN, "make": None, "model": "  ", "firstUse": "", "fuel": ""}
    )
    assert (answer.vehicle, oddities) == ({}, {})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("make", 7, "no text"),
        ("make", "A" * 61, "too long"),
        ("make", "VOLKS\u202eWAGEN", "characters that cannot be printed"),
        ("make", "VOLKS\x00WAGEN", "characters that cannot be printed"),
        ("make", "\ud800", "characters that cannot be printed"),
        ("firstUse", "1900-01-01", "long before it can be"),
        ("firstUse", "2026-03-16", "in the future"),
        ("firstUse", "2025-02-29", "no such day"),
        ("firstUse", "04/05/2020", "no date"),
        ("firstUse", "20200504", "no date"),
        ("firstUse", "٢٠٢٠-٠٥-٠٤", "no date"),
        ("firstUse", 20200504, "no date"),
        ("firstUse", ["2020-05-04"], "no date"),
        ("fuel", "coal", "unknown"),
        ("fuel", ["diesel"], "unknown"),
        ("electricMotor", 1, "neither true nor false"),
        ("electricMotor", "yes", "neither true nor false"),
        ("electricRangeKm", 100_000, "too high"),
        ("co2NedcGKm", -1, "too low"),
        ("co2WltpGKm", 99.5, "no whole number"),
        ("co2WltpGKm", True, "no whole number"),
        ("co2WltpGKm", "99", "no whole number"),
        ("co2WltpGKm", 10**400, "no whole number"),
    ],
)
def test_a_field_that_cannot_be_right_is_left_out_and_the_others_stand(name: str, value: object, reason: str) -> None:
    answer, oddities = read(RegistrationAuthority, {"vin": VIN, "euroStandard": "EURO 5", name: value})
    assert answer.vehicle == {"euro_standard": "EURO 5"}
    assert oddities == {f"{name}: {reason}": 1}


def test_a_vehicle_cannot_be_registered_here_before_it_was_used_anywhere() -> None:
    told = {"vin": VIN, "firstUse": "2019-02-28", "firstRegistration": "2017-06-01"}
    answer, oddities = read(RegistrationAuthority, told)
    assert answer.vehicle == {"first_use": date(2019, 2, 28)}
    assert oddities == {"firstRegistration: before the first use": 1}


def test_a_name_that_is_given_twice_says_nothing() -> None:
    body = b'{"vin": "%s", "make": "SEAT", "make": "SKODA", "model": "X"}' % VIN.encode()
    answer, oddities = read(RegistrationAuthority, body)
    assert answer.vehicle == {"model": "X"}
    assert oddities == {"make: no text": 1}


@pytest.mark.parametrize("adapter", PLAIN)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"vin": "' + VIN.encode() + b'"',
        b"<html></html>",
        '{"vin": "première"}'.encode("latin-1"),
        f'{{"vin": "{VIN}"}}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{}",
        b'{"vin": null}',
        b'{"vin": "WVWZZZ1KZAW000018"}',
    ],
)
def test_what_is_no_answer_about_this_vehicle_is_not_read(adapter: type[PlainAdapter], body: bytes) -> None:
    with pytest.raises(SourceUnreadable):
        read(adapter, body)


def test_a_byte_order_mark_does_no_harm() -> None:
    answer, _ = read(AccidentInspection, b'\xef\xbb\xbf{"vin": "%s", "inspectionDue": true}' % VIN.encode())
    assert answer.accident_inspection_due is True


@pytest.mark.parametrize("due", [True, False])
def test_the_accident_inspection_tells_whether_one_is_due(due: bool) -> None:
    answer, oddities = read(AccidentInspection, {"vin": VIN, "inspectionDue": due})
    assert (answer.accident_inspection_due, oddities) == (due, {})


def test_an_inspection_that_is_not_told_of_is_not_known_rather_than_not_due() -> None:
    answer, oddities = read(AccidentInspection, {"vin": VIN})
    assert answer.accident_inspection_due is None
    assert oddities == {"inspectionDue: missing": 1}


def test_recalls_are_told_in_the_maker_s_words() -> None:
    recalls = [
        {"reference": "69Q1", "opened": "2019-11-04", "description": "Airbag\n   du passager"},
        {"reference": "23-R", "opened": None},
    ]
    answer, oddities = read(Manufacturer, {"vin": VIN, "recalls": recalls})
    assert answer.recalls == (Recall("69Q1", date(2019, 11, 4), "Airbag du passager"), Recall("23-R"))
    assert oddities == {}


def test_no_recall_is_open_only_if_the_maker_says_so() -> None:
    assert read(Manufacturer, {"vin": VIN, "recalls": []})[0].recalls == ()
    assert read(Manufacturer, {"vin": VIN})[0].recalls is None
    assert read(Manufacturer, {"vin": VIN, "recalls": {}})[0].recalls is None
    answer, oddities = read(
        Manufacturer, {"vin": VIN, "recalls": [{"opened": "2020-01-01"}, "69Q1", {"reference": ""}]}
    )
    assert answer.recalls is None
    assert oddities == {"recalls[].reference: missing": 2, "recalls[]: no object": 1}


def test_a_recall_stands_without_a_date_that_cannot_be_right_and_only_once() -> None:
    recalls = [{"reference": "A", "opened": "1900-01-01"}, {"reference": "A"}]
    answer, oddities = read(Manufacturer, {"vin": VIN, "recalls": recalls})
    assert answer.recalls == (Recall("A"),)
    assert oddities == {"recalls[].opened: long before it can be": 1, "recalls[].reference: told twice": 1}


def test_miles_become_km_and_are_kept() -> None:
    told = [reading(value=100_000, unit="mi", country="GB"), reading(value=0, unit="mi"), reading()]
    answer, oddities = read(Manufacturer, {"vin": VIN, "recalls": [], "readings": told})
    day = date(2020, 5, 4)
    assert answer.readings == (
        ForeignReading(day, 160_934, "GB", 100_000, "asked"),
        ForeignReading(day, 0, "DE", 0, "asked"),
        ForeignReading(day, 40_000, "DE", None, "asked"),
    )
    assert oddities == {}


@pytest.mark.parametrize(
    ("changed", "oddity"),
    [
        ({"value": -1}, "readings[].value: too low"),
        ({"value": 10_000_000}, "readings[].value: too high"),
        ({"value": 9_999_999, "unit": "mi"}, "readings[].value: too high"),
        ({"value": "40000"}, "readings[].value: no whole number"),
        ({"value": 40_000.0}, "readings[].value: no whole number"),
        ({"value": float("nan")}, "readings[].value: no whole number"),
        ({"value": None}, "readings[].value: missing"),
        ({"date": "1900-01-01"}, "readings[].date: long before it can be"),
        ({"date": "1970-01-01"}, "readings[].date: long before it can be"),
        ({"date": "2026-03-16"}, "readings[].date: in the future"),
        ({"date": "2021-02-29"}, "readings[].date: no such day"),
        ({"date": None}, "readings[].date: missing"),
        ({"unit": "furlong"}, "readings[].unit: unknown"),
        ({"unit": None}, "readings[].unit: missing"),
        ({"value": -1, "date": "1900-01-01", "unit": "furlong"}, "readings[].value: too low"),
    ],
)
def test_a_reading_that_cannot_be_right_is_left_out_once_and_the_others_stand(
    changed: dict[str, Any], oddity: str
) -> None:
    told = {"vin": VIN, "recalls": [], "readings": [reading(**changed), reading(value=41_000)]}
    answer, oddities = read(Manufacturer, told)
    assert [each.km for each in answer.readings] == [41_000]
    assert oddities == {oddity: 1}


def test_a_reading_stands_without_a_country_that_is_none() -> None:
    told = {"vin": VIN, "recalls": [], "readings": [reading(country="XX"), reading(value=50_000, country=None)]}
    answer, oddities = read(Manufacturer, told)
    assert [each.country for each in answer.readings] == [None, None]
    assert oddities == {"readings[].country: unknown": 1}


def test_a_reading_that_is_told_twice_counts_once() -> None:
    told = [reading(), reading(), reading(value=40_001), reading(country="FR")]
    answer, oddities = read(Manufacturer, {"vin": VIN, "recalls": [], "readings": told})
    assert len(answer.readings) == 3
    assert oddities == {"readings[].value: told twice": 1}


def test_today_s_reading_is_taken_by_belgian_clocks() -> None:
    told = {"vin": VIN, "readings": [{"date": "2026-03-15", "value": 1, "unit": "km"}]}
    answer, _ = read(DutchRegistry, told)
    assert answer.readings == (ForeignReading(date(2026, 3, 15), 1, "NL", None, "asked"),)


def test_a_list_without_end_is_read_so_far() -> None:
    told = [reading(value=number) for number in range(MOST_ENTRIES + 7)]
    answer, oddities = read(DutchRegistry, {"vin": VIN, "readings": told})
    assert len(answer.readings) == MOST_ENTRIES
    assert oddities == {"readings[]: too many": 7}


def test_a_registry_that_tells_no_readings_is_not_one_without_readings() -> None:
    assert read(DutchRegistry, {"vin": VIN, "readings": []}) == (Answer(), {})
    assert read(DutchRegistry, {"vin": VIN}) == (Answer(), {"readings: missing": 1})


@pytest.mark.parametrize("adapter", PLAIN)
def test_a_source_may_not_know_the_vehicle(adapter: type[PlainAdapter]) -> None:
    assert read(adapter, {"error": "vehicle_unknown"}, 404) == (Answer(), {})


@pytest.mark.parametrize("status", [200, 400])
def test_only_a_404_can_say_that_the_vehicle_is_unknown(status: int) -> None:
    with pytest.raises(SourceUnreadable):
        read(Manufacturer, {"error": "vehicle_unknown"}, status)


def test_a_404_of_anybody_else_means_a_wrong_address() -> None:
    for body in (b"", b"Not Found", b"{}", b'{"error": "not found"}', b'{"error": 404}'):
        with pytest.raises(SourceUnreadable):
            read(Manufacturer, body, 404)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (301, SourceUnreadable),
        (400, SourceUnreadable),
        (401, SourceAway),
        (403, SourceAway),
        (429, SourceAway),
        (500, SourceAway),
        (503, SourceAway),
        (204, SourceUnreadable),
    ],
)
def test_an_answer_that_is_none_says_whether_the_source_is_away(status: int, failure: type[SourceFailure]) -> None:
    with pytest.raises(failure, match=str(status)):
        read(Manufacturer, {"vin": VIN, "recalls": []}, status)


@pytest.mark.parametrize(
    ("question", "dutch", "british"),
    [
        (Question(VIN), False, False),
        (Question(VIN, imported_used=True), True, True),
        (Question(VIN, imported_used=True, country="NL"), True, False),
        (Question(VIN, imported_used=True, country="GB"), False, True),
        (Question(VIN, imported_used=True, country="DE"), False, False),
    ],
)
def test_registries_abroad_are_asked_only_about_what_may_come_from_there(
    question: Question,
    dutch: bool,
    british: bool,
) -> None:
    assert DutchRegistry(SETUP).concerns(question) is dutch
    assert MotHistory(SETUP).concerns(question) is british
    assert Manufacturer(SETUP).concerns(question)


def mot_test(**changed: Any) -> dict[str, Any]:
    return {
        "completedDate": "2023-11-29T15:11:28.000Z",
        "testResult": "PASSED",
        "expiryDate": "2024-11-28",
        "odometerValue": "74321",
        "odometerUnit": "MI",
        "odometerResultType": "READ",
        "motTestNumber": "528694378213",
        "dataSource": "DVSA",
        "defects": [{"text": "Tyre worn close to legal limit", "type": "ADVISORY", "dangerous": False}],
        **changed,
    }


def mot(*tests: Any) -> dict[str, Any]:
    return {
        "registration": "AB12CDE",
        "make": "FORD",
        "model": "FOCUS",
        "firstUsedDate": "2012-03-01",
        "fuelType": "Petrol",
        "primaryColour": "Blue",
        "engineSize": "1596",
        "hasOutstandingRecall": "Unknown",
        "motTests": list(tests),
    }


def test_mot_tests_are_readings_in_miles_or_km() -> None:
    answer, oddities = read_mot(
        mot(mot_test(), mot_test(odometerUnit="KM", odometerValue="120000"), mot_test(odometerValue=70_000))
    )
    day = date(2023, 11, 29)
    assert answer.readings == (
        ForeignReading(day, 119_608, "GB", 74_321, "asked"),
        ForeignReading(day, 120_000, "GB", None, "asked"),
        ForeignReading(day, 112_654, "GB", 70_000, "asked"),
    )
    assert oddities == {}


@pytest.mark.parametrize("result", ["UNREADABLE", "NO_ODOMETER"])
def test_an_odometer_that_could_not_be_read_is_an_honest_answer(result: str) -> None:
    nothing = mot_test(odometerResultType=result, odometerValue=None, odometerUnit=None)
    answer, oddities = read_mot(mot(nothing, mot_test()))
    assert [each.in_miles for each in answer.readings] == [74_321]
    assert oddities == {}


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2023-07-01T23:30:00.000Z", date(2023, 7, 2)),  # summer time
        ("2023-12-01T23:30:00.000Z", date(2023, 12, 1)),
        ("2023-11-29", date(2023, 11, 29)),
        ("2023-11-29T15:11:28+00:00", date(2023, 11, 29)),
    ],
)
def test_the_day_of_a_test_is_that_of_british_clocks(moment: str, day: date) -> None:
    answer, _ = read_mot(mot(mot_test(completedDate=moment)))
    assert [each.date for each in answer.readings] == [day]


@pytest.mark.parametrize(
    ("changed", "oddity"),
    [
        ({"odometerValue": None}, "odometerValue: missing"),
        ({"odometerValue": "-5"}, "odometerValue: no whole number"),
        ({"odometerValue": "12,345"}, "odometerValue: no whole number"),
        ({"odometerValue": "99999999999"}, "odometerValue: too high"),
        ({"odometerValue": "9" * 5_000}, "odometerValue: no whole number"),
        ({"odometerValue": 12.5}, "odometerValue: no whole number"),
        ({"odometerUnit": None}, "odometerUnit: missing"),
        ({"odometerUnit": "FT"}, "odometerUnit: unknown"),
        ({"odometerResultType": None}, "odometerResultType: missing"),
        ({"odometerResultType": "GUESSED"}, "odometerResultType: unknown"),
        ({"completedDate": None}, "completedDate: missing"),
        ({"completedDate": "1900-01-01T00:00:00.000Z"}, "completedDate: long before it can be"),
        ({"completedDate": "2026-04-01T00:00:00.000Z"}, "completedDate: in the future"),
        ({"completedDate": "0001-01-01T00:00:00+23:00"}, "completedDate: no such day"),
        ({"completedDate": "9999-12-31T23:59:59-23:00"}, "completedDate: no such day"),
        ({"completedDate": "2023-13-01T00:00:00.000Z"}, "completedDate: no such day"),
        ({"completedDate": "2023.11.29 15:11:28"}, "completedDate: no date"),
    ],
)
def test_an_mot_test_that_cannot_be_right_is_left_out_and_the_others_stand(
    changed: dict[str, Any], oddity: str
) -> None:
    answer, oddities = read_mot(mot(mot_test(**changed), mot_test(odometerValue="80000")))
    assert [each.in_miles for each in answer.readings] == [80_000]
    assert oddities == {f"motTests[].{oddity}": 1}


def test_a_vehicle_too_new_for_a_test_has_none() -> None:
    told = {"registration": "AB25CDE", "make": "FORD", "manufactureYear": "2025", "motTestDueDate": "2028-03-01"}
    assert read_mot(told) == (Answer(), {})


def test_the_api_s_error_codes_are_told_apart() -> None:
    assert read_mot({"errorCode": "MOTH-NF-01", "errorMessage": "…", "requestId": "1"}, 404) == (Answer(), {})
    for status, code, failure in [
        (404, "MOTH-NF-02", SourceUnreadable),
        (400, "MOTH-IV-04", SourceUnreadable),
        (403, "MOTH-FB-03", SourceAway),
        (429, "MOTH-RL-01", SourceAway),
        (500, "MOTH-UN-01", SourceAway),
    ]:
        with pytest.raises(failure, match=code):
            read_mot({"errorCode": code, "errorMessage": f"about {VIN}"}, status)


def test_what_an_error_says_of_itself_is_not_passed_on() -> None:
    with pytest.raises(SourceUnreadable) as raised:
        read_mot({"errorCode": f"{VIN}", "errorMessage": VIN}, 400)
    assert VIN not in str(raised.value)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["km", "2020-05-04", "READ"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "vin",
                    "recalls",
                    "readings",
                    "reference",
                    "opened",
                    "date",
                    "value",
                    "unit",
                    "country",
                    "make",
                    "firstUse",
                    "motTests",
                    "odometerResultType",
                    "odometerValue",
                    "odometerUnit",
                    "completedDate",
                    "inspectionDue",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)
ANY_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        name: ANY_JSON | st.sampled_from([0, 40_000, "2020-05-04", "km", "mi", "DE", "MI", "KM", "READ"])
        for name in [
            "date",
            "value",
            "unit",
            "country",
            "reference",
            "opened",
            "description",
            "odometerValue",
            "odometerUnit",
            "odometerResultType",
            "completedDate",
        ]
    },
)
ANY_ANSWER = st.fixed_dictionaries(
    {"vin": st.just(VIN)},
    optional={
        name: ANY_JSON | st.lists(ANY_ENTRY | ANY_JSON, max_size=5)
        for name in ["recalls", "readings", "motTests", "inspectionDue", "make", "firstUse", "fuel", "electricMotor"]
    },
)


@given(
    body=st.binary() | ANY_JSON.map(json.dumps).map(str.encode) | ANY_ANSWER.map(json.dumps).map(str.encode),
    status=st.sampled_from([200, 200, 200, 404, 500]),
)
@example(body=b'{"vin": ' + b"9" * 5_000 + b"}", status=200)
@example(body=b"[" * 200_000, status=200)
@example(body=b'{"vin": "\\ud800"}', status=404)
def test_whatever_a_source_answers_is_read_or_refused_and_what_is_read_can_be_right(body: bytes, status: int) -> None:
    for adapter in PLAIN:
        check(lambda oddities, adapter=adapter: adapter(SETUP).read(Received(status, body), QUESTION, oddities))
    check(lambda oddities: MotHistory(SETUP).read(Received(status, body), oddities))


def check(reads: Any) -> None:
    oddities = Oddities()
    failure = None
    try:
        answer: Answer = reads(oddities)
    except SourceFailure as error:
        failure = str(error)
    if failure is not None:
        assert VIN not in failure
        return
    for each in answer.readings:
        assert 0 <= each.km <= 9_999_999
        assert date(1970, 1, 2) <= each.date <= date(2026, 3, 15)
        assert each.in_miles is None or abs(each.in_miles * 1.609344 - each.km) <= 0.5
    for text in [answer.vehicle.get("make")] + [recall.reference for recall in answer.recalls or ()]:
        assert text is None or (isinstance(text, str) and text.isprintable() and text)
    assert VIN not in str(oddities.counted())
