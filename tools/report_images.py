"""Pictures of reports for the documentation: ``python -m tools.report_images`` makes docs/images/report-*.png anew.

Needs pdftoppm (tools/install-test-tools.sh) and Pillow, which the development environment has.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from tests.pdf import cases

from odopass.registry.report.document.typesetting import render

FOLDER: Final = Path(__file__).parents[1] / "docs" / "images"

#: Case, language, and the pages to show side by side.
PICTURES: Final = (
    ("ordinary", "en", (1, 2)),
    ("wound-back", "nl", (1, 2)),
    ("three-odometers", "fr", (1, 2)),
    ("four-hundred", "de", (1, 2)),
    ("one", "en", (1,)),
    ("none", "en", (1,)),
    ("long-names", "en", (1,)),
)
_RESOLUTION: Final = 72  # dots per inch
_GAP: Final = 10  # dots
_BETWEEN: Final = "#9aa5af"
_COLOURS: Final = 64


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name, language, pages in PICTURES:
        _draw(name, language, pages).save(FOLDER / f"report-{name}.png", optimize=True)


def _draw(name: str, language: str, pages: tuple[int, ...]) -> Image.Image:
    pdf = render(cases.view(name, language), made_at=cases.MADE_AT)
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "report.pdf"
        stored.write_bytes(pdf)
        drawn = []
        for page in pages:
            target = Path(folder) / f"page-{page}"
            subprocess.run(
                ["pdftoppm", "-r", str(_RESOLUTION), "-f", str(page), "-singlefile", "-png", stored, target], check=True
            )
            drawn.append(Image.open(target.with_suffix(".png")).convert("RGB"))
    width = sum(each.width for each in drawn) + _GAP * (len(drawn) + 1)
    picture = Image.new("RGB", (width, drawn[0].height + 2 * _GAP), _BETWEEN)
    left = _GAP
    for each in drawn:
        picture.paste(each, (left, _GAP))
        left += each.width + _GAP
    return picture.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
