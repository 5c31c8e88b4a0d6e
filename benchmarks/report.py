"""The figures of a run as tables: on the terminal, and in a document."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import accepting, documents, flowing, history_documents, importing, reporting
from benchmarks.spread import Spread

Rows = tuple[str, list[str], list[list[str]]]


def show(found: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    console.print(_machine(found))
    for title, header, rows in _tables(found):
        table = Table(title=title, title_justify="left")
        for number, name in enumerate(header):
            table.add_column(name, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write(found: dict[str, Any], document: Path) -> None:
    """Put the tables between the markers of a document."""
    parts = [f"Measured on {datetime.now(UTC).date()}: {_machine(found)}."]
    parts += [f"**{title}**\n\n{documents.table(header, rows)}" for title, header, rows in _tables(found)]
    documents.put("\n\n".join(parts), document)


def _machine(found: dict[str, Any]) -> str:
    about = found["machine"]
    return (
        f"{about['processor']}, {about['cores']} cores, {about['memory']} of memory, {about['kernel']}, "
        f"PostgreSQL {about['PostgreSQL']}, Python {about['Python']}"
    )


def _tables(found: dict[str, Any]) -> list[Rows]:
    tables = []
    if "accepting" in found:
        tables.append(_rates(found["accepting"]))
        tables.append(_ratios(found["accepting"]))
    if "flowing" in found:
        tables.append(_flows(found["flowing"], found["readings"]))
    if "reports" in found:
        tables.append(_latencies(found["reports"]))
    if "page" in found:
        tables.append(_page(found["page"]))
    if "documents" in found:
        tables.append(_documents(found["documents"]))
    if "imports" in found:
        tables.append(_imports(found["imports"]))
    return [each for each in tables if each[2]]


def _rates(rates: list[dict[str, Any]]) -> Rows:
    rows = [
        [
            accepting.NAMES[each["contender"]],
            str(each["clients"]),
            Spread.of(each["per_second"]).shown(),
            Spread.of(each["p50_ms"]).shown(1) if each["p50_ms"] else "–",
            Spread.of(each["p99_ms"]).shown(1) if each["p99_ms"] else "–",
            str(each["errors"]),
        ]
        for each in sorted(rates, key=lambda each: (each["clients"], each["contender"]))
    ]
    rounds = len(rates[0]["per_second"]) if rates else 0
    return (
        f"Taken in: median of {rounds} rounds (least – greatest)",
        ["", "clients", "a second", "p50, ms", "p99, ms", "errors"],
        rows,
    )


def _ratios(rates: list[dict[str, Any]]) -> Rows:
    by_key = {(each["contender"], each["clients"]): each["per_second"] for each in rates}
    rows = []
    for clients in sorted({clients for _, clients in by_key}):
        ours = by_key.get((accepting.OURS, clients))
        for contender, words in ((accepting.RIVAL, "ours ÷ rival"), (accepting.LIMIT, "ours ÷ limit")):
            theirs = by_key.get((contender, clients))
            if ours is not None and theirs is not None:
                rows.append([words, str(clients), Spread.of_ratios(ours, theirs).shown(2)])
    return "Ratios, round by round", ["", "clients", "ratio"], rows


def _flows(flows: list[dict[str, Any]], readings: int) -> Rows:
    rows = [
        [
            each["layout"],
            f"{each['garages']:,}",
            f"{each['per_second']:,.0f}",
            f"{each['requests_per_second']:,.0f}",
            f"{each['p50_s']:.3f} / {each['p99_s']:.3f}",
            f"{each['told_p50_s']:.3f} / {each['told_p99_s']:.3f}",
            f"{each['post_p50_s']:.3f} / {each['post_p99_s']:.3f}",
            f"{each['accepted']:,}",
            str(each["lost"]),
            str(each["errors"]),
        ]
        for each in flows
    ]
    seconds = flows[0]["seconds"] if flows else 0
    return (
        f"Submission to outcome for {seconds:.0f} s, {readings:,} readings of history",
        [
            "", "garages", "outcomes a second", "requests a second", "judged, p50 / p99, s",
            f"told ({flowing.PAUSE_MS} ms pause), p50 / p99, s", "accepted, p50 / p99, s", "submissions", "lost",
            "errors",
        ],
        rows,
    )  # fmt: skip


def _latencies(latencies: list[dict[str, Any]]) -> Rows:
    rows = [
        [
            f"{each['dealers']} dealers" if each["dealers"] > 1 else "1 dealer",
            f"{each['p50_s']:.3f}",
            f"{each['p99_s']:.3f}",
            f"{each['per_second']:.1f}",
            str(each["reports"]),
        ]
        for each in latencies
    ]
    title = "Reports with fast sources, one process: from POST to the signed file, each asking without a pause"
    return title, ["", "p50, s", "p99, s", "a second", "reports"], rows


def _page(page: dict[str, Any]) -> Rows:
    row = [f"{page['per_second']:,.0f}", f"{page['p50_ms']:.1f}", f"{page['p99_ms']:.1f}", str(page["errors"])]
    title = f"The public page of a report, one process, {reporting.READERS} readers"
    return title, ["", "a second", "p50, ms", "p99, ms", "errors"], [["page", *row]]


def _documents(rates: dict[str, Any]) -> Rows:
    per_second: dict[str, list[float]] = rates["per_second"]
    rows = [[name, Spread.of(each).shown(1), f"{rates['sizes'][name]:,}"] for name, each in per_second.items()]
    ratio = Spread.of_ratios(per_second[history_documents.OURS], per_second[history_documents.RIVAL])
    rows.append(["ours, signed ÷ WeasyPrint, not signed", ratio.shown(2), ""])
    rounds = len(per_second[history_documents.OURS])
    return (
        f"Documents of 14 readings per second and core: median of {rounds} rounds (least – greatest)",
        ["", "a second", "bytes"],
        rows,
    )


def _imports(imports: dict[str, Any]) -> Rows:
    per_second: dict[str, list[float]] = imports["per_second"]
    rival = per_second[importing.RIVAL]
    rows = [
        [name, Spread.of(each).shown(), "–" if name == importing.RIVAL else Spread.of_ratios(each, rival).shown(1)]
        for name, each in per_second.items()
    ]
    return (
        f"{imports['vehicles']:,} vehicles from a file: median of {len(rival)} rounds (least – greatest)",
        ["", "vehicles a second", "÷ rival"],
        rows,
    )
