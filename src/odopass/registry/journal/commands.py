"""The commands `odopass registry verify-journal`, `verify-proof` and `guard-journal` (R9)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.status import Status

from odopass.registry.accounts.commands import Data, Url
from odopass.registry.command_work import EXIT_NO_DATABASE, fail, with_database
from odopass.registry.journal.comparing import compare
from odopass.registry.journal.faults import Altered, Fault
from odopass.registry.journal.guarding import guard, powers_over_journal
from odopass.registry.journal.proofs import ProofRefused, Proven, SealPart, read_proof, verify
from odopass.registry.journal.recomputing import Recomputed, recompute
from odopass.registry.postgres import ExplainedError
from odopass.registry.store.database import Database

Result = TypeVar("Result")

EXIT_ALTERED: Final = 4

_EPILOG: Final = (
    "Exit codes: 0 everything fits; 2 wrong usage; 3 the database cannot be used; "
    "4 something was changed, removed or added, and it says what."
)
_MOST_TOLD: Final = 20
_HASH_DIGITS: Final = 64

_SEAL: Final = "select hash from journal.seal where number = $1"

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def add_journal_commands(registry: typer.Typer) -> None:
    """Add the commands to `odopass registry`."""
    registry.command("verify-journal", epilog=_EPILOG)(verify_journal)
    registry.command("verify-proof", epilog=_EPILOG)(verify_proof)
    registry.command("guard-journal", epilog=_EPILOG.replace("everything fits", "it is guarded"))(guard_journal)


def verify_journal(
    *,
    known_seal: Annotated[
        list[str] | None,
        typer.Option(
            "--known-seal",
            metavar="NUMBER:HASH",
            help="A seal as it was noted elsewhere: in a log that was kept, in a proof. May be repeated. Only these "
            "show that a journal was written anew as a whole.",
        ),
    ] = None,
    only_journal: Annotated[
        bool, typer.Option("--only-journal", help="Leave the live tables out; they take as long again.")
    ] = False,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Recompute the journal, and compare the live tables with it.

    Tells the first entry that was changed, removed or added, and every row that is not what the journal says. The
    registry may run meanwhile.
    """
    known = _known_seals(known_seal or [])
    with Console(stderr=True).status("recomputing the journal") as status:
        verdict = _run(lambda database: _verdict(database, known, status, only_journal), database_url, data)
    if as_json:
        typer.echo(json.dumps(verdict, ensure_ascii=False, indent=2))
    else:
        _tell(verdict)
    if verdict["faults"]:
        raise typer.Exit(EXIT_ALTERED)


