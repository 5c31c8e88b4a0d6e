"""Which operation of the wire a request is, and which request of the garage's it is about."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from odopass.sandbox.faults.rules import Operation
from odopass.wire import paths

_BY_PATH: Final = tuple(
    (method, re.compile(re.escape(path).replace(r"\{requestGuid\}", "([^/]+)")), operation)
    for method, path, operation in (
        ("POST", paths.OBSERVATION, Operation.SUBMIT),
        ("GET", paths.STATUS, Operation.STATUS),
        ("POST", paths.CORRECTION, Operation.CORRECTION),
        ("POST", paths.CORRECT_ALIAS, Operation.CORRECTION),
        ("POST", paths.CONFIRM, Operation.CONFIRM),
        ("GET", paths.VHR, Operation.VHR),
    )
)


def operation_of(method: str, path: str) -> tuple[Operation, UUID | None] | None:
    """The operation, and the GUID in its path if it is one; None for what is no operation of the wire."""
    for wanted, pattern, operation in _BY_PATH:
        if method == wanted and (match := pattern.fullmatch(path)) is not None:
            return operation, _guid(match.group(1)) if match.groups() else None
    return None


def _guid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
