"""Events on their way: how they are cut into requests, and what became of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

BATCH_MAX_COUNT = 1_000
#: Under the service's limit of 5 MiB a request, with room for the brackets.
BATCH_MAX_BYTES = 5 * 1024 * 1024 - 1024
BATCH_TYPE = "application/cloudevents-batch+json"

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """One event that the service refused at the door: its place in what was sent, and the first reason."""

    index: int
    field: str
    detail: str


@dataclass(frozen=True)
class Receipt:
    """What became of one request: `accepted` events are durably taken, `rejected` never will be.

    `receipt_id` is empty when nothing was accepted: there is nothing to follow.
    """

    receipt_id: str
    accepted: int
    rejected: tuple[Refused, ...] = ()


@dataclass
class Sent:
    """What became of everything given to `send`; `rejected` has indexes into all that was sent."""

    accepted: int = 0
    rejected: list[Refused] = field(default_factory=list)
    receipt_ids: list[str] = field(default_factory=list)
    count: int = 0
    """How many events have been sent, taken or not."""

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Add the receipts of the batch that came next."""
        for receipt in receipts:
            self.accepted += receipt.accepted
            if receipt.accepted:
                self.receipt_ids.append(receipt.receipt_id)
            for one in receipt.rejected:
                self.rejected.append(Refused(self.count + one.index, one.field, one.detail))
            self.count += receipt.accepted + len(receipt.rejected)


@dataclass(frozen=True)
class ReceiptItem:
    """The outcome of one event of a receipt; `index` is its place in the request."""

    index: int
    outcome: str
    reason: str
    event_uid: str | None = None


@dataclass
class Outcomes:
    """How many events ended how. `pending` ones are taken, but not yet decided."""

    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    pending: int = 0

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the `counts` of a receipt; names that this version does not know are ignored."""
        self.accepted += counts.get("accepted", 0)
        self.duplicate += counts.get("duplicate", 0)
        self.conflict += counts.get("conflict", 0)
        self.rejected += counts.get("rejected", 0)
        self.pending += counts.get("pending", 0)


def batches(events: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cut serialised events into batches within the service's limits of count and bytes, in order."""
    batch: list[bytes] = []
    size_bytes = 0
    for event in events:
        if batch and (len(batch) >= BATCH_MAX_COUNT or size_bytes + len(event) > BATCH_MAX_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(event)
        size_bytes += len(event) + 1
    if batch:
        yield batch


def batch_body(events: Sequence[bytes]) -> bytes:
    """The body of one request with the serialised events."""
    return b"[" + b",".join(events) + b"]"


def refused_events(listed: Sequence[Mapping[str, Any]]) -> tuple[Refused, ...]:
    """The first reason against each event that an answer names, in the order of the events."""
    first: dict[int, Refused] = {}
    for one in listed:
        first.setdefault(one["index"], Refused(one["index"], one.get("field") or "", one["detail"]))
    return tuple(first[index] for index in sorted(first))
