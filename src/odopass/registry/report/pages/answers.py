"""How pages are written and with which headers they leave."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from odopass.registry.report.pages.languages import chosen_language
from odopass.registry.report.wording import LOCALES, wording

#: A page is text, its style sheet and pictures; it runs nothing, asks nobody and is shown in nobody's frame.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",  # the address is the key to the report: it is told to nobody
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",
    "Vary": "Accept-Language",
}
_STATIC_TYPES: Final = {"report.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
STATIC_PATH: Final = "/static/report/"


def download(body: bytes, name: str, media_type: str) -> Response:
    """A file for whoever has the report's address; the name is made of letters, digits, dots and dashes."""
    headers = _HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    del headers["Vary"]
    return Response(body, 200, headers, media_type)


class Static:
    """The style sheet and the icon. Their addresses change with their bytes, so that they may be kept for good."""

    def __init__(self) -> None:
        folder = files(__package__).joinpath("static")
        self._files: dict[str, tuple[bytes, str]] = {}
        self.addresses: dict[str, str] = {}
        for name, media_type in _STATIC_TYPES.items():
            body = folder.joinpath(name).read_bytes()
            stem, _, ending = name.rpartition(".")
            dated = f"{stem}.{hashlib.sha256(body).hexdigest()[:16]}.{ending}"
            self._files[dated] = (body, media_type)
            self.addresses[name] = STATIC_PATH + dated

    def answer(self, name: str) -> Response:
        """The file at an address; 404 for one of another release."""
        if name not in self._files:
            return Response("Not found\n", 404, {"Cache-Control": "no-store"}, "text/plain")
        body, media_type = self._files[name]
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
        }
        return Response(body, 200, headers, media_type)


class Writer:
    """Writes pages from templates.

    Args:
        static: where the style sheet is.
        registry: the name of the registry, for pages that show no report.
    """

    def __init__(self, static: Static, *, registry: str) -> None:
        self._templates = Environment(
            loader=PackageLoader(__package__, "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._static = static
        self._registry = registry

    def page(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        """A page in the reader's language.

        Args:
            request: tells the language, and the address for the switch of languages.
            template: the name of the file.
            status: of HTTP.
            **values: what the template shows.
        """
        language = chosen_language(request.query_params, request.headers)
        say = wording(language)
        body = self._templates.get_template(template).render(
            {
                "language": language,
                "say": say,
                "static": self._static.addresses,
                "registry": self._registry,
                "switch": [
                    (code, say.language_name(code), f"?{request.url.include_query_params(language=code).query}")
                    for code in LOCALES
                ],
                **values,
            }
        )
        # A source may have sent half a character; the rest of the page is worth showing all the same.
        written = body.encode("utf-8", "replace")
        return Response(written, status, _HEADERS | {"Content-Language": language}, "text/html; charset=utf-8")
