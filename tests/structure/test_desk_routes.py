from __future__ import annotations

import pytest
from starlette.routing import Route

from odopass.registry.desk.application import desk_routes
from odopass.registry.desk.protection import PUBLIC
from odopass.registry.desk.visit import BASE
from odopass.registry.employees.employees import Role

#: What is there before anybody has logged in.
OPEN = {"/login", "/openid", "/openid/callback", "/activate"}

ROUTES = [route for route in desk_routes() if isinstance(route, Route)]

pytestmark = pytest.mark.requirement("R7")


def test_the_desk_has_pages_and_every_one_of_them_is_looked_at() -> None:
    assert len(ROUTES) == len(desk_routes()) > 30


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{sorted(route.methods)} {route.path}")
def test_every_page_asks_for_a_login_and_a_role(route: Route) -> None:
    roles, public = route.endpoint.roles, route.endpoint.public
    if route.path in OPEN:
        assert public
        return
    assert not public
    assert roles
    assert roles <= set(Role)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{sorted(route.methods)} {route.path}")
def test_what_changes_something_is_a_post_and_nothing_else_is(route: Route) -> None:
    assert route.methods in ({"GET", "HEAD"}, {"POST"})


def test_under_the_public_name_there_is_nothing_but_the_activation() -> None:
    assert [route.path for route in ROUTES if f"{BASE}{route.path}".startswith(PUBLIC)] == ["/activate"] * 2
