"""Serving the tester's page beside the run."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Callable, Collection
from contextlib import closing

import uvicorn

from odopass.approval.app.application import Kit, application
from odopass.approval.app.stage import Stage
from odopass.approval.control import Control, Ready, SandboxError
from odopass.approval.report.signing import SigningKey
from odopass.approval.report.writing import findings_of
from odopass.approval.running import Run, RunStoppedError
from odopass.approval.session import Session, finish
from odopass.approval.telling import tell_result, tell_step
from odopass.approval.verdicts import Verdict
from odopass.browsing import open_in_browser
from odopass.clock import SystemClock

_END_S = 30.0


def serve_tester(
    session: Session,
    control: Control,
    ready: Ready,
    key: SigningKey,
    scenarios: Collection[str],
    *,
    patience: float,
    port: int,
    open_browser: bool,
    tell: Callable[[str], None],
) -> Verdict:
    """Lead a tester through the run; returns when the program is told to end.

    Args:
        session: the run.
        control: of the sandbox.
        ready: the sandbox.
        key: to sign reports with.
        scenarios: to play, by name.
        patience: by what waits are multiplied.
        port: on 127.0.0.1.
        open_browser: whether to.
        tell: prints a line.

    Raises:
        RunStoppedError: it was ended before the run was.
        SandboxError: the sandbox was away.
        OSError: the port is taken, or a file cannot be written.
    """
    stage = Stage()
    run = Run(
        session.record,
        session.folder,
        control,
        stage,
        SystemClock(),
        scenarios=scenarios,
        patience=patience,
        told=lambda played: tell_step(played, tell),
    )
    outcome: list[Verdict | Exception] = []

    def play() -> None:
        try:
            if session.record.played:  # else the tester has not seen yet how to connect the DMS
                stage.begin()
            stage.wait_for_begin()
            run.play()
            verdict, findings = finish(session, scenarios, key)
        except RunStoppedError as stopped:
            outcome.append(stopped)
        except (SandboxError, OSError) as fault:
            outcome.append(fault)
            stage.fail(str(fault))
            tell(f"The run cannot go on: {fault}")
        else:
            outcome.append(verdict)
            stage.end()
            tell_result(session, findings, verdict, tell)
            tell("Ctrl-C ends the page.")

    kit = Kit(stage, session.record, session.folder, ready, lambda: findings_of(session.record, scenarios))
    with closing(_listening(port)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        tell(f"The run is in {session.folder}.\nGo on in the browser: {address}")
        if open_browser:
            open_in_browser(address)
        playing = threading.Thread(target=play, name="run", daemon=True)
        playing.start()
        # uvicorn ends by itself on these and raises them once more afterwards: then everything is done.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        config = uvicorn.Config(
            application(kit),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        uvicorn.Server(config).run(sockets=[listening])
        stage.stop()
        playing.join(_END_S)
    if not outcome:
        raise RunStoppedError
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise OSError(
            f"Port {port} of 127.0.0.1 is taken by another program. Give --port another number, or 0 for any free one."
        ) from error
