from __future__ import annotations

import pytest
from starlette.routing import Route
from tests.registry.running import Registry

pytestmark = pytest.mark.requirement("R10", "W18")


def public_paths(registry: Registry) -> set[str]:
    """Everything that is answered without credentials, with something in place of what varies."""
    found = {route.path for route in registry.app.router.routes if isinstance(route, Route)}
    return {
        path.replace("{public_id}", "none").replace("{file}", "start.js").replace("{name}", "none")
        for path in found
        if "{requestGuid}" not in path and path != "/api/observation"
    } | {"/nothing-at-all"}


async def test_every_page_and_document_keeps_strangers_scripts_frames_and_plain_http_out(registry: Registry) -> None:
    paths = public_paths(registry)
    assert {"/", "/check", "/vhr/none", "/api/swagger-ui.html", "/metrics"} <= paths
    for path in paths:
        answer = await registry.http.get(path)
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["cross-origin-opener-policy"] == "same-origin", path
        assert headers["permissions-policy"], path
        assert headers["strict-transport-security"] == "max-age=63072000", path
        for name in ("content-security-policy", "x-frame-options", "referrer-policy"):
            assert len(headers.get_list(name)) == 1, (path, name)
        assert "server" not in headers


async def test_over_plain_http_nothing_is_said_about_tls(registry: Registry) -> None:
    answer = await registry.http.get("http://registry.test/check")
    assert "strict-transport-security" not in answer.headers
