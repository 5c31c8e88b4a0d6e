"""Outside sources that a report is made from: asked side by side, believed field by field (W16)."""

from odopass.registry.report.sources.configuration import ConfigurationError, read_configuration, sources_from
from odopass.registry.report.sources.enquiry import Enquiry, enquire
from odopass.registry.report.sources.fetching import open_client
from odopass.registry.report.sources.question import LONGEST_SECONDS, Answer, ForeignReading, Question, Source

__all__ = [
    "LONGEST_SECONDS",
    "Answer",
    "ConfigurationError",
    "Enquiry",
    "ForeignReading",
    "Question",
    "Source",
    "enquire",
    "open_client",
    "read_configuration",
    "sources_from",
]
