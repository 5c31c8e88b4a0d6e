"""One exchange as it went over the wire, in the words and shape in which the control port tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

#: Of a body or an answer no more bytes than this are kept.
KEPT_BYTES: Final = 64 * 1024

#: Never kept, nor told: what a garage logs in with.
_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
#: A document in base64: nobody reads it, and it would push everything else out of the memory.
_DOCUMENT: Final = re.compile(r"[A-Za-z0-9+/]{1000,}={0,2}")
_SHOWN_OF_DOCUMENT: Final = 40
_TEXT: Final = ("application/json", "text/", "application/problem", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class AppliedFault:
    """Which rule changed how an exchange went.

    Attributes:
        rule: its name, such as ``r3``.
        kind: what it does, such as ``delay``.
    """

    rule: str
    kind: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    Attributes:
        number: counts from 1 in the order in which exchanges ended.
        began: when the request's head had arrived, UTC.
        ended: when the answer was written or the connection ended, UTC.
        garage: the user name that was sent, right or wrong; "" if none was.
        method: such as ``POST``; ``TLS`` for a connection that was given a bad handshake.
        path: such as ``/api/observation``.
        query: behind the question mark; "" if nothing is.
        headers: of the request, names in lower case, without what it logged in with.
        body: of the request, as text, cut after 64 KiB.
        status: of the answer; None if none came: the connection was cut.
        answer: as it went out, cut after 64 KiB, documents shortened.
        answer_headers: names in lower case.
        fault: the rule that was applied; None if the registry answered as it does.
    """

    number: int
    began: datetime
    ended: datetime
    garage: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    status: int | None
    answer: str
    answer_headers: Mapping[str, str]
    fault: AppliedFault | None

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory it takes."""
        heads = [*self.headers.items(), *self.answer_headers.items()]
        texts = (self.path, self.query, self.body, self.answer, *(part for pair in heads for part in pair))
        return 1_000 + sum(len(text) for text in texts)

    def as_json(self) -> dict[str, Any]:
        """What the control port tells of it."""
        return {
            "number": self.number,
            "began": wire_moment(self.began),
            "ended": wire_moment(self.ended),
            "garage": self.garage,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "body": self.body,
            "status": self.status,
            "answer": self.answer,
            "answerHeaders": dict(self.answer_headers),
            "fault": None if self.fault is None else {"rule": self.fault.rule, "kind": self.fault.kind},
        }


def wire_moment(moment: datetime) -> str:
    """A moment in UTC as the control port writes it: 2026-11-25T10:00:00.123456Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def told_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as they are told: names in lower case, several of one name joined, secrets left out."""
    told: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in _SECRET:
            told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def told_text(content: bytes, length: int, media_type: str) -> str:
    """A body or an answer as it is told.

    Args:
        content: its beginning.
        length: of the whole, in bytes.
        media_type: its Content-Type; "" if none was given.
    """
    if media_type and not media_type.lower().startswith(_TEXT):
        return f"({length} bytes of {media_type})" if length else ""
    text = _DOCUMENT.sub(_shortened, content.decode("utf-8", "replace"))
    if length > len(content) or len(text) > KEPT_BYTES:
        return f"{text[:KEPT_BYTES]}… (cut; {length} bytes in all)"
    return text


def _shortened(document: re.Match[str]) -> str:
    text = document.group()
    return f"{text[:_SHOWN_OF_DOCUMENT]}… ({len(text)} characters)"
