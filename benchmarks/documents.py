"""Documents with a part that is generated: between two markers, all else is left as it was written."""

from __future__ import annotations

from pathlib import Path

BEGIN = "<!-- generated: begin -->"
END = "<!-- generated: end -->"


def put(generated: str, document: Path) -> None:
    """Replace what stands between the markers of a document.

    Raises:
        SystemExit: the document does not exist, or has no markers.
    """
    before, after = ensure_markers(document)
    document.write_text(f"{before}{BEGIN}\n\n{generated.strip()}\n\n{END}{after}", "utf-8")


def ensure_markers(document: Path) -> tuple[str, str]:
    """What stands before and after the generated part. Asked for before a long run, so that it is not for nothing.

    Raises:
        SystemExit: the document does not exist, or has no markers.
    """
    text = document.read_text("utf-8") if document.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document} needs a line {BEGIN} and a line {END} to put the figures between.")
    return before, after


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; the first column is text, the others figures."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
