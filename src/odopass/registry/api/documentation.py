"""The OpenAPI document and the interactive page about it, served without credentials and without internet (W18)."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from odopass.registry.api.openapi import openapi_document
from odopass.registry.settings import Environment
from odopass.wire import paths
from odopass.wire.errors import Problem, error_body

#: The page runs our scripts and talks to us, nothing else. Swagger UI sets styles on its elements.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_MEDIA_TYPES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}
_SWAGGER = files(__package__).joinpath("swagger")

#: The vendored files change with a release at most; the document and the page with a setting.
_KEPT_A_DAY: Final = "public, max-age=86400"
_ASKED_EACH_TIME: Final = "no-cache"


def documentation_routes(*, environment: Environment, version: str) -> list[Route]:
    """Routes for the document, the page and what the page needs."""
    document = _Fixed(
        json.dumps(openapi_document(environment=environment, version=version), ensure_ascii=False).encode(),
        media_type="application/json",
        cache_control=_ASKED_EACH_TIME,
    )
    page = _Fixed(
        _SWAGGER.joinpath("page.html").read_bytes(),
        media_type="text/html; charset=utf-8",
        cache_control=_ASKED_EACH_TIME,
        extra={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"},
    )
    parts = {
        name: _Fixed(
            _SWAGGER.joinpath(name).read_bytes(),
            media_type=f"{media_type}; charset=utf-8",
            cache_control=_KEPT_A_DAY,
        )
        for name, media_type in _MEDIA_TYPES.items()
    }

    async def part(request: Request) -> Response:
        found = parts.get(request.path_params["file"])
        if found is None:
            body = error_body([Problem((), "There is nothing at this address.")])
            return Response(body, status_code=404, media_type="application/json")
        return await found.answer(request)

    return [
        Route(paths.OPENAPI, document.answer, methods=["GET"]),
        Route(paths.SWAGGER_PAGE, page.answer, methods=["GET"]),
        Route(f"{paths.SWAGGER_FILES}/{{file}}", part, methods=["GET"]),
    ]


class _Fixed:
    """Content that is the same as long as the program runs, with the header that spares sending it again."""

    def __init__(
        self, content: bytes, *, media_type: str, cache_control: str, extra: dict[str, str] | None = None
    ) -> None:
        self._content = content
        self._etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        self._headers = {
            "ETag": self._etag,
            "Cache-Control": cache_control,
            "Content-Type": media_type,
            "X-Content-Type-Options": "nosniff",
            **(extra or {}),
        }

    async def answer(self, request: Request) -> Response:
        """The content, or 304 to a browser that has it."""
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if self._etag in known:
            return Response(status_code=304, headers=self._headers)
        return Response(self._content, headers=self._headers)
