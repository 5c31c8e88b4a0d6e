from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from tests.pdf.cases import NAMES, PUBLIC_URL, TODAY, case, content, line

from odopass.domain.history import SourceKind
from odopass.registry.report.content import (
    ReadingLine,
    ReportContent,
    SourceLine,
    SourceState,
    VehicleData,
    store_content,
    stored_content,
)
from odopass.registry.report.view import Newer, ReportView, grouped, view_of
from odopass.registry.report.wording import LOCALES

pytestmark = pytest.mark.requirement("R10", "R11")


def seen(
    shown: ReportContent, language: str = "en", *, today: dt.date = TODAY, newer: Newer | None = None
) -> ReportView:
    return view_of(shown, language=language, public_url=PUBLIC_URL, today=today, newer=newer)


def facts(shown: ReportContent, language: str = "en") -> dict[str, str]:
    return {fact.label: fact.value for fact in seen(shown, language).facts}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
@pytest.mark.parametrize("language", LOCALES)
def test_what_was_stored_is_shown_as_it_was_made(name: str, language: str) -> None:
    assert seen(stored_content(store_content(case(name))), language) == seen(case(name), language)


def test_readings_are_shown_newest_first_with_the_distance_since_the_one_before() -> None:
    view = seen(content(line("2024-01-10", 50_000), line("2022-01-10", 20_000), line("2023-01-10", 35_500)))
    assert [(each.machine_date, each.km, each.distance) for each in view.readings] == [
        ("2024-01-10", "50,000\u00a0km", "+14,500\u00a0km"),
        ("2023-01-10", "35,500\u00a0km", "+15,500\u00a0km"),
        ("2022-01-10", "20,000\u00a0km", ""),
    ]
    assert view.clear
    assert view.verdict == "The 3 known readings fit each other."


@pytest.mark.parametrize(
    ("language", "verdict", "remark"),
    [
        ("nl", "Eén kilometerstand sluit niet aan", "Lager dan de stand van 90.000\u00a0km op 10/01/2023."),
        ("fr", "Un relevé n’est pas cohérent", "Inférieur au relevé de 90\u202f000\u00a0km du 10/01/2023."),
        ("de", "Ein Kilometerstand passt nicht", "Niedriger als der Stand von 90.000\u00a0km am 10/01/2023."),
        ("en", "One reading does not fit", "Lower than the reading of 90,000\u00a0km on 10/01/2023."),
    ],
)
def test_a_reading_wound_back_says_so_in_plain_words(language: str, verdict: str, remark: str) -> None:
    view = seen(content(line("2023-01-10", 90_000), line("2024-01-10", 40_000)), language)
    assert view.verdict.startswith(verdict)
    assert not view.clear
    assert view.readings[0].remarks == (remark,)
    assert view.readings[0].distance.startswith("\u221250")
    assert view.readings[0].misfits
    assert not view.readings[1].misfits


def test_several_contradictions_are_counted() -> None:
    view = seen(content(line("2021-01-10", 90_000), line("2022-01-10", 40_000), line("2023-01-10", 20_000)))
    assert view.verdict.startswith("2 readings do not fit")


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [((), "No readings are known."), ((line("2024-01-10", 5),), "One reading is known: there is nothing to compare")],
)
def test_too_few_readings_are_not_called_consistent(readings: tuple[ReadingLine, ...], verdict: str) -> None:
    view = seen(content(*readings))
    assert view.verdict.startswith(verdict)
    assert "fit each other" not in view.chart_alternative


def test_a_used_import_is_told_by_its_first_registration() -> None:
    given = facts(case("wound-back"), "nl")
    assert given["Eerste ingebruikname"] == "09/05/2016"
    assert given["Eerste inschrijving in België"] == "14/09/2021 – tweedehands ingevoerd"


def test_a_first_registration_on_the_day_of_first_use_is_not_repeated() -> None:
    assert "First registration in Belgium" not in facts(case("ordinary"))


def test_nothing_known_of_a_vehicle_but_its_vin_leaves_one_fact() -> None:
    assert facts(case("none")) == {"Vehicle identification number (VIN)": "WVWZZZ1KZBW123456"}


def test_both_cycles_of_co2_are_shown_and_zero_is_a_value() -> None:
    assert facts(case("wound-back"))["CO₂ (NEDC)"] == "114\u00a0g/km"
    assert facts(case("wound-back"))["CO₂ (WLTP)"] == "139\u00a0g/km"
    assert facts(case("one"))["CO₂ (WLTP)"] == "0\u00a0g/km"


def test_a_fuel_without_words_of_ours_is_shown_as_told() -> None:
    vehicle = VehicleData(vin="X", fuel="ammonia {x}")
    assert facts(content(vehicle=vehicle), "fr")["Carburant"] == "ammonia {x}"


