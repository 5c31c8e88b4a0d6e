from __future__ import annotations

from pathlib import Path

import pytest

from odopass.simulate import Truth
from odopass.simulate.tables import SCHEMAS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "simulated-fleet.md"


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_column_is_documented_in_its_tables_section(table: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n### {table}\n")[2].partition("\n#")[0]
    missing = [name for name in SCHEMAS[table].names if f"`{name}`" not in section]
    assert missing == []


def test_every_label_is_documented() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Labels\n")[2].partition("\n## ")[0]
    assert [str(truth) for truth in Truth if f"| `{truth}` |" not in section] == []
