from __future__ import annotations

from tools.requirements_coverage import proven, stated


def test_every_requirement_of_a_built_part_is_proven_by_a_test() -> None:
    tests = proven()
    missing = [number for number, state in stated().items() if state == "built" and not tests[number]]
    assert missing == []


def test_tests_name_only_requirements_that_exist() -> None:
    unknown = {number: names for number, names in proven().items() if number not in stated()}
    assert unknown == {}
