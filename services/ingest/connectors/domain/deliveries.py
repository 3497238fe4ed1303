"""Deliveries: what a platform sent once, and what became of it."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from connectors.engine import State
from services.ingest.measuring.domain.texts import Sealed

#: Of these the bytes are kept: they may become something yet.
KEPT = (State.UNMAPPED, State.INVALID)
PLATFORM_ID_MAX_CHARS = 200
EVENT_MAX_CHARS = 100
REASON_MAX_CHARS = 1_000
#: What shows who somebody is, to us or to others, and is kept nowhere.
_UNKEPT = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
_FINGERPRINT_BYTES = 16
#: What a delivery is about: so many of its events are looked at.
ABOUT_MAX_COUNT = 100
#: A shorter word is looked for only where an id stands.
WORD_MIN_CHARS = 4


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came in: headers by their names in small letters, the first of each, and the bytes of the body."""

    headers: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivery as it is known: when it came, and what became of it.

    `event` and `platform_id` are what its platform calls them. With `sealed` its bytes are there still; it was
    asked to be mapped again at `queued_at`. `copies_count` is how often it came again. `about` are the events that
    it tells, takes back or restores, where the platform's id does not say whether it is the same again.
    """

    community: str
    connection: str
    delivery_id: str
    fingerprint: bytes
    platform_id: str | None
    event: str | None
    received_at: datetime
    outcome: State
    reason: str | None
    event_uids: Sequence[str]
    receipt_id: str | None
    settled_at: datetime
    copies_count: int
    bytes_count: int
    is_kept: bool = False
    sealed: Sealed | None = None
    queued_at: datetime | None = None
    about: Sequence[str] = ()


class DeliveryPlace(NamedTuple):
    """Where a page of deliveries ended: the newest first, and their ids are in the order of time."""

    delivery_id: str


class DeliveriesWanted(NamedTuple):
    """Which deliveries: of a connection, with an outcome, or as their platform calls them; None: any."""

    connection: str
    outcome: State | None = None
    platform_id: str | None = None


class HourCount(NamedTuple):
    """How many deliveries of a connection, received in the hour that begins then, have an outcome."""

    hour: datetime
    outcome: str
    deliveries: int


class HourPlace(NamedTuple):
    """Where a page of counts ended: newest hours first, then by outcome."""

    hour: datetime
    outcome: str


class Standing(NamedTuple):
    """How a connection does: when something came last, how many of its deliveries have each outcome, and how many
    wait to be mapped again."""

    last_at: datetime | None
    counts: Mapping[str, int]
    queued_count: int


NOTHING_CAME = Standing(None, {}, 0)


class UnknownDeliveryError(Exception):
    """The connection has had no such delivery, or it was longer ago than is kept."""


class NotReplayableError(Exception):
    """The delivery cannot be mapped again; the message says why."""


def fingerprint_of(platform_id: str | None, raw: bytes) -> bytes:
    """What is the same when a platform delivers the same again: its id for it, and the bytes."""
    named = b"" if platform_id is None else platform_id.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(digest_size=_FINGERPRINT_BYTES, person=b"plaudit deliver")
    digest.update(b"%d:%b" % (len(named), named))
    digest.update(raw)
    return digest.digest()


def fingerprint_after(fingerprint: bytes, delivery_id: str) -> bytes:
    """What the same bytes are known by once another delivery said otherwise: they tell of it anew."""
    digest = hashlib.blake2b(digest_size=_FINGERPRINT_BYTES, person=b"plaudit anew")
    digest.update(fingerprint + delivery_id.encode())
    return digest.digest()


def packed(arrived: Arrived, *, without: Collection[str]) -> bytes:
    """What is kept of a delivery, as bytes; `without` are headers that show who sent it, in small letters."""
    left_out = {*_UNKEPT, *without}
    headers = {name: value for name, value in arrived.headers.items() if name not in left_out}
    return orjson.dumps(headers) + b"\n" + arrived.raw


def unpacked(content: bytes) -> Arrived:
    """What was packed."""
    headers, _, raw = content.partition(b"\n")
    return Arrived(orjson.loads(headers), raw)


def names_any(ids: Iterable[str], names: Iterable[str]) -> re.Pattern[bytes] | None:
    """What finds somebody in the bytes of a delivery: by ids that platforms have for them, and by names.

    A short id may be any number: it is looked for where an id stands. None where there is nothing to look for.
    """
    parts = []
    for word in {*ids}:
        for written in _as_written(word):
            parts.append(rb'"[a-z_]*id"\s*:\s*"?' + written + rb"(?![0-9a-z_])")
    for word in {*ids, *names}:
        if len(word) >= WORD_MIN_CHARS:
            parts += [rb"(?<![0-9a-z_])" + written + rb"(?![0-9a-z_])" for written in _as_written(word)]
    return re.compile(b"|".join(parts), re.IGNORECASE) if parts else None


def _as_written(word: str) -> set[bytes]:
    """A word as it may stand in JSON: itself, and with escapes."""
    return {re.escape(word.encode()), re.escape(json.dumps(word)[1:-1].encode())}


def within(text: str | None, max_chars: int) -> str | None:
    """Text of a platform's, as far as the database takes it."""
    return None if text is None else text.replace("\0", "")[:max_chars]
