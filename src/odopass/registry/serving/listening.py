"""The address a registry listens on."""

from __future__ import annotations

import errno
import socket

from odopass.registry.postgres import ExplainedError

_BACKLOG = 2_048


def listen(host: str, port: int) -> socket.socket:
    """Take an address before anything else is started.

    Args:
        host: a name or address of this machine; 127.0.0.1 is for this machine only.
        port: 0 takes any free one.

    Raises:
        ExplainedError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        raise ExplainedError(
            f"The address {host}:{port} cannot be used.",
            "Another program listens there." if taken else f"The system says: {error.strerror}.",
            "Give another port, or end that program." if taken else "Give another host or port.",
        ) from error
    return listener
