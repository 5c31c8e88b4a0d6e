"""A server that plays outside sources, well and badly, for the sandbox and for tests."""

from odopass.sandbox.played_sources.behaviour import Behaviour, Manner
from odopass.sandbox.played_sources.serving import Addresses, played_sources, played_sources_beside
from odopass.sandbox.played_sources.table import SOURCES, PlayedReading, PlayedTable, PlayedVehicle

__all__ = [
    "SOURCES",
    "Addresses",
    "Behaviour",
    "Manner",
    "PlayedReading",
    "PlayedTable",
    "PlayedVehicle",
    "played_sources",
    "played_sources_beside",
]
