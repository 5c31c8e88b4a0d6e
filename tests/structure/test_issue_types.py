from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from tools.issue_types_page import PAGE, examples, page

from odopass.domain import finding, limits
from odopass.domain.catalogue import CATALOGUE, LANGUAGES, Confirmed, Severity

TESTS_OF_RULES = Path(__file__).parents[1] / "unit" / "domain"
CONSTANTS = {name: value for name, value in vars(finding).items() if name.isupper() and isinstance(value, str)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def named_in_tests() -> set[str]:
    """The constants that an assertion of a test of the rules names."""
    trees = [ast.parse(path.read_text("utf-8")) for path in TESTS_OF_RULES.glob("test_*.py")]
    return {
        node.attr
        for tree in trees
        for test in ast.walk(tree)
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
        for node in ast.walk(test)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "f"
    }


@pytest.mark.requirement("R4")
def test_the_catalogue_holds_exactly_the_codes_that_findings_have() -> None:
    assert sorted(CATALOGUE) == sorted(CONSTANTS.values())


@pytest.mark.requirement("R4")
def test_every_code_comes_from_some_rule() -> None:
    assert sorted(examples()) == sorted(CATALOGUE)


@pytest.mark.requirement("R4")
def test_every_code_is_named_by_a_test_of_the_rules() -> None:
    assert set(CONSTANTS) - named_in_tests() == set()


@pytest.mark.requirement("W17")
@pytest.mark.parametrize("code", CATALOGUE)
def test_a_text_speaks_in_every_language_of_the_same_values_and_only_of_such_as_its_finding_has(code: str) -> None:
    spoken_of = [placeholders(CATALOGUE[code].text[language]) for language in LANGUAGES]
    assert spoken_of[0] == spoken_of[1] == spoken_of[2]
    assert spoken_of[0] <= set(examples()[code].values)


@pytest.mark.requirement("R4")
def test_no_text_can_name_a_garage() -> None:
    named = {name for type_ in CATALOGUE.values() for text in type_.text.values() for name in placeholders(text)}
    assert named <= {
        *("km", "date", "days", "earlier_km", "earlier_date", "later_km", "later_date", "in_km"),
        *("limit_km", "limit_kg", "identifier", "first_use"),
    }


@pytest.mark.requirement("W10")
@pytest.mark.parametrize("code", CATALOGUE)
def test_a_confirmed_limit_stands_only_where_a_deviation_can_be_measured_and_a_mark_be_made(code: str) -> None:
    type_ = CATALOGUE[code]
    if type_.marked_up_to_km is not None:
        assert "deviation_km" in examples()[code].values
        assert type_.confirmed is Confirmed.MARKED
    if type_.severity is Severity.ERROR:
        assert (type_.marked_up_to_km, type_.breaks) == (None, False)


@pytest.mark.requirement("W10")
@pytest.mark.parametrize("code", CATALOGUE)
def test_every_issue_can_be_confirmed(code: str) -> None:
    type_ = CATALOGUE[code]
    if type_.severity is Severity.ISSUE:
        assert type_.on_confirmation(examples()[code]) in Confirmed


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("code", "bounds"),
    [
        (finding.LOWER_THAN_EARLIER, [limits.WITHIN_A_DAY_KM]),
        (finding.EXCESSIVELY_HIGH, [limits.WITHIN_A_DAY_KM]),
        (finding.TRIP_COUNTER, [limits.TRIP_COUNTER_BELOW_KM]),
        (finding.SAME_AS_BEFORE, [limits.STANDSTILL_DAYS]),
        (finding.ABOVE_DISPLAY, [limits.HIGHEST_DISPLAY_KM]),
    ],
)
def test_the_documentation_tells_the_bounds_that_the_rules_have(code: str, bounds: list[int]) -> None:
    told = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d", CATALOGUE[code].arises)}
    assert set(bounds) <= told


@pytest.mark.requirement("R4")
def test_the_page_of_issue_types_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tools.issue_types_page"
