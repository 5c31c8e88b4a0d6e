"""Documents from views, off the event loop: set, then signed.

One thread does all of a process's documents. Setting holds no lock of Python's for most of its time, signing does, so
more threads gain little; who needs more documents a second runs more processes.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Self

from odopass.registry.report.document.signing import DocumentSigner
from odopass.registry.report.document.typesetting import Typesetter
from odopass.registry.report.view import ReportView


class DocumentProducer:
    """Makes documents in threads of its own; close it, or use it as a context manager."""

    def __init__(self, signer: DocumentSigner | None, *, threads: int = 1) -> None:
        """Get ready; nothing is loaded yet, see `warm_up`.

        Args:
            signer: signs every document; None leaves them unsigned.
            threads: how many documents may be under way at once.
        """
        self._signer = signer
        self._typesetter = Typesetter()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="documents")

    async def produce(self, view: ReportView, *, made_at: datetime) -> bytes:
        """The signed document of a report.

        The same view and moment give the same bytes, as far as the key and a time-stamping service allow (see
        `DocumentSigner`).

        Args:
            view: what it says, in the reader's language.
            made_at: the moment it was made, with time zone.

        Raises:
            pyhanko.sign.general.SigningError: the token or the time-stamping service failed.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.make, view, made_at)

    def make(self, view: ReportView, made_at: datetime) -> bytes:
        """The same in the caller's thread, which it blocks."""
        pdf = self._typesetter.render(view, made_at=made_at)
        if self._signer is None:
            return pdf
        return self._signer.sign(pdf, made_at=made_at, reason=f"{view.words['Vehicle history']} {view.number}")

    async def warm_up(self, view: ReportView, *, made_at: datetime) -> None:
        """Make a document and throw it away, so that the first reader does not wait for fonts and key."""
        await self.produce(view, made_at=made_at)

    def close(self) -> None:
        """Wait for what is under way, and end the threads."""
        self._threads.shutdown()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
