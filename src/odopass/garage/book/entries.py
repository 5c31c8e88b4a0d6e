"""What the book holds, in the words of a workshop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from odopass.domain.observation import ObservationType
from odopass.wire.status import IssueItem


class State(StrEnum):
    """Where a reading stands; each state says who acts next."""

    CHECK = "check"  # a person: what another program handed over has warnings to confirm (G15)
    EXCLUDED = "excluded"  # nobody: it is not reported; can be undone (G10)
    TO_SEND = "to_send"  # the sender: a submission, correction or confirmation is to be sent
    ONGOING = "ongoing"  # the registry; the sender asks. Unknown status values stay here, their text in `Reading.told`
    REVIEWING = "reviewing"  # an employee of the registry; the sender asks now and then
    ISSUE = "issue"  # a person: correct or confirm (G7)
    REFUSED = "refused"  # a person: the registry took the submission for structurally wrong; never repeated as it is
    ERROR = "error"  # nobody: the registry rejected it for good
    LAPSED = "lapsed"  # a person: a vehicle history request whose day went by unsent (G5)
    PROCESSED = "processed"  # nobody: the registry has it
    ALREADY_THERE = "already_there"  # nobody: an attempt that was never answered had arrived after all (issue 150)
    WITHDRAWN = "withdrawn"  # nobody: it was replaced or dropped by the garage before anything was sent


#: States in which a person has to do something.
NEEDS_PERSON = frozenset({State.CHECK, State.ISSUE, State.REFUSED, State.LAPSED})
#: States in which the registry has (or may have) the reading, or will get it: another one for the day is not sent (G8).
COUNTS_AS_SENT = frozenset(
    {State.TO_SEND, State.ONGOING, State.REVIEWING, State.ISSUE, State.PROCESSED, State.ALREADY_THERE}
)


class Source(StrEnum):
    """How a reading came into the book (G15)."""

    ENTRY = "entry"
    CSV = "csv"
    HTTP = "http"


class StepKind(StrEnum):
    """What is asked of the registry."""

    SUBMISSION = "submission"
    CORRECTION = "correction"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Which vehicle is meant. At least one of VIN and plate is given.

    Attributes:
        vin: upper case without blanks, or None.
        plate: upper case without dashes and blanks, or None; kept even where the VIN is what is sent.
        unifier: of the registration authority, for a short VIN.
        first_use: day of first use, for a short VIN.
    """

    vin: str | None
    plate: str | None
    unifier: int | None = None
    first_use: date | None = None


