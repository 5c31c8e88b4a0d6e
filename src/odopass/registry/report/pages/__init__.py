"""The pages for everybody: a report at its public address, and the check of a document number (R10)."""

from __future__ import annotations

from odopass.registry.report.pages.published import Lookup, Published
from odopass.registry.report.pages.routes import report_routes

__all__ = ["Lookup", "Published", "report_routes"]
