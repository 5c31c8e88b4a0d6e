"""When the registry is asked, and how long it is left alone when it cannot be reached: pure functions of seconds.

All seconds are those of a clock that only runs forward while the program runs, so that setting the computer's clock
neither hurries nor stalls anything. After a start everything that is awaited is new again.
"""

from __future__ import annotations

from typing import Final

from odopass.garage.book.entries import State

#: Before the first question about a request (G4: at least 1 s).
FIRST_QUESTION_S: Final = 1.5
#: Between two questions while a request is ONGOING (G4: at most one in 10 s).
QUICK_S: Final = 10.0
#: For how long it is asked that often (G4: at least 90 s).
QUICK_FOR_S: Final = 120.0
#: The longest time between two questions while a request is ONGOING.
SLOWEST_S: Final = 3_600.0
#: The longest time between two questions while a person at the registry looks at it.
SLOWEST_REVIEW_S: Final = 4 * 3_600.0

_FIRST_REVIEW_S: Final = 60.0
_FIRST_BACK_OFF_S: Final = 10.0
_LONGEST_BACK_OFF_S: Final = 300.0
_LONGEST_ASKED_FOR_S: Final = 3_600.0


def next_question(state: State, awaited_s: float) -> float:
    """In how many seconds to ask about a request again (G4).

    Args:
        state: ONGOING, REVIEWING, or PROCESSED for one whose report is to come.
        awaited_s: for how many seconds this state has been awaited to end.
    """
    if state is State.REVIEWING:
        return min(max(_FIRST_REVIEW_S, awaited_s / 4), SLOWEST_REVIEW_S)
    if awaited_s < QUICK_FOR_S:
        return QUICK_S
    return min(max(QUICK_S, awaited_s / 6), SLOWEST_S)


def back_off(failures: int, retry_after: float | None, chance: float) -> float:
    """How many seconds to leave the registry alone after attempts that failed (G5).

    Args:
        failures: how many in a row, from 1.
        retry_after: what the registry asked for, in seconds; it is kept to an hour, for clocks may be wrong.
        chance: from 0 to 1, so that the garages of a country do not all come back at once.
    """
    if retry_after is not None:
        asked_for = min(max(retry_after, 1.0), _LONGEST_ASKED_FOR_S)
        return asked_for + chance * min(_FIRST_BACK_OFF_S, asked_for / 4)
    longest: float = min(_FIRST_BACK_OFF_S * 2 ** min(failures - 1, 10), _LONGEST_BACK_OFF_S)
    return longest * (0.75 + chance / 4)
