"""The rules by which work and vehicles are left out (G10)."""

from __future__ import annotations

from odopass.garage.book.entries import ExclusionRule
from odopass.garage.book.rows import read_rule
from odopass.garage.book.writing import Writing


class Exclusions:
    """The garage's rules. Every change raises `BookFault` if it cannot be written."""

    def __init__(self, writing: Writing) -> None:
        self._storage = writing.storage

    def rules(self) -> list[ExclusionRule]:
        """Every rule, the inactive ones included, in the order in which they came."""
        return [read_rule(row) for row in self._storage.rows("SELECT * FROM exclusion_rule ORDER BY id")]

    def set(self, kind: str, value: str, *, active: bool) -> None:
        """Switch a rule on or off; one that is not there yet is made.

        Args:
            kind: ``operation``, ``category`` or ``plate``.
            value: key of the operation or category; "" for plates.
            active: whether it is applied from now on; readings that are excluded already stay so.
        """
        with self._storage.transaction():
            self._storage.change(
                "INSERT INTO exclusion_rule (kind, value, active) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, value) DO UPDATE SET active = excluded.active",
                (kind, value, int(active)),
            )
