"""Why a delivered file is not taken in, said to the person who started the import."""

from __future__ import annotations

from odopass.registry.postgres import ExplainedError


class FileRefused(ExplainedError):  # noqa: N818 - it names the state of things
    """The file cannot be used. Nothing of it was taken in by this run beyond what was reported before."""


class ImportStopped(ExplainedError):  # noqa: N818 - it names the state of things
    """The database cannot take in more at present. What was taken in stays; the same command goes on."""
