from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from tests.unit.wire.bodies import BY_PLATE, ENTERPRISE, ESTABLISHMENT, MANDATORY, RIGHT, as_body, parsed, problems_of

from odopass.domain.observation import Observation, ObservationType
from odopass.wire.errors import Invalid, Problem
from odopass.wire.observation import Fields, ObservationRequest, parse_observation, report_date_problem

requirement = pytest.mark.requirement


def only_problem_of(field: str, value: object, base: dict[str, object] = RIGHT) -> str:
    found = problems_of(base | {field: value})
    assert list(found) == [field]
    return found[field]


@requirement("W4")
def test_an_observation_is_read_in_the_words_of_the_domain() -> None:
    request = parsed(RIGHT | {"vin": "test1974", "unifier": 12, "firstUseDate": "17/06/1974"})
    assert request == ObservationRequest(
        vin="TEST1974",
        license_plate=None,
        unifier=12,
        first_use_date=date(1974, 6, 17),
        reading_date=date(2026, 3, 5),
        km=123456,
        type=ObservationType.REPAIR_MAINTENANCE_SERVICE,
        enterprise=ENTERPRISE,
        establishment=ESTABLISHMENT,
    )
    assert request.observation == Observation(date(2026, 3, 5), 123456, ObservationType.REPAIR_MAINTENANCE_SERVICE)


@requirement("W4")
def test_null_counts_as_left_out() -> None:
    assert parsed(RIGHT | {"licensePlate": None, "unifier": None, "firstUseDate": None}) == parsed(RIGHT)
    assert problems_of(RIGHT | {"vin": None, "odometerReading": None}).keys() == {
        "vin, licensePlate",
        "odometerReading",
    }


@requirement("W4", "W12")
@pytest.mark.parametrize("name", MANDATORY)
def test_each_mandatory_field_is_missed(name: str) -> None:
    found = problems_of({other: value for other, value in RIGHT.items() if other != name})
    assert found == {name: "It is missing; it is mandatory."}


@requirement("W4", "W12")
def test_an_empty_object_tells_all_that_is_missing_in_the_order_of_the_fields() -> None:
    assert list(problems_of({})) == ["vin, licensePlate", *MANDATORY]


@requirement("W4")
def test_vin_and_plate_together_are_one_problem_of_both() -> None:
    assert problems_of(RIGHT | {"licensePlate": "1ABC234"}) == {
        "vin, licensePlate": "Both are given; give one of them."
    }


@requirement("W4")
def test_neither_vin_nor_plate_is_one_problem_of_both() -> None:
    found = problems_of({name: RIGHT[name] for name in MANDATORY})
    assert found == {"vin, licensePlate": "Neither is given; give one of them."}


@requirement("W4")
@pytest.mark.parametrize("vin", ["A", "1", "0" * 17, "testvan0000000001", "IOQ"])
def test_a_vin_of_one_to_seventeen_letters_and_digits_is_taken_in_upper_case(vin: str) -> None:
    assert parsed(RIGHT | {"vin": vin}).vin == vin.upper()


@requirement("W4", "W12")
@pytest.mark.parametrize(
    ("vin", "why"),
    [
        ("", "empty"),
        ("TESTVAN00000000001", "18 characters"),
        ("TEST VAN", "none of A to Z"),
        (" TESTVAN", "none of A to Z"),
        ("TESTVAN\n", "none of A to Z"),
        ("TEST-VAN", "none of A to Z"),
        ("TESTÉ", "none of A to Z"),
        ("ﬀ", "none of A to Z"),
        ("ß", "none of A to Z"),
        ("１２３", "none of A to Z"),
        ("TEST\x00", "none of A to Z"),
        ("A" * 60_000, "60000 characters"),
        (12345678901234567, "not a JSON string"),
        (True, "true is not a JSON string"),
        (["TESTVAN"], "an array is not a JSON string"),
        ({"vin": "TESTVAN"}, "an object is not a JSON string"),
        (1.5, "1.5 is not a JSON string"),
    ],
)
def test_any_other_vin_is_refused(vin: object, why: str) -> None:
    body = json.dumps(RIGHT | {"vin": vin}, ensure_ascii=False).replace("\x00", "\\u0000").encode()
    with pytest.raises(Invalid) as refused:
        parse_observation(body, strict_members=True)
    assert {problem.field for problem in refused.value.problems} == {"vin"}
    assert any(why in problem.message for problem in refused.value.problems)


