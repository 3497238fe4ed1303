"""Bookings and statuses of a bank's messages, and which payouts they are about."""

import re
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple

from services.rewards.bank_messages.reasons.domain import REASONS
from services.rewards.payouts.domain import Actor, Payout, PayoutState
from shared.bank_messages.counting import Told
from shared.bank_messages.documents import Message, message_id, read_message
from shared.bank_messages.reasons import Reason
from shared.bank_messages.statements import Booking, BookingKind, Direction, Entry, entries
from shared.bank_messages.status_reports import Level, Status, StatusKind, statuses
from shared.contracts.fields import Timestamp, Uuid

STATUS_REPORT = "pain.002"
REASON_MAX_CHARS = 140
_MESSAGES = uuid.UUID("7a7f2d0c-5f0e-5c0a-9a52-0f3a1c9ad7b1")
#: How an EndToEndId and a MsgId of ours are written, alone or in what is said to the payee.
_OURS = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


class LineState(StrEnum):
    """What became of a line of a bank's message."""

    #: It is about payouts, and is noted of them in a moment.
    MATCHED = "matched"
    NOTED = "noted"
    #: It makes money payable again: another person confirms it, or withdraws it.
    PROPOSED = "proposed"
    #: The payout cannot become what the bank says; somebody looks.
    REFUSED = "refused"
    #: It looks like one of ours, and no payout is its.
    UNMATCHED = "unmatched"
    #: Its payout is of another amount or currency.
    DIFFERS = "differs"
    #: A person said that it is about no payout.
    SET_ASIDE = "set_aside"
    #: The account's other business.
    UNRELATED = "unrelated"
    #: It says nothing that changes a payout.
    SAID = "said"
    #: Another message has it as well, and it counts there.
    AGAIN = "again"
    #: Told and not booked yet.
    PENDING = "pending"


#: What waits for a person.
OPEN: Final = (LineState.UNMATCHED, LineState.DIFFERS, LineState.REFUSED)


class Says(StrEnum):
    """What a line says became of its payouts."""

    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    #: Returned where it was under way, reversed where it had arrived.
    CAME_BACK = "came_back"


class MatchedBy(StrEnum):
    """What a line's payout is known by."""

    END_TO_END_ID = "end_to_end_id"
    #: The id stands in what was said to the payee.
    REMITTANCE = "remittance"
    #: The line is of the whole run.
    RUN = "run"
    PERSON = "person"


class UnknownMessageError(Exception):
    """There is no such message of a bank."""


class UnknownLineError(Exception):
    """There is no such line of a bank's message."""


class LineRefusedError(Exception):
    """The line does not wait for a person; the message says what it is."""


class AmountDiffersError(Exception):
    """The payout is of another amount than the line, which nobody confirmed; the message says of which."""


class LinePlace(NamedTuple):
    """Where a page of lines ended."""

    imported_at: Timestamp
    line_id: Uuid


class MessagePlace(NamedTuple):
    """Where a page of messages ended."""

    imported_at: Timestamp
    message_key: Uuid


class LineFilter(NamedTuple):
    """Which lines: None for all."""

    states: Sequence[LineState] = ()
    message_key: str | None = None
    run_id: str | None = None
    payout_id: str | None = None


@dataclass(frozen=True, slots=True)
class BankMessage:
    """A file of a bank. What is kept of it are its lines: it names people, and is not kept itself."""

    community: str
    message_key: str
    name: str
    message_id: str | None
    sha256: str
    imported_at: datetime
    imported_by: Actor

    @property
    def place(self) -> MessagePlace:
        """Where it stands among those of its community."""
        return MessagePlace(self.imported_at, self.message_key)


