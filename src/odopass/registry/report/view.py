"""A report in the reader's words: what the document and the public page show, down to the last string.

Both only place what stands here, so that they cannot differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from odopass.clock import BRUSSELS
from odopass.domain.history import SourceKind
from odopass.domain.timeline import Entry, Remark, RemarkKind, Timeline
from odopass.registry.report.chart import Chart, chart_of
from odopass.registry.report.content import Recall, ReportContent, SourceLine, SourceState, VehicleData
from odopass.registry.report.wording import Wording, wording

_SOURCES: Final = {
    SourceKind.GARAGE: "garage",
    SourceKind.ROADSIDE: "roadside assistance",
    SourceKind.INSPECTION: "technical inspection",
    SourceKind.CONNECTED: "connected vehicle",
    SourceKind.FOREIGN: "foreign registry",
}
_ASKED: Final = {
    "registration": "registration authority",
    "manufacturer": "manufacturer or importer",
    "accident_inspection": "accident inspection",
    "foreign_registry": "foreign registry",
}
_FUELS: Final = {
    "petrol": "petrol",
    "diesel": "diesel",
    "electric": "electricity",
    "hybrid_petrol": "petrol and electricity",
    "hybrid_diesel": "diesel and electricity",
    "lpg": "LPG",
    "cng": "natural gas (CNG)",
    "hydrogen": "hydrogen",
}
_REMARKS: Final = {
    RemarkKind.LOWER: "Lower than the reading of {km} on {date}.",
    RemarkKind.TOO_FAR: "Exceptionally far from the reading of {km} on {date}.",
    RemarkKind.OUT_OF_PLACE: "Does not fit the readings before and after it.",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line about the vehicle: what, and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A line of the history.

    Attributes:
        date: the day, as dd/mm/yyyy.
        machine_date: the same as yyyy-mm-dd.
        km: with its unit.
        distance: since the one before, with its sign and unit; "" for the first of an odometer.
        source: the kind of source.
        remarks: what does not fit, in plain words.
        notes: what else there is to know: a replaced odometer, miles, a confirmation.
    """

    date: str
    machine_date: str
    km: str
    distance: str
    source: str
    remarks: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def misfits(self) -> bool:
        """Whether it is to be marked."""
        return bool(self.remarks)


@dataclass(frozen=True, slots=True)
class Newer:
    """A reading that was taken after the report was made and contradicts it."""

    date: dt.date
    km: int


@dataclass(frozen=True, slots=True)
class ReportView:
    """All strings of a report, in one language.

    Attributes:
        number: in groups of four digits.
        issued: the day of issue, as dd/mm/yyyy.
        made: the day and hour at which this version was made: it is made again when a source comes back.
        made_again: the same if that was on a later day than the day of issue; else "".
        verdict: the history in one sentence.
        clear: whether nothing in it is contradicted.
        warnings: what a reader must know before anything else: expired, contradicted since.
        readings: newest first.
        not_available: the sources that could not be asked, and those of whose answer something was left out because
            it cannot be right, in a sentence each; "" if all answered and all of it could be used.
        words: the fixed words around them, by their English text.
    """

    language: str
    registry: str
    number: str
    public_url: str
    issued: str
    made: str
    made_again: str
    valid_until: str
    machine_day: str
    verdict: str
    clear: bool
    warnings: tuple[str, ...]
    vehicle_name: str
    facts: tuple[Fact, ...]
    recalls: tuple[str, ...]
    recalls_summary: str
    inspection: str
    total: str
    readings: tuple[ReadingView, ...]
    not_available: str
    chart: Chart | None
    chart_alternative: str
    words: dict[str, str]


#: Words that stand still, whatever the report says.
FIXED: Final = (
    "Vehicle history",
    "Document number",
    "Date of issue",
    "Made on",
    "Valid until",
    "Vehicle",
    "Odometer readings",
    "Latest reading",
    "Date",
    "Reading",
    "Distance",
    "Source",
    "Remark",
    "Recalls",
    "Inspection after an accident",
    "The online version of this report",
    "Scan the code, or enter the document number on the registry's check page, to see that this report is genuine.",
    "Readings as a chart",
    "Readings as a table",
    "does not fit",
    "odometer replaced",
    "No readings are known.",
    "Language",
    "Print",
    "Important",
)


