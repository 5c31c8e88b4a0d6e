from __future__ import annotations

import pytest

from odopass.registry.postgres import ExplainedError
from odopass.sandbox.control.serving import control_listener


def port_of(listener: object) -> int:
    return int(listener.getsockname()[1])  # type: ignore[attr-defined]


@pytest.mark.requirement("K1", "K3")
def test_two_sandboxes_run_side_by_side_without_naming_control_ports() -> None:
    with control_listener(None) as one, control_listener(None) as other:
        assert port_of(one) != port_of(other)


@pytest.mark.requirement("K3")
def test_a_control_port_that_was_named_is_had_or_the_sandbox_says_so() -> None:
    with control_listener(0) as taken, pytest.raises(ExplainedError, match="Another program listens there"):
        control_listener(port_of(taken))
