"""What states, kinds of work and findings are called on the pages; every text has its translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.observation import ObservationType
from odopass.garage.book import Blocker
from odopass.garage.book.entries import Event, ExclusionRule, Reading, State
from odopass.garage.checks import Finding
from odopass.garage.checks.texts import TEXTS
from odopass.wording import Wording

STATES: Final[Mapping[str, str]] = {
    State.CHECK.value: "Please check",
    State.EXCLUDED.value: "Not reported",
    State.TO_SEND.value: "Waiting to be sent",
    State.ONGOING.value: "Sent, outcome to come",
    State.REVIEWING.value: "Under review",
    State.ISSUE.value: "Needs your answer",
    State.REFUSED.value: "Refused",
    State.ERROR.value: "Rejected",
    State.LAPSED.value: "Not sent in time",
    State.PROCESSED.value: "In the registry",
    State.ALREADY_THERE.value: "Already in the registry",
    State.WITHDRAWN.value: "Withdrawn",
}

NEXT: Final[Mapping[str, str]] = {
    State.CHECK.value: "Another program handed this reading over. Look at the warnings, then send it or correct it.",
    State.EXCLUDED.value: "This reading stays in your book only. You can undo that.",
    State.TO_SEND.value: "It is saved here and is sent by itself. There is nothing for you to do.",
    State.ONGOING.value: "The registry has it and is looking at it. The outcome appears here by itself.",
    State.REVIEWING.value: "An employee of the registry is looking at it. That can take some days; there is nothing "
    "for you to do.",
    State.ISSUE.value: "The registry asks: correct the data, or confirm that it is right.",
    State.REFUSED.value: "The registry cannot take it as it is. Correct it; it is then sent again.",
    State.ERROR.value: "The registry has rejected it for good. Read why; if the reading should be reported, enter it "
    "anew.",
    State.LAPSED.value: "The registry was out of reach on the day of this request, and a vehicle history belongs to "
    "its day. You can send the reading as an ordinary one.",
    State.PROCESSED.value: "The registry has taken it into the vehicle's history. Call its helpdesk if the reading "
    "is wrong all the same.",
    State.ALREADY_THERE.value: "The registry has this reading: an attempt that seemed to fail had arrived.",
    State.WITHDRAWN.value: "It was withdrawn and is not sent.",
}

#: What a badge looks like, beside what it says.
TONES: Final[Mapping[str, str]] = {
    State.CHECK.value: "warn",
    State.EXCLUDED.value: "plain",
    State.TO_SEND.value: "wait",
    State.ONGOING.value: "wait",
    State.REVIEWING.value: "wait",
    State.ISSUE.value: "warn",
    State.REFUSED.value: "bad",
    State.ERROR.value: "bad",
    State.LAPSED.value: "warn",
    State.PROCESSED.value: "good",
    State.ALREADY_THERE.value: "good",
    State.WITHDRAWN.value: "plain",
}

TYPES: Final[Mapping[str, str]] = {
    ObservationType.REPAIR_MAINTENANCE_SERVICE.value: "Repair or maintenance",
    ObservationType.ODOMETER_REPLACED.value: "Odometer replaced",
    ObservationType.VEHICLE_HISTORY_DOCUMENT.value: "Vehicle history report",
    ObservationType.ROAD_SIDE_ASSISTANCE.value: "Roadside assistance",
}

OPERATIONS: Final[Mapping[str, str]] = {
    "service": "Service",
    "repair": "Repair",
    "tyres": "Tyres",
    "bodywork": "Bodywork or glass",
    "inspection": "Check before inspection",
    "roadside": "Breakdown on the road",
    "vehicle_sale": "Vehicle bought in or for sale",
    "till_sale": "Parts over the counter",
    "washing": "Washing or cleaning",
    "other": "Something else",
}

CATEGORIES: Final[Mapping[str, str]] = {
    "car": "Car",
    "van": "Van up to 3,500 kg",
    "truck": "Lorry over 3,500 kg",
    "bus": "Bus",
    "motorcycle": "Motorcycle",
    "trailer": "Trailer",
    "other": "Other vehicle",
}

EVENTS: Final[Mapping[str, str]] = {
    "entered": "Entered: {what}",
    "corrected": "Corrected: {what}",
    "confirmed": "Confirmed as right",
    "released": "Checked and released",
    "sent": "Sending to the registry begun",
    "answered": "Received by the registry",
    "told": "Answer of the registry: {what}",
    "refused": "Refused: {what}",
    "overtaken": "The case had moved on at the registry: {what}",
    "unknown": "The registry does not know this request: {what}. Please call its helpdesk.",
    "excluded": "Not reported: {what}",
    "included": "Is to be reported after all",
    "lapsed": "Its day went by unsent",
    "report": "Vehicle history received",
    "no_report": "The registry gives no report: {what}",
    "noted": "Read and filed",
    "withdrawn": "Withdrawn",
}

BLOCKERS: Final[Mapping[str, str]] = {
    Blocker.NO_READING.value: "It has no reading yet. Read the odometer while the vehicle is here, or say why nothing "
    "is to be reported.",
    Blocker.WAITING.value: "Its reading waits for the registry. You can have the order closed by itself as soon as the "
    "reading is sent.",
    Blocker.NEEDS_PERSON.value: "Its reading was not taken. Look at reading {number} first.",
}

#: Why a person leaves something out; rules have texts of their own.
REASONS: Final[Mapping[str, str]] = {
    "no_work": "No work on the vehicle",
    "not_here": "Vehicle not in the workshop",
    "unreadable": "Odometer cannot be read",
    "outside_law": "Need not be reported",
    "twice": "Entered twice",
    "other": "Another reason",
}

#: What was done, said once on the next page.
NOTICES: Final[Mapping[str, str]] = {
    "saved": "Saved. The reading is sent by itself.",
    "excluded": "Saved. By your rules it is not reported.",
    "corrected": "Your correction is saved and is sent by itself.",
    "confirmed": "Your confirmation is saved and is sent by itself.",
    "second_that_day": "Nothing was changed: the vehicle has this reading of the same day already. "
    "Correct this one instead.",
    "moved_on": "Nothing was changed: this reading has moved on meanwhile. This is how it stands now.",
    "order_opened": "The work order is open. Now enter the reading.",
    "order_closed": "The work order is closed.",
    "order_closing": "The work order closes by itself as soon as its reading is sent.",
    "order_saved": "The work order is saved.",
    "not_reported": "It is not reported. You can undo that.",
    "reported_again": "The exclusion is undone.",
    "noted": "Filed with the solved problems.",
    "withdrawn": "Withdrawn. It is not sent.",
    "rules": "Your rules are saved.",
    "account": "The account is saved.",
    "account_credentials": "The account is saved. You changed the user name or password: change it on the registry's "
    "website too, or nothing can be sent.",
    "history_asked": "The vehicle history is asked for.",
    "workplaces": "The workplaces are saved.",
    "feeds": "The settings are saved.",
    "token_revoked": "The token is revoked: nothing is taken with it any more.",
}


def finding_text(finding: Finding, say: Wording) -> str:
    """A finding as a sentence; numbers of km and days have their thousands set apart."""
    values = {
        name: say.count(value) if name in {"km", "most", "days"} and isinstance(value, int) else value
        for name, value in finding.values.items()
    }
    return say(TEXTS[finding.code], **values)


def rule_text(rule: ExclusionRule, say: Wording) -> str:
    """What a rule leaves out."""
    match rule.kind:
        case "operation":
            return say(OPERATIONS[rule.value]) if rule.value in OPERATIONS else rule.value
        case "category":
            return say(CATEGORIES[rule.value]) if rule.value in CATEGORIES else rule.value
    return say("Foreign plates (of a form that is not Belgian)")


def reason_text(why: str, say: Wording) -> str:
    """Why something is not reported, from what the book keeps."""
    if why.startswith("rule:"):
        _, kind, value = why.split(":", 2)
        return say("Your rule: {what}", what=rule_text(ExclusionRule(0, kind, value, active=True), say))
    key, _, words = why.partition(":")
    reason = say(REASONS[key]) if key in REASONS else why
    if key in REASONS and words.strip():
        return say("{reason}: {words}", reason=reason, words=words.strip())
    return reason


def event_text(event: Event, say: Wording) -> str:
    """A line of a reading's story."""
    what = event.text
    match event.kind:
        case "entered" | "corrected" if what.isdecimal():
            what = say.km(int(what))
        case "excluded":
            what = reason_text(what, say)
        case "told":
            status, _, issues = what.partition(" ")
            named = say(STATES[status.lower()]) if status.lower() in STATES else status
            what = f"{named} ({issues})" if issues else named
    return say(EVENTS[event.kind], what=what)


def issue_name(code: str, say: Wording) -> str:
    """What an issue type is called, where registries have no description in the reader's language; else "".

    Registries describe issues in nl, fr and de. Readers of English get the name that our catalogue has for the type.
    """
    known = CATALOGUE.get(code) if say.language == "en" else None
    return "" if known is None else known.name


def description(reading: Reading, place: int, language: str) -> tuple[str, str]:
    """An issue's description and the language it is in: the reader's, or the first in which there is one.

    Registries describe issues in nl, fr and de.
    """
    texts: Mapping[str, str] = {name: str(text) for name, text in reading.issues[place].description.items()}
    for code in (language, "nl", "fr", "de"):
        if texts.get(code):
            return texts[code], code
    return "", language
