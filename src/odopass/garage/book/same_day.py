"""One reading of a vehicle and day: the registry takes no second one from the same garage (G8, W13)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import COUNTS_AS_SENT, Reading, ReadingDraft, State

#: The issue type of a second reading by one garage of one vehicle and day.
SECOND_THAT_DAY: Final = "150"

_REPLACED: Final = ObservationType.ODOMETER_REPLACED
_REPORT: Final = ObservationType.VEHICLE_HISTORY_DOCUMENT


def first_that_day(draft: ReadingDraft, others: Iterable[Reading]) -> Reading | None:
    """The reading that keeps this one from being sent, because it is of the same day; None if there is none.

    Args:
        draft: what is to be sent.
        others: the garage's other readings of the vehicle.
    """
    for other in others:
        if other.draft.reading_date != draft.reading_date or not _is_with_the_registry(other):
            continue
        # A history may be asked for on the day of an ordinary reading of the same km, once; a new odometer's first
        # reading may stand beside the old one's last.
        if draft.type is _REPORT and other.draft.type is not _REPORT and other.draft.km == draft.km:
            continue
        if (draft.type is _REPLACED) is not (other.draft.type is _REPLACED):
            continue
        return other
    return None


def _is_with_the_registry(reading: Reading) -> bool:
    """Whether the registry has a reading of that day, will get it, or has said that it has another one of it."""
    if reading.state is State.ERROR:
        return any(issue.type == SECOND_THAT_DAY for issue in reading.issues)
    return reading.state in COUNTS_AS_SENT
