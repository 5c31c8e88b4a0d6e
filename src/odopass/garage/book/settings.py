"""What the garage has set, by name; never a password."""

from __future__ import annotations

from odopass.garage.book.writing import Writing


class Settings:
    """The settings of the application that belong to the garage and not to a person."""

    def __init__(self, writing: Writing) -> None:
        self._storage = writing.storage

    def setting(self, name: str) -> str | None:
        """A setting, or None if it was never set."""
        row = self._storage.row("SELECT value FROM setting WHERE name = ?", (name,))
        return None if row is None else str(row["value"])

    def set_setting(self, name: str, value: str) -> None:
        """Keep a setting.

        Raises:
            BookFault: it cannot be written.
        """
        with self._storage.transaction():
            self._storage.change(
                "INSERT INTO setting (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )
