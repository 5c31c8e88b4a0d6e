"""What went wrong, told in the reader's language; the exact English words are shown beside it, for whoever helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from odopass.garage.book import BookFault
from odopass.wording import Wording

#: By the kind of a fault of the book.
FAULTS: Final[Mapping[str, str]] = {
    "full": "The disk is full. Make room on it, then do it once more.",
    "read_only": "The file of the book may not be written. Give the user who runs odopass the right to write in its "
    "folder.",
    "busy": "Another program keeps the book to itself, perhaps a backup program. Close it, then do it once more.",
    "damaged": "The book is damaged. Keep its files as they are, and have the last backup put back in their place.",
    "newer": "The book was written by a newer version of odopass. Start that version again, or update this one.",
    "unreadable": "The book cannot be read or written. Look whether the disk is in order and the folder is there.",
}

#: What the fields that a refusal names are called on the pages.
FIELDS: Final[Mapping[str, str]] = {
    "vin": "VIN",
    "licensePlate": "Plate",
    "unifier": "Unifier",
    "firstUseDate": "Day of first use",
    "odometerReadingDate": "Day of the reading",
    "odometerReading": "Odometer in km",
    "observationType": "Why it was read",
    "enterpriseOrganisation": "Enterprise number",
    "enteredOrganisation": "User name",
}


def fault_text(fault: BookFault, say: Wording) -> str:
    """Why the book cannot be read or written, and what to do."""
    return say(FAULTS[fault.kind if fault.kind in FAULTS else "unreadable"])


def refused_fields(refusal: str, say: Wording) -> str:
    """Which fields a refusal is about, as the forms call them; "" if it names none that they have.

    Args:
        refusal: as the book keeps it: names of the wire, joined by ", ", a colon and the message.
        say: the words of the reader's language.
    """
    named, _, _ = refusal.partition(": ")
    return ", ".join(say(FIELDS[name]) for name in named.split(", ") if name in FIELDS)
