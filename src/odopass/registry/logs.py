"""Structured logs: one JSON object a line on standard error (R13)."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _Enduring:
    """A stream that drops what it cannot write: a full disk or a closed pipe must not end what is being logged."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop."""
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """Hand on what was written, if it can be."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logs(level: str = "info", *, stream: TextIO | None = None) -> None:
    """Let everything that is logged, by this program or a library, come out as JSON lines.

    Secrets are kept out where they would arise: passwords are never handed to a logger, nor are headers.

    Args:
        level: debug, info, warning or error; lines below it are dropped before they are made.
        stream: a text stream; standard error by default.
    """
    enduring = cast("TextIO", _Enduring(stream or sys.stderr))
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=enduring),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(enduring)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
