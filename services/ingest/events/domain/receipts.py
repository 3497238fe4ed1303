"""Receipts: what is told of each event of a request, and the id under which it is asked for."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from services.ingest.events.domain.judgement import Outcome, Received
from shared.contracts.fields import Count

_RECEIPT_ID = re.compile(r"r([0-9a-f]{28})([0-9a-f]{16})-([0-9]{1,6})(b?)")
_CHECK_BYTES = 8


class Lane(StrEnum):
    """How events come in: as what happens now, or as what is past, which waits for that and is told to nobody."""

    LIVE = "live"
    BACKFILL = "backfill"


@dataclass(frozen=True)
class Judgement:
    """What became of one event, by its place in the request (from 0), and why where that is not plain.

    What was refused has an id of its own, by which it is kept, and no uid where it does not say its source and id.
    """

    index: int
    event_uid: str | None
    outcome: Outcome
    reason: str | None
    refused_id: str | None = None


@dataclass(frozen=True)
class ReceiptSummary:
    """A request with events: when and how it came, how many events it has, and how many have each outcome."""

    receipt_id: str
    received_at: datetime
    lane: Lane
    event_count: int
    counts: Mapping[Outcome, int]

    @property
    def pending_count(self) -> int:
        """How many events have no outcome yet."""
        return max(0, self.event_count - sum(self.counts.values()))


@dataclass(frozen=True)
class Judged:
    """One time that an event was received: when, in which request, and what became of it."""

    received_at: datetime
    receipt_id: str
    judgement: Judgement


class EventPlace(NamedTuple):
    """Where a page of the times that an event was received ended."""

    receipt_id: str
    event_index: Count


class HourCount(NamedTuple):
    """How many events of a source had an outcome, of those received in the hour that begins then."""

    community: str
    source: str
    hour: datetime
    outcome: Outcome
    events: int


class HourPlace(NamedTuple):
    """Where a page of counts ended: newest hours first, then by source and outcome."""

    hour: datetime
    source: str
    outcome: str


class HoursWanted(NamedTuple):
    """Which hours' counts: from a moment, to before another, of one source or (None) of all."""

    since: datetime
    until: datetime
    source: str | None


def by_hour(outcomes: Iterable[tuple[Received, Outcome]]) -> list[HourCount]:
    """How many events of each source had each outcome, by the hour (UTC) in which they were received."""
    counts = Counter(
        (
            event.community,
            event.event["source"],
            event.received_at.replace(minute=0, second=0, microsecond=0),
            outcome,
        )
        for event, outcome in outcomes
    )
    return [HourCount(*key, events) for key, events in sorted(counts.items())]


class SummaryPlace(NamedTuple):
    """Where a page of receipts ended: newest first."""

    receipt_id: str


class ReceiptPlace(NamedTuple):
    """Where a page of a receipt ended."""

    event_index: Count

    @classmethod
    def of(cls, judgement: Judgement) -> "ReceiptPlace":
        """The place of a judgement."""
        return cls(judgement.index)


def receipt_id(
    community: str, at: datetime, randomness: str, event_count: int, *, is_backfill: bool = False
) -> str:
    """The id of a request's receipt: when it came, 16 random digits, 16 of a check, how many events it holds, and
    `b` where they came as what is past.

    The check is of the rest and the community: an id that was never given, or was given to another community, is
    known for that without a look at what is stored, and before anything is.
    """
    unique = f"{int(at.timestamp() * 1000):012x}{randomness}"
    told = f"{event_count}{'b' if is_backfill else ''}"
    return f"r{unique}{_check(community, unique, told)}-{told}"


def lane_of(receipt_id: str) -> Lane:
    """How the events of a receipt came in, by its id."""
    return Lane.BACKFILL if receipt_id.endswith("b") else Lane.LIVE


def summary_of(receipt_id: str, counts: Mapping[Outcome, int]) -> ReceiptSummary:
    """What a receipt's id says of its request, with how many of its events have each outcome.

    Raises ValueError when it is no receipt's id.
    """
    matched = _RECEIPT_ID.fullmatch(receipt_id)
    if matched is None:
        raise ValueError(f"{receipt_id} is no receipt's id")
    received_at = datetime.fromtimestamp(int(matched[1][:12], 16) / 1000, UTC)
    return ReceiptSummary(receipt_id, received_at, lane_of(receipt_id), int(matched[3]), counts)


def event_count(community: str, receipt_id: str) -> int | None:
    """How many events a receipt of the community is about, by its id; None when it has no receipt of that id."""
    matched = _RECEIPT_ID.fullmatch(receipt_id)
    if matched is None or matched[2] != _check(community, matched[1], matched[3] + matched[4]):
        return None
    return int(matched[3])


def _check(community: str, unique: str, count: str) -> str:
    text = f"{community}\x1f{unique}\x1f{count}".encode()
    return hashlib.blake2b(text, digest_size=_CHECK_BYTES, person=b"plaudit receipt").hexdigest()
