"""What went over the wire, as the sandbox's control port tells it, and what each exchange was about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

_ABOUT: Final = re.compile(r"^/api/observation/([^/]+)/(status/vhr|status|correction|correct|confirm)$")
_GOOD: Final = range(200, 300)
_STRUCTURE: Final = 400
_NOT_YET: Final = 409


class Operation(StrEnum):
    """What an exchange asked for."""

    SUBMIT = "submit"
    STATUS = "status"
    VHR = "vhr"
    CORRECTION = "correction"
    CONFIRM = "confirm"
    OTHER = "other"


_OPERATIONS: Final = {
    ("GET", "status"): Operation.STATUS,
    ("GET", "status/vhr"): Operation.VHR,
    ("POST", "correction"): Operation.CORRECTION,
    ("POST", "correct"): Operation.CORRECTION,
    ("POST", "confirm"): Operation.CONFIRM,
}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Attributes:
        number: counts up from 1 in the run.
        began: when the request came in, UTC.
        ended: when its answer was out, UTC.
        garage: the user name that was sent.
        method: such as ``POST``.
        path: such as ``/api/observation``.
        query: behind the question mark.
        headers: of the request, names in lower case, without passwords.
        body: of the request.
        status: of the answer; None if the connection was cut.
        answer: its text.
        answer_headers: names in lower case.
        fault: what the sandbox did on purpose; None if nothing.
        vin: of the run's vehicle whose plate stands in its body; "" if none does.
    """

    number: int
    began: datetime
    ended: datetime
    garage: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int | None = 200
    answer: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    fault: str | None = None
    vin: str = ""

    @cached_property
    def operation(self) -> Operation:
        """What it asked for."""
        if self.method == "POST" and self.path == "/api/observation":
            return Operation.SUBMIT
        found = _ABOUT.match(self.path)
        return Operation.OTHER if found is None else _OPERATIONS.get((self.method, found[2]), Operation.OTHER)

    @cached_property
    def about(self) -> str | None:
        """The GUID in its path; None for a submission."""
        found = _ABOUT.match(self.path)
        return None if found is None else found[1].lower()

    @cached_property
    def sent(self) -> Mapping[str, Any]:
        """The members of its body; none if it is no JSON object."""
        return _object(self.body)

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """The members of the answer; none if it is no JSON object."""
        return _object(self.answer)

    @property
    def good(self) -> bool:
        """Whether it was answered with success, so that whoever sent it knows."""
        return self.status in _GOOD

    @property
    def posted(self) -> bool:
        """Whether it is answered with a GUID when it is taken."""
        return self.operation in {Operation.SUBMIT, Operation.CORRECTION, Operation.CONFIRM}

    @property
    def gave(self) -> str | None:
        """The GUID that it was answered with."""
        guid = self.told.get("requestGuid") if self.good and self.posted else None
        return guid.lower() if isinstance(guid, str) else None

    @property
    def malformed(self) -> bool:
        """Whether it was refused as structurally wrong."""
        return self.status == _STRUCTURE

    @property
    def state(self) -> str | None:
        """What a question was told: a status of the wire; ONGOING too where a report is not there yet."""
        if self.operation is Operation.VHR and self.status == _NOT_YET:
            return "ONGOING"
        state = self.told.get("status")
        return state if isinstance(state, str) and self.status in _GOOD else None

    @property
    def vehicle(self) -> str:
        """The VIN of the vehicle in its body, or else what stands there, as the kit compares them."""
        return self.vin or plain(str(self.sent.get("vin") or self.sent.get("licensePlate") or ""))

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "number": self.number,
            "began": self.began.isoformat(),
            "ended": self.ended.isoformat(),
            "garage": self.garage,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "body": self.body,
            "status": self.status,
            "answer": self.answer,
            "answerHeaders": dict(self.answer_headers),
            "fault": self.fault,
            "vin": self.vin,
        }


#: What must never stand in a report, whoever recorded it.
_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie"})


def read_exchange(told: Mapping[str, Any], number: int | None = None) -> Exchange:
    """An exchange as the control port, or a record, tells it.

    Args:
        told: its members.
        number: of the run; None for the one that it has.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    fault = told["fault"]
    return Exchange(
        number=int(told["number"]) if number is None else number,
        began=_moment(told["began"]),
        ended=_moment(told["ended"]),
        garage=str(told["garage"] or ""),
        method=str(told["method"]),
        path=str(told["path"]),
        query=str(told["query"]),
        headers={name: value for name, value in told["headers"].items() if name.lower() not in _SECRET},
        body=str(told["body"]),
        status=told["status"],
        answer=str(told["answer"]),
        answer_headers=dict(told["answerHeaders"]),
        fault=fault["kind"] if isinstance(fault, Mapping) else fault,
        vin=str(told.get("vin", "")),
    )


def plain(identifier: str) -> str:
    """A VIN or plate as it is compared: upper case, without dashes and blanks."""
    return re.sub(r"[\s-]", "", identifier).upper()


@dataclass(frozen=True)
class Case:
    """A submission that was answered, with the corrections and confirmations that follow on it.

    Attributes:
        submission: the exchange that began it.
        guids: in the order in which they were given; the last one is the newest.
        follow_ups: corrections and confirmations about any of them, taken or not.
        questions: about any of them.
    """

    submission: Exchange
    guids: tuple[str, ...]
    follow_ups: tuple[Exchange, ...]
    questions: tuple[Exchange, ...]

    def asked_about(self, guid: str) -> list[Exchange]:
        """Questions about one of its GUIDs."""
        return [each for each in self.questions if each.about == guid]

    def given_by(self, guid: str) -> Exchange:
        """The exchange that was answered with a GUID."""
        return next(each for each in (self.submission, *self.follow_ups) if each.gave == guid)


def cases_in(exchanges: Iterable[Exchange]) -> list[Case]:
    """The cases of some traffic, in the order in which they began."""
    began: dict[str, Exchange] = {}
    first_of: dict[str, str] = {}
    guids: dict[str, list[str]] = {}
    follow_ups: dict[str, list[Exchange]] = {}
    questions: dict[str, list[Exchange]] = {}
    for each in exchanges:
        if each.operation is Operation.SUBMIT:
            guid = each.gave
            if guid is not None and guid not in began:
                began[guid], first_of[guid], guids[guid] = each, guid, [guid]
                follow_ups[guid], questions[guid] = [], []
            continue
        first = first_of.get(each.about or "")
        if first is None:
            continue
        if each.operation in {Operation.STATUS, Operation.VHR}:
            questions[first].append(each)
            continue
        follow_ups[first].append(each)
        if each.gave is not None and each.gave not in first_of:
            first_of[each.gave] = first
            guids[first].append(each.gave)
    return [
        Case(submission, tuple(guids[guid]), tuple(follow_ups[guid]), tuple(questions[guid]))
        for guid, submission in began.items()
    ]


def submissions_in(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """The submissions of some traffic, taken or not."""
    return (each for each in exchanges if each.operation is Operation.SUBMIT)


def _object(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
