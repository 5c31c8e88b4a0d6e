"""The command `odopass garage`."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
import uvicorn

from odopass.browsing import open_in_browser
from odopass.clock import SystemClock
from odopass.garage.account import Account, AccountStore, Environment, problems, typed_file, typed_number
from odopass.garage.account.secrets import secrets_for
from odopass.garage.app.account import PROBLEMS
from odopass.garage.app.application import OWN_HOSTS, application
from odopass.garage.app.running import running_workshop
from odopass.garage.book import Book, BookFault

EXIT_CANNOT_RUN: Final = 3

_EPILOG = "Exit codes: 0 done, or ended as told (Ctrl-C or SIGTERM); 2 wrong usage; 3 it cannot run, and says why."

garage = typer.Typer(
    name="garage",
    invoke_without_command=True,
    help="Run the workshop's application: enter readings, have them sent, answer what the registry asks.",
    epilog=_EPILOG,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="ODOPASS_GARAGE_DATA",
        show_envvar=True,
        help="The folder of the garage's book. Default: odopass/garage in the user's data directory.",
        show_default=False,
    ),
]


@garage.callback()
def run(
    context: typer.Context,
    *,
    data: Data = None,
    host: Annotated[
        str,
        typer.Option(
            help="The address to listen on. Others than 127.0.0.1 let the network in, and need workplaces with PINs."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0: any that is free.", min=0, max=65_535)] = 8090,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further name under which browsers may call it.", show_default=False),
    ] = None,
    drop_folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A folder in which other programs drop readings as CSV files, from now on. At first: drop in the "
            "folder of the book.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")] = True,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the address there, as JSON, as soon as it is ready.", show_default=False
        ),
    ] = None,
) -> None:
    """Run the workshop's application until it is told to end."""
    folder = _folder(data)
    if context.invoked_subcommand is not None:
        context.obj = folder
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with ExitStack() as stack:
        listening = stack.enter_context(closing(_listen(host, port)))
        try:
            dropped = None if drop_folder is None else drop_folder.absolute()
            workshop = stack.enter_context(running_workshop(folder, _config(), drop_folder=dropped))
        except BookFault as fault:
            _end(str(fault))
        except ValueError:
            _end(f"There is no folder {drop_folder}. Make it, or name another with --drop-folder.")
        if host not in OWN_HOSTS and not workshop.workplaces.names():
            _end(
                f"At {host} everybody in the network could use it, and see the password of the account. First start it "
                "without --host and add a workplace with a PIN on the page Account; from then on one has to log in."
            )
        hosts = OWN_HOSTS | {host} | {name.lower() for name in allowed_host or ()}
        app = application(workshop, hosts=frozenset(hosts))
        address = f"http://{host}:{listening.getsockname()[1]}/"
        typer.echo(f"The workshop's application is at {address}\nThe book is in {folder}. Ctrl-C ends it.")
        if ready_file is not None:
            _write_ready_file(ready_file, {"address": address, "data": str(folder)})
        if browser and host in OWN_HOSTS:
            open_in_browser(address)
        # uvicorn ends by itself on these and raises them once more afterwards: then everything is done.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=5
        )
        server = uvicorn.Server(config)
        server.run(sockets=[listening])


@garage.command(epilog=_EPILOG)
def account(
    context: typer.Context,
    *,
    establishment: Annotated[str, typer.Option(help="The establishment number, which is the user name.")],
    enterprise: Annotated[str, typer.Option(help="The enterprise number: the VAT number's digits.")],
    environment: Annotated[Environment, typer.Option(help="Which registry.")] = Environment.PRODUCTION,
    address: Annotated[str, typer.Option(help="The address of the API, for `own`.", show_default=False)] = "",
    ca_file: Annotated[
        str, typer.Option(help="An authority in PEM to believe, for a registry of your own.", show_default=False)
    ] = "",
    username: Annotated[
        str, typer.Option(help="Of a test account: its user name, if it is another.", show_default=False)
    ] = "",
    email: Annotated[str, typer.Option(help="The e-mail address of the account.", show_default=False)] = "",
) -> None:
    """Set the account up; the password is read from the standard input, or asked for."""
    folder: Path = context.obj
    password = typer.prompt("Password", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    wanted = Account(
        environment=environment,
        own_address=address,
        establishment=typed_number(establishment),
        enterprise=typed_number(enterprise),
        email=email,
        ca_file=typed_file(ca_file),
        username=username,
    )
    for field, code in problems(wanted, password=password):
        typer.echo(f"The account was not saved.\n  Why: {field}: {PROBLEMS[code]}", err=True)
        raise typer.Exit(2)
    try:
        with Book.open(folder / "book.sqlite3", SystemClock()) as book:
            AccountStore(book.settings, secrets_for(folder, _config())).write(wanted, password)
    except (BookFault, OSError) as fault:
        _end(str(fault))
    typer.echo("The account is saved. If the application runs already, it uses it from now on.")


def _folder(data: Path | None) -> Path:
    folder = data or Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "odopass" / "garage"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        _end(f"The folder {folder} cannot be made: {error}. Choose another with --data.")
    return folder.resolve()


def _config() -> Path:
    """Where the key to the password lies, apart from the data and its backups."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "odopass" / "garage"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        _end(
            f"The address {host} port {port} cannot be listened on: {error}. If the application runs already, open "
            f"http://{host}:{port}/ in the browser; else choose another port with --port."
        )


def _write_ready_file(file: Path, content: dict[str, str]) -> None:
    whole = file.with_name(file.name + ".part")
    whole.write_text(json.dumps(content), encoding="utf-8")
    whole.replace(file)


def _end(why: str) -> NoReturn:
    typer.echo(f"The workshop's application cannot run.\n  Why: {why}", err=True)
    raise typer.Exit(EXIT_CANNOT_RUN)
