from __future__ import annotations

import json

import pytest
from tools.audit import found_in


def report(*vulnerabilities: dict[str, object]) -> str:
    sound = {"name": "sound", "version": "1.0", "vulns": []}
    skipped = {"name": "skipped", "skip_reason": "not on the index"}
    weak = {"name": "weak", "version": "2.0", "vulns": list(vulnerabilities)}
    return json.dumps({"dependencies": [sound, skipped, weak], "fixes": []})


def test_what_is_known_against_a_package_is_told_with_where_it_was_mended() -> None:
    mended, open_ = {"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "PYSEC-2", "fix_versions": []}
    assert found_in(report(mended, open_)) == {
        "weak 2.0": ["PYSEC-1, mended in 2.1", "PYSEC-2, mended in no version yet"]
    }
    assert found_in(report()) == {}


NOTHING_LOOKED_UP = '{"dependencies": [{"name": "x", "skip_reason": "away"}]}'


@pytest.mark.parametrize("text", ["", "ERROR: connection refused", "{}", "[]", "null", NOTHING_LOOKED_UP])
def test_what_is_no_report_is_not_taken_for_a_good_one(text: str) -> None:
    assert found_in(text) is None
