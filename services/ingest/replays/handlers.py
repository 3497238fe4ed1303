"""Sending again what was refused: by the rules of the door as they are now, in the transaction that says so."""

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from services.ingest.event_types.handlers import types_of
from services.ingest.events.domain import admission
from services.ingest.events.domain.receipts import receipt_id
from services.ingest.events.domain.refusing import refused_events
from services.ingest.refused import store
from services.ingest.refused.domain import (
    Cause,
    NotWholeError,
    Reason,
    Refused,
    RefusedFilter,
    UnknownRefusedError,
    as_sent,
)
from services.ingest.refused.handlers.keeping import opened
from services.ingest.settings import Settings
from shared.audit import Did
from shared.contracts.fields import EARLIEST_YEAR
from shared.telemetry import new_traceparent
from shared.topics import RAW
from shared.transaction import Transaction

HEADERS: Mapping[str, str] = {"content-type": admission.JSON_TYPE}


class Replayed(NamedTuple):
    """What was sent again: the receipt that says what becomes of it, and how many events that are."""

    receipt_id: str
    events_count: int


class ReplayedAll(NamedTuple):
    """How many of those that were asked for were sent again, and how many are still refused; and the receipt."""

    receipt_id: str | None
    replayed_count: int
    refused_count: int


class StillRefusedError(Exception):
    """It is refused for what stands in `reasons`, as it is or as it was mended."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = reasons
        super().__init__("it is still refused")


async def replay(
    tx: Transaction[Settings], *, community: str, refused_id: str, mended: str | None = None
) -> Replayed:
    """Send again what was refused, or what somebody made of it.

    Raises UnknownRefusedError, NotWholeError where it is not kept whole, and StillRefusedError where the door
    would not take it now either; then nothing was done.
    """
    refused = await store.lock_refused(tx.conn, community=community, refused_id=refused_id)
    if refused is None:
        raise UnknownRefusedError(refused_id)
    content = _content(tx.settings, refused) if mended is None else mended.encode()
    read = await _admitted(tx, community=community, content=content)
    if read.refusals:
        raise StillRefusedError([one for found in refused_events(community, read) for one in found.reasons])
    receipt = _send(tx, community=community, read=read)
    await store.set_replayed(tx.conn, community=community, refused_ids=[refused_id], receipt_id=receipt, at=tx.now)
    after = {"receipt_id": receipt, "cause": refused.cause.value, "mended": mended is not None}
    tx.did(Did("refused_event.replay", "refused_event", refused_id, after=after))
    return Replayed(receipt, len(read.events))


async def replay_all(tx: Transaction[Settings], *, community: str, wanted: RefusedFilter) -> ReplayedAll:
    """Send again, as they came, the oldest of those that are asked for and were not sent again yet.

    As many as one request may hold. What is refused still stays as it is.
    """
    settings = tx.settings
    found = await store.lock_matching(
        tx.conn, community=community, wanted=wanted, limit_count=settings.events_max_count
    )
    together = admission.Admission()
    replayed: list[str] = []
    for refused in found:
        try:
            read = await _admitted(tx, community=community, content=_content(settings, refused))
        except (UnknownRefusedError, NotWholeError, StillRefusedError):
            continue
        if not read.refusals:
            together.events += read.events
            replayed.append(refused.refused_id)
    receipt = None
    if replayed:
        receipt = _send(tx, community=community, read=together)
        await store.set_replayed(tx.conn, community=community, refused_ids=replayed, receipt_id=receipt, at=tx.now)
    after = {"receipt_id": receipt, "events_count": len(replayed), "refused_count": len(found) - len(replayed)}
    tx.did(Did("refused_event.replay_all", "refused_event", community, after=after))
    return ReplayedAll(receipt, len(replayed), len(found) - len(replayed))


def _content(settings: Settings, refused: Refused) -> bytes:
    content = opened(settings, refused)
    if not content.is_whole:
        raise NotWholeError
    if refused.cause is Cause.CONFLICT:
        return orjson.dumps(as_sent(orjson.loads(content.text)))
    return content.text.encode()


async def _admitted(tx: Transaction[Settings], *, community: str, content: bytes) -> admission.Admission:
    settings = tx.settings
    declared = await types_of(tx.conn, communities=[community], now=tx.now)
    limits = admission.Limits(
        settings.events_max_count,
        settings.event_max_bytes,
        settings.future_tolerance_seconds,
        min(EARLIEST_YEAR, settings.earliest_year),
    )
    try:
        read = admission.admit(content, HEADERS, tx.now, limits, declared[community])
    except (admission.RefusedWholeError, admission.TooManyEventsError) as error:
        raise StillRefusedError([Reason("", str(error))]) from error
    admission.encode(read, settings.event_max_bytes)  # what is too large is refused here
    return read


def _send(tx: Transaction[Settings], *, community: str, read: admission.Admission) -> str:
    receipt = receipt_id(community, tx.now, secrets.token_hex(8), len(read.events))
    traceparent = tx.traceparent or new_traceparent()
    request = admission.Request(community, receipt, received_at=tx.now, traceparent=traceparent)
    for index, (_, event) in enumerate(read.events):
        tx.publish(RAW, admission.raw_key(community, event), admission.raw_fact(request, index, event))
    return receipt
