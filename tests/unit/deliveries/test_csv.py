"""The short way through CSV says what the long way says, line for line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odopass.registry.deliveries import csv_file
from odopass.registry.deliveries.chunks import Lines
from odopass.registry.deliveries.csv_block import split_at_once
from odopass.registry.deliveries.csv_file import open_csv
from odopass.registry.vehicles.extracts import COLUMNS

pytestmark = pytest.mark.requirement("R2")

HEADER = "vin,make,other"

#: Little pieces, so that what is special about CSV comes often and close together.
PIECES = st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "A", "vin", "make", "other", " ", "é", "\x00", HEADER])
PLAIN = st.lists(st.sampled_from(['"A"', "B", '"c,d"', "", '""', " x "]), min_size=3, max_size=3).map(",".join)
CONTENT = st.lists(PIECES, max_size=30).map("".join) | st.lists(PLAIN, max_size=6).map("\n".join)


def told(lines: Lines) -> dict[str, Any]:
    numbers = lines.numbers.to_pylist()
    return {
        "cells": {column.name: cells.to_pylist() for column, cells in lines.cells.items()},
        "whole": {number: lines.whole(place) for place, number in enumerate(numbers)},
        "rejected": lines.rejected,
        "position": lines.position,
        "line": lines.line,
        "read": lines.read,
    }


@given(CONTENT, st.sampled_from(["utf-8", "cp1252"]))
@example('"A",B,C\n"D,",E,F\n', "utf-8")
@example('"A"x,B,C\n,",",\n', "utf-8")
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_both_ways_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, encoding: str) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes(f"{HEADER}\n{content}".encode(encoding))
    file = open_csv(path, COLUMNS, {})
    as_it_is = told(file.lines(*file.start, 100))
    with monkeypatch.context() as patched:
        patched.setattr(csv_file, "split_at_once", lambda *_args, **_options: None)
        assert told(file.lines(*file.start, 100)) == as_it_is


@pytest.mark.parametrize("line", ['"A","B","c,d"', "A,B,C", '"A",,""', '"A",B,C\r'])
def test_the_files_that_come_usually_go_the_short_way(line: str) -> None:
    block = f"{line}\n{line}\n".encode()
    table = split_at_once(block, lines=2, separator=",", header=HEADER.split(","))
    assert table is not None
    assert table.num_rows == 2
