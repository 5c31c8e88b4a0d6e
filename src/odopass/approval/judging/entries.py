"""What the DMS does with entries that want a warning or must not be sent (G8, G9, G10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from odopass.approval.record import Played, Record
from odopass.approval.traffic import Exchange, submissions_in
from odopass.approval.verdicts import Finding, failed, missed, not_shown, passed

if TYPE_CHECKING:
    from odopass.approval.judging import Rule


def _kept_back(*pairs: tuple[str, str], unwarned: str) -> Callable[[Record], Finding]:
    """A rule: the entry is told, and not sent.

    Args:
        pairs: the step that enters and the one that asks whether the DMS said so.
        unwarned: the reason if it did not.
    """

    def rule(record: Record) -> Finding:
        shown = False
        for enter_name, ask_name in pairs:
            enter, ask = record.step(enter_name), record.step(ask_name)
            if enter is None:
                continue
            sent = _sent_of(record, enter)
            if sent:
                return failed("It was sent though it must not be.", sent[0], step=enter.step)
            if ask is None or ask.said not in {"yes", "no"}:
                continue
            if ask.said == "no":
                return failed(unwarned, step=ask.step)
            shown = True
        return passed(step=pairs[0][1]) if shown else not_shown()

    return rule


def vin_short(record: Record) -> Finding:
    """A short VIN is warned about, and sent."""
    enter, ask = record.step("vin.short"), record.step("vin.short-warned")
    if enter is None or ask is None:
        return not_shown()
    sent = _sent_of(record, enter)
    if not sent:
        return missed("The reading was not sent.", step=enter.step)
    if ask.said == "no":
        return failed("The DMS did not warn.", *sent[:1], step=ask.step)
    return passed(sent[:1], ask.step) if ask.said == "yes" else not_shown()


def warn_past(record: Record) -> Finding:
    """A day in the past is warned about at entry."""
    ask = record.step("late.warned")
    if ask is None or ask.said not in {"yes", "no"}:
        return not_shown()
    return passed(step=ask.step) if ask.said == "yes" else failed("The DMS did not warn.", step=ask.step)


def _sent_of(record: Record, step: Played) -> list[Exchange]:
    """Submissions of what a step entered, from the step on; of its vehicle with any reading, if it says so."""
    vin, km, date = step.asked.get("vin"), step.asked.get("km"), step.asked.get("date")
    later = [each for each in submissions_in(record.exchanges) if each.number > step.after and each.vehicle == vin]
    if step.asked.get("whatever"):
        return later
    return [
        each
        for each in later
        if each.sent.get("odometerReading") == km and each.sent.get("odometerReadingDate") == date
    ]


_UNWARNED: Final = "The DMS did not warn."
_TAKEN: Final = "The DMS did not refuse it."
RULES: Final[Mapping[str, Rule]] = {
    "warn-lower": _kept_back(("warnings.lower", "warnings.lower-warned"), unwarned=_UNWARNED),
    "warn-higher": _kept_back(("warnings.higher", "warnings.higher-warned"), unwarned=_UNWARNED),
    "warn-same": _kept_back(("warnings.same", "warnings.same-warned"), unwarned=_UNWARNED),
    "warn-future": _kept_back(("warnings.future", "warnings.future-warned"), unwarned=_UNWARNED),
    "warn-past": warn_past,
    "digits-only": _kept_back(("warnings.digits", "warnings.digits-refused"), unwarned=_TAKEN),
    "vin-short": vin_short,
    "vin-long": _kept_back(("vin.long", "vin.long-refused"), unwarned=_TAKEN),
    "vin-impossible": _kept_back(
        ("vin.zeros", "vin.zeros-refused"),
        ("vin.signs", "vin.signs-refused"),
        ("vin.empty", "vin.empty-refused"),
        unwarned=_TAKEN,
    ),
    "exclusion": _kept_back(("exclusion.enter", "exclusion.possible"), unwarned="Nothing can be excluded."),
}
