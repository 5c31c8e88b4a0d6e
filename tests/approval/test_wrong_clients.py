"""The kit is proven by clients that are wrong in one way each: it finds that, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.running_sandbox import Sandbox, start_sandbox
from tests.approval.playing import GoodDms, play
from tests.approval.wrong_clients import WRONG

from odopass.approval.criteria import CRITERIA
from odopass.approval.verdicts import Verdict, overall


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox of these tests' own, since they move its clock."""
    with start_sandbox(tmp_path_factory.mktemp("approval") / "data", "--control-port", "0") as running:
        yield running


@pytest.fixture(scope="module")
def used() -> set[str]:
    """VINs that earlier tests have reported."""
    return set()


@pytest.mark.requirement("K4")
def test_a_client_that_does_everything_right_passes_every_criterion(
    sandbox: Sandbox, used: set[str], tmp_path: Path, long_form: bool
) -> None:
    dms = GoodDms(sandbox, real_time=long_form)
    try:
        record, findings = play(dms, sandbox, tmp_path, used=used)
    finally:
        dms.close()
    assert {name: each for name, each in findings.items() if each.verdict is not Verdict.PASSED} == {}
    assert overall(findings) is Verdict.PASSED
    assert not [each for each in record.played if each.skipped]


@pytest.mark.requirement("K4")
def test_every_criterion_is_proven_by_a_client_that_fails_it() -> None:
    assert {fails for fails, _ in WRONG.values()} == CRITERIA.keys()


@pytest.mark.requirement("K4")
@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)
def test_a_wrong_client_fails_exactly_its_criterion(
    wrong: type[GoodDms], sandbox: Sandbox, used: set[str], tmp_path: Path, long_form: bool
) -> None:
    fails, scenarios = WRONG[wrong]
    assert fails in CRITERIA
    dms = wrong(sandbox, real_time=long_form)
    try:
        _, findings = play(dms, sandbox, tmp_path, scenarios=scenarios, used=used)
    finally:
        dms.close()
    wrongs = {name: each for name, each in findings.items() if each.verdict in {Verdict.FAILED, Verdict.ERROR}}
    assert set(wrongs) == {fails}, wrongs
    assert wrongs[fails].verdict is Verdict.FAILED
    assert overall(findings) is Verdict.FAILED or CRITERIA[fails].optional
