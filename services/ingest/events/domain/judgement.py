"""Identifiers and the judgement on a received event: new, a duplicate, or in conflict."""

import hashlib
import uuid
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import orjson
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict, get_type_hints

from services.ingest.members.domain import IdentityKey, NamedBy, Owner, SaidName
from shared.calendars import Calendar
from shared.contracts.activities import ENVELOPE, LASTING_TYPES, TARGETING_TYPES, TYPES
from shared.contracts.activities.common import CONTRIBUTORS_MAX_COUNT
from shared.contracts.activities.told import told_data
from shared.contracts.backfill import BACKFILL
from shared.contracts.channels import compared_plain_id
from shared.contracts.fields import ChannelName, Id, Name, Timestamp, Uri
from shared.contracts.identities import Host
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.measures import Measures
from shared.contracts.placeholders import is_placeholder
from shared.contracts.programme.worth import CONTRIBUTORS

EVENT_NAMESPACE = uuid.UUID("0b5d7a0e-51f5-5b3a-8d0c-3f6c2f8f1a01")
_NAMESPACE = prepared(EVENT_NAMESPACE)

EventKey = tuple[str, str]  # community, uid
ReceiptKey = tuple[str, str, int]  # community, receipt, place in the request


class Outcome(StrEnum):
    """What becomes of an event that was received."""

    #: It is new, and counts.
    ACCEPTED = "accepted"
    #: The same was accepted before.
    DUPLICATE = "duplicate"
    #: One with the same id and other content was accepted before.
    CONFLICT = "conflict"
    #: Who did it was erased.
    REJECTED = "rejected"
    #: It was not taken at the door: it is no event that there is.
    REFUSED = "refused"


#: Bound once: an attribute of an enum costs more than all that is done with it for an event.
ACCEPTED, DUPLICATE, CONFLICT, SUPPRESSED, _ = Outcome

CONFLICT_REASON = "an event with this source and id was accepted before with other content"
ERASED_REASON = "whoever did it wished to be forgotten: nothing of theirs is taken"
#: Why, where the outcome does not say it.
REASONS: Mapping[Outcome, str | None] = {
    ACCEPTED: None,
    DUPLICATE: None,
    CONFLICT: CONFLICT_REASON,
    SUPPRESSED: ERASED_REASON,
}


class NotAnEventError(ValueError):
    """A message of engagement.raw.v1 that ingest itself cannot have written; the message says what is wrong."""


class OccupiedReceiptError(Exception):
    """An event names a place in a receipt that is another event's."""


class _Person(TypedDict):
    id: Id
    name: NotRequired[Name]
    bot: NotRequired[bool]


class _Thing(TypedDict):
    author: NotRequired[_Person]


class _Target(TypedDict):
    source: Uri
    id: Id


class _Data(TypedDict):
    channel: ChannelName
    host: NotRequired[Host]
    actor: NotRequired[_Person]
    object: NotRequired[_Thing]
    in_reply_to: NotRequired[_Thing]
    contributors: NotRequired[Annotated[list[_Person], Field(max_length=CONTRIBUTORS_MAX_COUNT)]]
    target: NotRequired[_Target]


class _Event(TypedDict):
    """What the worker relies on: less than the API's contract, so that it takes event types of tomorrow."""

    specversion: Literal["1.0"]
    id: Id
    source: Uri
    type: Id
    time: Timestamp
    data: _Data


class _Fact(TypedDict):
    """What the worker relies on of the message around it, beyond its contract."""

    receiptid: Id
    data: _Event


#: What the people of an event beside its actor have made, by their role.
_THINGS: Mapping[str, str] = {"objectmember": "object", "replymember": "in_reply_to"}
#: The place of each contributor, by the role.
_PLACES: Mapping[str, int] = {role: place for place, role in enumerate(CONTRIBUTORS)}
#: Types whose data have a length; one that comes with its text and without that has the text's.
_OF_A_LENGTH = frozenset(
    kind.name for kind in TYPES if "length_chars" in get_type_hints(get_type_hints(kind.envelope)["data"])
)
#: Nearly always: nothing was read back.
NOTHING_TOLD: Mapping[EventKey, datetime] = {}
#: What one and the same event has in common however it comes.
_CONTENT: frozenset[str] = frozenset(ENVELOPE) - {"traceparent"}
_OF_LASTING = _CONTENT - {"time"}
_VALIDATE_FACT = TypeAdapter(_Fact).validator.validate_python
_MOMENT = TypeAdapter[datetime](Timestamp).validate_python


def event_uid(community: str, source: str, event_id: str) -> str:
    """The identity of an event: UUIDv5 of community, CloudEvents source and id. A retry has the same."""
    return uuid5_text(_NAMESPACE, f"{community}\x1f{source}\x1f{event_id}")


