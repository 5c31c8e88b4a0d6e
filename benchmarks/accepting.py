"""How many submissions are taken in a second: the limit, the rival and ours, round by round in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import limit, wrk
from benchmarks.children import child
from benchmarks.databases import Databases

LIMIT, RIVAL, OURS = "a", "b", "c"
NAMES = {
    LIMIT: "limit: pgbench inserting the same row, one commit each",
    RIVAL: "rival: FastAPI + SQLAlchemy, one insert a request",
    OURS: "ours: POST accepted",
}
#: The number of clients at which the three are compared.
COMPARED_AT = 32
_WARM_UP_SECONDS = 4.0


@dataclass(slots=True)
class Rates:
    """What the rounds of one contender at one number of clients came to.

    Attributes:
        per_second: one figure for each round.
        p50_ms: of the answers, for each round; empty for the limit.
        p99_ms: likewise.
        errors: over all rounds; anything but 0 spoils the comparison.
    """

    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    errors: int = 0


Round = Callable[[int, float], wrk.Posted | float]


def measure(
    databases: Databases,
    contenders: str,
    *,
    template: str,
    seconds: float,
    rounds: int,
    tell: Callable[[str], None],
    logs: Path,
) -> dict[tuple[str, int], Rates]:
    """Let the contenders take turns.

    Args:
        databases: where they store.
        contenders: some of a, b, c.
        template: a database with accounts and vehicles.
        seconds: of one round.
        rounds: how often each has its turn.
        tell: is told what comes.
        logs: a folder for what the processes log.

    Returns:
        By contender and number of clients.
    """
    results: dict[tuple[str, int], Rates] = {}
    with ExitStack() as stack:
        running = {each: stack.enter_context(_start(each, databases, template, logs)) for each in contenders}
        for each, run in running.items():
            tell(f"warming up ({each})")
            run(COMPARED_AT, _WARM_UP_SECONDS)
        for clients in (COMPARED_AT, 8, 1):
            for number in range(rounds):
                for each, run in running.items():
                    tell(f"({each}) {clients} clients, round {number + 1} of {rounds}")
                    databases.settle()
                    _note(results.setdefault((each, clients), Rates()), run(clients, seconds))
    return results


def _note(rates: Rates, found: wrk.Posted | float) -> None:
    if isinstance(found, wrk.Posted):
        rates.per_second.append(found.per_second)
        rates.p50_ms.append(found.p50_ms)
        rates.p99_ms.append(found.p99_ms)
        rates.errors += found.errors
    else:
        rates.per_second.append(found)


@contextmanager
def _start(contender: str, databases: Databases, template: str, logs: Path) -> Iterator[Round]:
    if contender == LIMIT:
        yield partial(_insert, databases.empty("bench_limit"))
        return
    if contender == RIVAL:
        module, arguments = "benchmarks.rival", [databases.empty("bench_rival")]
    else:
        module, arguments = "benchmarks.registry_process", ["serve", databases.copy("bench_ours", template)]
    with child(module, arguments, logs / f"{contender}.log") as url:
        if contender == OURS:
            wrk.log_in(url)
        yield _Poster(url)


def _insert(url: str, clients: int, seconds: float) -> float:
    return limit.insert_rows(url, clients=clients, seconds=seconds)


class _Poster:
    """Submits to one service, never the same observation twice."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._first = 0

    def __call__(self, clients: int, seconds: float) -> wrk.Posted:
        posted = wrk.post(self._url, clients=clients, seconds=seconds, first=self._first)
        self._first += posted.sent
        return posted
