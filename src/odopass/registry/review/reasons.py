"""The reasons a decision can have, by its kind; free words are always added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OF_DECISIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("repair_proven", "photo_proves", "use_explains", "earlier_wrong", "other"),
    "reject": ("unbelievable", "typing_error", "other_vehicle", "date_wrong", "fraud", "other"),
    "send_back": ("unclear", "typing_error", "other_vehicle", "date_wrong", "other"),
    "correct": ("garage_asked", "owner_asked", "typing_error", "photo_proves", "other"),
    "withdraw": ("garage_asked", "owner_asked", "other_vehicle", "fraud", "typing_error", "other"),
}
