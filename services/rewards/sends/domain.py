"""A reward given to a list of people: what a send and its lines are, and which steps there are."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.domain import Actor
from shared.contracts.fields import Timestamp, Uuid

LINES_MAX_COUNT: Final = 5_000
#: So many faults of a list are said at once.
FAULTS_MAX_COUNT: Final = 100


class SendState(StrEnum):
    """What a send is: made, waiting for another person, being carried out, carried out, or called off."""

    DRAFT = "draft"
    WAITING = "waiting"
    APPROVED = "approved"
    DONE = "done"
    CANCELLED = "cancelled"


class SendLineState(StrEnum):
    """What became of a line: not yet anything, given, a mail offers it, it failed, or it came to nothing."""

    WAITING = "waiting"
    GIVEN = "given"
    OFFERED = "offered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class SendWhy(StrEnum):
    """Why a line failed."""

    OUT_OF_STOCK = "out_of_stock"
    NOT_OFFERED = "not_offered"
    NOBODY = "nobody"


#: Which state follows which. What is done goes on again when lines that failed are tried once more.
STEPS: Final[Mapping[SendState, frozenset[SendState]]] = {
    SendState.DRAFT: frozenset({SendState.WAITING, SendState.APPROVED, SendState.CANCELLED}),
    SendState.WAITING: frozenset({SendState.APPROVED, SendState.CANCELLED}),
    SendState.APPROVED: frozenset({SendState.DONE, SendState.CANCELLED}),
    SendState.DONE: frozenset({SendState.APPROVED, SendState.CANCELLED}),
    SendState.CANCELLED: frozenset(),
}


class UnknownSendError(Exception):
    """There is no such send."""


class UnknownSendLineError(Exception):
    """No send offers that to whoever asks."""


class OtherSendError(Exception):
    """The key of the request made another send before."""


class SendStateError(Exception):
    """A send that is `state` cannot become `wanted`."""

    def __init__(self, state: SendState, wanted: SendState) -> None:
        super().__init__(f"it is {state}")
        self.state = state
        self.wanted = wanted


class SendFourEyesError(Exception):
    """Whoever made a send approves it; somebody else must."""


class SendEndsError(Exception):
    """What a send offers would end in the past, before it starts, or later than it may: `max_days` from now."""

    def __init__(self, max_days: int) -> None:
        super().__init__(f"offers end within {max_days} days")
        self.max_days = max_days


class TooManySendsError(Exception):
    """As many sends of a community are under way as may be: `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(f"{max_count} sends are under way")
        self.max_count = max_count


class SendLineOverError(Exception):
    """A line gives nothing any more: `state` says why."""

    def __init__(self, state: SendLineState) -> None:
        super().__init__(f"it is {state}")
        self.state = state


class SendFault(NamedTuple):
    """What is wrong with the `line`-th of a list, from one; `table_line` is where whoever wrote it finds it."""

    line: int
    reason: str
    table_line: int


class SendRefusedError(Exception):
    """A list has faults, and nothing was made: `faults` are the first, of `count` in all."""

    def __init__(self, faults: Sequence[SendFault]) -> None:
        super().__init__(f"{len(faults)} lines have faults")
        self.faults = list(faults[:FAULTS_MAX_COUNT])
        self.count = len(faults)


class SendPlace(NamedTuple):
    """Where a page of sends ended."""

    made_at: Timestamp
    send_id: Uuid


class SendLinePlace(NamedTuple):
    """Where a page of lines ended."""

    line: int


class WantedLine(NamedTuple):
    """To whom something is to be given: a member, or a recipient whom ingest holds; None for the send's reward."""

    member_id: str | None
    recipient_id: str | None
    reward_id: str | None
    #: Which line of the table that it came from it is, where that was said.
    table_line: int | None = None

    def fault(self, number: int, reason: str) -> SendFault:
        """What is wrong with it, as the `number`-th of its list."""
        return SendFault(number, reason, self.table_line or number)


@dataclass(frozen=True, slots=True)
class Send:
    """A send. `points` is what all that it gives costs in the catalogue; offers end at `claims_end_at`."""

    community: str
    send_id: str
    title: str
    reward_id: str
    state: SendState
    lines_count: int
    points: int
    starts_at: datetime | None
    claims_end_at: datetime
    table_sha256: bytes
    made_at: datetime
    made_by: Actor
    decided_at: datetime | None = None
    decided_by: Actor | None = None

    @property
    def place(self) -> SendPlace:
        """Where it stands among the sends of its community."""
        return SendPlace(self.made_at, self.send_id)

    @property
    def giver(self) -> str:
        """Who gives what it gives, as redemptions name it."""
        return f"send {self.send_id}"

    def becoming(self, state: SendState, *, by: Actor | None = None, now: datetime) -> "Send":
        """The send in its next state; with `by` where somebody decided it. Raises SendStateError."""
        if state not in STEPS[self.state]:
            raise SendStateError(self.state, state)
        if by is None:
            return replace(self, state=state)
        return replace(self, state=state, decided_at=now, decided_by=by)

    def submitted(self, *, alone_max_points: int, by: Actor, now: datetime) -> "Send":
        """The send once it is handed in: it waits for another person where it gives more than one may alone."""
        wanted = SendState.WAITING if self.points > alone_max_points else SendState.APPROVED
        return self.becoming(wanted, by=None if wanted is SendState.WAITING else by, now=now)

    def approved(self, *, by: Actor, now: datetime) -> "Send":
        """The send once another person approved it. Raises SendStateError and SendFourEyesError."""
        if self.state is not SendState.WAITING:
            raise SendStateError(self.state, SendState.APPROVED)
        if by.person_id is None or by.person_id == self.made_by.person_id:
            raise SendFourEyesError
        return self.becoming(SendState.APPROVED, by=by, now=now)


@dataclass(frozen=True, slots=True)
class SendLine:
    """A person on the list of a send, and what became of it."""

    community: str
    send_id: str
    line: int
    reward_id: str
    member_id: str | None
    recipient_id: str | None
    state: SendLineState
    changed_at: datetime
    why: SendWhy | None = None
    redemption_id: str | None = None

    @property
    def line_id(self) -> str:
        """What stands for it outside."""
        return line_id(self.send_id, self.line)

    @property
    def cause(self) -> str:
        """Why something is given: for one cause it is given once, whatever is restored or tried again."""
        return f"send {self.line_id}"

    def given(self, redemption_id: str, *, member_id: str, now: datetime) -> "SendLine":
        """The line once its person has what it gives."""
        return replace(
            self,
            state=SendLineState.GIVEN,
            redemption_id=redemption_id,
            member_id=member_id,
            why=None,
            changed_at=now,
        )

    def failed(self, why: SendWhy, *, now: datetime) -> "SendLine":
        """The line once it could not be given."""
        return replace(self, state=SendLineState.FAILED, why=why, changed_at=now)

    def offered(self, *, now: datetime) -> "SendLine":
        """The line once a mail offers it."""
        return replace(self, state=SendLineState.OFFERED, changed_at=now)


class RewardNeed(NamedTuple):
    """How many of a reward a list needs, and how many there are: None for any number."""

    reward_id: str
    needed_count: int
    left_count: int | None


def send_id(community: str, idempotency_key: str) -> str:
    """The id of the send that a request with this key makes: the same request, the same send."""
    return derived_id(f"send|{community}|{idempotency_key}")


def line_id(send_id: str, line: int) -> str:
    """The id of a line: made anew after a restore, the same send has the same lines, and gives nothing twice."""
    return derived_id(f"send_line|{send_id}|{line}")


def table_sha256(title: str, reward_id: str, lines: Iterable[WantedLine]) -> bytes:
    """What tells one list from another."""
    said = hashlib.sha256(f"{title}|{reward_id}".encode())
    for one in lines:
        said.update(f"\n{one.member_id}|{one.recipient_id}|{one.reward_id}".encode())
    return said.digest()


def repeated(lines: Sequence[WantedLine]) -> list[SendFault]:
    """The lines whose person stands on another line before."""
    seen = dict[str, tuple[int, WantedLine]]()
    faults = []
    for number, one in enumerate(lines, start=1):
        who = one.member_id or one.recipient_id or ""
        before, first = seen.setdefault(who, (number, one))
        if before != number:
            faults.append(one.fault(number, f"The same person as on line {first.table_line or before}"))
    return faults
