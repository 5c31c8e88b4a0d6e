"""What the page shows and the run waits for: where the two meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from odopass.approval.running import RunStoppedError, Task

_LOOK_S = 0.5


class Scene(StrEnum):
    """What the tester sees."""

    BEFORE = "before"  # how to connect the DMS, and a button to begin
    DOING = "doing"  # a step that the tester does or answers
    WAITING = "waiting"  # the kit waits for the DMS's call
    BUSY = "busy"  # the kit works
    ENDED = "ended"
    FAULT = "fault"


class Stage:
    """Hands tasks to the page and answers to the run; any thread may use it.

    Attributes:
        version: changes whenever the page has to show something else.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._answers: list[dict[str, Any]] = []
        self._given_up = False
        self._begun = False
        self._stopped = False
        self.scene = Scene.BEFORE
        self.task: Task | None = None
        self.fault = ""
        self.version = 0

    # The run's side: a `Tester`.

    def wait_for_begin(self) -> None:
        """Until the tester says that the DMS is connected.

        Raises:
            RunStoppedError: the run is to end.
        """
        with self._changed:
            self._until(lambda: self._begun)

    def do(self, task: Task) -> dict[str, Any]:
        """Show a task, and wait until it is done or answered."""
        with self._changed:
            self._answers.clear()
            self._show(Scene.DOING, task)
            self._until(lambda: bool(self._answers))
            self._show(Scene.BUSY, task)
            return self._answers.pop()

    def begin_waiting(self, task: Task) -> None:
        """Show that the kit waits for the DMS."""
        with self._changed:
            self._given_up = False
            self._show(Scene.WAITING, task)

    def gives_up(self) -> bool:
        """Whether the tester has said that nothing will come."""
        with self._changed:
            if self._stopped:
                raise RunStoppedError
            return self._given_up

    def end_waiting(self) -> None:
        """The wait is over."""
        with self._changed:
            self._show(Scene.BUSY, self.task)

    def end(self) -> None:
        """Show the report."""
        with self._changed:
            self._show(Scene.ENDED, None)

    def fail(self, why: str) -> None:
        """Show why the run cannot go on."""
        with self._changed:
            self.fault = why
            self._show(Scene.FAULT, self.task)

    # The page's side.

    def begin(self) -> None:
        """The DMS is connected."""
        with self._changed:
            self._begun = True
            if self.scene is Scene.BEFORE:
                self._show(Scene.BUSY, None)
            self._changed.notify_all()

    def answer(self, step: str, said: dict[str, Any]) -> bool:
        """What the tester says about a step; False if that step is not the present one any more."""
        with self._changed:
            if self.scene is not Scene.DOING or self.task is None or self.task.step.name != step:
                return False
            self._answers.append(said)
            self._changed.notify_all()
            return True

    def give_up(self, step: str) -> None:
        """Nothing will come."""
        with self._changed:
            if self.scene is Scene.WAITING and self.task is not None and self.task.step.name == step:
                self._given_up = True

    def stop(self) -> None:
        """End the run."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _show(self, scene: Scene, task: Task | None) -> None:
        self.scene, self.task = scene, task
        self.version += 1

    def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._stopped:
                raise RunStoppedError
            self._changed.wait(_LOOK_S)
        if self._stopped:
            raise RunStoppedError
