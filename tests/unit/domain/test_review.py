from __future__ import annotations

import pytest

from odopass.domain import finding as f
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status, outcome_of
from odopass.domain.rules import refused_in_review, withdrawn

ORDINARY = ObservationType.REPAIR_MAINTENANCE_SERVICE


@pytest.mark.requirement("R7")
def test_what_an_employee_refuses_is_an_error_that_says_so() -> None:
    outcome = outcome_of(refused_in_review(), observation_type=ORDINARY)
    assert (outcome.status, [each.code for each in outcome.findings]) == (Status.ERROR, [f.REFUSED_IN_REVIEW])


@pytest.mark.requirement("R7")
def test_what_an_employee_withdraws_is_an_error_that_says_so() -> None:
    outcome = outcome_of(withdrawn(), observation_type=ORDINARY)
    assert (outcome.status, [each.code for each in outcome.findings]) == (Status.ERROR, [f.WITHDRAWN])
