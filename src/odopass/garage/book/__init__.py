"""The garage's own book: every reading, everything asked of the registry and everything it answered (G3).

It is one SQLite file. What a method has returned from is on the disk.
"""

from odopass.garage.book.book import Book
from odopass.garage.book.orders import Blocker, OrderBlocked, OrderExists
from odopass.garage.book.outbox import Awaited, Outbox
from odopass.garage.book.storage import BookFault
from odopass.garage.book.writing import SecondThatDay, Stale

__all__ = ["Awaited", "Blocker", "Book", "BookFault", "OrderBlocked", "OrderExists", "Outbox", "SecondThatDay", "Stale"]
