"""The page about readings from other programs: the drop folder, what has become of its files, the token (G15)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from starlette.responses import FileResponse, Response

from odopass.garage.app.account import REPORT_LANGUAGE
from odopass.garage.app.visit import Visit, page
from odopass.garage.app.words import LANGUAGES
from odopass.garage.feeds import FileOutcome

_ADDRESS: Final = "/account/feeds"

FOLDER_ERRORS: Final[Mapping[str, str]] = {
    "folder_relative": "Write the whole path of the folder, from its drive or root on.",
    "folder_missing": "There is no such folder on this computer. Make it first.",
}

FAULTS: Final[Mapping[str, str]] = {
    "folder": "The folder cannot be read or written. Look whether it is there and whether you may write in it.",
    "file": "A file in the folder cannot be opened. Perhaps another program still holds it; it is tried again.",
    "aside": "A file was taken, but cannot be moved to the folder done. Close it in other programs.",
    "book": "The book cannot be written: nothing more is taken until it can.",
    "unforeseen": "A file in the folder cannot be read, for a reason that nobody foresaw. Take it out and tell the "
    "makers of odopass.",
}


def show(visit: Visit) -> Response:
    """The page."""
    return visit.page("feeds.html", **_values(visit))


def save(visit: Visit) -> Response:
    """Keep the folder and the language of the reasons."""
    feeds, folder = visit.workshop.feeds, visit.field("folder")
    try:
        feeds.set_folder(Path(folder))
    except ValueError as error:
        wrong = {"folder": folder, "folder_error": visit.say(FOLDER_ERRORS[str(error)])}
        return visit.page("feeds.html", status=422, **(_values(visit) | wrong))
    if (language := visit.field("language")) in LANGUAGES:
        feeds.set_language(language)
    return visit.go(_ADDRESS, "feeds")


def make_token(visit: Visit) -> Response:
    """Make a token and show it this once."""
    token = visit.workshop.feeds.make_token()
    return visit.page("feeds.html", **(_values(visit) | {"token": token}))


def revoke_token(visit: Visit) -> Response:
    """Take no token any more."""
    visit.workshop.feeds.revoke_token()
    return visit.go(_ADDRESS, "token_revoked")


def rejects(visit: Visit) -> Response:
    """The lines of a file that were not taken, to be opened in a spreadsheet."""
    name = visit.path("name")
    # Only what the book knows is given out, so that no address leads to another file of this computer.
    if not any(each.kept_as == name and each.rejected for each in visit.workshop.drop.latest()):
        raise KeyError(name)
    file = visit.workshop.feeds.folder / "rejected" / name
    if not file.is_file():
        raise KeyError(name)
    return FileResponse(file, media_type="text/csv; charset=utf-8", filename=name)


def _values(visit: Visit) -> dict[str, Any]:
    workshop = visit.workshop
    kind, detail = workshop.drop.fault or ("", "")
    feeds = workshop.feeds
    return {
        "folder": str(feeds.folder),
        "folder_error": "",
        "language": feeds.language or workshop.book.settings.setting(REPORT_LANGUAGE) or "nl",
        "languages": LANGUAGES,
        "fault": visit.say(FAULTS[kind]) if kind else "",
        "fault_detail": detail,
        "strangers": workshop.drop.strangers,
        "under_way": workshop.drop.under_way,
        "files": [_row(each, feeds.folder) for each in workshop.drop.latest()],
        "token": "",
        "token_made": feeds.token_made(),
        "home": str(visit.request.base_url),
    }


def _row(outcome: FileOutcome, folder: Path) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "at": datetime.fromisoformat(outcome.finished_at),
        "has_rejects": bool(outcome.rejected) and (folder / "rejected" / outcome.kept_as).is_file(),
    }


ROUTES: Final = [
    page("/account/feeds", show, name="feeds"),
    page("/account/feeds", save, "POST", name="save_feeds"),
    page("/account/feeds/token", make_token, "POST"),
    page("/account/feeds/token/revoke", revoke_token, "POST"),
    page("/account/feeds/rejected/{name}", rejects),
]