def content_hash(event: Mapping[str, Any], key: bytes = b"") -> bytes:
    """128 bits of BLAKE2b over the event with sorted keys; its trace and its extensions are not content.

    It goes to the log in place of the content: who has no key cannot try what the content was. The time of what
    lasts is no content either: a star that is given again is the star that was there.
    """
    names = _OF_LASTING if event.get("type") in LASTING_TYPES else _CONTENT
    content = event if event.keys() <= names else {name: event[name] for name in event.keys() & names}
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16, key=key).digest()


class Received(NamedTuple):
    """A raw event with what follows from it alone."""

    community: str
    uid: str
    receipt_id: str
    receipt_index: int
    received_at: datetime
    traceparent: str | None
    event: dict[str, Any]
    hash: bytes
    #: Who takes part, by role (`member`, `objectmember`, `replymember`, contributors), each with the name given.
    identities: dict[str, tuple[IdentityKey, str | None]]
    #: Whether it was sent as one of the past.
    is_backfill: bool = False

    @classmethod
    def from_fact(cls, fact: Mapping[str, Any], key: bytes = b"") -> "Received":
        """Read a message of engagement.raw.v1; `key` is that of content hashes.

        Raises NotAnEventError for what the API would never write.
        """
        event = fact["data"]
        try:
            _VALIDATE_FACT(fact)
            digest = content_hash(event, key)
        except (ValidationError, orjson.JSONEncodeError) as error:
            raise NotAnEventError(str(error)) from error
        if event["type"] in TARGETING_TYPES:
            if "target" not in event["data"]:
                raise NotAnEventError("a retraction or restoration must name its target")
        elif "actor" not in event["data"]:
            raise NotAnEventError("an event must name its actor")
        if fact["id"] != event_uid(fact["community"], event["source"], event["id"]):
            raise NotAnEventError("the id is not that of the event's community, source and id")
        return cls(
            fact["community"],
            fact["id"],
            fact["receiptid"],
            fact["receiptindex"],
            fact["time"],
            fact.get("traceparent"),
            event,
            digest,
            _identities(fact["community"], event["data"]),
            BACKFILL in fact,
        )

    def is_by(self, people: Collection[IdentityKey]) -> bool:
        """Whether one of these people did it."""
        return "member" in self.identities and self.identities["member"][0] in people

    def without(self, erased: Collection[IdentityKey]) -> "Received":
        """The event with those of its people alone who were not erased."""
        kept = {role: person for role, person in self.identities.items() if person[0] not in erased}
        return self if len(kept) == len(self.identities) else self._replace(identities=kept)

    def target_uid(self) -> str | None:
        """The event that a retraction takes back or a restoration restores; None for anything else."""
        if self.event["type"] not in TARGETING_TYPES:
            return None
        target = self.event["data"]["target"]
        return event_uid(self.community, target["source"], target["id"])


def _identities(community: str, data: Mapping[str, Any]) -> dict[str, tuple[IdentityKey, str | None]]:
    channel = data["channel"]
    host = data.get("host", "")
    found = {}
    if "actor" in data:
        actor = data["actor"]
        key = IdentityKey(community, channel, compared_plain_id(channel, actor["id"]), host)
        found["member"] = (key, actor.get("name"))
    for role, thing in _THINGS.items():
        if thing in data and "author" in data[thing]:
            author = data[thing]["author"]
            if is_placeholder(author["id"]):
                continue  # nobody knows who it was
            key = IdentityKey(community, channel, compared_plain_id(channel, author["id"]), host)
            found[role] = (key, author.get("name"))
    for role, person in zip(CONTRIBUTORS, data.get("contributors", ()), strict=False):
        if not is_placeholder(person["id"]):
            key = IdentityKey(community, channel, compared_plain_id(channel, person["id"]), host)
            found[role] = (key, person.get("name"))
    return found


class ToldEvent(NamedTuple):
    """What is known of an event that was accepted, by what was told of it."""

    community: str
    uid: str
    received_at: datetime
    hash: bytes

    @classmethod
    def from_fact(cls, fact: Mapping[str, Any]) -> "ToldEvent":
        """Read a message of the event log, which has the hash of what its platform sent."""
        return cls(fact["community"], fact["uid"], fact["receivedat"], bytes.fromhex(fact["contenthash"]))


def first_of_each(received: Sequence[Received], consumed: Container[ReceiptKey]) -> list[Received]:
    """The records that were not consumed before, each once; a record is known by its receipt and its place."""
    first: dict[ReceiptKey, Received] = {}
    for event in received:
        key = (event.community, event.receipt_id, event.receipt_index)
        if key not in consumed:
            first.setdefault(key, event)
    return list(first.values())


