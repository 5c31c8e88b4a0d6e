"""Sending what is in the book, and fetching what the registry makes of it (G2 to G5)."""

from odopass.garage.sending.lock import SenderLock
from odopass.garage.sending.sender import Connect, Connection, Sender
from odopass.garage.sending.thread import sending

__all__ = ["Connect", "Connection", "Sender", "SenderLock", "sending"]
