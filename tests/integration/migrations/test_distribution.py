"""What docs/explanation/capacity.md says of the keys of tables is so."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "capacity.md"
_KEYS = """
    select c.relname as table, array_agg(a.attname::text) as columns
    from pg_index i
    join pg_class c on c.oid = i.indrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
    where i.indisprimary and c.relnamespace = 'public'::regnamespace
    group by c.relname
"""


async def test_the_page_on_capacity_tells_which_tables_have_the_vehicle_in_their_key(pool: asyncpg.Pool) -> None:
    (section,) = re.findall(r"^## Distribute by vehicle\n(.*)", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    keys = {row["table"]: set(row["columns"]) for row in await pool.fetch(_KEYS)}
    checked = 0
    for names, told in re.findall(r"^\| (`.*?`) \| (yes|no)\b", section, flags=re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            of_vehicle = {"id"} if name == "vehicle" else {"vehicle_id", "subject"}
            assert bool(keys[name] & of_vehicle) == (told == "yes"), name
            checked += 1
    assert checked == 12