@dataclass(frozen=True, slots=True)
class Line:
    """A booking, or a status. `told` is of bookings; `says`, `payout_id` and `run_id` of what is matched."""

    line_id: str
    kind: str
    status: str
    level: str
    reference: str | None
    end_to_end_id: str | None
    order_id: str | None
    amount_minor: int | None
    currency: str | None
    instructed_minor: int | None
    reason: str | None
    booked_on: date | None
    told: Told | None
    entry: int | None
    state: LineState
    named: str | None = None
    says: Says | None = None
    payout_id: str | None = None
    run_id: str | None = None
    matched_by: MatchedBy | None = None
    outcome_id: str | None = None
    same_as: str | None = None
    why: str | None = None
    decided_at: datetime | None = None
    decided_by: Actor | None = None

    def check_waits(self) -> None:
        """Check that a person is to look at it. Raises LineRefusedError when it is decided."""
        if self.state not in OPEN:
            raise LineRefusedError(f"The line is {self.state}, so nobody has to look at it")


class FiledRun(NamedTuple):
    """A run that a bank was given the file of."""

    run_id: str
    total_minor: int
    currency: str


class Read(NamedTuple):
    """A message as it was read: its lines, of which nothing is matched yet."""

    name: str
    message_id: str | None
    lines: Sequence[Line]


def message_key(community: str, sha256: str) -> str:
    """The id of a file in a community: the same file has the same for ever."""
    return str(uuid.uuid5(_MESSAGES, f"{community} {sha256}"))


def read(content: bytes, key: str) -> Read:
    """Read a bank's file. Raises MessageError, with the line, when it is not right: nothing of it counts then."""
    message = read_message(content)
    found = list(_of_statuses(message) if message.kind == STATUS_REPORT else _of_entries(message))
    ids = (str(uuid.uuid5(uuid.UUID(key), str(place))) for place in count())
    lines = [replace(line, line_id=line_id) for line, line_id in zip(found, ids, strict=False)]
    return Read(message.name, message_id(message), lines)


def _of_entries(message: Message) -> Iterator[Line]:
    for number, entry in enumerate(entries(message)):
        told = Told.of(entry)
        for booking in entry.bookings:
            yield _of_booking(entry, booking, told, number)


def _of_booking(entry: Entry, booking: Booking, told: Told, number: int) -> Line:
    instructed = booking.instructed
    is_comparable = instructed is not None and instructed.currency == booking.amount.currency
    return Line(
        line_id="",
        kind=booking.kind,
        status=entry.status,
        level=Level.PAYMENT if entry.is_detailed else "entry",
        reference=booking.reference,
        end_to_end_id=booking.end_to_end_id,
        order_id=booking.payment_information_id,
        amount_minor=booking.amount.minor,
        currency=booking.amount.currency,
        instructed_minor=instructed.minor if instructed and is_comparable else None,
        reason=_reason(booking.reason),
        booked_on=told.day,
        told=told,
        entry=number,
        state=LineState.UNMATCHED if told.is_booked else LineState.PENDING,
        named=_named(booking.end_to_end_id) or (_named(entry.remittance) if len(entry.bookings) == 1 else None),
    )


def _of_statuses(message: Message) -> Iterator[Line]:
    for status in statuses(message):
        yield _of_status(status)


def _of_status(status: Status) -> Line:
    return Line(
        line_id="",
        kind=status.kind,
        status=status.code,
        level=status.level,
        reference=status.reference,
        end_to_end_id=status.end_to_end_id,
        order_id=status.original_message_id,
        amount_minor=status.amount.minor if status.amount else None,
        currency=status.amount.currency if status.amount else None,
        instructed_minor=None,
        reason=_reason(status.reason),
        booked_on=None,
        told=None,
        entry=None,
        state=LineState.UNMATCHED,
        named=_named(status.end_to_end_id),
    )


def _reason(reason: Reason) -> str | None:
    """What is noted of a payout as its reason: the standard's code and name, or the bank's own code and words."""
    known = REASONS.get(reason.code or "")
    if known is not None:
        return known.words
    said = " ".join(part for part in reason if part)
    return said[:REASON_MAX_CHARS] or None