def view_of(
    content: ReportContent, *, language: str, public_url: str, today: dt.date, newer: Newer | None = None
) -> ReportView:
    """Put a report into words.

    Args:
        content: what it says.
        language: nl, fr, de or en.
        public_url: the address of its public page.
        today: the day it is read, in Europe/Brussels; tells whether it is still valid.
        newer: a reading taken since that contradicts it, if there is one.

    Raises:
        KeyError: the language is none of these.
    """
    say = wording(language)
    line = content.timeline()
    made = content.made_at.astimezone(BRUSSELS)
    spoken_made = say("{date}, {time}", date=say.day(made.date()), time=say.time(made))
    return ReportView(
        language=language,
        registry=content.registry,
        number=grouped(content.number),
        public_url=public_url,
        issued=say.day(content.day),
        made=spoken_made,
        made_again="" if made.date() == content.day else spoken_made,
        valid_until=say.day(content.valid_until),
        machine_day=content.day.isoformat(),
        verdict=_verdict(line, say),
        clear=not line.contradicted,
        warnings=tuple(_warnings(content, today, newer, say)),
        vehicle_name=" ".join(part for part in (content.vehicle.make, content.vehicle.model) if part),
        facts=tuple(_facts(content.vehicle, say)),
        recalls=tuple(_recall(recall, say) for recall in content.recalls or ()),
        recalls_summary=_recalls(content, say),
        inspection=_inspection(content.accident_inspection_due, say),
        total=_total(line, say),
        readings=tuple(reading_view(entry, say) for entry in reversed(line.entries)),
        not_available=_not_available(content, say),
        chart=chart_of(line, say),
        chart_alternative=chart_in_words(line, say),
        words={text: say(text) for text in FIXED},
    )


