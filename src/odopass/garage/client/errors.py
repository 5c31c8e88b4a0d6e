"""What a call can end in, in terms of what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from odopass.wire.errors import Problem


class RegistryError(Exception):
    """The registry did not do what was asked.

    Attributes:
        request_guid: the request it was about; None for a submission.
        status_code: of the answer; None if there was none.
        detail: for a helpdesk, in English; never a password.
    """

    def __init__(self, detail: str, *, request_guid: str | None = None, status_code: int | None = None) -> None:
        about = "" if request_guid is None else f" (request {request_guid})"
        super().__init__(f"{detail}{about}")
        self.detail = detail
        self.request_guid = request_guid
        self.status_code = status_code


class Unreachable(RegistryError):  # noqa: N818 - it names what happened
    """No answer, or none of the registry's: keep the request and send it later with the same key.

    Whether the registry has stored it is not known.

    Attributes:
        retry_after: how many seconds the answer asks to wait, or None.
        sent: False if nobody can have received it, since no connection came about.
    """

    def __init__(
        self,
        detail: str,
        *,
        request_guid: str | None = None,
        status_code: int | None = None,
        retry_after: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(detail, request_guid=request_guid, status_code=status_code)
        self.retry_after = retry_after
        self.sent = sent


class Maintenance(Unreachable):
    """The registry is closed for a while (503)."""


class Throttled(Unreachable):
    """Too many requests (429)."""


class WrongCredentials(RegistryError):  # noqa: N818 - it names what happened
    """User name or password is not taken, or the account is locked (401, 403): a person has to look at the account."""


class Refused(RegistryError):  # noqa: N818 - it names what happened
    """The request is structurally wrong (400 and other refusals): the same must not be sent again.

    Attributes:
        problems: what the registry says is wrong, as far as it could be read.
    """

    def __init__(
        self, detail: str, *, request_guid: str | None, status_code: int | None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(detail, request_guid=request_guid, status_code=status_code)
        self.problems = tuple(problems)


class UnknownRequest(RegistryError):  # noqa: N818 - it names what happened
    """The registry knows no request of this garage with this GUID (404)."""


class NotNow(RegistryError):  # noqa: N818 - it names what happened
    """The request's state does not allow it (409): ask for the status.

    Attributes:
        status: the state, if the answer tells it.
    """

    def __init__(self, detail: str, *, request_guid: str | None, status: str | None) -> None:
        super().__init__(detail, request_guid=request_guid, status_code=409)
        self.status = status