def _named(text: str | None) -> str | None:
    """The id in a text that may be a payout's, as an EndToEndId has it."""
    found = _OURS.search((text or "").lower().replace("-", ""))
    return str(uuid.UUID(found[0])) if found else None


def run_named(line: Line) -> str | None:
    """The id that may be a run's: of a status the message it answers, of a batch the payment information in it."""
    return _named(line.order_id)


def matched(lines: Sequence[Line], payouts: Mapping[str, Payout], runs: Mapping[str, FiledRun]) -> Sequence[Line]:
    """The lines of a message, each with what it is about: `payouts` and `runs` that they name, by their ids."""
    wholes = {line.order_id for line in lines if line.told is None and _says_of_whole(line, runs)}
    return [
        line if line.state is not LineState.UNMATCHED else _matched(line, payouts, runs, wholes) for line in lines
    ]


def _matched(
    line: Line, payouts: Mapping[str, Payout], runs: Mapping[str, FiledRun], wholes: set[str | None]
) -> Line:
    payout = payouts.get(line.named or "")
    if line.told is None:
        return _status_matched(line, payout, runs, wholes)
    if payout is not None:
        return booking_matched(line, payout, by=_by(line))
    run = runs.get(run_named(line) or "")
    if run is not None and line.told.direction is Direction.DEBIT:
        if (line.amount_minor, line.currency) == (run.total_minor, run.currency):
            return replace(
                line, state=LineState.MATCHED, says=Says.SETTLED, run_id=run.run_id, matched_by=MatchedBy.RUN
            )
        why = f"the run is of {run.total_minor} {run.currency} in minor units, the booking of {line.amount_minor}"
        return replace(line, state=LineState.DIFFERS, run_id=run.run_id, why=why)
    if line.kind == BookingKind.RETURN or line.named or run_named(line):
        return replace(line, why="no payout has its EndToEndId")
    return replace(line, state=LineState.UNRELATED)


def booking_matched(line: Line, payout: Payout, *, by: MatchedBy) -> Line:
    """A booking with its payout: what it says of it, or that it is of another amount."""
    if line.told is None or line.amount_minor is None:
        raise LineRefusedError("The line is no booking")
    matched_ = replace(line, payout_id=payout.payout_id, run_id=payout.run_id, matched_by=by)
    is_back = line.told.direction is Direction.CREDIT
    if line.currency != payout.currency:
        why = f"the payout is in {payout.currency}, the booking in {line.currency}"
    elif is_back and line.amount_minor > payout.amount_minor:
        why = f"more came back than was paid: {line.amount_minor} of {payout.amount_minor} in minor units"
    elif not is_back and line.amount_minor != payout.amount_minor:
        why = f"the payout is of {payout.amount_minor} in minor units, the booking of {line.amount_minor}"
    else:
        says = Says.CAME_BACK if is_back else Says.SETTLED
        return replace(matched_, state=LineState.MATCHED, says=says, why=None)
    return replace(matched_, state=LineState.DIFFERS, why=why)


def once_each(lines: Sequence[Line], said: Collection[tuple[str, Says]]) -> list[Line]:
    """The lines; bookings that say of a payout what one before did, here or in `said`, are to be looked at."""
    known = set(said)
    found = []
    for line in lines:
        if line.told is None or line.state is not LineState.MATCHED or line.payout_id is None or line.says is None:
            found.append(line)
            continue
        says = (line.payout_id, line.says)
        why = "another booking says the same of this payout: was it paid, or did it come back, twice?"
        found.append(replace(line, state=LineState.DIFFERS, why=why) if says in known else line)
        known.add(says)
    return found


