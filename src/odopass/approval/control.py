"""The sandbox as the kit uses it: its ready file, and its control port."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from odopass.approval.traffic import Exchange, read_exchange

#: For how long one question for traffic waits at the sandbox, in seconds.
_LONG_POLL_S: Final = 5.0
_TIMEOUT_S: Final = 20.0


class SandboxError(Exception):
    """The sandbox cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a sandbox says of itself.

    Attributes:
        api: where the DMS sends to.
        ca: the authority that the DMS has to believe.
        control: the address of the control port.
        garages: accounts: ``username``, ``password``, ``enterpriseOrganisation``, ``enteredOrganisation``.
        vehicles: the test vehicles.
    """

    api: str
    ca: str
    control: str
    garages: tuple[Mapping[str, str], ...]
    vehicles: tuple[Mapping[str, Any], ...]


def read_ready(path: Path) -> Ready:
    """A sandbox's ready file.

    Raises:
        SandboxError: it is not there, or is none.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        return Ready(
            api=content["api"],
            ca=content["ca"],
            control=content["control"].rstrip("/"),
            garages=tuple(content["garages"]),
            vehicles=tuple(content["vehicles"]),
        )
    except FileNotFoundError:
        raise SandboxError(
            f"There is no ready file {path}. Start a sandbox first: odopass sandbox --data DIR --ready-file {path}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SandboxError(
            f"{path} is no ready file of a sandbox with a control port: {error!r}. Start the sandbox anew."
        ) from error


class Control:
    """The control port. Every method raises `SandboxError` if the sandbox is away or refuses."""

    def __init__(self, address: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=False, transport=transport)
        self._address = address

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def now(self) -> datetime:
        """What the sandbox's clock says."""
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    def clear_faults(self) -> None:
        """Take all rules away: from now on it misbehaves only as the run says."""
        self._call("DELETE", "/faults")

    def add_fault(self, rule: Mapping[str, Any]) -> str:
        """Let a rule stand, and tell its name."""
        return str(self._call("POST", "/faults", json=dict(rule))["id"])

    def remove_fault(self, name: str) -> None:
        """Take a rule away; one that is gone already is no matter."""
        self._call("DELETE", f"/faults/{name}", missing=True)

    def last(self) -> int:
        """The number of the newest exchange."""
        return int(self._call("GET", "/traffic", params={"after": 2**53})["last"])

    def traffic(self, after: int, *, wait: float = 0.0) -> tuple[list[Exchange], int]:
        """The exchanges after a number, and the number of the newest.

        Args:
            after: the number.
            wait: for how many seconds at most to wait if there is none yet.
        """
        told = self._call("GET", "/traffic", params={"after": after, "wait": min(wait, _LONG_POLL_S)})
        try:
            return [read_exchange(each) for each in told["exchanges"]], int(told["last"])
        except (KeyError, TypeError, ValueError) as error:
            raise SandboxError(f"The sandbox tells traffic that cannot be read: {error!r}.") from error

    def _call(self, method: str, path: str, *, missing: bool = False, **sent: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = self._http.request(method, path, **sent)
        except httpx.HTTPError as error:
            raise SandboxError(
                f"The sandbox's control port at {self._address} does not answer ({error!r}). Is the sandbox running?"
            ) from error
        if missing and answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        if not answer.is_success:
            raise SandboxError(f"The sandbox refuses {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else {}
