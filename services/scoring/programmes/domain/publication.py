"""Versions of a programme, and when each takes effect."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from shared.contracts.fields import Count
from shared.contracts.programme import Programme

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

#: A programme as plain JSON values, without the fields that were left out.
Document = dict[str, Any]


class EffectiveFromError(ValueError):
    """The time asked for would change what was scored already; the message says which times may be."""


class NotWithdrawableError(Exception):
    """A published version that cannot be withdrawn; the message says why."""


class Author(NamedTuple):
    """Who did it, as they are called, and by which credential. Of before there are names alone."""

    person_id: str | None
    name: str
    credential: str | None


class BacktestMissingError(Exception):
    """The community has a text backtested before it is submitted: this one was not in the last `days` days."""

    def __init__(self, days: int) -> None:
        super().__init__(days)
        self.days = days


class NoteMissingError(ValueError):
    """A version is to take the place of another, and nobody says what it changes."""


class OtherProgrammeError(ValueError):
    """The community has a programme of another id, `programme_id`."""

    def __init__(self, programme_id: str) -> None:
        super().__init__(f"the programme of this community is `{programme_id}`")
        self.programme_id = programme_id


@dataclass(frozen=True, slots=True)
class ProgrammeVersion:
    """A published version of a community's programme, without its text; it never changes.

    It applies to events received from `effective_from` on. `document_sha256` is of its content: comments and
    layout do not count. `approved_by` is there where it took two people. `note` says in plain words what it
    changes, and `restores` is the number of the earlier version that it says again, if any. `backtested`: whether
    the log was run through this exact text before; None of what says an earlier version again, and of old ones.
    """

    community: str
    programme_id: str
    number: int
    title: str
    effective_from: datetime
    published_at: datetime
    published_by: Author
    document_sha256: str
    approved_by: Author | None = None
    note: str | None = None
    restores: int | None = None
    backtested: bool | None = None


class VersionStart(NamedTuple):
    """A version's number, and when it takes effect."""

    number: int
    effective_from: datetime


class VersionNote(NamedTuple):
    """What was said of a version: what it changes, and which earlier version it says again."""

    note: str | None
    restores: int | None


class VersionPlace(NamedTuple):
    """Where a version stands in the list of them, newest first."""

    number: Count


@dataclass(frozen=True, slots=True)
class VersionText:
    """What a version says: the text as it was sent, and what was read from it."""

    source_text: str
    document: Document


def text_sha256(text: str) -> str:
    """What tells an exact text from all others: a backtest is of that alone."""
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Submission:
    """A programme that somebody wants to publish, as they wrote it, and from when it shall apply (None: soon).

    `note` says what it changes, which every version but the first takes; one that only undoes another
    (`is_undoing`) needs none. `restores` is the earlier version that it says again. `asks_for_review`: another
    person is to look at it, also where one would be enough.
    """

    programme: Programme
    source_text: str
    submitted_by: Author
    effective_from: datetime | None = None
    note: str | None = None
    restores: int | None = None
    asks_for_review: bool = False
    is_undoing: bool = False

    def check_note(self, *, is_first: bool) -> None:
        """Check that it says what it changes. Raises NoteMissingError when it must and does not."""
        if self.note is None and not (is_first or self.is_undoing):
            raise NoteMissingError


@dataclass(frozen=True, slots=True)
class Head:
    """Where a community's programme stands when a version is published.

    `newest` is 0 before the first version, and `programme_id` None. `now` is the time from which on nothing is
    scored that the new version does not see; `nothing_received` says that no event came before it.
    """

    programme_id: str | None
    newest: int
    nothing_received: bool
    now: datetime


def effective_from(requested: datetime | None, *, head: Head, lead_seconds: float) -> datetime:
    """When a version published now takes effect; it applies to events received then or later.

    The first version takes effect at once, and from the beginning of time when no event was received
    before it. Every other one takes effect `lead_seconds` later, so that no event which was scored under
    the version before lies in its time. A time asked for may be later than that, never earlier.

    Raises EffectiveFromError when `requested` is too early.
    """
    is_first = head.newest == 0
    if is_first and head.nothing_received:
        return BEGINNING if requested is None else requested
    earliest = head.now if is_first else head.now + timedelta(seconds=lead_seconds)
    if requested is None:
        return earliest
    if requested < earliest:
        raise EffectiveFromError(
            f"events received since {requested.isoformat()} may have been scored already; leave the time out, "
            f"or give one from {earliest.isoformat()} on"
        )
    return requested


def succession(starts: Iterable[VersionStart]) -> list[VersionStart]:
    """The versions that are ever in force, oldest first; each is until the next one is.

    One that would take effect only after a later version has done so never is.
    """
    found: list[VersionStart] = []
    for start in sorted(starts, key=lambda one: (one.effective_from, one.number)):
        if not found or start.number > found[-1].number:
            found.append(start)
    return found


class Standing(StrEnum):
    """Whether a published version is in force."""

    NOW = "now"
    LATER = "later"
    ENDED = "ended"
    NEVER = "never"


def standings(starts: Iterable[VersionStart], *, now: datetime) -> dict[int, Standing]:
    """Whether each of the published versions is in force, by its number."""
    starts = list(starts)
    chain = lasting(starts)
    begun = [start.number for start in chain if start.effective_from <= now]
    found = {start.number: Standing.NEVER for start in starts}
    found |= {start.number: Standing.LATER for start in chain}
    found |= dict.fromkeys(begun, Standing.ENDED)
    return found | dict.fromkeys(begun[-1:], Standing.NOW)


def lasting(starts: Iterable[VersionStart]) -> Sequence[VersionStart]:
    """The versions that are in force for some time, oldest first: none that another one begins together with."""
    chain = succession(starts)
    afters = {start.number: after for start, after in pairwise(chain)}
    return [
        start
        for start in chain
        if start.number not in afters or afters[start.number].effective_from > start.effective_from
    ]


def before_scheduled(
    starts: Sequence[VersionStart], number: int, *, now: datetime, lead_seconds: float
) -> VersionStart:
    """The version that goes on when the published version `number` is withdrawn before it takes effect.

    Raises NotWithdrawableError when it has begun, or does before another could come in its place; when another one
    has come in its place already, or is to come after it; and when it is the first.
    """
    chain = lasting(starts)
    at = next((index for index, start in enumerate(chain) if start.number == number), None)
    if at is None:
        raise NotWithdrawableError(f"version {number} never takes effect: another one came in its place")
    if chain[at].effective_from <= now + timedelta(seconds=lead_seconds):
        raise NotWithdrawableError(
            f"version {number} has taken effect, or does within {lead_seconds:g} s; publish another version"
        )
    if chain[at + 1 :]:
        raise NotWithdrawableError(
            f"version {chain[-1].number} is to come after version {number}; withdraw it first"
        )
    if at == 0:
        raise NotWithdrawableError(f"no version is before version {number}; publish another that starts earlier")
    return chain[at - 1]