@dataclass(frozen=True, slots=True)
class ReadingDraft:
    """A reading as it was entered: date and km are one pair (G11).

    Attributes:
        vehicle: whose odometer.
        reading_date: the day it was read, in Europe/Brussels.
        km: as displayed.
        type: why it was read.
        read_by: who read it (G2).
        for_sale: whether the vehicle is offered for sale, so that its history may be asked for (G13).
        work_order: the garage's own number of the work order, "" for none.
        operation: key of the operation, such as ``repair``; exclusion rules look at it (G10).
        category: key of the vehicle's category, such as ``car``; exclusion rules look at it (G10).
        confirmed_warnings: codes of the warnings that the person has confirmed (G8).
        source: how it came.
        source_key: what makes a handed-over line unique (G15); None for an entry by hand.
    """

    vehicle: Vehicle
    reading_date: date
    km: int
    type: ObservationType = ObservationType.REPAIR_MAINTENANCE_SERVICE
    read_by: str = ""
    for_sale: bool = False
    work_order: str = ""
    operation: str = ""
    category: str = ""
    confirmed_warnings: tuple[str, ...] = ()
    source: Source = Source.ENTRY
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of the book as it stands now; after a correction with the corrected values (G7).

    Attributes:
        number: the book's own serial number, which people see (G6).
        draft: what was entered, or corrected since.
        state: who acts next.
        entered_at: when, UTC.
        changed_at: when the state last changed, UTC.
        request_guid: the newest GUID of the case, which corrections and confirmations name; None before the first.
        told: the status as the registry last wrote it, unknown ones included; "" before the first.
        told_at: when, UTC.
        issues: what the registry last said, with every language.
        refusals: messages of a 400 or of a refused correction, in English; shown as they are.
        excluded_why: "" or the rule's or the person's reason.
        superseded_by: number of the reading that took its place, for WITHDRAWN and LAPSED.
        has_report: whether a vehicle history report is in the book.
        report_url: its public address, "" before it is there.
        closed_by_person: whether somebody has taken note of an ERROR or REFUSED, so it is filed with the solved ones.
        confirmed: whether a confirmation was sent for the case; it can be given once.
    """

    number: int
    draft: ReadingDraft
    state: State
    entered_at: datetime
    changed_at: datetime
    request_guid: str | None = None
    told: str = ""
    told_at: datetime | None = None
    issues: tuple[IssueItem, ...] = ()
    refusals: tuple[str, ...] = ()
    excluded_why: str = ""
    superseded_by: int | None = None
    has_report: bool = False
    report_url: str = ""
    closed_by_person: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a reading's story, for the history page.

    Attributes:
        at: UTC.
        kind: ``entered``, ``corrected``, ``confirmed``, ``released``, ``sent`` (a first attempt), ``answered`` (a GUID
            came), ``told`` (a status came), ``refused``, ``overtaken`` (the case has moved on meanwhile), ``unknown``
            (the registry does not know the GUID), ``excluded``, ``included``, ``lapsed``, ``report``, ``no_report``,
            ``noted``, ``withdrawn``.
        request_guid: the GUID concerned, or None.
        text: status, km or reason; never a password.
        by: who, for what persons do.
    """

    at: datetime
    kind: str
    request_guid: str | None = None
    text: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """A line of some reading's story, for programs that follow all of them.

    Attributes:
        id: grows with every line of the book; ask for what came after it the next time.
        reading: number of the reading.
        event: the line.
    """

    id: int
    reading: int
    event: Event


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A work order. It cannot be closed while it has no reading that is sent or excluded (G2).

    Attributes:
        number: the garage's own, unique.
        vehicle: which is in the workshop.
        operation: see `ReadingDraft.operation`.
        category: see `ReadingDraft.category`.
        opened_on: day, Europe/Brussels.
        closed_at: UTC, or None while it is open.
        excluded_why: why nothing is to be reported, "" if something is.
        closing: whether it is to be closed as soon as its reading is sent.
    """

    number: str
    vehicle: Vehicle
    operation: str
    category: str
    opened_on: date
    closed_at: datetime | None = None
    excluded_why: str = ""
    closing: bool = False


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """What need not be reported (G10).

    Attributes:
        id: of the rule.
        kind: ``operation``, ``category`` or ``plate`` (every plate that has not the Belgian form).
        value: key of the operation or category; "" for plates.
        active: whether it is applied.
    """

    id: int
    kind: str
    value: str
    active: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be asked of the registry, which is in the book before it is asked.

    Attributes:
        id: grows in the order in which the steps were made.
        reading: number of the reading.
        kind: what is asked.
        key: under which the registry knows repetitions of it.
        about_guid: the request that is corrected or confirmed; None for a submission.
        body: JSON as it was first sent; None before the first attempt, and for confirmations.
        attempts: how many there have been; none of them was answered.
    """

    id: int
    reading: int
    kind: StepKind
    key: str
    about_guid: str | None
    body: bytes | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Report:
    """A vehicle history report as it was received."""

    public_url: str
    pdf: bytes = field(repr=False)
    language: str = "nl"


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the connection is, for the status line.

    Attributes:
        waiting: how many readings are to be sent.
        overdue_since: when the oldest of them was entered, UTC, if the last attempt failed; else None.
        reached_at: when the registry last answered properly, UTC.
        trouble: ``""``, ``unreachable``, ``maintenance``, ``credentials``, ``account`` (nothing set up), ``disk``.
        detail: in English, for a helpdesk.
        needs_person: how many readings are in a state of `NEEDS_PERSON`.
        retry_at: when the registry asked to be tried again (Retry-After) or the sender will try, UTC.
    """

    waiting: int
    overdue_since: datetime | None
    reached_at: datetime | None
    trouble: str
    detail: str
    needs_person: int
    retry_at: datetime | None = None
