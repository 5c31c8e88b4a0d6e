"""Reading answers, liberally: what is not understood is kept or passed over, what is missing is told (G1)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from odopass.domain.outcome import Status
from odopass.wire.errors import Problem
from odopass.wire.status import Description, IssueItem

_FINAL: Final = frozenset({Status.PROCESSED, Status.ISSUE, Status.ERROR})
_PDF: Final = b"%PDF-"


class Unreadable(Exception):  # noqa: N818 - it is said as "the answer is Unreadable"
    """An answer that is not the registry's."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a status request told.

    Attributes:
        status: as it was written, values that this client does not know included.
        known: the same as one of the wire's states, or None.
        issues: what needs attention.
        raw: the whole answer.
    """

    status: str
    known: Status | None
    issues: tuple[IssueItem, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def final(self) -> bool:
        """Whether asking again will tell the same until somebody does something; an unknown state is not final."""
        return self.known in _FINAL


@dataclass(frozen=True, slots=True)
class VehicleHistory:
    """A vehicle history report.

    Attributes:
        pdf: the document.
        public_url: where a buyer finds the same; "" if the answer has none.
    """

    pdf: bytes = field(repr=False)
    public_url: str


def json_object(content: bytes) -> dict[str, Any]:
    """The members of an answer by their names in lower case.

    Raises:
        Unreadable: it is no JSON object.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable("The answer is not JSON; perhaps a proxy gave it.") from None
    if not isinstance(value, dict):
        raise Unreadable("The answer is JSON, but no object.")
    return {str(name).lower(): member for name, member in value.items()}


def guid_in(content: bytes) -> str:
    """The GUID of a request that was taken in.

    Raises:
        Unreadable: there is none.
    """
    guid = json_object(content).get("requestguid")
    try:
        return str(UUID(guid))
    except (ValueError, AttributeError, TypeError):
        raise Unreadable("The answer has no requestGuid.") from None


def told_in(content: bytes) -> Told:
    """The answer to a status request.

    Raises:
        Unreadable: it tells no status.
    """
    members = json_object(content)
    status = members.get("status")
    if not isinstance(status, str) or not status:
        raise Unreadable("The answer has no status.")
    known = Status(status.upper()) if status.upper() in Status.__members__.values() else None
    issues = members.get("issues")
    listed = issues if isinstance(issues, list) else []
    return Told(status, known, tuple(_issue(each) for each in listed if isinstance(each, dict)), members)


def history_in(content: bytes) -> VehicleHistory:
    """The answer to a request for a report.

    Raises:
        Unreadable: there is no PDF in it.
    """
    members = json_object(content)
    file = members.get("file")
    try:
        pdf = base64.b64decode(file) if isinstance(file, str) else b""
    except (ValueError, binascii.Error):
        pdf = b""
    if not pdf.startswith(_PDF):
        raise Unreadable("The answer has no PDF.")
    url = members.get("publicurl")
    return VehicleHistory(pdf, url if isinstance(url, str) else "")


def is_page(content: bytes) -> bool:
    """Whether there is something, and it is no JSON object: a proxy's page, for one."""
    try:
        json_object(content)
    except Unreadable:
        return bool(content.strip())
    return False


def refusal_in(content: bytes) -> tuple[tuple[Problem, ...], str | None]:
    """The problems of a refusal in either shape, and the state that it may tell at the top level. Never raises."""
    try:
        members = json_object(content)
    except Unreadable:
        return (), None
    errors = members.get("errors")
    problems = tuple(_problem(each) for each in errors if isinstance(each, dict)) if isinstance(errors, list) else ()
    message, status = members.get("message"), members.get("status")
    if not problems and isinstance(message, str):
        problems = (Problem((), message),)
    return problems, status if isinstance(status, str) else None


def _problem(error: dict[str, Any]) -> Problem:
    members = {str(name).lower(): value for name, value in error.items()}
    fields = members.get("field")
    names = tuple(name.strip() for name in fields.split(",") if name.strip()) if isinstance(fields, str) else ()
    return Problem(names, str(members.get("message") or ""))


def _issue(issue: dict[str, Any]) -> IssueItem:
    members = {str(name).lower(): value for name, value in issue.items()}
    described = members.get("description")
    if isinstance(described, dict):
        texts = {str(name).lower(): str(text) for name, text in described.items() if text is not None}
        return IssueItem(
            str(members.get("type") or ""),
            Description(nl=texts.get("nl", ""), fr=texts.get("fr", ""), de=texts.get("de", "")),
        )
    text = "" if described is None else str(described)
    return IssueItem(str(members.get("type") or ""), Description(nl=text, fr=text, de=text))