def grouped(number: str) -> str:
    """A document number in groups of four digits."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _verdict(line: Timeline, say: Wording) -> str:
    misfits = sum(bool(entry.remarks) for entry in line.entries)
    if not line.entries:
        return say("No readings are known.")
    if len(line.entries) == 1:
        return say("One reading is known: there is nothing to compare it with.")
    if misfits == 0:
        return say("The {number} known readings fit each other.", number=say.count(len(line.entries)))
    if misfits == 1:
        return say("One reading does not fit the others. Look at the remark.")
    return say("{number} readings do not fit the others. Look at the remarks.", number=say.count(misfits))


def _warnings(content: ReportContent, today: dt.date, newer: Newer | None, say: Wording) -> Sequence[str]:
    warnings = []
    if today > content.valid_until:
        warnings.append(say("This report has expired: it was valid until {date}.", date=say.day(content.valid_until)))
    if newer is not None:
        warnings.append(
            say(
                "A newer reading contradicts this report: {km} on {date}.",
                km=say.km(newer.km),
                date=say.day(newer.date),
            )
        )
    return warnings


def _facts(vehicle: VehicleData, say: Wording) -> Sequence[Fact]:
    given = [Fact(say("Vehicle identification number (VIN)"), vehicle.vin)]

    def add(label: str, value: str | None) -> None:
        if value:
            given.append(Fact(label, value))

    add(say("Make"), vehicle.make)
    add(say("Model"), vehicle.model)
    add(say("First use"), None if vehicle.first_use is None else say.day(vehicle.first_use))
    if vehicle.first_registration is not None and vehicle.first_registration != vehicle.first_use:
        used = f" – {say('imported used')}" if vehicle.imported_used else ""
        add(say("First registration in Belgium"), say.day(vehicle.first_registration) + used)
    add(say("Fuel"), None if vehicle.fuel is None else say(_FUELS.get(vehicle.fuel, vehicle.fuel)))
    if vehicle.electric_motor is not None:
        add(say("Electric motor"), say("yes") if vehicle.electric_motor else say("no"))
    add(say("Official electric range"), say.km(vehicle.electric_range_km) if vehicle.electric_range_km else None)
    add(say("Euro standard"), vehicle.euro_standard)
    add(say("CO₂ (NEDC)"), _grams(vehicle.co2_nedc_g_km, say))
    add(say("CO₂ (WLTP)"), _grams(vehicle.co2_wltp_g_km, say))
    return given


def _grams(per_km: int | None, say: Wording) -> str | None:
    return None if per_km is None else f"{say.count(per_km)}\u00a0g/km"


def _recalls(content: ReportContent, say: Wording) -> str:
    if content.recalls is None:
        return say("Not known: the manufacturer could not be asked.")
    if not content.recalls:
        return say("No recall is open.")
    return say("Not carried out: {number}.", number=len(content.recalls))


def _recall(recall: Recall, say: Wording) -> str:
    announced = "" if recall.opened is None else f" ({say.day(recall.opened)})"
    description = f": {recall.description}" if recall.description else ""
    return f"{recall.reference}{announced}{description}"


def _inspection(due: bool | None, say: Wording) -> str:
    if due is None:
        return say("Not known: the source could not be asked.")
    return say("An inspection after an accident is still due.") if due else say("None is due.")


def _total(line: Timeline, say: Wording) -> str:
    if line.odometers > 1:
        return say("At least {km} in all, over {number} odometers.", km=say.km(line.total_km), number=line.odometers)
    return ""


def reading_view(entry: Entry, say: Wording) -> ReadingView:
    """A line of the history in the reader's words."""
    distance = ""
    if entry.distance_km is not None:
        sign = "+" if entry.distance_km >= 0 else "\u2212"
        distance = f"{sign}{say.km(abs(entry.distance_km))}"
    source = say(_SOURCES[entry.source])
    if entry.recorded.country is not None:
        source = f"{source} ({say.country(entry.recorded.country)})"
    return ReadingView(
        date=say.day(entry.date),
        machine_date=entry.date.isoformat(),
        km=say.km(entry.km),
        distance=distance,
        source=source,
        remarks=tuple(_remark(remark, say) for remark in entry.remarks),
        notes=tuple(_notes(entry, say)),
    )


def _remark(remark: Remark, say: Wording) -> str:
    return say(_REMARKS[remark.kind], km=say.km(remark.other_km), date=say.day(remark.other_date))


def _notes(entry: Entry, say: Wording) -> Sequence[str]:
    notes = []
    if entry.recorded.replaced:
        notes.append(say("The odometer was replaced; this is what the new one showed."))
    if entry.recorded.in_miles is not None:
        notes.append(
            say("The odometer counts miles and showed {miles} miles.", miles=say.count(entry.recorded.in_miles))
        )
    if entry.recorded.confirmed:
        notes.append(say("Confirmed as read."))
    return notes


def _not_available(content: ReportContent, say: Wording) -> str:
    missing = [source for source in content.sources if source.state is SourceState.UNAVAILABLE]
    sentences = []
    if missing:
        names = ", ".join(dict.fromkeys(_asked(source, say) for source in missing))
        sentences.append(say("Could not be asked when the report was made: {sources}.", sources=names))
    sentences += [
        say(
            "Left out because it cannot be right: {number} from this source: {source}.",
            number=say.count(source.left_out),
            source=_asked(source, say),
        )
        for source in content.sources
        if source.state is SourceState.INCOMPLETE and source.left_out
    ]
    return " ".join(sentences)


def _asked(source: SourceLine, say: Wording) -> str:
    return say(_ASKED[source.kind]) if source.kind in _ASKED else source.name


def chart_in_words(line: Timeline, say: Wording) -> str:
    """What the chart shows, for those who do not see it."""
    if not line.entries:
        return say("No readings are known.")
    first, last = line.entries[0], line.entries[-1]
    spoken = say(
        "The odometer showed {first_km} on {first_date} and {last_km} on {last_date}.",
        first_km=say.km(first.km),
        first_date=say.day(first.date),
        last_km=say.km(last.km),
        last_date=say.day(last.date),
    )
    return f"{spoken} {_verdict(line, say)}"
