"""GET and POST /clock: what time it is in the sandbox, and moving it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from odopass.sandbox.faults.told import problems_in
from odopass.sandbox.moved_clock import EARLIEST, LATEST, MovedClock, OutOfRange
from odopass.sandbox.traffic.exchange import wire_moment
from odopass.wire.errors import Invalid, Problem

_ONE_OF = (
    'Give one of: {"advance": "PT2H"} to move it ahead (-PT2H: back), {"set": "2026-03-29T00:30:00Z"}, {"reset": true}.'
)


class _Move(BaseModel):
    """How the clock is to be moved, as it comes in."""

    model_config = ConfigDict(extra="forbid")

    advance: timedelta | None = None
    set: AwareDatetime | None = None
    reset: Literal[True] | None = None


def tell_clock(clock: MovedClock) -> dict[str, Any]:
    """What the clock says: its moment, the system's, and by how many seconds it is ahead."""
    return {
        "now": wire_moment(clock.now()),
        "system": wire_moment(clock.system_now()),
        "aheadSeconds": round(clock.ahead.total_seconds(), 6),
    }


def move_clock(clock: MovedClock, body: bytes) -> None:
    """Move the clock as a body says.

    Raises:
        Invalid: it says no such thing, or the clock cannot go there.
    """
    try:
        move = _Move.model_validate_json(body)
    except ValidationError as error:
        raise Invalid([*problems_in(error), Problem((), _ONE_OF)]) from None
    if sum(each is not None for each in (move.advance, move.set, move.reset)) != 1:
        raise Invalid([Problem((), _ONE_OF)])
    try:
        _move(clock, move.advance, move.set)
    except OutOfRange:
        name = "advance" if move.set is None else "set"
        reach = f"The clock can be set from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}."
        raise Invalid([Problem((name,), reach)]) from None


def _move(clock: MovedClock, by: timedelta | None, to: datetime | None) -> None:
    if by is not None:
        clock.advance(by)
    elif to is not None:
        clock.set(to)
    else:
        clock.reset()
