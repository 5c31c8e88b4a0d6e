"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from odopass.approval.report.view import Report, clock_text

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("odopass.approval.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(clock_text=clock_text)


def page_of(report: Report) -> str:
    """The text of the file."""
    return _ENVIRONMENT.get_template("report.html").render(report=report, say=report.say)
