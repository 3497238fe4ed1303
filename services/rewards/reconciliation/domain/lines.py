"""Bookings and statuses of a bank's messages, as they are read and kept."""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple

from services.rewards.bank_messages.reasons.domain import REASONS
from services.rewards.payouts.domain import Actor
from shared.bank_messages.counting import Told
from shared.bank_messages.documents import Message, message_id, read_message
from shared.bank_messages.reasons import Reason
from shared.bank_messages.statements import Booking, Entry, Party, entries
from shared.bank_messages.status_reports import Level, Status, statuses
from shared.contracts.fields import Timestamp, Uuid

STATUS_REPORT = "pain.002"
REASON_MAX_CHARS = 140
_MESSAGES = uuid.UUID("7a7f2d0c-5f0e-5c0a-9a52-0f3a1c9ad7b1")
#: How an EndToEndId and a MsgId of ours are written, alone or in what is said to the payee.
_OURS = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
#: What is left of one that a bank cut: 48 bits of a random id.
_BEGUN = re.compile(r"(?<![0-9a-f])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{12,31}(?![0-9a-f])")


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


class Alike(NamedTuple):
    """Payouts that a booking which nobody could match resembles, by what of it speaks for them.

    Found when the file is imported: what it says of people is not kept.
    """

    #: What stands where an EndToEndId does, or is said to the payee, begins as theirs.
    by_id: tuple[str, ...] = ()
    by_account: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()

    @property
    def payout_ids(self) -> list[str]:
        """Each of them once, in order."""
        return sorted({*self.by_id, *self.by_account, *self.by_name})


NOTHING_ALIKE: Final = Alike()


@dataclass(frozen=True, slots=True)
class Line:
    """A booking, or a status. `told` is of bookings; `says`, `payout_id` and `run_id` of what is matched.

    `parties` and `begins`, the beginning of an id of ours, are of a booking as it is read, and not kept.
    """

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
    alike: Alike = NOTHING_ALIKE
    parties: tuple[Party, ...] = ()
    begins: str | None = None

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
    found = list(map(_of_status, statuses(message)) if message.kind == STATUS_REPORT else _of_entries(message))
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
        named=id_in(booking.end_to_end_id) or (id_in(entry.remittance) if len(entry.bookings) == 1 else None),
        parties=tuple(one for one in booking.parties if one.account is None or one.account != entry.account),
        begins=_beginning_in(booking.end_to_end_id)
        or (_beginning_in(entry.remittance) if len(entry.bookings) == 1 else None),
    )


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
        named=id_in(status.end_to_end_id),
    )


def _reason(reason: Reason) -> str | None:
    """What is noted of a payout as its reason: the standard's code and name, or the bank's own code and words."""
    known = REASONS.get(reason.code or "")
    if known is not None:
        return known.words
    said = " ".join(part for part in reason if part)
    return said[:REASON_MAX_CHARS] or None


def id_in(text: str | None) -> str | None:
    """The id in a text that may be a payout's, as an EndToEndId has it."""
    found = _OURS.search((text or "").lower().replace("-", ""))
    return str(uuid.UUID(found[0])) if found else None


def _beginning_in(text: str | None) -> str | None:
    """The beginning of an id of ours, where a bank cut it: so much at least that chance makes no other."""
    found = _BEGUN.search((text or "").lower().replace("-", ""))
    return found[0] if found else None
