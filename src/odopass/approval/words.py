"""The kit's words in four languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from babel.numbers import format_decimal

from odopass.approval.verdicts import Finding, Verdict
from odopass.languages import accepted_language
from odopass.wording import LOCALES, Wording, read_wording

LANGUAGES: Final = tuple(LOCALES)

#: What a verdict is called.
VERDICTS: Final[Mapping[str, str]] = {
    Verdict.PASSED.value: "passed",
    Verdict.FAILED.value: "failed",
    Verdict.NOT_SHOWN.value: "not shown",
    Verdict.NOT_OFFERED.value: "not offered",
    Verdict.ERROR.value: "cannot be judged",
}
#: What the whole run comes to.
OUTCOMES: Final[Mapping[str, str]] = {
    Verdict.PASSED.value: "The software meets every criterion.",
    Verdict.FAILED.value: "The software does not meet every criterion.",
    Verdict.NOT_SHOWN.value: "Some criteria have not been shown yet.",
    Verdict.ERROR.value: "The kit could not judge every criterion.",
}
#: What shows a criterion.
OBSERVED: Final[Mapping[str, str]] = {
    "traffic": "judged by the traffic",
    "answer": "judged by the tester's answer",
    "both": "judged by traffic and answer",
}
#: Why a criterion is not passed: every reason that a rule gives.
REASONS: Final[tuple[str, ...]] = (
    "The kit could not play a step: {why}",
    "The sandbox answered {status}, by no rule.",
    "The sandbox kept the request ONGOING, by no rule.",
    "The tester says that it is not so.",
    "The registry told issue {code}, and the DMS does not show it.",
    "The reading was not sent.",
    "The DMS did not warn.",
    "It was sent though it must not be.",
    "The document was never fetched.",
    "Nothing was sent.",
    "A request was confirmed though nobody had said so.",
    "No request had an issue.",
    "Nothing was corrected or confirmed.",
    "No vehicle history was asked for.",
    "A second vehicle history was asked for.",
    "The request had been confirmed before.",
    "The registry did not take it.",
    "The sandbox found no issue in the reading.",
    "It was sent under a GUID that is not the request's.",
    "It was sent under an older GUID of the request.",
    "The observation type was changed from {first} to {sent}.",
    "The outcome was never fetched.",
    "The outcome was not fetched under the new GUID.",
    "No status was asked for.",
    "No request was asked about twice while it was ONGOING.",
    "The last question came {seconds} seconds after the submission, and the answer was still ONGOING.",
    "The request was not ONGOING for 90 seconds.",
    "The first question came {seconds} seconds after the answer.",
    "Two questions were {seconds} seconds apart while the answer was ONGOING.",
    "After the restart nobody asked about the request.",
    "The reading was sent only when the work order was closed.",
    "The reading was sent again.",
    "The reading was not sent when the registry was back.",
    "The vehicle was submitted again for the same day.",
    "The registry refused a request as structurally wrong (400).",
    "The odometer was read on {entered}, sent was {sent}.",
    "Entered were {entered} km, sent were {sent}.",
    "A request that was refused with 400 was sent again.",
    "The DMS did not refuse it.",
    "Nothing can be excluded.",
)


@cache
def wording(language: str) -> Wording:
    """The words of a language."""
    return read_wording(__package__, language, ["approval"])


def language_of(chosen: str | None, accepted: str) -> str:
    """The language for a browser: what was chosen in it, or the best that it accepts."""
    return chosen if chosen in LOCALES else accepted_language(accepted)


def reason_text(finding: Finding, say: Wording) -> str:
    """Why, as a sentence; "" if there is nothing to say."""
    values = {name: _as_written(name, value, say) for name, value in finding.values.items()}
    return say(finding.reason, **values) if finding.reason else ""


def _as_written(name: str, value: str, say: Wording) -> str:
    """A value as the language writes it: seconds with its own decimal sign, all else as it is."""
    return format_decimal(value, locale=LOCALES[say.language]) if name == "seconds" else value
