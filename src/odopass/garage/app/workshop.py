"""What the pages work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from odopass.clock import Clock, belgian_day
from odopass.garage.account import AccountStore, Workplaces
from odopass.garage.app.connections import Connections
from odopass.garage.app.sessions import Sessions
from odopass.garage.book import Book
from odopass.garage.feeds import DropWatch, FeedSettings
from odopass.garage.sending import Sender


@dataclass(frozen=True, slots=True)
class Workshop:
    """The parts of a running application.

    Attributes:
        book: of the garage.
        account: with the registry.
        workplaces: who may use the application, if that is restricted.
        connections: to the registry.
        sender: works the book off.
        clock: the time.
        feeds: what is set about readings that other programs hand over.
        drop: takes in what is dropped into the folder.
        sessions: who has logged in.
    """

    book: Book
    account: AccountStore
    workplaces: Workplaces
    connections: Connections
    sender: Sender
    clock: Clock
    feeds: FeedSettings
    drop: DropWatch
    sessions: Sessions = field(default_factory=Sessions)

    def today(self) -> date:
        """The day in Europe/Brussels."""
        return belgian_day(self.clock.now())
