"""Open a delivered file, whichever of the two kinds it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from odopass.registry.deliveries.chunks import DeliveredFile
from odopass.registry.deliveries.columns import Column
from odopass.registry.deliveries.csv_file import open_csv, unreadable
from odopass.registry.deliveries.parquet_file import MAGIC, open_parquet


def open_file(
    path: Path,
    columns: Sequence[Column],
    own_names: Mapping[str, str],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> DeliveredFile:
    """Look a file through, once from beginning to end.

    Args:
        path: where it is; what it is decides its content, not its name.
        columns: what may be taken in.
        own_names: what the file calls some columns: its name to ours.
        on_bytes: told how many bytes were read.

    Raises:
        FileRefused: it cannot be used; the message says why and what to do.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(MAGIC))
    except OSError as error:
        raise unreadable(path, error) from error
    return (open_parquet if begin == MAGIC else open_csv)(path, columns, own_names, on_bytes)
