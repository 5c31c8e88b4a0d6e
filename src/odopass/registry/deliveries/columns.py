"""Which column of a file holds what: by its header, whatever the order, the case, and the authority's own names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from odopass.registry.deliveries.refusing import FileRefused
from odopass.registry.deliveries.values import Reader
from odopass.wire.echo import printable

_NOT_COMPARED = re.compile(r"[\s_.-]+")
_MOST_NAMED = 30


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is taken in.

    Attributes:
        name: its name in the documentation, and in the table it goes to.
        read: how its cells are read.
        expected: what a cell must be, for the person who has to correct one.
        other_names: names it may have as well.
        filled: whether a line without it is left out.
    """

    name: str
    read: Reader
    expected: str
    other_names: tuple[str, ...] = ()
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's columns are taken.

    Attributes:
        header: all columns of the file, by their names there.
        places: where the columns that are taken in stand in the header.
    """

    header: tuple[str, ...]
    places: Mapping[Column, int]

    @property
    def names(self) -> frozenset[str]:
        """The columns that are taken in, by our names."""
        return frozenset(column.name for column in self.places)

    @property
    def left(self) -> tuple[str, ...]:
        """The file's columns that mean nothing to us."""
        taken = set(self.places.values())
        return tuple(name for place, name in enumerate(self.header) if place not in taken)

    def as_text(self) -> str:
        """Tells two ways of taking a file apart."""
        return ",".join(f"{column.name}={place}" for column, place in sorted(self.places.items(), key=_by_name))


def _by_name(item: tuple[Column, int]) -> str:
    return item[0].name


def lay_out(path: Path, header: Sequence[str], columns: Sequence[Column], own_names: Mapping[str, str]) -> Layout:
    """Find the columns of a file.

    Args:
        path: the file, for messages.
        header: its columns' names.
        columns: those that are wanted.
        own_names: what the file calls some of them, as the person told: the file's name to ours.

    Raises:
        FileRefused: two columns of the file are the same, or a told name is in neither.
    """
    by_name = {_compared(name): column for column in columns for name in (column.name, *column.other_names)}
    told = {_compared(theirs): _told(theirs, ours, columns) for theirs, ours in own_names.items()}
    if absent := [theirs for theirs in own_names if _compared(theirs) not in map(_compared, header)]:
        raise FileRefused(
            f"{path} has no column {', '.join(map(repr, absent))}.",
            f"Its columns are: {_listed(header)}.",
            "Correct the --column options; the file's name of a column comes first: --column THEIRS=OURS.",
        )
    places: dict[Column, int] = {}
    for place, name in enumerate(header):
        # A column that was told takes the place of one that merely has the name.
        column = told.get(_compared(name)) or by_name.get(_compared(name))
        if column is None or (_compared(name) not in told and column in told.values()):
            continue
        if column in places:
            raise FileRefused(
                f"{path} has the column {column.name} twice.",
                f"Columns {places[column] + 1} ({header[places[column]]!r}) and {place + 1} ({name!r}) are the same.",
                "Remove or rename one of them in the file, or say which one to take: "
                f"--column NAME={column.name}, with a name that only one of them has.",
            )
        places[column] = place
    return Layout(tuple(header), places)


def need(path: Path, layout: Layout, wanted: Sequence[str]) -> None:
    """Refuse a file without these columns.

    Raises:
        FileRefused: some are missing; the message names them and what is there instead.
    """
    missing = [name for name in wanted if name not in layout.names]
    if missing:
        unknown = f" Columns that mean nothing here: {_listed(layout.left)}." if layout.left else ""
        raise FileRefused(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            f"Its columns are: {_listed(layout.header)}.{unknown}",
            "Ask for a file with them. If a column is there under another name, say so: "
            f"--column THEIRS={missing[0]} (docs/reference/vehicle-files.md lists all names).",
        )


def _told(theirs: str, ours: str, columns: Sequence[Column]) -> Column:
    for column in columns:
        if column.name == ours:
            return column
    raise FileRefused(
        f"--column {theirs}={ours}: there is no column {ours}.",
        f"The columns that are taken in are: {_listed([column.name for column in columns])}.",
        "Write the file's own name first, then one of these: --column THEIRS=OURS.",
    )


def _compared(name: str) -> str:
    return _NOT_COMPARED.sub("", name).casefold()


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) or "(none)" for name in names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else shown or "none"
