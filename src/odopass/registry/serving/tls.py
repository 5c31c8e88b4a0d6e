"""TLS exactly as the wire asks for it (W19)."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

#: The TLS 1.2 suites, and no others; TLS 1.3 has its own.
SUITES: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its chain, and its key, both in PEM files."""

    chain: Path
    key: Path


class ServerContext(ssl.SSLContext):
    """A server's TLS, and where its certificates come from.

    Attributes:
        certificates: the files; `renew` reads them again.
    """

    certificates: tuple[Certificate, ...] = ()

    def renew(self) -> None:
        """Take what the files hold now for the connections that begin from here on.

        Raises:
            OSError: a file cannot be read, or a key is not that of its certificate; nothing has changed.
        """
        server_context(self.certificates)  # half of a bad pair must not come into use
        self._load()

    def _load(self) -> None:
        for certificate in self.certificates:
            self.load_cert_chain(certificate.chain, certificate.key)


def server_context(certificates: Sequence[Certificate]) -> ServerContext:
    """A server's TLS: versions 1.2 and 1.3 with the wire's suites.

    Args:
        certificates: one, or one with an RSA key and one with an ECDSA key, so that any client finds a suite.

    Raises:
        OSError: a file cannot be read, or a key is not that of its certificate.
    """
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.certificates = tuple(certificates)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(SUITES))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # The group of RFC 7919 for the DHE suites; its size equals the strength of the other suites' keys.
    with as_file(files(__package__) / "ffdhe3072.pem") as parameters:
        context.load_dh_params(str(parameters))
    context._load()  # noqa: SLF001 - the class's own maker
    return context
