"""The control port of a sandbox, as programs use it."""

from __future__ import annotations

from typing import Any, Self

import httpx


class Control:
    """Sets faults and the clock, and sees the traffic; both are put back at the end of a with statement."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=90, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove_all()
        self.move({"reset": True})
        self.client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, params=query).raise_for_status().json()

    def add(self, kind: str, **members: object) -> str:
        answer = self.client.post("/faults", json={"kind": kind, **members})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def remove_all(self) -> None:
        assert self.client.delete("/faults").status_code == 204

    def applied(self, rule: str) -> int:
        return next(int(each["applied"]) for each in self.get("/faults")["faults"] if each["id"] == rule)

    def move(self, move: object) -> Any:
        return self.client.post("/clock", json=move).raise_for_status().json()

    def last(self) -> int:
        return int(self.get("/traffic", after=2**50)["last"])

    def after(self, number: int, *, wait: float = 30) -> list[dict[str, Any]]:
        return list(self.get("/traffic", after=number, wait=wait)["exchanges"])
