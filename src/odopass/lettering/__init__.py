"""The letters of documents on paper: Noto Sans, which every document embeds, and which text it can show."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

#: The folder of the fonts, with their licence and the list of what they can draw.
FONTS: Final[Traversable] = files(__package__) / "fonts"
