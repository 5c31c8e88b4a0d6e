"""Certificates that are replaced while the server runs: their files are watched."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import structlog
from cryptography import x509

from odopass.registry.metrics import CERTIFICATE_ENDS
from odopass.registry.serving.tls import Certificate, ServerContext

_log = structlog.get_logger(__name__)

#: How often the files are looked at, in seconds.
LOOKS_EVERY_S: Final = 2.0

_Stamp = tuple[tuple[int, int, int] | None, ...]


class CertificateWatch:
    """Lets a running server use what its certificate files hold, once they have stopped changing.

    What cannot be used is told in the log, once for each change, and what was in use before stays.
    """

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._known = self._seen = _stamp(context.certificates)
        _tell_end(context.certificates)

    def look(self) -> bool:
        """Look at the files; whether other certificates are in use from now on."""
        stamp = _stamp(self._context.certificates)
        settled = stamp == self._seen  # chain and key are two files, written one after the other
        self._seen = stamp
        if stamp == self._known or not settled:
            return False
        self._known = stamp
        files = [str(each.chain) for each in self._context.certificates]
        try:
            self._context.renew()
        except (OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            _log.error("certificates refused", files=files, error=reason, note="those before stay in use")
            return False
        _log.info("certificates renewed", files=files, end=_tell_end(self._context.certificates))
        return True

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            self.look()


@asynccontextmanager
async def renewing(context: ssl.SSLContext | None) -> AsyncIterator[None]:
    """Watch the certificates in the meantime, if there are any."""
    if not isinstance(context, ServerContext):
        yield
        return
    watching = asyncio.create_task(CertificateWatch(context).run(), name="certificates")
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _stamp(certificates: tuple[Certificate, ...]) -> _Stamp:
    """What changes when a file is written or replaced; links are followed, as those of certbot are."""
    stamps: list[tuple[int, int, int] | None] = []
    for path in (path for each in certificates for path in (each.chain, each.key)):
        try:
            status = path.stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(stamps)


def _tell_end(certificates: tuple[Certificate, ...]) -> str:
    ends = []
    for each in certificates:
        with suppress(OSError, ValueError):
            (first, *_) = x509.load_pem_x509_certificates(each.chain.read_bytes())
            ends.append(first.not_valid_after_utc)
    if not ends:
        return ""
    CERTIFICATE_ENDS.set(min(ends).timestamp())
    if min(ends) < datetime.now(UTC):
        _log.warning("a certificate has ended", end=min(ends).isoformat())
    return min(ends).isoformat()
