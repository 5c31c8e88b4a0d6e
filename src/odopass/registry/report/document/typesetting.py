"""A report as PDF/A-2a and PDF/UA-1, set by typst (R11).

The words of the report reach the template as data, in one JSON text, and are placed as text: nothing of them is ever
read as markup. The same view and moment give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import segno
import typst

from odopass.lettering import FONTS
from odopass.lettering.characters import presentable
from odopass.registry.report.chart import Chart
from odopass.registry.report.view import ReportView

_STANDARDS: Final[list[Any]] = ["a-2a", "ua-1"]
_QR_MASK: Final = 4


class Typesetter:
    """Sets reports; holds the fonts, and for each thread what typst remembers from one document to the next."""

    def __init__(self) -> None:
        folder = files(__package__)
        with as_file(FONTS) as fonts:
            self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)])
        self._template = (folder / "report.typ").read_bytes()
        self._of_thread = threading.local()

    def _compiler(self) -> typst.Compiler:
        """This thread's compiler: one serves no two threads at once."""
        compiler: typst.Compiler | None = getattr(self._of_thread, "compiler", None)
        if compiler is None:
            compiler = self._of_thread.compiler = typst.Compiler(font_paths=self._fonts, ignore_system_fonts=True)
        return compiler

    def render(self, view: ReportView, *, made_at: dt.datetime) -> bytes:
        """Set a report.

        Args:
            view: what it says, in the reader's language.
            made_at: the moment it was made, with time zone; stands in the file's properties.

        Raises:
            typst.TypstError: the document would not keep to PDF/A-2a or PDF/UA-1; a defect of ours.
        """
        pdf = self._compiler().compile(
            # Given each time: a compiler forgets a template that it was made with after its first document.
            self._template,
            format="pdf",
            sys_inputs={"report": json.dumps(placed(view), ensure_ascii=False, separators=(",", ":"))},
            pdf_standards=_STANDARDS,
            timestamp=made_at.astimezone(dt.UTC).replace(microsecond=0),
        )
        if not isinstance(pdf, bytes):
            raise TypeError("typst gave no document")
        return pdf


@cache
def typesetter() -> Typesetter:
    """The one typesetter of this process."""
    return Typesetter()


def render(view: ReportView, *, made_at: dt.datetime) -> bytes:
    """Set a report with this process's typesetter; see `Typesetter.render`."""
    return typesetter().render(view, made_at=made_at)


def placed(view: ReportView) -> dict[str, Any]:
    """What the template places: the view's strings, each of them presentable, and the QR code."""
    show = presentable
    return {
        "language": view.language,
        "registry": show(view.registry),
        "number": show(view.number),
        "address": view.public_url,
        "qr": qr_code(view.public_url),
        "issued": show(view.issued),
        "made_again": show(view.made_again),
        "valid_until": show(view.valid_until),
        "verdict": show(view.verdict),
        "state": _state(view),
        "warnings": [show(each) for each in view.warnings],
        "vehicle": show(view.vehicle_name),
        "facts": [[show(fact.label), show(fact.value)] for fact in view.facts],
        "recalls": [show(each) for each in view.recalls],
        "recalls_summary": show(view.recalls_summary),
        "inspection": show(view.inspection),
        "total": show(view.total),
        "readings": [
            {
                "date": show(each.date),
                "km": show(each.km),
                "distance": show(each.distance),
                "source": show(each.source),
                "remarks": [show(remark) for remark in each.remarks],
                "notes": [show(note) for note in each.notes],
                "first": each.distance == "",
            }
            for each in view.readings
        ],
        "not_available": show(view.not_available),
        "chart": _chart(view.chart),
        "chart_alternative": show(view.chart_alternative),
        "words": {english: show(text) for english, text in view.words.items()},
    }


def _state(view: ReportView) -> str:
    """Which sign stands beside the verdict; a tick only where nothing at all speaks against it."""
    if not view.clear:
        return "contradicted"
    return "clear" if len(view.readings) > 1 and not view.warnings else "unknown"


def _chart(chart: Chart | None) -> dict[str, Any] | None:
    if chart is None:
        return None
    return {
        "points": [[round(point.x, 5), round(point.y, 5), point.misfits, point.replaced] for point in chart.points],
        "stretches": [
            [*(round(place, 5) for place in (each.x1, each.y1, each.x2, each.y2)), each.misfits]
            for each in chart.stretches
        ],
        "x": [[round(tick.place, 5), presentable(tick.label)] for tick in chart.x_ticks],
        "y": [[round(tick.place, 5), presentable(tick.label)] for tick in chart.y_ticks],
    }


def qr_code(address: str) -> str:
    """The QR code of an address as SVG; a quarter of it may be smudged."""
    out = io.BytesIO()
    # The mask is fixed: to try all eight and choose the prettiest takes longer than to sign the document.
    segno.make(address, error="q", micro=False, mask=_QR_MASK).save(
        out, kind="svg", border=0, xmldecl=False, svgns=True, nl=False
    )
    return out.getvalue().decode()
