"""What the desk's pages work with."""

from __future__ import annotations

from dataclasses import dataclass

from odopass.clock import Clock
from odopass.registry.desk.setup import DeskSetup
from odopass.registry.employees.login import Logins
from odopass.registry.employees.openid import OpenId
from odopass.registry.store.database import Pool


@dataclass(frozen=True, slots=True)
class Office:
    """The parts behind the pages.

    Attributes:
        pool: of the registry's database.
        clock: the time of day.
        setup: how the desk is set up.
        logins: lets employees in by password.
        openid: lets them in through a provider; None if there is none.
        public_url: the address of the registry's public pages, without a slash at the end.
        secure: whether browsers reach the desk over HTTPS.
    """

    pool: Pool
    clock: Clock
    setup: DeskSetup
    logins: Logins
    openid: OpenId | None
    public_url: str
    secure: bool
