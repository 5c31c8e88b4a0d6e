"""How the connection is: the line on every page, and what cannot be missed (G5)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.garage.app.visit import Visit, page
from odopass.garage.app.words import LANGUAGE_COOKIE, LANGUAGES


def status(visit: Visit) -> Response:
    """The status line by itself, for pages that renew it."""
    return visit.part("status.html")


def set_language(visit: Visit) -> Response:
    """Keep the language that was chosen in this browser (G14)."""
    if (language := visit.field("language")) in LANGUAGES:
        visit.remember(LANGUAGE_COOKIE, language)
    back = visit.field("back")
    return visit.go(back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/")


ROUTES: Final = [page("/status", status), page("/language", set_language, "POST", open_to_all=True)]
