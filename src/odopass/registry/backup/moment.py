"""A moment as an operator types it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from odopass.clock import BRUSSELS

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?) ?(Z|UTC|[+-]\d{2}:\d{2})?")


def parse_moment(text: str) -> datetime:
    """Read a moment: Belgian time, unless UTC or an offset is given with it.

    Args:
        text: as "2026-11-25 14:00", "2026-11-25 13:00 UTC" or "2026-11-25T14:00:00+01:00".

    Returns:
        The moment in UTC.

    Raises:
        ValueError: it is no moment, or one that the clocks in Belgium show never or twice; says so.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no moment; write it as 2026-11-25 14:00 (Belgian time) or 2026-11-25 13:00 UTC")
    day, time, zone = match.groups()
    offset = {None: "", "Z": "+00:00", "UTC": "+00:00"}.get(zone, zone)
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset}")
    except ValueError as error:
        raise ValueError(f"{text!r} is no moment: {error}") from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first, second = (moment.replace(tzinfo=BRUSSELS, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        how = "twice" if (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta()) else "never"
        raise ValueError(f"clocks in Belgium show {day} {time} {how}, because they are changed; give the moment in UTC")
    return first.astimezone(UTC)


def told(moment: datetime) -> str:
    """A moment for people, in both times."""
    return f"{moment.astimezone(BRUSSELS):%Y-%m-%d %H:%M:%S} Belgian time ({moment.astimezone(UTC):%H:%M:%S} UTC)"
