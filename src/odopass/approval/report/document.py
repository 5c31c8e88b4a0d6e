"""The report on paper: PDF/A-2a and PDF/UA-1, set by typst. All words come as data and are placed as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import typst

from odopass.approval.report.view import Report, clock_text
from odopass.lettering import FONTS
from odopass.lettering.characters import presentable

_STANDARDS: Final[list[Any]] = ["a-2a", "ua-1"]
#: Of each cited body and answer so many characters are printed; the JSON has all of them.
_PRINTED: Final = 900


@cache
def _fonts() -> typst.Fonts:
    with as_file(FONTS) as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


def document_of(report: Report, *, made_at: str) -> bytes:
    """Set a report.

    Args:
        report: what it says.
        made_at: ISO 8601; stands in the file's properties.
    """
    compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True)
    pdf = compiler.compile(
        files(__package__).joinpath("report.typ").read_bytes(),
        format="pdf",
        sys_inputs={"report": json.dumps(_placed(report), ensure_ascii=False)},
        pdf_standards=_STANDARDS,
        timestamp=datetime.fromisoformat(made_at).astimezone(UTC).replace(microsecond=0),
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no document")
    return pdf


def _placed(report: Report) -> dict[str, Any]:
    show, say = presentable, report.say
    return {
        "language": say.language,
        "title": show(say("Approval report")),
        "outcome": show(report.outcome),
        "tone": report.tone,
        "facts": [[show(label), show(value)] for label, value in report.facts],
        "counts": [[show(label), show(value)] for label, value in report.counts],
        "chapters": [
            {
                "title": show(chapter.title),
                "lines": [
                    {
                        "title": show(line.title),
                        "asked": show(line.asked),
                        "note": show(f"{line.id} · {line.source} · {line.observed}"),
                        "verdict": show(line.verdict),
                        "tone": line.tone,
                        "reason": show(line.reason),
                        "seen": show(say("Exchanges: {numbers}", numbers=", ".join(f"#{n}" for n in line.exchanges)))
                        if line.exchanges
                        else "",
                        "before": show(say("The last time: {verdict}", verdict=line.before)) if line.before else "",
                    }
                    for line in chapter.lines
                ],
            }
            for chapter in report.chapters
        ],
        "answers": [[show(each.step), show(each.answer), show(each.note)] for each in report.answers],
        "exchanges": [
            [
                f"#{each.number}",
                clock_text(each.began),
                show(f"{each.method} {each.path}"),
                show(str(each.status) if each.status is not None else say("cut")),
                show(each.state or (each.fault or "")),
            ]
            for each in report.exchanges
        ],
        "cited": [
            {
                "title": show(f"#{each.number} {each.method} {each.path}"),
                "sent": _cut(each.body),
                "told": _cut(each.answer),
            }
            for each in report.exchanges
            if each.number in report.cited
        ],
        "words": {
            name: show(text)
            for name, text in {
                "criteria": say("Criteria"),
                "criterion": say("Criterion"),
                "verdict": say("Verdict"),
                "answers": say("The tester's answers"),
                "step": say("Step"),
                "answer": say("Answer"),
                "note": say("Note"),
                "exchanges": say("All exchanges"),
                "number": say("Number"),
                "time": say("Time"),
                "request": say("Request"),
                "status": say("Status"),
                "state": say("State or fault"),
                "cited": say("Exchanges that are named"),
                "sent": say("Sent"),
                "told": say("Answered"),
                "times": say("Times are those of the sandbox, in Belgium. Passwords are not recorded."),
            }.items()
        },
    }


def _cut(text: str) -> str:
    shown = presentable(text)
    return shown if len(shown) <= _PRINTED else f"{shown[:_PRINTED]} …"
