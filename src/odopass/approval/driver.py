"""A driver plays the tester: a command that reads a step as JSON and answers in JSON, or a web address that does."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from odopass.approval.running import DriverFaultError, Task
from odopass.approval.scenarios import Kind

#: How long a driver may take for one step, in seconds.
DRIVER_S: Final = 600.0
_ANSWERS: Final = ("yes", "no", "not offered")

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def message_of(task: Task) -> dict[str, Any]:
    """A step as a driver is told it."""
    step = task.step
    return {
        "step": step.kind.value,
        "name": step.name,
        "text": step.text,
        **{name: value for name, value in task.asked.items() if name not in {"send", "whatever"}},
    }


def command_driver(command: str) -> Ask:
    """A driver that is a command: the step on its standard input, the answer on its standard output."""
    words = shlex.split(command)

    def ask(message: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            done = subprocess.run(
                words, input=json.dumps(message), capture_output=True, text=True, timeout=DRIVER_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
            raise DriverFaultError(f"the driver could not be run: {error}") from error
        if done.returncode != 0:
            raise DriverFaultError(f"the driver ended with {done.returncode}: {_last_line(done.stderr)}")
        return _object(done.stdout)

    return ask


def url_driver(address: str) -> Ask:
    """A driver that is a web address: the step is posted to it."""

    def ask(message: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = httpx.post(address, json=dict(message), timeout=DRIVER_S, trust_env=False)
        except httpx.HTTPError as error:
            raise DriverFaultError(f"the driver at {address} does not answer: {error!r}") from error
        if not answer.is_success:
            raise DriverFaultError(f"the driver at {address} answers {answer.status_code}: {answer.text[:300]}")
        return _object(answer.text)

    return ask


class DriverTester:
    """The tester as a driver plays it.

    A step ``wait`` is told before the kit waits: a driver that has nothing to do answers ``{}`` at once, one that
    knows that nothing more will come ``{"idle": true}``.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._idle = False

    def do(self, task: Task) -> dict[str, Any]:
        """Let the driver do it."""
        answer = dict(self._ask(message_of(task)))
        if task.step.kind is Kind.ASK and answer.get("answer") not in _ANSWERS:
            raise DriverFaultError(
                f"the driver has to answer {task.step.name} with one of {', '.join(_ANSWERS)} under “answer”, and "
                f"said {answer!r:.200}"
            )
        return answer

    def begin_waiting(self, task: Task) -> None:
        """Tell the driver what is waited for."""
        told = message_of(task) | {"step": Kind.WAIT.value, "for": task.step.wait.value, "seconds": task.step.patience}
        self._idle = bool(self._ask(told).get("idle"))

    def gives_up(self) -> bool:
        """Whether the driver has said that nothing more will come."""
        return self._idle

    def end_waiting(self) -> None:
        """The wait is over."""
        self._idle = False


def _last_line(text: str) -> str:
    """What a program that failed said last: of a traceback, the error."""
    lines = text.strip().splitlines()
    return lines[-1][:500] if lines else "it said nothing"


def _object(text: str) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DriverFaultError(f"the driver's answer is no JSON: {text[:200]!r}") from error
    if not isinstance(content, dict):
        raise DriverFaultError(f"the driver's answer is no JSON object: {text[:200]!r}")
    return content
