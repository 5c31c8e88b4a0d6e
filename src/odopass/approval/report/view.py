"""A report in one language, ready to be placed: every string in it is final."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from odopass.approval.criteria import AREAS, CRITERIA
from odopass.approval.record import Record
from odopass.approval.traffic import Exchange
from odopass.approval.verdicts import Finding, Verdict
from odopass.approval.words import OBSERVED, OUTCOMES, VERDICTS, reason_text, wording
from odopass.clock import BRUSSELS
from odopass.wording import Wording

#: How each verdict is marked; the shape says what the colour does.
TONES: Final = {
    Verdict.PASSED: "good",
    Verdict.FAILED: "bad",
    Verdict.NOT_SHOWN: "plain",
    Verdict.NOT_OFFERED: "plain",
    Verdict.ERROR: "warn",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A criterion in the report.

    Attributes:
        id: its name.
        title: in a few words.
        asked: what is asked.
        observed: what shows it.
        verdict: in a word.
        tone: good, bad, warn or plain.
        reason: why; "" if there is nothing to say.
        step: the step it was seen in; "" for none.
        exchanges: numbers of those that show it.
        before: the verdict of the last run in a word, if it was another; else "".
        source: where it is asked, in words.
    """

    id: str
    title: str
    asked: str
    observed: str
    verdict: str
    tone: str
    reason: str
    step: str
    exchanges: tuple[int, ...]
    before: str
    source: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The criteria of one area."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the tester answered.

    Attributes:
        step: the step.
        answer: yes, no or not offered, in the report's language.
        note: what the tester wrote.
        evidence: the name of the file with the picture; "" for none.
    """

    step: str
    answer: str
    note: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole.

    Attributes:
        say: its language.
        outcome: what the run comes to, as a sentence.
        tone: good, bad, warn or plain.
        facts: pairs of label and value.
        counts: pairs of verdict and number.
        chapters: in order.
        answers: the tester's.
        exchanges: all of them, in order.
        cited: numbers of those that a criterion names.
        whole: whether every scenario was played to its end.
    """

    say: Wording
    outcome: str
    tone: str
    facts: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    answers: tuple[Answer, ...]
    exchanges: tuple[Exchange, ...]
    cited: frozenset[int]
    whole: bool


def report_of(
    record: Record,
    findings: Mapping[str, Finding],
    verdict: Verdict,
    language: str,
    *,
    before: Mapping[str, str] | None = None,
) -> Report:
    """Put a report together.

    Args:
        record: what was seen.
        findings: the verdicts on the criteria that are in question.
        verdict: on the whole.
        language: nl, fr, de or en.
        before: the verdicts of the last run by criterion; None if there was none.
    """
    say = wording(language)
    chapters = []
    for area, title in AREAS.items():
        lines = tuple(
            _line(name, finding, say, before or {}) for name, finding in findings.items() if CRITERIA[name].area == area
        )
        if lines:
            chapters.append(Chapter(say(title), lines))
    facts = (
        (say("Software"), record.software or say("It does not say its name.")),
        (say("Garage"), record.garage),
        (say("Began"), moment_text(record.began, say)),
        (say("Ended"), moment_text(record.ended, say) if record.ended else say("not ended")),
        (say("Exchanges"), say.count(len(record.exchanges))),
    )
    return Report(
        say=say,
        outcome=say(OUTCOMES[verdict.value]),
        tone=TONES[verdict],
        facts=facts,
        counts=tuple(_counts(findings.values(), say)),
        chapters=tuple(chapters),
        answers=tuple(_answers(record, say)),
        exchanges=tuple(record.exchanges),
        cited=frozenset(number for finding in findings.values() for number in finding.exchanges),
        whole=bool(record.ended),
    )


def moment_text(moment: str, say: Wording) -> str:
    """A moment as people read it: the day and the time in Belgium."""
    local = datetime.fromisoformat(moment).astimezone(BRUSSELS)
    return f"{say.day(local.date())} {say.time(local)}"


def clock_text(moment: datetime) -> str:
    """The time of an exchange, to the hundredth of a second, in Belgium."""
    local = moment.astimezone(BRUSSELS)
    return f"{local:%H:%M:%S}.{local.microsecond // 10_000:02}"


def _line(name: str, finding: Finding, say: Wording, before: Mapping[str, str]) -> Line:
    criterion = CRITERIA[name]
    earlier = before.get(name, finding.verdict.value)
    return Line(
        id=name,
        title=say(criterion.title),
        asked=say(criterion.asked),
        observed=say(OBSERVED[criterion.observed]),
        verdict=say(VERDICTS[finding.verdict.value]),
        tone=TONES[finding.verdict],
        reason=reason_text(finding, say),
        step=finding.step,
        exchanges=finding.exchanges,
        before=say(VERDICTS[earlier]) if earlier != finding.verdict.value else "",
        source=say("Good practices {paragraph}", paragraph=criterion.source)
        if criterion.source
        else say("Description of the web service"),
    )


def _counts(findings: Iterable[Finding], say: Wording) -> Iterable[tuple[str, str]]:
    verdicts = [finding.verdict for finding in findings]
    for verdict in Verdict:
        if verdict in verdicts:
            yield say(VERDICTS[verdict.value]), say.count(verdicts.count(verdict))


def _answers(record: Record, say: Wording) -> Iterable[Answer]:
    named = {"yes": say("Yes"), "no": say("No"), "not offered": say("Not offered")}
    for played in record.played:
        if played.said:
            note, evidence = (str(played.answer.get(name, "")) for name in ("note", "evidence"))
            yield Answer(played.step, named.get(played.said, played.said), note, evidence)
