"""Readings that other programs hand over: CSV files in a folder, and JSON over local HTTP (G15)."""

from odopass.garage.feeds.drop import DropFolder, FolderFault
from odopass.garage.feeds.files import FileOutcome
from odopass.garage.feeds.handing_over import COLUMNS, HandedOver, Outcome, hand_over
from odopass.garage.feeds.settings import FeedSettings
from odopass.garage.feeds.watching import DropWatch

__all__ = [
    "COLUMNS",
    "DropFolder",
    "DropWatch",
    "FeedSettings",
    "FileOutcome",
    "FolderFault",
    "HandedOver",
    "Outcome",
    "hand_over",
]
