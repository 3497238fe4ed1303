"""Occasions, the codes that let members check in at them, and what becomes of a check-in."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from shared import base64url
from shared.contracts.attendance import ENTRIES_MAX_COUNT, AttendanceList

SOURCE_PREFIX = "urn:plaudit:occasion:"
CHANNEL = "in_person"
_SIGNED_AS = b"plaudit check-in code v1\n"
_ID_BYTES = 16
_STEP_BYTES = 5
_MAC_BYTES = 16
#: A code holds in its own step and so many further ones; a machine whose clock is behind may see it early.
STEPS_LATE = 1
STEPS_EARLY = 1
_LIST = TypeAdapter(AttendanceList)
_MOMENT = TypeAdapter[datetime](datetime)


class UnusableCodeError(Exception):
    """No code of an occasion here: which part is wrong is not said."""


class ExpiredCodeError(Exception):
    """The code was one of the occasion's, and its time is over."""


class NotOpenError(Exception):
    """The occasion takes no check-ins at that time; the message says when it does."""


class FullError(Exception):
    """As many have checked in as may."""

    def __init__(self, capacity: int) -> None:
        super().__init__(f"{capacity} have checked in, and no more may")


class UnknownOccasionError(Exception):
    """The community has no such occasion."""


class TooManyOccasionsError(Exception):
    """The community has as many occasions that are not over as it may."""


class UntrustedListError(Exception):
    """Nobody whom the organiser named has signed this list, as it is."""


class NotAListError(Exception):
    """What was signed is no attendance list of this occasion; the message says why."""


class TooLateError(Exception):
    """Lists of the occasion are not taken any more; the message says until when they were."""


@dataclass(frozen=True)
class Occasion:
    """Where people meet: when they check in, how many at most (None: any number), and how many have."""

    community: str
    occasion_id: str
    title: str
    begins_at: datetime
    ends_at: datetime
    capacity: int | None
    secret: bytes
    #: The public key (Ed25519) of the device that takes lists; None where there is none.
    device_key: bytes | None
    made_at: datetime
    checked_in_count: int = 0

    def check_open(self, at: datetime) -> None:
        """Raise NotOpenError when nobody can check in then."""
        if not self.begins_at <= at <= self.ends_at:
            raise NotOpenError(f"check-ins from {self.begins_at.isoformat()} to {self.ends_at.isoformat()}")

    @property
    def is_full(self) -> bool:
        """Whether nobody else may check in."""
        return self.capacity is not None and self.checked_in_count >= self.capacity


class OccasionPlace(NamedTuple):
    """Where a page of occasions ended: those that begin last come first."""

    begins_at: datetime
    occasion_id: str


class Outcome(StrEnum):
    """What became of one who was there."""

    CHECKED_IN = "checked_in"
    #: They had checked in before.
    AGAIN = "again"
    FULL = "full"
    #: The time lies outside the occasion's window.
    OUTSIDE = "outside"
    #: Nobody is known by that name, or they were erased.
    UNKNOWN = "unknown"


class Entry(NamedTuple):
    """One line of a list: who, as it says, and when; None for what is no moment."""

    member: str
    at: datetime | None


class Code(NamedTuple):
    """What a code says: its occasion, its step, and the signature under both."""

    occasion_id: str
    step: int
    mac: bytes


def step_at(moment: datetime, seconds: int) -> int:
    """The step that a moment lies in, where each has so many seconds."""
    return int(moment.timestamp()) // seconds


def write_code(occasion: Occasion, *, step: int) -> str:
    """The code of an occasion in a step."""
    said = UUID(occasion.occasion_id).bytes + step.to_bytes(_STEP_BYTES)
    return base64url.encode(said + _mac(occasion, said))


def read_code(text: str) -> Code:
    """What a code says; nothing of it is believed yet. Raises UnusableCodeError."""
    try:
        read = base64url.decode(text)
    except ValueError as error:
        raise UnusableCodeError from error
    if len(read) != _ID_BYTES + _STEP_BYTES + _MAC_BYTES:
        raise UnusableCodeError
    step = read[_ID_BYTES : _ID_BYTES + _STEP_BYTES]
    return Code(str(UUID(bytes=read[:_ID_BYTES])), int.from_bytes(step), read[_ID_BYTES + _STEP_BYTES :])


def check_code(occasion: Occasion, code: Code, *, step: int) -> None:
    """Whether a code is the occasion's and holds in a step. Raises UnusableCodeError or ExpiredCodeError."""
    said = UUID(code.occasion_id).bytes + code.step.to_bytes(_STEP_BYTES)
    if not hmac.compare_digest(code.mac, _mac(occasion, said)):
        raise UnusableCodeError
    if not step - STEPS_LATE <= code.step <= step + STEPS_EARLY:
        raise ExpiredCodeError


def _mac(occasion: Occasion, said: bytes) -> bytes:
    signed = _SIGNED_AS + occasion.community.encode() + b"\n" + said
    return hmac.new(occasion.secret, signed, hashlib.sha256).digest()[:_MAC_BYTES]


def read_list(text: str, *, occasion_id: str) -> list[Entry]:
    """The entries of a list. Raises NotAListError for what is none of this occasion."""
    try:
        read = _LIST.validate_python(orjson.loads(text), strict=True)
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise NotAListError("a list is JSON with `occasion_id` and `entries` of `member` and `at`") from error
    if read["occasion_id"] != occasion_id:
        raise NotAListError("it is a list of another occasion")
    if len(read["entries"]) > ENTRIES_MAX_COUNT:
        raise NotAListError(f"{len(read['entries'])} entries; one list may have {ENTRIES_MAX_COUNT}")
    return [Entry(entry["member"], _moment(entry["at"])) for entry in read["entries"]]


def _moment(text: str) -> datetime | None:
    try:
        moment = _MOMENT.validate_python(text)
    except ValidationError:
        return None
    return None if moment.tzinfo is None else moment


def event_of(occasion: Occasion, *, member_id: str, at: datetime) -> Mapping[str, Any]:
    """The event of a check-in, as a platform would send it."""
    return {
        "specversion": "1.0",
        "id": f"{occasion.occasion_id}/{member_id}",
        "source": f"{SOURCE_PREFIX}{occasion.occasion_id}",
        "type": "in_person.check_in.v1",
        "time": at,
        "data": {"channel": CHANNEL, "actor": {"id": member_id}, "object": {"id": occasion.occasion_id}},
    }
