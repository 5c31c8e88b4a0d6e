"""The columns of files are documented with all their names, and nothing is documented that is not read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from odopass.registry.deliveries.columns import Column
from odopass.registry.intake import delivered
from odopass.registry.vehicles import extracts

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "columns"),
    [("reference/vehicle-files.md", extracts.COLUMNS), ("how-to/take-readings-in-bulk.md", delivered.COLUMNS)],
)
def test_the_page_lists_the_columns_with_all_their_names(page: str, columns: Sequence[Column]) -> None:
    table = (DOCS / page).read_text("utf-8").partition("| column | other names | cells |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", table, flags=re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", others)) for name, others in rows}
    assert documented == {column.name: set(column.other_names) for column in columns}
