"""Filling the desk's pages in."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

from odopass import look
from odopass.clock import BRUSSELS
from odopass.registry.desk import labels
from odopass.wording import LOCALES, Wording

_ENVIRONMENT: Final = Environment(
    loader=PrefixLoader(
        {
            "desk": PackageLoader("odopass.registry.desk"),
            "report": PackageLoader("odopass.registry.report.pages"),
        }
    ),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _when(moment: datetime, say: Wording) -> str:
    here = moment.astimezone(BRUSSELS)
    return f"{say.day(here.date())} {say.time(here)}"


_ENVIRONMENT.globals.update(
    BOOTSTRAP=look.BOOTSTRAP,
    HTMX=look.HTMX,
    LANGUAGES=tuple(LOCALES),
    labels=labels,
    when=_when,
)


def render(template: str, say: Wording, **values: object) -> str:
    """The text of a page.

    Args:
        template: its name.
        say: the words of the visitor's language.
        **values: what the template names.
    """
    return _ENVIRONMENT.get_template(f"desk/{template}").render(say=say, **values)
