"""Vehicles whose documents are worth looking at: none, one and 400 readings, three odometers, fraud, long names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from odopass.domain.history import SourceKind
from odopass.registry.report.content import (
    ReadingLine,
    Recall,
    ReportContent,
    SourceLine,
    SourceState,
    VehicleData,
    last_day_of_validity,
)
from odopass.registry.report.view import ReportView, view_of

MADE_AT: Final = dt.datetime(2026, 11, 23, 13, 7, 41, tzinfo=dt.UTC)
TODAY: Final = dt.date(2026, 11, 23)
LANGUAGES: Final = ("nl", "fr", "de", "en")
PUBLIC_URL: Final = "https://registry.example/vhr/7hQ2mXv9TzK4wB8nR5cJpA"

_GOLF: Final = VehicleData(
    vin="WVWZZZ1KZBW123456",
    make="Volkswagen",
    model="Golf Variant 1.6 TDI",
    first_use=dt.date(2015, 3, 17),
    first_registration=dt.date(2015, 3, 17),
    fuel="diesel",
    electric_motor=False,
    euro_standard="Euro 6",
    co2_nedc_g_km=108,
)
_ANSWERED: Final = (
    SourceLine("div", "registration", SourceState.ANSWERED),
    SourceLine("importer", "manufacturer", SourceState.ANSWERED),
    SourceLine("inspection", "accident_inspection", SourceState.ANSWERED),
)


def line(day: str, km: int, source: SourceKind = SourceKind.GARAGE, **more: object) -> ReadingLine:
    """A reading; the day as yyyy-mm-dd."""
    return ReadingLine(dt.date.fromisoformat(day), km, source, **more)  # type: ignore[arg-type]


def content(
    *readings: ReadingLine,
    vehicle: VehicleData = _GOLF,
    recalls: tuple[Recall, ...] | None = (),
    due: bool | None = False,
    sources: tuple[SourceLine, ...] = _ANSWERED,
    number: str = "260412345678",
) -> ReportContent:
    """What a report of these readings says."""
    return ReportContent(
        number=number,
        public_id=PUBLIC_URL.rpartition("/")[2],
        registry="Open Odometer Registry",
        made_at=MADE_AT,
        day=TODAY,
        valid_until=last_day_of_validity(TODAY),
        vehicle=vehicle,
        readings=readings,
        recalls=recalls,
        accident_inspection_due=due,
        sources=sources,
    )


def _ordinary() -> ReportContent:
    return content(
        line("2016-03-21", 18_402),
        line("2017-03-14", 36_911),
        line("2018-04-03", 57_230),
        line("2019-03-12", 75_005, SourceKind.INSPECTION),
        line("2020-03-10", 91_877, SourceKind.INSPECTION),
        line("2020-11-17", 98_214),
        line("2021-03-16", 103_480, SourceKind.INSPECTION),
        line("2022-03-15", 120_033, SourceKind.INSPECTION),
        line("2022-09-02", 128_764, SourceKind.ROADSIDE),
        line("2023-03-14", 137_990, SourceKind.INSPECTION),
        line("2024-03-19", 152_116, SourceKind.INSPECTION),
        line("2025-03-11", 167_301, SourceKind.CONNECTED),
        line("2026-03-10", 181_255, SourceKind.INSPECTION),
        line("2026-11-23", 190_618),
    )


def _none() -> ReportContent:
    return content(vehicle=VehicleData(vin="WVWZZZ1KZBW123456"), recalls=None, due=None, sources=_silent())


def _silent() -> tuple[SourceLine, ...]:
    return (
        SourceLine("div", "registration", SourceState.UNAVAILABLE),
        SourceLine("importer", "manufacturer", SourceState.UNAVAILABLE),
        SourceLine("inspection", "accident_inspection", SourceState.UNAVAILABLE),
    )


def _one() -> ReportContent:
    vehicle = VehicleData(
        vin="YV1XZ25VDR2123456",
        make="Volvo",
        model="EX30 Single Motor Extended Range",
        first_use=dt.date(2026, 2, 6),
        first_registration=dt.date(2026, 2, 6),
        fuel="electric",
        electric_motor=True,
        electric_range_km=475,
        co2_wltp_g_km=0,
    )
    return content(line("2026-11-23", 4_512), vehicle=vehicle)


def _wound_back() -> ReportContent:
    vehicle = VehicleData(
        vin="WBA8E9G52GNT45678",
        make="BMW",
        model="320d Touring",
        first_use=dt.date(2016, 5, 9),
        first_registration=dt.date(2021, 9, 14),
        fuel="diesel",
        electric_motor=False,
        euro_standard="Euro 6",
        co2_nedc_g_km=114,
        co2_wltp_g_km=139,
    )
    return content(
        line("2017-05-16", 31_204, SourceKind.FOREIGN, country="NL"),
        line("2018-05-22", 68_777, SourceKind.FOREIGN, country="NL"),
        line("2019-05-20", 104_318, SourceKind.FOREIGN, country="NL"),
        line("2020-06-02", 139_650, SourceKind.FOREIGN, country="NL"),
        line("2021-05-18", 171_932, SourceKind.FOREIGN, country="NL"),
        line("2021-09-10", 98_450, SourceKind.INSPECTION),
        line("2022-09-13", 112_804, SourceKind.INSPECTION),
        line("2023-09-12", 128_116, SourceKind.INSPECTION),
        line("2024-02-05", 134_507, SourceKind.ROADSIDE),
        line("2024-09-17", 143_060, SourceKind.INSPECTION),
        line("2025-04-01", 350_720, confirmed=True),
        line("2025-09-16", 158_391, SourceKind.INSPECTION),
        line("2026-11-23", 176_002),
        vehicle=vehicle,
        recalls=(
            Recall(
                "0013810300", dt.date(2018, 8, 8), "Exhaust gas recirculation cooler: coolant may leak and catch fire."
            ),
            Recall("0052360200", dt.date(2024, 10, 2), "Driver’s airbag: the inflator may burst."),
        ),
        due=True,
        sources=(*_ANSWERED, SourceLine("rdw", "foreign_registry", SourceState.UNAVAILABLE)),
        number="260498765432",
    )


def _three_odometers() -> ReportContent:
    vehicle = VehicleData(
        vin="SAJAA4BN4HA912345",
        make="Jaguar",
        model="XF 2.0d R-Sport",
        first_use=dt.date(2014, 2, 3),
        first_registration=dt.date(2017, 6, 20),
        fuel="diesel",
        electric_motor=False,
        euro_standard="Euro 5",
        co2_nedc_g_km=129,
    )
    miles = 1.609344
    return content(
        line("2015-02-10", round(9_120 * miles), SourceKind.FOREIGN, country="GB", in_miles=9_120),
        line("2016-02-16", round(21_455 * miles), SourceKind.FOREIGN, country="GB", in_miles=21_455),
        line("2017-02-13", round(33_018 * miles), SourceKind.FOREIGN, country="GB", in_miles=33_018),
        line("2017-06-12", 14, replaced=True, starts_segment=True),
        line("2018-06-19", 19_330, SourceKind.INSPECTION),
        line("2019-06-18", 40_102, SourceKind.INSPECTION),
        line("2020-06-23", 55_871, SourceKind.INSPECTION),
        line("2021-06-15", 71_440, SourceKind.INSPECTION),
        line("2021-12-08", 3, replaced=True, starts_segment=True),
        line("2022-06-14", 9_204, SourceKind.INSPECTION),
        line("2023-06-20", 27_950, SourceKind.INSPECTION),
        line("2024-06-18", 43_377, SourceKind.INSPECTION),
        line("2026-11-23", 78_215),
        vehicle=vehicle,
        number="260455501234",
    )


def _many() -> ReportContent:
    first = dt.date(2016, 1, 4)
    kinds: Sequence[SourceKind] = (SourceKind.CONNECTED,) * 7 + (SourceKind.GARAGE, SourceKind.INSPECTION)
    readings = []
    for number in range(400):
        day = first + dt.timedelta(days=number * 9)
        km = 240 + number * 871 + (number * 7919 % 613)
        if number in {170, 171}:
            km -= 48_000
        if number == 300:
            km += 90_000
        readings.append(ReadingLine(day, km, kinds[number % len(kinds)]))
    return content(*readings, number="260400000400")


def _long_names() -> ReportContent:
    vehicle = VehicleData(
        vin="VSSZZZ6JZ9R012345",
        make="Przedsiębiorstwo Produkcyjno-Usługowo-Handlowe „Żółć i Gęślą Jaźń” Spółka z ograniczoną "
        "odpowiedzialnością",
        model="Ἀερόστατον Þórðarson Ğüneş Nyíregyháza-Őrbottyán "
        "Fahrzeugsonderaufbauherstellungsgesellschaftsmodell 4×4 Çelik",
        first_use=dt.date(2019, 12, 31),
        first_registration=dt.date(2020, 2, 29),
        fuel="hybrid_petrol",
        electric_motor=True,
        electric_range_km=52,
        euro_standard="Euro 6d-ISC-FCM",
        co2_nedc_g_km=38,
        co2_wltp_g_km=1_041,
    )
    return content(
        line("2021-01-11", 22_000, SourceKind.FOREIGN, country="BA"),
        line("2023-01-11", 52_000, SourceKind.FOREIGN, country="GB", in_miles=32_311),
        line("2026-11-23", 1_052_000),
        vehicle=vehicle,
        recalls=tuple(
            Recall(f"R/2024/{number:03}", None, "Układ hamulcowy: możliwy wyciek płynu hamulcowego. " * 4)
            for number in range(3)
        ),
        number="260499990001",
    )


def _hostile() -> ReportContent:
    vehicle = VehicleData(
        vin='#[$"\\]{}*_`<>@~=+',
        make='#panic("x") $x^2$ [a] *b* _c_ `d` <e> @f \\ "g"',
        model="// /* \u202eevil\u202c \u200f\u202b\u0000\u0007\ufeff 中文 \ue000 \U0001f697 \ud800 https://evil.example/#a",
        fuel="#import",
        euro_standard="= Heading\n\n- list",
    )
    return content(
        line("2026-11-23", 10_000, SourceKind.FOREIGN, country="#["),
        vehicle=vehicle,
        recalls=(Recall('#text(red)[x] "', None, "$ sum_(i=0)^n $ #sys.inputs " + "W" * 300),),
    )


_CASES: Final = {
    "ordinary": _ordinary,
    "none": _none,
    "one": _one,
    "wound-back": _wound_back,
    "three-odometers": _three_odometers,
    "four-hundred": _many,
    "long-names": _long_names,
    "hostile": _hostile,
}

#: The names of all cases.
NAMES: Final = tuple(_CASES)


def case(name: str) -> ReportContent:
    """The content of a case by its name."""
    return _CASES[name]()


def view(name: str, language: str = "en") -> ReportView:
    """A case in the reader's language."""
    return view_of(case(name), language=language, public_url=PUBLIC_URL, today=TODAY)
