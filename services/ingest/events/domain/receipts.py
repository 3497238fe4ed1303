"""Receipts: what is told of each event of a request, and the id under which it is asked for."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.ingest.events.domain.judgement import Outcome
from shared.contracts.fields import Count

_RECEIPT_ID = re.compile(r"^r[0-9a-f]{28}-([0-9]{1,6})$")


@dataclass(frozen=True)
class Judgement:
    """What became of one event, by its place in the request (from 0), and why where that is not plain."""

    index: int
    event_uid: str
    outcome: Outcome
    reason: str | None


class ReceiptPlace(NamedTuple):
    """Where a page of a receipt ended."""

    event_index: Count

    @classmethod
    def of(cls, judgement: Judgement) -> "ReceiptPlace":
        """The place of a judgement."""
        return cls(judgement.index)


def receipt_id(at: datetime, randomness: str, event_count: int) -> str:
    """The id of a request's receipt: when it came, 16 random hexadecimal digits, and how many events it holds."""
    return f"r{int(at.timestamp() * 1000):012x}{randomness}-{event_count}"


def event_count(receipt_id: str) -> int | None:
    """How many events a receipt is about, by its id; None when that is not the id of a receipt."""
    matched = _RECEIPT_ID.match(receipt_id)
    return None if matched is None else int(matched[1])
