"""Counting requests against a limit, in the memory of one process.

A leaky bucket for each garage: a request raises its level by one, time lowers it at the limit's rate, and what would
raise it above the burst is refused and raises nothing. The level is kept in requests, so that a limit that was changed
holds at once for what was counted before.
"""

from __future__ import annotations

from odopass.registry.limits.limit import Limit

#: How many garages may be in memory before those that owe nothing are forgotten.
_SWEPT_AT = 10_000
#: The last of a burst must not fail by a rounded digit.
_ROUNDED = 1e-6


class Buckets:
    """What each garage has asked for of late. Times are monotonic seconds, handed in."""

    def __init__(self) -> None:
        # The level, when it was that high, and at which rate it sinks.
        self._levels: dict[int, tuple[float, float, float]] = {}
        self._swept_at = _SWEPT_AT

    def take(self, account_id: int, limit: Limit, now: float) -> float:
        """Count a request, if the limit has room for it.

        Returns:
            0 if it was counted; else the seconds until there is room for one.
        """
        level = self._level(account_id, now) + 1
        if level > limit.burst + _ROUNDED:
            return (level - limit.burst) / limit.rate
        self._levels[account_id] = (level, now, limit.rate)
        if len(self._levels) > self._swept_at:
            self._sweep(now)
        return 0.0

    def charge(self, account_id: int, limit: Limit, requests: int, now: float) -> None:
        """Count requests that another process has taken. They may go beyond the burst, by one burst at most."""
        level = min(self._level(account_id, now) + requests, 2 * limit.burst)
        self._levels[account_id] = (level, now, limit.rate)

    def _level(self, account_id: int, now: float) -> float:
        known = self._levels.get(account_id)
        if known is None:
            return 0.0
        level, at, rate = known
        level -= (now - at) * rate
        return max(level, 0.0)

    def _sweep(self, now: float) -> None:
        self._levels = {account: known for account, known in self._levels.items() if self._level(account, now) > 0}
        self._swept_at = max(_SWEPT_AT, 2 * len(self._levels))
