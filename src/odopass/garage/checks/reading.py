"""A reading before the garage's own book: is it possible, is it the first of its day (G8)?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from odopass.domain.limits import longest_distance
from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import COUNTS_AS_SENT, Reading, ReadingDraft, State
from odopass.garage.book.same_day import first_that_day
from odopass.garage.checks.finding import Finding, error, warning

#: What was read on an odometer, whether the registry is told or not; what it rejected or refused may be a slip.
_READ: Final = COUNTS_AS_SENT | {State.EXCLUDED, State.LAPSED}
#: In which a vehicle history is there or will be; one that lapsed or was rejected may be asked for again.
_ASKED: Final = COUNTS_AS_SENT - {State.ALREADY_THERE}

_REPLACED: Final = ObservationType.ODOMETER_REPLACED
_REPORT: Final = ObservationType.VEHICLE_HISTORY_DOCUMENT


def check_reading(
    draft: ReadingDraft, book: Sequence[Reading], today: date, *, at_entry: bool = True
) -> tuple[Finding, ...]:
    """What is unusual or wrong about a reading.

    Args:
        draft: what was entered.
        book: the garage's other readings of the vehicle, in any order.
        today: the day in Europe/Brussels.
        at_entry: whether somebody enters it now; a reading that waited may be of a day in the past without a word.
    """
    return (
        *_vehicle(draft),
        *_day(draft, today, at_entry=at_entry),
        *_same_day(draft, book),
        *_report_again(draft, book),
        *_km(draft, [each for each in book if each.state in _READ]),
    )


def _vehicle(draft: ReadingDraft) -> Iterator[Finding]:
    if draft.vehicle.vin is None and draft.vehicle.plate is None:
        yield error("vehicle_missing", "vin")
    elif draft.type is _REPORT and draft.vehicle.vin is None:
        yield error("report_needs_vin", "vin")


def _day(draft: ReadingDraft, today: date, *, at_entry: bool) -> Iterator[Finding]:
    if draft.type is _REPORT and draft.reading_date != today:
        if at_entry:
            yield error("report_not_today", "reading_date")
    elif draft.reading_date > today:
        yield warning("date_in_future", "reading_date")
    elif draft.reading_date < today and at_entry:
        yield warning("date_in_past", "reading_date", days=(today - draft.reading_date).days)


def _same_day(draft: ReadingDraft, book: Sequence[Reading]) -> Iterator[Finding]:
    """The registry takes one reading of a vehicle and day from a garage; the next is a correction of it (W13)."""
    if (first := first_that_day(draft, book)) is not None:
        yield error("second_that_day", "reading_date", number=first.number)


def _report_again(draft: ReadingDraft, book: Sequence[Reading]) -> Iterator[Finding]:
    """A history is asked for once per reading: as long as the odometer has not moved, the one there is stands (G13)."""
    for other in book:
        if (
            draft.type is _REPORT
            and other.draft.type is _REPORT
            and other.state in _ASKED
            and other.draft.km == draft.km
            and other.draft.reading_date != draft.reading_date
        ):
            yield error("history_there", "km", number=other.number)
            return


def _km(draft: ReadingDraft, read: Sequence[Reading]) -> Iterator[Finding]:
    if draft.type is _REPLACED:
        return
    in_order = sorted(read, key=_place)
    earlier = _on_this_odometer([each for each in in_order if each.draft.reading_date < draft.reading_date])
    if earlier:
        last = earlier[-1].draft
        days = (draft.reading_date - last.reading_date).days
        if draft.km < last.km:
            yield warning("local_001", "km", km=last.km, day=last.reading_date.strftime("%d/%m/%Y"))
        elif draft.km - last.km > longest_distance(days):
            # The registry's own bound: what it would ask about is asked while the vehicle is still there.
            yield warning("local_209", "km", km=last.km, day=last.reading_date.strftime("%d/%m/%Y"), days=days)
    if any(each.draft.km == draft.km for each in earlier):
        yield warning("same_as_before", "km")
    later = [each for each in in_order if each.draft.reading_date > draft.reading_date]
    if later and later[0].draft.type is not _REPLACED and draft.km > later[0].draft.km:
        after = later[0].draft
        yield warning("higher_than_later", "km", km=after.km, day=after.reading_date.strftime("%d/%m/%Y"))


def _place(reading: Reading) -> tuple[date, bool, int]:
    """Where a reading stands among others: on the day of a replacement the new odometer's is the last."""
    return reading.draft.reading_date, reading.draft.type is _REPLACED, reading.number


def _on_this_odometer(earlier: Sequence[Reading]) -> Sequence[Reading]:
    """Those since the odometer was last replaced, the new one's first included."""
    replaced = [place for place, each in enumerate(earlier) if each.draft.type is _REPLACED]
    return earlier[replaced[-1] :] if replaced else earlier
