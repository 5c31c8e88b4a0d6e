"""What is sent and what an answer means, without sending: shared by the synchronous and the asynchronous client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from odopass.garage.client.answers import (
    Told,
    Unreadable,
    VehicleHistory,
    guid_in,
    history_in,
    is_page,
    refusal_in,
    told_in,
)
from odopass.garage.client.errors import (
    Maintenance,
    NotNow,
    Refused,
    RegistryError,
    Throttled,
    UnknownRequest,
    Unreachable,
    WrongCredentials,
)
from odopass.wire.headers import IDEMPOTENCY_KEY
from odopass.wire.observation import ObservationRequest, encode_observation, parse_observation

T = TypeVar("T")

#: Largest answer that is read, in bytes: a report of many pages has a few hundred thousand.
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 5.0
#: Errors before there was a connection.
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_SUCCESS: Final = range(200, 300)
_REFUSALS: Final = range(400, 500)
_TIMEOUT: Final = 408
#: Statuses that the proxies of firms give with pages of their own.
_NOT_ONLY_THE_REGISTRYS: Final = frozenset({403, 409})


@dataclass(frozen=True, slots=True)
class Exchange(Generic[T]):
    """One request and how its answer is read.

    Attributes:
        method: GET or POST.
        path: below the base address.
        read: makes the result of the content of an answer with 200 to 299; raises `Unreadable`.
        headers: beside those that every request carries.
        content: the body, or None.
        request_guid: which request it is about; None for a submission.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    request_guid: str | None = None

    def result(self, status_code: int, retry_after: str | None, content: bytes) -> T:
        """What the answer comes to.

        Raises:
            RegistryError: whatever it is instead of a result.
        """
        if status_code not in _SUCCESS:
            raise _error(status_code, retry_after, content, self.request_guid)
        try:
            return self.read(content)
        except Unreadable as error:
            raise Unreachable(str(error), request_guid=self.request_guid, status_code=status_code) from None

    def unreachable(self, why: str) -> Unreachable:
        """What no answer in time, or half of one, comes to."""
        return Unreachable(why, request_guid=self.request_guid)

    def failed(self, error: Exception) -> Unreachable:
        """What an error of the connection comes to."""
        why = f"{type(error).__name__}: {error}"
        return Unreachable(why, request_guid=self.request_guid, sent=not isinstance(error, _NEVER_SENT))


def new_key() -> str:
    """A key for a submission, correction or confirmation; keep it with the request, to send it again under it."""
    return str(uuid4())


def submission(request: ObservationRequest, key: str) -> Exchange[str]:
    """The exchange that submits an observation.

    Raises:
        Invalid: the registry would refuse it (G1).
    """
    return Exchange("POST", "/observation", guid_in, _of_body(key), _body(request))


def correction(guid: str, request: ObservationRequest, key: str) -> Exchange[str]:
    """The exchange that corrects a request.

    Raises:
        Invalid: the registry would refuse it (G1).
    """
    return Exchange("POST", _of(guid, "correction"), guid_in, _of_body(key), _body(request), guid)


def confirmation(guid: str, key: str) -> Exchange[str]:
    """The exchange that confirms a request."""
    return Exchange("POST", _of(guid, "confirm"), guid_in, {IDEMPOTENCY_KEY: key}, None, guid)


def status_request(guid: str) -> Exchange[Told]:
    """The exchange that asks for a request's status."""
    return Exchange("GET", _of(guid, "status"), told_in, request_guid=guid)


def without_credentials(exchange: Exchange[T]) -> Exchange[T]:
    """The same exchange of somebody who does not say who he is: a registry refuses it, whatever it is about."""
    return replace(exchange, headers=exchange.headers | {"authorization": ""})


def names_the_request(error: UnknownRequest) -> bool:
    """Whether it says that the request is unknown, and not just that there is nothing at this address."""
    return error.detail.lower().startswith("requestguid:")


def no_registry() -> Unreachable:
    """What an address comes to at which nobody asks for credentials."""
    return Unreachable("Nobody asks for a user name at this address: it is not that of a registry's API.")


def report_request(guid: str, language: str) -> Exchange[VehicleHistory]:
    """The exchange that fetches a report."""
    path = f"{_of(guid, 'status/vhr')}?language={quote(language, safe='')}"
    return Exchange("GET", path, history_in, request_guid=guid)


def pause_before(attempt: int, error: Unreachable, chance: float) -> float | None:
    """How many seconds to wait before trying again, or None if that is longer than a caller should be kept waiting.

    Args:
        attempt: how many there have been.
        error: what the last one ended in.
        chance: from 0 to 1, so that the garages of a country do not all come back at once.
    """
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= _LONGEST_PAUSE_S else None
    longest: float = min(_FIRST_PAUSE_S * 2 ** (attempt - 1), _LONGEST_PAUSE_S)
    return longest * (0.5 + chance / 2)


def _body(request: ObservationRequest) -> bytes:
    content = json.dumps(encode_observation(request), ensure_ascii=False).encode()
    parse_observation(content, strict_members=True)
    return content


def _of(guid: str, what: str) -> str:
    return f"/observation/{quote(guid, safe='')}/{what}"


def _of_body(key: str) -> dict[str, str]:
    return {IDEMPOTENCY_KEY: key, "content-type": "application/json"}


def _error(status_code: int, retry_after: str | None, content: bytes, guid: str | None) -> RegistryError:
    problems, state = refusal_in(content)
    if status_code in _NOT_ONLY_THE_REGISTRYS and is_page(content):
        page = f"A page came instead of the registry's answer: HTTP status {status_code}."
        return Unreachable(page, request_guid=guid, status_code=status_code)
    detail = "; ".join(
        f"{problem.field}: {problem.message}" if problem.field else problem.message for problem in problems
    )
    match status_code:
        case 401 | 403:
            return WrongCredentials(
                detail or "User name or password is not taken.", request_guid=guid, status_code=status_code
            )
        case 404 if guid is not None and problems:
            return UnknownRequest(detail, request_guid=guid, status_code=status_code)
        case 409:
            return NotNow(detail or "Not in this state.", request_guid=guid, status=state)
        case 429:
            return Throttled(
                detail or "Too many requests.",
                request_guid=guid,
                status_code=status_code,
                retry_after=_seconds(retry_after),
            )
        case 503:
            return Maintenance(
                detail or "The registry is closed for a while.",
                request_guid=guid,
                status_code=status_code,
                retry_after=_seconds(retry_after),
            )
    # Only the registry's own words count as its refusal: a proxy's page must not make anybody give a reading up.
    if status_code in _REFUSALS and problems and status_code not in {_TIMEOUT, 404}:
        return Refused(detail, request_guid=guid, status_code=status_code, problems=problems)
    return Unreachable(
        detail or f"The answer is not the registry's: HTTP status {status_code}.",
        request_guid=guid,
        status_code=status_code,
        retry_after=_seconds(retry_after),
    )


def _seconds(retry_after: str | None) -> float | None:
    """What a Retry-After header says, in seconds or as a date; None if it says nothing that can be read."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
