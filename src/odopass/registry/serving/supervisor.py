"""Many processes as one: a supervisor starts them, starts the dead anew, and ends them all together."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client.multiprocess import mark_process_dead

from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.serving.child import Task
from odopass.registry.serving.ending import EndSignals
from odopass.registry.serving.tied import tied

_log = structlog.get_logger(__name__)

#: A process that dies is started anew after this many seconds, twice as many each time up to the longest; one that has
#: lived for a while is forgiven what was before.
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 15.0
_FORGIVEN_AFTER: Final = 60.0
#: How long processes may take to finish what they have begun. More than they give themselves.
_GRACE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """One process to keep running.

    Attributes:
        name: for the log: `api 1`, `worker 2`.
        task: what it does.
    """

    name: str
    task: Task


class Supervisor:
    """Keeps processes running until SIGTERM or SIGINT, or until the embedded PostgreSQL that they need ends."""

    def __init__(self, jobs: Sequence[Job], signals: EndSignals, postgres: EmbeddedPostgres | None = None) -> None:
        """Describe what to keep.

        Args:
            jobs: one for each process.
            signals: counts those that tell us to end.
            postgres: a running server to watch; None: the database is somebody else's care.
        """
        self._jobs = jobs
        self._signals = signals
        self._postgres = postgres
        self._ending = asyncio.Event()
        self._counters = ""

    async def run(self) -> ExplainedError | None:
        """Start all, keep all, end all.

        Returns:
            Why PostgreSQL ended, if that is what ended this; None after a signal.
        """
        self._counters = tempfile.mkdtemp(prefix="odopass-counters-")
        try:
            with self._signals.deferred():
                async with asyncio.TaskGroup() as group:
                    for job in self._jobs:
                        group.create_task(self._keep(job), name=job.name)
                    return await self._wait_for_the_end()
        finally:
            await asyncio.to_thread(shutil.rmtree, self._counters, ignore_errors=True)

    async def _wait_for_the_end(self) -> ExplainedError | None:
        while not self._signals.told:
            await asyncio.sleep(_LOOK_SECONDS)
            failure = None if self._postgres is None else self._postgres.failure()
            if failure is not None:
                self._ending.set()
                return failure
        self._ending.set()
        return None

    async def _keep(self, job: Job) -> None:
        pause = _FIRST_PAUSE
        while not self._ending.is_set():
            began = time.monotonic()
            process = await self._start(job)
            _log.info("process started", process=job.name, pid=process.pid)
            code = await self._wait(process)
            # Gauges of the living only; what it counted stays counted.
            mark_process_dead(process.pid, self._counters)  # type: ignore[no-untyped-call]
            if self._ending.is_set():
                _log.info("process ended", process=job.name, pid=process.pid, code=code)
                return
            if time.monotonic() - began > _FORGIVEN_AFTER:
                pause = _FIRST_PAUSE
            _log.error("process died and is started anew", process=job.name, pid=process.pid, code=code, pause_s=pause)
            await self._rest(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _start(self, job: Job) -> asyncio.subprocess.Process:
        listener = job.task.listener
        process = await asyncio.create_subprocess_exec(
            *tied([sys.executable, "-m", "odopass.registry.serving.child"]),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=() if listener is None else (listener,),
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": self._counters},
            start_new_session=True,  # Ctrl-C in a terminal is for us; we end them when it is their turn
        )
        assert process.stdin is not None  # noqa: S101 - for the type checker
        process.stdin.write(job.task.to_json())
        process.stdin.close()  # a child that died before it read this is noticed by its end
        return process

    async def _wait(self, process: asyncio.subprocess.Process) -> int:
        """Wait for a process's end; when all are to end, tell it, and after the time of grace make it."""
        own = asyncio.create_task(process.wait())
        told = asyncio.create_task(self._ending.wait())
        await asyncio.wait({own, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not own.done():
            process.terminate()
            await asyncio.wait({own}, timeout=_GRACE_SECONDS)
        if not own.done():
            _log.error("process does not end and is killed", pid=process.pid)
            process.kill()
        return await own

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except TimeoutError:
            return
