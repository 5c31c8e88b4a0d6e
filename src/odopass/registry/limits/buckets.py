"""Counting requests against a limit, in the memory of one process.

The generic cell rate algorithm: for each garage one figure is kept, the moment at which all it has asked for would be
paid off at its rate. A request moves it by one interval; if it then lies further ahead than the burst allows, the
request is refused and moves nothing.
"""

from __future__ import annotations

from odopass.registry.limits.limit import Limit

#: How many garages may be in memory before those that owe nothing are forgotten.
_SWEPT_AT = 10_000


class Buckets:
    """What each garage has asked for of late. Times are monotonic seconds, handed in."""

    def __init__(self) -> None:
        self._paid_at: dict[int, float] = {}
        self._swept_at = _SWEPT_AT

    def take(self, account_id: int, limit: Limit, now: float) -> float:
        """Count a request, if the limit has room for it.

        Returns:
            0 if it was counted; else the seconds until there is room for one.
        """
        interval = 1 / limit.rate
        paid_at = max(self._paid_at.get(account_id, now), now) + interval
        ahead = paid_at - now - limit.burst * interval
        if ahead > interval * 1e-6:  # the last of a burst must not fail by a rounded digit
            return ahead
        self._paid_at[account_id] = paid_at
        if len(self._paid_at) > self._swept_at:
            self._sweep(now)
        return 0.0

    def charge(self, account_id: int, limit: Limit, requests: int, now: float) -> None:
        """Count requests that another process has taken. They may go beyond the burst, by one burst at most."""
        paid_at = max(self._paid_at.get(account_id, now), now) + requests / limit.rate
        self._paid_at[account_id] = min(paid_at, now + 2 * limit.burst / limit.rate)

    def _sweep(self, now: float) -> None:
        self._paid_at = {account: paid_at for account, paid_at in self._paid_at.items() if paid_at > now}
        self._swept_at = max(_SWEPT_AT, 2 * len(self._paid_at))
