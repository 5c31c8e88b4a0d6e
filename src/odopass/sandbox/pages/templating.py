"""Filling pages in, and the files they need."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from odopass import look

_STATIC: Final = Path(__file__).parent / "static"
_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("odopass.sandbox.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(look=look)

#: Our files and no others, no script in the page, nothing that sends a form elsewhere.
HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


def page(template: str, *, files: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page, or a part of one.

    Args:
        template: its name.
        files: below which path the files are mounted.
        status: of HTTP.
        **values: what the template names.
    """
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(files=files, **values), status, HEADERS)


def file_routes(files: str) -> list[BaseRoute]:
    """The routes of the files that pages need.

    Args:
        files: the path to mount them below.
    """
    return [
        Mount(f"{files}/look", StaticFiles(directory=look.STATIC)),
        Mount(f"{files}/own", StaticFiles(directory=_STATIC)),
    ]
