"""Which registry, and who asks."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import odopass
from odopass.wire.basic_auth import Credentials, basic_header
from odopass.wire.headers import BUILDER, NAME, VERSION, ClientSoftware

OWN_SOFTWARE: Final = ClientSoftware("odopass", "odopass client", odopass.__version__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client sends, and as whom.

    Attributes:
        base_url: of the API, which ends in ``/api``: ``https://ws-professionals.beta.car-pass.be/api``.
        credentials: the garage's; any letters and colons may be in the password.
        ca_file: an authority in PEM to believe instead of the system's, for a sandbox; None: the system's.
        software: what is told about the software that sends (W21).
        timeout_seconds: how long one exchange may take, from the connection to the last byte.
    """

    base_url: str
    credentials: Credentials
    ca_file: Path | None = None
    software: ClientSoftware = OWN_SOFTWARE
    timeout_seconds: float = 30.0

    def headers(self) -> dict[str, str]:
        """What every request carries.

        Raises:
            ValueError: no server could read the credentials.
        """
        headers = {"authorization": basic_header(self.credentials), "accept": "application/json"}
        told = {BUILDER: self.software.builder, NAME: self.software.name, VERSION: self.software.version}
        return headers | {name: value for name, value in told.items() if value}

    def trust(self) -> ssl.SSLContext:
        """TLS 1.2 or newer with a certificate that is checked.

        Raises:
            OSError: the authority's file cannot be read.
            ssl.SSLError: it is no certificate.
        """
        context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context
