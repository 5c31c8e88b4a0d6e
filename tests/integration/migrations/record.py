"""At a release: write down what the program says to the database, to try the next one's migrations against.

`python -m tests.integration.migrations.record` writes `previous_release.sql`; nothing else does.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from odopass.registry import cases
from odopass.registry.intake import following, submitting
from odopass.registry.judging import claiming, files, settling
from odopass.registry.store.migrate import read_migrations
from odopass.registry.vehicles import identifying

FILE: Final = Path(__file__).with_name("previous_release.sql")

_HEAD = """\
-- What the previous release says to the database to take requests in, to judge them and to tell their state, word for
-- word. Every new migration is applied while these statements run. To be written anew at a release, and only then:
--     python -m tests.integration.migrations.record
-- newest migration of that release: {number}
"""
_OF_THE_PROGRAM: Final = {
    "vehicles by vin": identifying._BY_VIN,
    "store": submitting._STORE,
    "answered": submitting._ANSWERED,
    "name": following._NAME,
    "own request": following._OWN_REQUEST,
    "case": following._CASE,
    "follow": following._FOLLOW,
    "insert": following._INSERT,
    "mark": following._MARK,
    "claim": claiming._CLAIM,
    "still held": claiming._STILL_HELD,
    "done": claiming._DONE,
    "requests": files._REQUESTS,
    "cases": files._CASES,
    "vehicles": files._VEHICLES,
    "readings": files._READINGS,
    "reports": files._REPORTS,
    "open": settling._OPEN,
    "change": settling._CHANGE,
    "read": settling._READ,
    "states": cases._STATES,
}


@dataclass(frozen=True)
class Release:
    """What a release says to the database.

    Attributes:
        number: its newest migration.
        statements: by what they are for.
    """

    number: int
    statements: dict[str, str]


def previous_release() -> Release:
    text = FILE.read_text("utf-8")
    head, *named = re.split(r"^-- name: ", text, flags=re.MULTILINE)
    statements = {}
    for each in named:
        name, _, statement = each.partition("\n")
        statements[name] = statement.strip()
    match = re.search(r"newest migration of that release: (\d+)", head)
    assert match is not None
    return Release(int(match[1]), statements)


def main() -> None:
    parts = [_HEAD.format(number=read_migrations()[-1].number)]
    parts += [f"-- name: {name}\n{textwrap.dedent(text).strip()}\n" for name, text in _OF_THE_PROGRAM.items()]
    FILE.write_text("\n".join(parts), "utf-8")


if __name__ == "__main__":
    main()
