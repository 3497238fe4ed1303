"""What sending and following events asks and is answered, for both clients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from plaudit_client.calls import Call
from plaudit_client.encoding import as_segment
from plaudit_client.errors import PlauditError
from plaudit_client.events import BATCH_TYPE, Receipt, ReceiptItem, batch_body, refused_events

POLL_FIRST_SECONDS = 0.05
POLL_MAX_SECONDS = 2.0
RECEIPT_WAIT_SECONDS = 120.0
RECEIPT_PAGE_COUNT = 500
_INGEST = "ingest"


@dataclass(frozen=True)
class Sending:
    """How events are sent: with what year is plausible, and whether as ones of the past."""

    earliest_year: int | None = None
    backfill: bool = False

    def call(self, events: Sequence[bytes]) -> Call:
        """The request with these events; sent twice, the second finds duplicates."""
        headers = {"Content-Type": BATCH_TYPE}
        if self.earliest_year is not None:
            headers["Plaudit-Earliest-Year"] = str(self.earliest_year)
        params = {"backfill": "true"} if self.backfill else {}
        return Call(_INGEST, "POST", "/v1/events", params, headers, batch_body(events), repeatable=True)

    @staticmethod
    def receipt(answer: Mapping[str, Any]) -> Receipt:
        """What an answer says became of them."""
        return Receipt(answer["receipt_id"], answer["accepted"], refused_events(answer["rejected"]))

    @staticmethod
    def all_refused(error: PlauditError, events: Sequence[bytes]) -> Receipt:
        """That every event is refused, each for its reason: an outcome, not a failure. Raises the error else."""
        if error.status != httpx.codes.UNPROCESSABLE_ENTITY or len(
            {one.get("index") for one in error.errors}
        ) < len(events):
            raise error
        return Receipt("", 0, refused_events(error.errors))


def items_call(receipt_id: str, *, limit: int = RECEIPT_PAGE_COUNT, after: str | None = None) -> Call:
    """A page of a receipt."""
    params = {"limit": str(limit)} | ({"after": after} if after else {})
    return Call(_INGEST, "GET", f"/v1/receipts/{as_segment(receipt_id)}", params, repeatable=True)


def items_of(page: Mapping[str, Any]) -> Iterator[ReceiptItem]:
    """The events of a page that are decided."""
    for item in page["items"]:
        yield ReceiptItem(item["index"], item["outcome"], item.get("reason") or "", item.get("event_uid"))


def is_complete(page: Mapping[str, Any]) -> bool:
    """Whether nothing of the receipt is pending."""
    return bool(page["status"] == "complete")


def next_pause_seconds(pause_seconds: float) -> float:
    """How long to wait before the next look, after waiting so long."""
    return min(POLL_MAX_SECONDS, pause_seconds * 1.5)