@requirement("W4")
@pytest.mark.parametrize(
    ("sent", "plate"),
    [("1-ABC-234", "1ABC234"), ("1abc234", "1ABC234"), ("O 1 A", "O1A"), ("-- A -- ", "A"), ("1", "1")],
)
def test_a_plate_is_compared_without_dashes_blanks_and_case(sent: str, plate: str) -> None:
    assert parsed(BY_PLATE | {"licensePlate": sent}).license_plate == plate


@requirement("W4", "W12")
@pytest.mark.parametrize(
    ("plate", "why"),
    [
        ("", "empty"),
        ("1-ABC-2345", "10 characters"),
        ("1.ABC.234", "other characters"),
        ("1ABC\t234", "other characters"),
        ("1ABC234\n", "other characters"),
        ("1-ÄBC-234", "other characters"),
        ("- -", "no letter and no digit"),
        (1234, "not a JSON string"),
    ],
)
def test_any_other_plate_is_refused(plate: object, why: str) -> None:
    assert why in only_problem_of("licensePlate", plate, BY_PLATE)


@requirement("W4")
def test_a_plate_does_not_name_the_vehicle_of_a_history_report() -> None:
    found = problems_of(BY_PLATE | {"observationType": "VEHICLE_HISTORY_DOCUMENT"})
    assert list(found) == ["licensePlate, observationType"]


@requirement("W4")
@pytest.mark.parametrize("unifier", [0, 1, 2_147_483_647])
def test_a_unifier_is_an_integer_and_may_go_with_a_long_vin(unifier: int) -> None:
    assert parsed(RIGHT | {"unifier": unifier}).unifier == unifier


@requirement("W4")
@pytest.mark.parametrize("km", [0, 1, 999_999, 1_000_000, 9_999_999])
def test_a_reading_is_an_integer_up_to_seven_digits(km: int) -> None:
    assert parsed(RIGHT | {"odometerReading": km}).km == km


NO_INTEGERS = ["-1", "100.0", "1e2", "1e400", "-1e400", '"100"', '""', "true", "false", "[]", "{}", "9" * 5000]


@requirement("W4", "W12")
@pytest.mark.parametrize("field", ["odometerReading", "unifier"])
@pytest.mark.parametrize("sent", NO_INTEGERS, ids=lambda sent: sent[:10])
def test_what_is_no_json_integer_in_bounds_is_refused_as_it_was_sent(field: str, sent: str) -> None:
    body = as_body(RIGHT | {field: "SENT"}).replace(b'"SENT"', sent.encode())
    found = problems_of(body)
    assert list(found) == [field]
    shown = {"[]": "an array", "{}": "an object"}.get(sent, sent[:40])
    assert found[field].startswith(shown)
    assert "is not a JSON integer from 0 to" in found[field]


@requirement("W4")
@pytest.mark.parametrize(("field", "value"), [("odometerReading", 10_000_000), ("unifier", 2_147_483_648)])
def test_the_first_integer_out_of_bounds_is_refused(field: str, value: int) -> None:
    assert str(value) in only_problem_of(field, value)


@requirement("W5")
@pytest.mark.parametrize("kind", list(ObservationType))
def test_each_of_the_four_types_is_taken(kind: ObservationType) -> None:
    assert parsed(RIGHT | {"observationType": kind.value}).type is kind


@requirement("W5", "W12")
@pytest.mark.parametrize("kind", ["", "repair_maintenance_service", "SALE", " ROAD_SIDE_ASSISTANCE", 1, ["x"], {}])
def test_an_unknown_type_is_refused_with_those_that_are_known(kind: object) -> None:
    message = only_problem_of("observationType", kind)
    assert all(known.value in message for known in ObservationType)


@requirement("W3", "W12")
@pytest.mark.parametrize("field", ["odometerReadingDate", "firstUseDate"])
@pytest.mark.parametrize("sent", ["", "29/02/2023", "01/01/0000", "5/3/2026", "2026-03-05", "05/03/26", 5032026, True])
def test_a_wrong_date_is_refused(field: str, sent: object) -> None:
    assert "expected dd/mm/yyyy" in only_problem_of(field, sent)


