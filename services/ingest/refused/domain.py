"""What was refused, why, and in which fields it differs from what stands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson

from services.ingest.members.domain import IdentityKey
from shared.contracts.activities.told import PERSONAL
from shared.contracts.channels import compared_id
from shared.contracts.fields import ID_MAX_CHARS
from shared.contracts.identities import HOST_MAX_CHARS
from shared.contracts.programme.event_types import OWN_TYPE_PATTERN

#: Differences that are shown of two events.
DIFFERENCES_MAX_COUNT: Final = 200
#: Reasons that are kept of one refusal, and how much of each.
REASONS_MAX_COUNT: Final = 20
REASON_MAX_CHARS: Final = 1_000
_TYPE = re.compile(OWN_TYPE_PATTERN)
_TYPE_MAX_CHARS: Final = 64


class Cause(StrEnum):
    """Why something was refused."""

    #: The body as a whole: no JSON, or of a type that no events come in.
    NOT_READABLE = "not_readable"
    #: It says a type that neither is built in nor was declared, or is retired.
    UNKNOWN_TYPE = "unknown_type"
    #: A field is missing, too many, or out of its bounds.
    NOT_VALID = "not_valid"
    #: It has more bytes than one event may.
    TOO_LARGE = "too_large"
    #: One with the same id and other content was accepted before.
    CONFLICT = "conflict"


class Reason(NamedTuple):
    """One thing that is wrong: the field as a JSON Pointer, empty for the whole, and why."""

    field: str
    detail: str


class Found(NamedTuple):
    """Something that is refused: its place in its request, why, and what came, as far as it is kept."""

    place: int
    cause: Cause
    reasons: Sequence[Reason]
    #: An event as JSON, or a body as it came.
    content: bytes
    event_uid: str | None = None
    event_type: str | None = None
    actor: IdentityKey | None = None


class Request(NamedTuple):
    """The request in which something was refused."""

    community: str
    receipt_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was refused, as it is kept: `sealed` is what came and why not, `stands` what came before."""

    community: str
    refused_id: str
    cause: Cause
    receipt_id: str
    receipt_index: int
    event_uid: str | None
    event_type: str | None
    member_id: str | None
    received_at: datetime
    size_bytes: int
    key_id: str
    sealed: bytes
    stands: bytes | None = None
    looked_at: datetime | None = None
    replayed_at: datetime | None = None
    replayed_as: str | None = None


class Content(NamedTuple):
    """What was refused, opened. It `is_whole` where it is what came, byte by byte or in meaning."""

    text: str
    reasons: Sequence[Reason]
    is_whole: bool


class Standing(NamedTuple):
    """The event that stands where another one said otherwise; `is_whole` without what only its request had."""

    event: Mapping[str, Any]
    is_whole: bool


class Difference(NamedTuple):
    """A field in which two events differ, by its JSON Pointer; None for what one of them does not have."""

    field: str
    stands: Any
    came: Any


class RefusedPlace(NamedTuple):
    """Where a page ended: newest first."""

    refused_id: str


class RefusedFilter(NamedTuple):
    """Which are asked for; None is any."""

    cause: Cause | None = None
    event_type: str | None = None
    is_replayed: bool | None = None


class UnknownRefusedError(Exception):
    """Nothing of that id is kept: it never was, its time is over, or its key is gone."""

    def __init__(self, refused_id: str) -> None:
        super().__init__(f"nothing refused is kept as {refused_id}")


class NotWholeError(Exception):
    """Only a part of what came is kept, so that it cannot be sent again as it was."""


def kept_type(said: Any) -> str | None:
    """The type that an event says, where it is like one; anything else may be anything."""
    if isinstance(said, str) and len(said) <= _TYPE_MAX_CHARS and _TYPE.fullmatch(said):
        return said
    return None


def actor_of(community: str, event: Any) -> IdentityKey | None:
    """Who did what a refused event says, if it says that in a way that somebody may be known by."""
    data = event.get("data") if isinstance(event, dict) else None
    actor = data.get("actor") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(actor, dict):
        return None
    channel, person_id, host = (
        one if isinstance(one, str) and "\0" not in one else None
        for one in (data.get("channel"), actor.get("id"), data.get("host", ""))
    )
    if channel is None or person_id is None or host is None:
        return None
    if not 0 < len(person_id) <= ID_MAX_CHARS or len(channel) > ID_MAX_CHARS or len(host) > HOST_MAX_CHARS:
        return None
    return IdentityKey(community, channel, compared_id(channel, person_id), host.lower())


def as_sent(event: Any) -> Any:
    """An event as its platform sent it: what is personal stands among the other fields, not apart."""
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict) or PERSONAL not in event["data"]:
        return event
    data = dict(event["data"])
    apart = data.pop(PERSONAL)
    return {**event, "data": {**data, **(apart if isinstance(apart, dict) else {PERSONAL: apart})}}


def written(content: bytes, reasons: Sequence[Reason], max_bytes: int) -> dict[str, str]:
    """What is sealed of something refused: of much, how it begins."""
    kept = content[:max_bytes]
    try:
        text, is_whole = kept.decode(), len(kept) == len(content)
    except UnicodeDecodeError:
        text, is_whole = kept.decode("utf-8", "backslashreplace"), False
    shown = [(one.field[:REASON_MAX_CHARS], one.detail[:REASON_MAX_CHARS]) for one in reasons[:REASONS_MAX_COUNT]]
    return {"content": text, "reasons": orjson.dumps(shown).decode(), "whole": "yes" if is_whole else "no"}


def content_of(fields: Mapping[str, str]) -> Content:
    """What `written` wrote."""
    reasons = [Reason(*one) for one in orjson.loads(fields["reasons"])]
    return Content(fields["content"], reasons, fields["whole"] == "yes")


def differences(stands: Any, came: Any, place: str = "") -> list[Difference]:
    """The fields in which two documents differ, in the order of their names; lists differ as a whole."""
    if isinstance(stands, dict) and isinstance(came, dict):
        found: list[Difference] = []
        for name in sorted({*stands, *came}):
            pointer = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            found += differences(stands.get(name), came.get(name), pointer)
        return found[:DIFFERENCES_MAX_COUNT]
    if stands == came:
        return []
    for one, other in ((stands, came), (came, stands)):
        if isinstance(one, dict) and one and other is None:
            return differences(stands or {}, came or {}, place)
    return [Difference(place, stands, came)]
