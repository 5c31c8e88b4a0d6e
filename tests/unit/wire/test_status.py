from __future__ import annotations

import pytest

from odopass.domain.catalogue import CATALOGUE
from odopass.wire.status import Description, IssueItem, Status, encode_status


@pytest.mark.requirement("W8")
def test_the_states_of_the_wire_are_these_five() -> None:
    assert {status.value for status in Status} == {"PROCESSED", "ISSUE", "ERROR", "ONGOING", "REVIEWING"}


@pytest.mark.requirement("W8")
def test_a_status_without_issues_has_an_empty_list() -> None:
    assert encode_status(Status.ONGOING, []) == {"status": "ONGOING", "issues": []}


@pytest.mark.requirement("W8", "W17")
def test_each_issue_has_a_type_and_its_text_in_three_languages() -> None:
    description = Description(nl="te laag", fr="trop bas", de="zu niedrig")
    assert encode_status(Status.ISSUE, [IssueItem("001", description)]) == {
        "status": "ISSUE",
        "issues": [{"type": "001", "description": {"nl": "te laag", "fr": "trop bas", "de": "zu niedrig"}}],
    }


@pytest.mark.requirement("W17")
def test_every_issue_type_of_the_catalogue_has_the_three_texts() -> None:
    for entry in CATALOGUE.values():
        assert entry.text.keys() == {"nl", "fr", "de"}
        assert all(text.strip() for text in entry.text.values())