def test_electric_cars_show_motor_and_range() -> None:
    given = facts(case("one"), "de")
    assert given["Elektromotor"] == "ja"
    assert given["Offizielle elektrische Reichweite"] == "475\u00a0km"


def test_recalls_are_listed_with_their_day_and_words() -> None:
    view = seen(case("wound-back"))
    assert view.recalls_summary == "Not carried out: 2."
    assert view.recalls[0].startswith("0013810300 (08/08/2018): Exhaust gas")


@pytest.mark.parametrize(
    ("recalls", "due", "said"),
    [
        ((), False, ("No recall is open.", "None is due.")),
        (
            None,
            None,
            ("Not known: the manufacturer could not be asked.", "Not known: the source could not be asked."),
        ),
        ((), True, ("No recall is open.", "An inspection after an accident is still due.")),
    ],
)
def test_what_is_not_known_is_not_said_to_be_none(recalls: None, due: bool | None, said: tuple[str, str]) -> None:
    view = seen(content(recalls=recalls, due=due))
    assert (view.recalls_summary, view.inspection) == said


def test_sources_that_could_not_be_asked_are_named_once() -> None:
    sources = (
        SourceLine("a", "foreign_registry", SourceState.UNAVAILABLE),
        SourceLine("b", "foreign_registry", SourceState.UNAVAILABLE),
        SourceLine("c", "manufacturer", SourceState.UNAVAILABLE),
        SourceLine("d", "registration", SourceState.ANSWERED),
    )
    assert seen(content(sources=sources)).not_available == (
        "Could not be asked when the report was made: foreign registry, manufacturer or importer."
    )


def test_what_was_left_out_of_an_answer_is_told() -> None:
    sources = (SourceLine("a", "foreign_registry", SourceState.INCOMPLETE, left_out=3),)
    assert seen(content(sources=sources)).not_available == (
        "Left out because it cannot be right: 3 from this source: foreign registry."
    )


def test_nothing_is_said_about_sources_when_all_answered() -> None:
    assert seen(case("ordinary")).not_available == ""


def test_a_source_of_a_kind_without_words_is_shown_by_its_name() -> None:
    sources = (SourceLine("insurers", "insurance", SourceState.UNAVAILABLE),)
    assert seen(content(sources=sources)).not_available.endswith(": insurers.")


def test_a_report_is_valid_on_its_last_day_and_expired_on_the_next() -> None:
    shown = case("ordinary")
    assert seen(shown, today=shown.valid_until).warnings == ()
    (warning,) = seen(shown, today=shown.valid_until + dt.timedelta(days=1)).warnings
    assert warning == "This report has expired: it was valid until 23/01/2027."


def test_a_newer_reading_that_contradicts_is_a_warning() -> None:
    (warning,) = seen(case("ordinary"), newer=Newer(dt.date(2026, 12, 1), 90_000)).warnings
    assert warning == "A newer reading contradicts this report: 90,000\u00a0km on 01/12/2026."


def test_the_hour_is_that_of_belgium_and_the_day_of_issue_stays_when_made_again() -> None:
    again = replace(case("ordinary"), made_at=dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.UTC))
    view = seen(again, "nl")
    assert view.made == "01/12/2026 om 00:30"
    assert view.issued == "23/11/2026"


def test_the_document_number_is_in_groups_of_four() -> None:
    assert grouped("123456789012") == "1234 5678 9012"


def test_several_odometers_are_added_up() -> None:
    assert seen(case("three-odometers")).total == "At least 202,775\u00a0km in all, over 3 odometers."
    assert seen(case("ordinary")).total == ""


def test_a_reading_abroad_in_miles_says_where_and_how_many() -> None:
    oldest = seen(case("three-odometers"), "fr").readings[-1]
    assert oldest.source == "registre étranger (Royaume-Uni)"
    assert "9\u202f120" in oldest.notes[0]


@pytest.mark.parametrize("kind", SourceKind)
@pytest.mark.parametrize("language", ["nl", "fr", "de"])
def test_every_kind_of_source_has_a_name(kind: SourceKind, language: str) -> None:
    named = seen(content(line("2024-01-01", 1, kind)), language).readings[0].source
    assert named
    assert named == "garage" or named != seen(content(line("2024-01-01", 1, kind))).readings[0].source


def test_the_chart_is_told_in_words_too() -> None:
    told = seen(case("wound-back")).chart_alternative
    assert told.startswith("The odometer showed 31,204\u00a0km on 16/05/2017 and 176,002\u00a0km on 23/11/2026.")
    assert told.endswith("2 readings do not fit the others. Look at the remarks.")
