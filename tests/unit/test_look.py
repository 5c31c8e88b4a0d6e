from __future__ import annotations

import pytest

from odopass import look


@pytest.mark.parametrize(("name", "says"), [(look.BOOTSTRAP, b"Bootstrap"), (look.HTMX, b"htmx")])
def test_each_shared_file_comes_with_its_licence(name: str, says: bytes) -> None:
    assert says in (look.STATIC / name).read_bytes()
    licence = f"{name.partition('.min')[0]}.LICENSE.txt"
    assert "permission" in (look.STATIC / licence).read_text("utf-8").lower()


def test_no_shared_file_names_another_machine_to_fetch_from() -> None:
    for path in look.STATIC.glob("*.css"):
        text = path.read_text("utf-8")
        assert "@import" not in text
        assert "url(http" not in text
        assert 'url("http' not in text