def verify_proof(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The proof, as a report's page gives it."),
    ],
    *,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Check a proof: that its readings are in the tree whose root it names.

    That needs no database. With one (--database-url or --data) it is also checked that the registry's journal still has
    that seal.
    """
    try:
        proof = read_proof(file.read_bytes())
        proven = verify(proof)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", 2)
    except ProofRefused as error:
        fail(str(error), EXIT_ALTERED)
    compared = database_url is not None or data is not None
    if compared:
        stored = _run(lambda database: database.fetchval(_SEAL, proof.seal.number), database_url, data)
        if stored is None or stored.hex() != proof.seal.hash:
            there = "no such seal" if stored is None else "another one in its place"
            fail(f"Seal {proof.seal.number} of the proof is not in the journal: it has {there}.", EXIT_ALTERED)
    if as_json:
        found = [{"entry": each.number, "kind": each.kind, "at": each.at, **each.public} for each in proven]
        typer.echo(json.dumps({"seal": proof.seal.number, "proven": found}, ensure_ascii=False, indent=2))
        return
    for each in proven:
        typer.echo(_told(each))
    for reading in proof.withoutProof:
        typer.echo(f"not proven: {reading.km} km on {reading.date}: {reading.why}")
    typer.echo(_about_seal(proof.seal, compared=compared))


def guard_journal(
    *,
    database_url: Annotated[
        str,
        typer.Option(
            "--database-url",
            metavar="URL",
            envvar="ODOPASS_ADMIN_DATABASE_URL",
            show_envvar=True,
            help="The registry's database, for an administrator: a superuser, or the tables' owner with the right to "
            "make roles.",
            show_default=False,
        ),
    ],
    service: Annotated[
        str, typer.Option("--service", metavar="ROLE", help="The role that the registry works as.", show_default=False)
    ],
) -> None:
    """Give the journal to a role of its own, so that the registry can only read it and add to it.

    For a PostgreSQL of your own; with the embedded one it is done at each start. Doing it again changes nothing.
    """
    try:
        asyncio.run(_guard(database_url, service))
    except ExplainedError as error:
        fail(str(error), EXIT_NO_DATABASE)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        fail(f"The database failed: {str(error) or type(error).__name__}", EXIT_NO_DATABASE)
    typer.echo(f"The journal is guarded: {service} can read it and add to it.")


async def _guard(url: str, service: str) -> None:
    await guard(url, service=service)


async def _verdict(database: Database, known: dict[int, bytes], status: Status, only_journal: bool) -> dict[str, Any]:
    """Everything that was found, as JSON."""
    faults: list[Fault] = []
    found: Recomputed | None = None
    # One state of everything, while the registry goes on.
    async with database.transaction(isolation="repeatable_read", readonly=True):
        try:
            found = await recompute(
                database,
                known_seals=known,
                progress=lambda entries: status.update(f"recomputing the journal: {entries:,} entries"),
            )
        except Altered as altered:
            faults.append(altered.fault)
        if not only_journal:
            compared = compare(database, progress=lambda what, rows: status.update(f"comparing {what}: {rows:,}"))
            faults += [fault async for fault in compared]
        waiting = await database.fetchval("select count(*) from journal.unsealed")
        last = await database.fetchrow("select number, hash from journal.seal order by number desc limit 1")
        powers = await powers_over_journal(database)
    return {
        "entries": None if found is None else found.entries,
        "seals": None if found is None else found.seals,
        "latestSeal": None if last is None else f"{last['number']}:{last['hash'].hex()}",
        "batchesWaiting": waiting,
        "faults": [{"what": fault.wrong.value, "told": fault.told, "entry": fault.entry} for fault in faults],
        "powersOfThisRole": powers,
    }


def _tell(verdict: dict[str, Any]) -> None:
    faults = verdict["faults"]
    for fault in faults[:_MOST_TOLD]:
        typer.echo(f"{fault['what']}: {fault['told']}")
    if len(faults) > _MOST_TOLD:
        typer.echo(f"and {len(faults) - _MOST_TOLD} more; --json lists them all")
    if verdict["entries"] is not None:
        entries, seals = _counted(verdict["entries"], "entry", "entries"), _counted(verdict["seals"], "seal", "seals")
        typer.echo(f"Recomputed {entries} under {seals}: as they were sealed.")
    if not faults:
        typer.echo("Nothing was changed, removed or added.")
    if verdict["latestSeal"]:
        typer.echo(f"Latest seal: {verdict['latestSeal']} (note it elsewhere, for --known-seal)")
    if verdict["batchesWaiting"]:
        waiting = _counted(verdict["batchesWaiting"], "batch", "batches")
        typer.echo(f"Waiting to be sealed: {waiting}. A running registry seals within seconds.")
    if verdict["powersOfThisRole"]:
        typer.echo("The role of this connection could change the journal. If the registry works as it, guard-journal.")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _known_seals(given: list[str]) -> dict[int, bytes]:
    known = {}
    for each in given:
        number, _, digits = each.partition(":")
        try:
            known[int(number)] = bytes.fromhex(digits)
        except ValueError:
            digits = ""
        if len(digits) != _HASH_DIGITS:
            raise typer.BadParameter(
                f"{each!r} is no seal: write its number, a colon and its hash of 64 hexadecimal digits, as "
                "verify-journal and the log tell them",
                param_hint="--known-seal",
            )
    return known


def _told(each: Proven) -> str:
    if "km" in each.public:
        return f"proven: {each.public['km']} km on {each.public['date']} (entry {each.number}, written {each.at})"
    said = ", ".join(f"{name} {value}" for name, value in each.public.items())
    return f"proven: {each.kind}: {said} (entry {each.number}, written {each.at})"


def _about_seal(seal: SealPart, *, compared: bool) -> str:
    where = "and the registry's journal still has it" if compared else "which only the registry can show it still has"
    return f"All under seal {seal.number} of {seal.sealedAt}, {where}."


def _run(work: Callable[[Database], Awaitable[Result]], database_url: str | None, data: Path | None) -> Result:
    return with_database(work, database_url, data, lacks="journal")
