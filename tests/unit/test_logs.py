from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from odopass.registry.logs import configure_logs


class FullDisk(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def _restored() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.requirement("R13")
def test_a_line_of_log_is_one_json_object_whoever_wrote_it() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    structlog.get_logger("ours").info("stored", requests=["a"])
    logging.getLogger("a.library").warning("something %s", "odd")
    ours, theirs = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (ours["event"], ours["requests"], ours["level"]) == ("stored", ["a"], "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("something odd", "a.library", "warning")


@pytest.mark.requirement("R13")
def test_what_cannot_be_logged_because_the_disk_is_full_ends_nothing() -> None:
    configure_logs(stream=FullDisk())
    structlog.get_logger("ours").error("database away")
    logging.getLogger("a.library").error("something odd")
