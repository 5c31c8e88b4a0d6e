"""TLS that goes wrong for some connections and not for others."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from odopass.registry.serving.tls import server_context
from odopass.sandbox.certificates import Certificates, expired_certificates, strange_certificates
from odopass.sandbox.faults.choosing import Rules
from odopass.sandbox.faults.connections import Connections
from odopass.sandbox.faults.rules import Kind
from odopass.sandbox.moved_clock import MovedClock
from odopass.sandbox.traffic.exchange import AppliedFault, Exchange
from odopass.sandbox.traffic.recorder import Recorder


class ChangingContext(ssl.SSLContext):
    """A server's TLS that asks for each connection how its handshake shall go.

    An event loop makes each connection's TLS by `wrap_bio`; here that of another context is taken. Nothing that a
    context can do by itself, such as changing at the client's greeting, reaches the versions of the protocol.
    """

    choose: Callable[[], tuple[ssl.SSLContext, AppliedFault | None]]
    begun: Callable[[ssl.SSLObject, AppliedFault], None]

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:  # noqa: ANN401 - as in the standard library
        """The TLS of one connection."""
        context, fault = self.choose()
        connection = context.wrap_bio(*args, **options)
        if fault is not None:
            self.begun(connection, fault)
        return connection


class Handshakes:
    """How the handshakes of a sandbox go.

    Args:
        certificates: of the sandbox.
        folder: of the certificates.
        rules: decide which go wrong.
        clock: of the sandbox; certificates are made by the system's.
        recorder: is told of those that go wrong: nothing else is seen of them.
        connections: remember them.
    """

    def __init__(
        self,
        certificates: Certificates,
        folder: Path,
        *,
        rules: Rules,
        clock: MovedClock,
        recorder: Recorder,
        connections: Connections,
    ) -> None:
        self._certificates = certificates
        self._folder = folder
        self._rules = rules
        self._clock = clock
        self._recorder = recorder
        self._connections = connections
        self._good = server_context(certificates.server)
        self._bad: Mapping[Kind, ssl.SSLContext] = {}

    def context(self) -> ChangingContext:
        """The TLS to serve with."""
        context = ChangingContext(ssl.PROTOCOL_TLS_SERVER)
        context.choose = self._choose
        context.begun = self._begun
        return context

    def prepare(self) -> None:
        """Make what bad handshakes need. May be called from any thread."""
        if not self._bad:
            now = self._clock.system_now()
            self._bad = {
                Kind.EXPIRED_CERTIFICATE: server_context(expired_certificates(self._folder, now)),
                Kind.UNKNOWN_AUTHORITY: server_context(strange_certificates(self._folder, now)),
                Kind.OLD_TLS: _old_context(self._certificates),
            }

    def _choose(self) -> tuple[ssl.SSLContext, AppliedFault | None]:
        chosen = self._rules.choose_handshake()
        if chosen is None:
            return self._good, None
        self.prepare()
        return self._bad[chosen.rule.kind], AppliedFault(chosen.name, chosen.rule.kind)

    def _begun(self, connection: ssl.SSLObject, fault: AppliedFault) -> None:
        self._connections.bad_handshakes[connection] = fault
        now = self._clock.now()
        self._recorder.add(
            lambda number: Exchange(
                number=number,
                began=now,
                ended=now,
                garage="",
                method=HANDSHAKE,
                path="",
                query="",
                headers={},
                body="",
                status=None,
                answer="",
                answer_headers={},
                fault=fault,
            )
        )


#: The "method" under which a bad handshake is recorded.
HANDSHAKE: Final = "TLS"


def _old_context(certificates: Certificates) -> ssl.SSLContext:
    context = server_context(certificates.server)
    # Level 0 is what lets OpenSSL speak a version that it holds to be unsafe, as we do: that is what is played.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context