def by_person(line: Line, payout: Payout, *, is_confirmed: bool) -> Line:
    """A line with the payout that a person says it is about.

    Raises AmountDiffersError when the payout is of another amount and nobody confirmed it, and LineRefusedError
    for a status that is of a whole order.
    """
    if line.told is None:
        says = _says(line)
        if says is None or line.level != Level.PAYMENT:
            raise LineRefusedError("The line is of a whole order, not of one payment: set it aside")
        named = replace(
            line, payout_id=payout.payout_id, run_id=payout.run_id, matched_by=MatchedBy.PERSON, why=None
        )
        return replace(named, state=LineState.MATCHED, says=says)
    found = booking_matched(line, payout, by=MatchedBy.PERSON)
    if found.state is LineState.MATCHED:
        return found
    if line.currency != payout.currency or not is_confirmed:
        raise AmountDiffersError(found.why or "")
    says = Says.CAME_BACK if line.told.direction is Direction.CREDIT else Says.SETTLED
    return replace(found, state=LineState.MATCHED, says=says, why=None)


def _by(line: Line) -> MatchedBy:
    return MatchedBy.END_TO_END_ID if _named(line.end_to_end_id) else MatchedBy.REMITTANCE


def _status_matched(
    line: Line, payout: Payout | None, runs: Mapping[str, FiledRun], wholes: set[str | None]
) -> Line:
    says = _says(line)
    if says is None:
        return replace(line, state=LineState.SAID)
    if line.level == Level.PAYMENT:
        if line.order_id in wholes:
            return replace(line, state=LineState.SAID, why="it is said of the whole order")
        if payout is None:
            return replace(line, why="no payout has its EndToEndId")
        named = replace(line, payout_id=payout.payout_id, run_id=payout.run_id)
        return replace(named, state=LineState.MATCHED, says=says, matched_by=MatchedBy.END_TO_END_ID)
    run = runs.get(run_named(line) or "")
    if run is None:
        return replace(line, why="no run has its message id")
    return replace(line, state=LineState.MATCHED, says=says, run_id=run.run_id, matched_by=MatchedBy.RUN)


def _says(line: Line) -> Says | None:
    """What a status says of a payout's money; None for what leaves it where it is."""
    match line.kind:
        case StatusKind.REJECTED:
            return Says.FAILED
        case StatusKind.SETTLED:
            return Says.SETTLED
    return Says.SENT if line.status in {"ACSP", "ACWC"} else None


def _says_of_whole(line: Line, runs: Mapping[str, FiledRun]) -> bool:
    return line.level != Level.PAYMENT and _says(line) is not None and run_named(line) in runs


#: Money came back of these; that it had left is no news, nor that it is back.
_BACK = frozenset({PayoutState.RETURNED, PayoutState.REVERSED})


def outcome_of(says: Says, state: PayoutState) -> PayoutState | None:
    """What a payout in a state becomes by what the bank says; None where it says nothing new.

    Files come in any order: a statement tells that the money left after a notice told that it came back.
    """
    match says:
        case Says.CAME_BACK:
            if state in _BACK:
                return None
            return PayoutState.REVERSED if state is PayoutState.SETTLED else PayoutState.RETURNED
        case Says.FAILED:
            return None if state is PayoutState.FAILED else PayoutState.FAILED
        case Says.SENT:
            return PayoutState.SENT if state is PayoutState.SUBMITTED else None
    return None if state in _BACK else PayoutState.SETTLED


class Candidate(NamedTuple):
    """A payout that a line may be about, and what speaks for it."""

    payout: Payout
    reasons: Sequence[str]


def candidates(line: Line, payouts: Sequence[Payout]) -> list[Candidate]:
    """Payouts that a line may be about, those first for which most speaks."""
    found = [Candidate(payout, _reasons_for(line, payout)) for payout in payouts]
    return sorted(found, key=lambda one: (-len(one.reasons), one.payout.created_at, one.payout.payout_id))


def _reasons_for(line: Line, payout: Payout) -> list[str]:
    said = []
    if line.amount_minor == payout.amount_minor:
        said.append("it is of the same amount")
    if line.instructed_minor == payout.amount_minor:
        said.append("it was ordered with the same amount")
    if run_named(line) == payout.run_id:
        said.append("the booking names its run")
    if payout.state is PayoutState.SUBMITTED:
        said.append("the bank has said nothing of it yet")
    return said
