"""Identifiers and the judgement on a received event: new, a duplicate, or in conflict."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NotRequired

import orjson
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.fields import ChannelName, Id, Name, Timestamp, Uri

EVENT_NAMESPACE = uuid.UUID("0b5d7a0e-51f5-5b3a-8d0c-3f6c2f8f1a01")
EARLIEST_YEAR = 1970

Outcome = Literal["accepted", "duplicate", "conflict"]
IdentityKey = tuple[str, str, str]  # community, channel, id within the channel


class NotAnEventError(ValueError):
    """A message of engagement.raw.v1 that ingest itself cannot have written; the message says what is wrong."""


class _Person(TypedDict):
    id: Id
    name: NotRequired[Name]


class _Thing(TypedDict):
    author: NotRequired[_Person]


class _Target(TypedDict):
    source: Uri
    id: Id


class _Data(TypedDict):
    channel: ChannelName
    actor: _Person
    object: NotRequired[_Thing]
    in_reply_to: NotRequired[_Thing]
    target: NotRequired[_Target]


class _Event(TypedDict):
    """What the worker relies on: less than the API's contract, so that it takes event types of tomorrow."""

    specversion: Literal["1.0"]
    id: Id
    source: Uri
    type: Id
    time: Timestamp
    data: _Data


_EVENT = TypeAdapter(_Event)
_ID = TypeAdapter(Id)


def event_uid(community: str, source: str, event_id: str) -> str:
    """The identity of an event: UUIDv5 of community, CloudEvents source and id. A retry has the same."""
    return str(uuid.uuid5(EVENT_NAMESPACE, f"{community}\x1f{source}\x1f{event_id}"))


def content_hash(event: Mapping[str, Any]) -> bytes:
    """128 bits of BLAKE2b over the event with sorted keys; the trace of the request is not content."""
    content = {name: value for name, value in event.items() if name != "traceparent"}
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def time_problem(time: datetime, now: datetime, future_tolerance_seconds: int) -> str | None:
    """What is wrong with an event's time, in words, or None."""
    if time > now + timedelta(seconds=future_tolerance_seconds):
        return f"is in the future: {time.isoformat()} is more than {future_tolerance_seconds} s after now"
    if time.year < EARLIEST_YEAR:
        return f"is before {EARLIEST_YEAR}"
    return None


@dataclass(frozen=True)
class Received:
    """A raw event with what follows from it alone."""

    community: str
    uid: str
    receipt_id: str
    receipt_index: int
    received_at: datetime
    traceparent: str | None
    event: dict[str, Any]
    hash: bytes

    @classmethod
    def from_fact(cls, fact: Mapping[str, Any]) -> "Received":
        """Read a message of engagement.raw.v1. Raises NotAnEventError for what the API would never write."""
        event = fact["data"]
        try:
            _EVENT.validate_python(event)
            receipt_id = _ID.validate_python(fact["receiptid"])
            digest = content_hash(event)
        except (ValidationError, orjson.JSONEncodeError) as error:
            raise NotAnEventError(str(error)) from error
        if event["type"] == RETRACTED_TYPE and "target" not in event["data"]:
            raise NotAnEventError("a retraction must name its target")
        if fact["id"] != event_uid(fact["community"], event["source"], event["id"]):
            raise NotAnEventError("the id is not that of the event's community, source and id")
        return cls(
            fact["community"],
            fact["id"],
            receipt_id,
            fact["receiptindex"],
            fact["time"],
            fact.get("traceparent"),
            event,
            digest,
        )

    def identities(self) -> dict[str, tuple[IdentityKey, str | None]]:
        """Who takes part, by role (`member`, `objectmember`, `replymember`), each with the name given."""
        data = self.event["data"]
        people = {
            "member": data["actor"],
            "objectmember": data.get("object", {}).get("author"),
            "replymember": data.get("in_reply_to", {}).get("author"),
        }
        channel = data["channel"]
        return {
            role: ((self.community, channel, person["id"]), person.get("name"))
            for role, person in people.items()
            if person is not None
        }

    def target_uid(self) -> str | None:
        """The event that a retraction takes back; None for anything else."""
        if self.event["type"] != RETRACTED_TYPE:
            return None
        target = self.event["data"]["target"]
        return event_uid(self.community, target["source"], target["id"])


def judge(received: Sequence[Received], stored: Mapping[tuple[str, str], bytes]) -> list[tuple[Received, Outcome]]:
    """Say of each event, in order, what becomes of it.

    `stored` has the content hash of every event of the batch that was accepted before, by (community, uid).
    The first of equal ids is accepted, the same content again is a duplicate, other content a conflict.
    """
    known = dict(stored)
    outcomes: list[tuple[Received, Outcome]] = []
    for one in received:
        key = (one.community, one.uid)
        if key not in known:
            known[key] = one.hash
            outcomes.append((one, "accepted"))
        else:
            outcomes.append((one, "duplicate" if known[key] == one.hash else "conflict"))
    return outcomes


def accepted_event(one: Received, members: Mapping[IdentityKey, str]) -> dict[str, Any]:
    """The message for the event log: the event as it came, with who its people are."""
    message = dict(one.event)
    message["community"] = one.community
    message["uid"] = one.uid
    message["receivedat"] = one.received_at
    if one.traceparent is not None:
        message["traceparent"] = one.traceparent
    for role, (identity, _name) in one.identities().items():
        message[role] = members[identity]
    target = one.target_uid()
    if target is not None:
        message["targetuid"] = target
    return message
