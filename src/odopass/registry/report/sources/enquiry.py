"""Ask all outside sources about a vehicle, side by side, a minute each at most (W16)."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from odopass.registry.report.content import Recall, SourceLine, SourceState
from odopass.registry.report.sources.question import (
    LONGEST_SECONDS,
    Answer,
    ForeignReading,
    Question,
    Source,
    SourceFailure,
    SourceUnreadable,
)
from odopass.registry.report.sources.source_metrics import SOURCE_ANSWERS, SOURCE_LEFT_OUT, SOURCE_SECONDS

_log = structlog.get_logger(__name__)

#: What a source may take to give up by itself when its time is over; then it is not waited for any longer.
_GRACE_SECONDS: Final = 1.0

#: Tasks that did not end when they were told to; kept so that they are not collected while they run.
_abandoned: set[asyncio.Task[Answer]] = set()


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What came of asking.

    Attributes:
        vehicle: fields of `VehicleData` that sources told, by name.
        recalls: those not carried out; None if that is not known for sure.
        accident_inspection_due: None if that is not known for sure.
        readings: each once, also if several sources told it.
        lines: a line for each source that was asked, in the order of the configuration.
    """

    vehicle: dict[str, Any] = field(default_factory=dict)
    recalls: tuple[Recall, ...] | None = None
    accident_inspection_due: bool | None = None
    readings: tuple[ForeignReading, ...] = ()
    lines: tuple[SourceLine, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A source, what it told, and why if it told nothing."""

    source: Source
    answer: Answer
    failure: str | None
    seconds: float

    @property
    def state(self) -> SourceState:
        if self.failure is not None or (self.answer.left_out and not self.answer.tells_something):
            return SourceState.UNAVAILABLE
        return SourceState.INCOMPLETE if self.answer.left_out else SourceState.ANSWERED

    @property
    def line(self) -> SourceLine:
        return SourceLine(self.source.name, self.source.kind, self.state, self.answer.left_out)


async def enquire(sources: Sequence[Source], question: Question, *, seconds: float = LONGEST_SECONDS) -> Enquiry:
    """Ask the sources that the vehicle concerns, all at once.

    Nothing that a source does raises or takes longer: one that is silent, broken or nonsensical has a line that says
    so, and the others' answers stand. What is logged carries the context variables of the caller, the request's GUID
    among them, and nothing about the vehicle.

    Args:
        sources: those of the registry, in the order of precedence: of two that tell a field, the first counts.
        question: which vehicle.
        seconds: how long each may take, at most a minute.
    """
    limit = min(seconds, LONGEST_SECONDS)
    began = time.monotonic()
    tasks = {
        asyncio.create_task(_ask(source, question, limit), name=f"asking {source.name}"): source
        for source in sources
        if _concerns(source, question)
    }
    ended: dict[asyncio.Task[Answer], float] = {}
    for task in tasks:
        task.add_done_callback(lambda done: ended.setdefault(done, time.monotonic() - began))
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=limit + _GRACE_SECONDS)
    finally:
        await _end(tasks)
    outcomes = [_outcome(task, source, ended.get(task, limit)) for task, source in tasks.items()]
    for outcome in outcomes:
        _tell(outcome)
    return _together(outcomes)


def _concerns(source: Source, question: Question) -> bool:
    try:
        return source.concerns(question)
    except Exception as error:  # noqa: BLE001 - an adapter's fault must not fail the report; asking shows it again
        _log.error("adapter failed", source=source.name, error=_where(error))
        return True


async def _ask(source: Source, question: Question, seconds: float) -> Answer:
    return await source.ask(question, seconds=seconds)


async def _end(tasks: Iterable[asyncio.Task[Answer]]) -> None:
    """End what still runs; what does not end is left behind."""
    running = [task for task in tasks if not task.done()]
    if not running:
        return
    _abandoned.update(running)
    for task in running:
        task.add_done_callback(_forget)
        task.cancel()
    await asyncio.wait(running, timeout=_GRACE_SECONDS)


def _forget(task: asyncio.Task[Answer]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # asked for, or Python complains that nobody did


def _outcome(task: asyncio.Task[Answer], source: Source, seconds: float) -> _Outcome:
    if not task.done() or task.cancelled():
        return _Outcome(source, Answer(), "no answer in time", seconds)
    error = task.exception()
    if error is None:
        return _Outcome(source, task.result(), None, seconds)
    if isinstance(error, SourceUnreadable):
        # It counts as one thing left out: all of it.
        return _Outcome(source, Answer(oddities={"answer": 1}), str(error), seconds)
    if isinstance(error, SourceFailure):
        return _Outcome(source, Answer(), str(error), seconds)
    return _Outcome(source, Answer(), f"adapter failed: {_where(error)}", seconds)


def _where(error: BaseException) -> str:
    """What kind of error, and where; its text may hold what the source sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {frames[-1].name}, line {frames[-1].lineno}" if frames else type(error).__name__


def _tell(outcome: _Outcome) -> None:
    name, state = outcome.source.name, outcome.state
    SOURCE_ANSWERS.labels(name, state.value).inc()
    SOURCE_SECONDS.labels(name).observe(outcome.seconds)
    if outcome.answer.left_out:
        SOURCE_LEFT_OUT.labels(name).inc(outcome.answer.left_out)
    told: dict[str, Any] = {"source": name, "kind": outcome.source.kind, "state": state.value}
    if outcome.failure is not None:
        told["reason"] = outcome.failure
    if outcome.answer.oddities:
        told["left_out"] = dict(outcome.answer.oddities)
    log = _log.info if state is SourceState.ANSWERED else _log.warning
    log("source asked", seconds=round(outcome.seconds, 3), **told)


def _together(outcomes: Sequence[_Outcome]) -> Enquiry:
    vehicle: dict[str, Any] = {}
    readings: dict[tuple[object, ...], ForeignReading] = {}
    for outcome in reversed(outcomes):
        vehicle |= outcome.answer.vehicle
    for outcome in outcomes:
        for reading in outcome.answer.readings:
            readings.setdefault((reading.date, reading.km, reading.country), reading)
    return Enquiry(
        vehicle=vehicle,
        recalls=_recalls(outcomes),
        accident_inspection_due=_inspection_due(outcomes),
        readings=tuple(readings.values()),
        lines=tuple(outcome.line for outcome in outcomes),
    )


def _all_had(outcomes: Sequence[_Outcome], kind: str) -> bool:
    return all(each.state is not SourceState.UNAVAILABLE for each in outcomes if each.source.kind == kind)


def _recalls(outcomes: Sequence[_Outcome]) -> tuple[Recall, ...] | None:
    """All that were told; that there is none is said only if every manufacturer that was asked could be had."""
    told = [outcome.answer.recalls for outcome in outcomes if outcome.answer.recalls is not None]
    found = {recall.reference: recall for recalls in reversed(told) for recall in recalls}
    if found:
        return tuple(found.values())
    return () if told and _all_had(outcomes, "manufacturer") else None


def _inspection_due(outcomes: Sequence[_Outcome]) -> bool | None:
    """Whether any says so; that none is due is said only if all that were asked could be had."""
    told = [outcome.answer.accident_inspection_due for outcome in outcomes]
    if True in told:
        return True
    return False if False in told and _all_had(outcomes, "accident_inspection") else None