def judge(
    received: Sequence[Received],
    stored: Mapping[EventKey, bytes],
    told: Mapping[EventKey, datetime] = NOTHING_TOLD,
) -> list[tuple[Received, Outcome]]:
    """Say of each event, in order, what becomes of it.

    `stored` has the content hash of every event of the batch that was accepted before. The first of equal ids
    is accepted, the same content again is a duplicate, other content a conflict. Of those that were read back
    `told` says when they were received: the request of that time is the one that was accepted.
    """
    known = dict(stored)
    again = dict(told)
    outcomes: list[tuple[Received, Outcome]] = []
    for event in received:
        key = (event.community, event.uid)
        if key not in known:
            known[key] = event.hash
            outcomes.append((event, ACCEPTED))
        elif again.get(key) == event.received_at and known[key] == event.hash:
            del again[key]
            outcomes.append((event, ACCEPTED))
        else:
            outcomes.append((event, DUPLICATE if known[key] == event.hash else CONFLICT))
    return outcomes


def suppressed(
    outcomes: Sequence[tuple[Received, Outcome]],
    erased: Collection[IdentityKey],
    told: Container[EventKey] = NOTHING_TOLD,
) -> list[tuple[Received, Outcome]]:
    """The outcomes without people who were erased: what one of them did is rejected, and what names one counts.

    What one of them took back or restored is another fact about what was there before, and holds; so does what was
    `told` before, and is in the log.
    """
    found = []
    for event, outcome in outcomes:
        if outcome is ACCEPTED:
            is_new = (event.community, event.uid) not in told
            if is_new and event.is_by(erased) and event.target_uid() is None:
                found.append((event, SUPPRESSED))
                continue
            event = event.without(erased)  # noqa: PLW2901 -- the same event
        found.append((event, outcome))
    return found


def people_of(
    accepted: Iterable[Received],
) -> tuple[dict[IdentityKey, SaidName | None], dict[IdentityKey, datetime]]:
    """The name that counts of those said of each identity (None: none was), and when it came first."""
    names: dict[IdentityKey, SaidName | None] = {}
    first_seen_at: dict[IdentityKey, datetime] = {}
    for event in accepted:
        said_at: datetime | None = None
        for role, (identity, name) in event.identities.items():
            first_seen_at.setdefault(identity, event.received_at)
            known = names.setdefault(identity, None)
            if name is not None:
                said_at = said_at or _MOMENT(event.event["time"])
                # Whoever does something names themselves; of the others it says what its author knows.
                said = SaidName(NamedBy.SELF if role == "member" else NamedBy.OTHERS, said_at, name)
                if known is None or said > known:
                    names[identity] = said
    return names, first_seen_at


def said_bots(accepted: Iterable[Received]) -> set[IdentityKey]:
    """The identities that their platforms call bots."""
    return {
        identity
        for event in accepted
        for role, (identity, _name) in event.identities.items()
        if _person(event.event["data"], role).get("bot")
    }


def _person(data: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    if role in _PLACES:
        of_role: Mapping[str, Any] = data["contributors"][_PLACES[role]]
        return of_role
    person: Mapping[str, Any] = data["actor"] if role == "member" else data[_THINGS[role]]["author"]
    return person


def accepted_event(
    received: Received,
    members: Mapping[IdentityKey, Owner],
    calendar: Calendar,
    measures: Measures | None = None,
) -> dict[str, Any]:
    """The message for the event log: the event without names and texts, the members of its people, and its day.

    `measures` are those of what was written in it, if anything was. The day and the first day of its week are said
    where UTC and weeks from Monday have others.
    """
    event = received.event
    data = told_data(event["data"])
    if measures is not None:
        data["measures"] = measures
        if event["type"] in _OF_A_LENGTH:
            data.setdefault("length_chars", measures["length_chars"])
    message = {
        "specversion": "1.0",
        "id": event["id"],
        "source": event["source"],
        "type": event["type"],
        "time": event["time"],
        "data": data,
        "community": received.community,
        "uid": received.uid,
        "receivedat": received.received_at,
        "contenthash": received.hash.hex(),
    }
    if received.traceparent is not None:
        message["traceparent"] = received.traceparent
    if received.is_backfill:
        message[BACKFILL] = True
    bots, unearning = [], []
    for role, (identity, _name) in received.identities.items():
        owner = members[identity]
        message[role] = owner.member_id
        if owner.bot_by is not None:
            bots.append(role)
        elif not owner.earns:
            unearning.append(role)
    if bots or unearning:
        of_roles = (("bots", bots), ("unearning", unearning))
        message |= {name: " ".join(roles) for name, roles in of_roles if roles}
    target = received.target_uid()
    if target is not None:
        message["targetuid"] = target
    if not calendar.is_plain:
        moment = _MOMENT(received.event["time"])
        for name, day in (("day", calendar.said_day(moment)), ("week", calendar.said_week(moment))):
            if day is not None:
                message[name] = day
    return message