@requirement("W6", "W12")
@pytest.mark.parametrize("field", ["enterpriseOrganisation", "enteredOrganisation"])
@pytest.mark.parametrize("sent", ["", "BE0428759497", "0428759498", 428759497, None])
def test_a_wrong_kbo_number_is_refused(field: str, sent: object) -> None:
    only_problem_of(field, sent)


@requirement("W6")
def test_the_two_kbo_numbers_cannot_change_places() -> None:
    swapped = RIGHT | {"enterpriseOrganisation": ESTABLISHMENT, "enteredOrganisation": ENTERPRISE}
    assert list(problems_of(swapped)) == ["enterpriseOrganisation", "enteredOrganisation"]


@requirement("W21")
def test_unknown_members_are_ignored_in_production() -> None:
    extended = RIGHT | {"description": {"work": [1, 2.5, None]}, "VIN": "x"}
    assert parsed(extended, strict_members=False) == parsed(RIGHT)


@requirement("W21", "W12")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Vin", "It is unknown; did you mean vin?"),
        ("LICENSEPLATE", "It is unknown; did you mean licensePlate?"),
        ("odometerReadingdate", "It is unknown; did you mean odometerReadingDate?"),
        ("enterpriseOrganization", "It is unknown; did you mean enterpriseOrganisation?"),
        ("licencePlate", "It is unknown; did you mean licensePlate?"),
        ("invoice", "It is unknown."),
        ("", "It is unknown."),
    ],
)
def test_an_unknown_member_is_a_problem_in_beta_with_the_name_that_may_be_meant(name: str, message: str) -> None:
    assert problems_of(RIGHT | {name: 1}) == {name: message}


@requirement("W21", "W12")
def test_a_name_that_cannot_be_shown_is_shown_escaped_and_short() -> None:
    assert list(problems_of(RIGHT | {"a\u202eb\n": 1})) == ["a\\u202eb\\u000a"]
    assert list(problems_of(RIGHT | {"a" * 50_000: 1})) == ["a" * 40 + "…"]


@requirement("W21", "W12")
def test_a_body_full_of_unknown_members_is_answered_briefly() -> None:
    with pytest.raises(Invalid) as refused:
        parsed(RIGHT | {f"m{number}": 1 for number in range(5000)})
    assert len(refused.value.problems) == 51
    assert refused.value.problems[0].message == "4950 more members are unknown."


@requirement("W12")
def test_unstorable_text_in_an_ignored_member_is_refused_in_production_too() -> None:
    for sent in (b'"\\ud800"', b'["\\u0000"]', b'{"\\udfff": 1}'):
        body = as_body(RIGHT | {"note": "SENT"}).replace(b'"SENT"', sent)
        assert list(problems_of(body, strict_members=False)) == ["note"]


REPORT: Fields = {"observationType": ObservationType.VEHICLE_HISTORY_DOCUMENT, "odometerReadingDate": date(2026, 3, 5)}


@requirement("W15")
@pytest.mark.parametrize("days", [-1, 1, 365])
def test_a_history_report_asked_for_with_another_day_is_a_problem_of_the_date(days: int) -> None:
    problem = report_date_problem(REPORT, date(2026, 3, 5) + timedelta(days=days))
    assert problem is not None
    assert problem.field == "odometerReadingDate"
    assert '"05/03/2026" is not today' in problem.message


@requirement("W15")
def test_a_history_report_asked_for_on_its_day_has_no_problem_and_other_types_may_be_late() -> None:
    ordinary = REPORT | {"observationType": ObservationType.REPAIR_MAINTENANCE_SERVICE}
    assert report_date_problem(REPORT, date(2026, 3, 5)) is None
    assert report_date_problem(ordinary, date(2026, 3, 9)) is None


@requirement("W12")
def test_what_else_the_reader_wants_of_the_fields_comes_in_the_same_answer() -> None:
    with pytest.raises(Invalid) as refused:
        parse_observation(
            as_body(RIGHT | {"vin": "TOO LONG FOR A VIN NUMBER"}),
            strict_members=True,
            further=lambda fields: [Problem(("enteredOrganisation",), f"{fields['enteredOrganisation']} is not you")],
        )
    assert [problem.field for problem in refused.value.problems] == ["vin", "enteredOrganisation"]
