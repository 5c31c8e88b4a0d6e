"""The command `odopass approve`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from odopass.approval.control import Control, SandboxError, read_ready
from odopass.approval.driver import DriverTester, command_driver, url_driver
from odopass.approval.record import Played, UnusableRecordError
from odopass.approval.report.signing import SigningKey, UnusableKeyError, open_or_make_key
from odopass.approval.running import DriverFaultError, Run, RunStoppedError
from odopass.approval.scenarios import SCENARIOS
from odopass.approval.session import Session, finish, open_session
from odopass.approval.telling import tell_result, tell_step
from odopass.approval.verdicts import Verdict
from odopass.approval.web import serve_tester
from odopass.clock import SystemClock

EXIT_FAILED: Final = 1
EXIT_CANNOT_RUN: Final = 3

_EPILOG = (
    "Exit codes: 0 every criterion in question is met; 1 one is not, or was not shown; 2 wrong usage; 3 the kit or the "
    "sandbox could not do its part."
)

approve = typer.Typer(name="approve", add_completion=False, pretty_exceptions_show_locals=False)


@approve.command("approve", epilog=_EPILOG)
def run(
    *,
    sandbox: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The ready file of a running sandbox.", show_default=False),
    ],
    data: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The folder of the runs, their reports, and the key.", show_default=False),
    ],
    driver: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="A command that plays the tester: each step as JSON on its standard input, its answer as JSON on its "
            "standard output.",
            show_default=False,
        ),
    ] = None,
    driver_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="A web address that plays the tester: each step is posted to it.", show_default=False
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help=f"Only this scenario; may be repeated. {', '.join(SCENARIOS)}.", show_default=False
        ),
    ] = None,
    garage: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The user name of the garage that the DMS is. Default: the first.", show_default=False
        ),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin anew, even if the last run has not ended.")] = False,
    patience: Annotated[
        float, typer.Option(metavar="FACTOR", min=0.01, max=100, help="Wait so many times as long for the DMS.")
    ] = 1.0,
    sign_with: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A PEM file with an RSA key and its certificate, to sign reports with. Default: one that is made in "
            "the folder of --data.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65_535, help="The page's port on 127.0.0.1; 0 takes any free one.")
    ] = 8091,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page in the browser.")] = False,
) -> None:
    """Judge a DMS by the criteria of good practice: play scenarios with it on a sandbox, and watch its traffic.

    Without a driver a page leads the tester through the steps. A run that was interrupted goes on where it was.
    """
    if driver is not None and driver_url is not None:
        raise typer.BadParameter("Give --driver or --driver-url, not both.")
    scenarios = tuple(scenario or SCENARIOS)
    unknown = [name for name in scenarios if name not in SCENARIOS]
    if unknown:
        raise typer.BadParameter(f"There is no scenario {unknown[0]}. There are: {', '.join(SCENARIOS)}.")
    tester = None
    if driver is not None:
        tester = DriverTester(command_driver(driver))
    elif driver_url is not None:
        tester = DriverTester(url_driver(driver_url))
    try:
        ready = read_ready(sandbox)
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = open_or_make_key(sign_with or data / "signing-key.pem")
        with closing(Control(ready.control)) as control:
            session = open_session(data, ready, control, SystemClock(), garage=garage, new=new)
            if tester is None:
                verdict = serve_tester(
                    session,
                    control,
                    ready,
                    key,
                    scenarios,
                    patience=patience,
                    port=port,
                    open_browser=not no_browser,
                    tell=_say,
                )
            else:
                verdict = _play(session, control, tester, key=key, scenarios=scenarios, patience=patience)
    except (SandboxError, UnusableRecordError, UnusableKeyError, DriverFaultError, OSError) as fault:
        _end(str(fault))
    except (RunStoppedError, KeyboardInterrupt):
        typer.echo("The run was interrupted. Start it again with the same --data to go on.", err=True)
        raise typer.Exit(EXIT_CANNOT_RUN) from None
    if verdict is Verdict.ERROR:
        raise typer.Exit(EXIT_CANNOT_RUN)
    if verdict is not Verdict.PASSED:
        raise typer.Exit(EXIT_FAILED)


def _play(
    session: Session,
    control: Control,
    tester: DriverTester,
    *,
    key: SigningKey,
    scenarios: tuple[str, ...],
    patience: float,
) -> Verdict:
    def told(played: Played) -> None:
        tell_step(played, _say)

    Run(
        session.record,
        session.folder,
        control,
        tester,
        SystemClock(),
        scenarios=scenarios,
        patience=patience,
        told=told,
    ).play()
    verdict, findings = finish(session, scenarios, key)
    tell_result(session, findings, verdict, _say)
    return verdict


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _end(why: str) -> NoReturn:
    typer.echo(f"The approval run cannot go on.\n  Why: {why}", err=True)
    raise typer.Exit(EXIT_CANNOT_RUN)
