"""A sandbox that misbehaves on demand, and our own client against it: nothing is lost, nothing is there twice."""

from __future__ import annotations

from typing import Any

import httpx
from tests.acceptance.running_sandbox import Sandbox

Vehicle = dict[str, Any]


class Control:
    """The control port of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._client = httpx.Client(base_url=sandbox.ready["control"], timeout=70, trust_env=False)

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove_all()
        self.clock({"reset": True})
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(path, params=query).raise_for_status().json()

    def refused(self, path: str, body: object) -> list[str]:
        answer = self._client.post(path, json=body)
        assert answer.status_code == 400
        return [problem["field"] for problem in answer.json()["errors"]]

    def add(self, kind: str, **members: object) -> str:
        answer = self._client.post("/faults", json={"kind": kind, **members})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def remove_all(self) -> None:
        assert self._client.delete("/faults").status_code == 204

    def applied(self, rule: str) -> int:
        return next(int(each["applied"]) for each in self.get("/faults")["faults"] if each["id"] == rule)

    def clock(self, move: object) -> Any:
        return self._client.post("/clock", json=move).raise_for_status().json()

    def last(self) -> int:
        return int(self.get("/traffic", after=2**50)["last"])

    def after(self, number: int) -> list[dict[str, Any]]:
        return list(self.get("/traffic", after=number, wait=30)["exchanges"])
