"""Facts of ingest: what came in, what was accepted, and what will not count."""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.activities.told import told_data
from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Id, LocalDay, Slug, Text, Timestamp, Uri, Uuid
from shared.contracts.story import ACCEPTANCE, ACCEPTED_ANSWER, ADA, FORUM, GRACE, RECEIPT, TRACEPARENT


class RawEvent(FactEnvelope):
    """An event as the front door took it, before deduplication and identity. `time` is when it was received.

    With `backfill` it was sent as one of the past.
    """

    type: Literal["engagement.received.v1"]
    receiptid: str
    receiptindex: Count
    backfill: NotRequired[Literal[True]]
    data: dict[str, Any]


RAW_EVENT: Final = FactType(
    "engagement.received.v1",
    envelope=RawEvent,
    data=dict[str, Any],
    examples=[
        fact_example(
            "engagement.received.v1",
            "ingest",
            ACCEPTANCE,
            "2026-01-31T12:30:01.250000Z",
            ACCEPTED_ANSWER,
            traceparent=TRACEPARENT,
            receiptid=RECEIPT,
            receiptindex=0,
        )
    ],
)


#: 128 bits of keyed BLAKE2b as hexadecimal digits: who has not the key learns nothing from it.
ContentHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class ListedData(TypedDict):
    """A word of a list of the programme that stands in what was written, and the category of the list."""

    category: str
    word: str


class AcceptedEvent(TypedDict):
    """A platform's event without names, handles, texts and addresses, and what ingest found out of it beside that.

    `data` is what the platform said, but of people only whether they are bots, of things only their ids, and of
    what was written only its `measures`. `contenthash` stands for all that the platform sent.
    `uid` is UUIDv5(community, source, id); `member`, `objectmember` and `replymember` are who the actor,
    the object's author and the answered author are, across channels, `contributor1` and so on its contributors, in
    the order in which its platform said them. `day` is the day it counts for, left out
    where that is the UTC day of `time`; `week` the first day of its week, left out where that is the day's Monday.
    `bots` names those of these attributes that are no person, with blanks between them,
    `unearning` those who earn nothing because of what else they are in their community, such as its staff.
    `targetuid` is the event that it takes back or restores: what does may have no `member`, all else has one.
    With `backfill` it is of the past: it counts, and nobody is told of it. `listed` is there where a word of the
    programme's lists stands in the message of kudos: it is brought before somebody.
    """

    specversion: Literal["1.0"]
    id: Id
    source: Uri
    type: str
    time: Timestamp
    community: Slug
    uid: Uuid
    member: NotRequired[Uuid]
    objectmember: NotRequired[Uuid]
    replymember: NotRequired[Uuid]
    contributor1: NotRequired[Uuid]
    contributor2: NotRequired[Uuid]
    contributor3: NotRequired[Uuid]
    contributor4: NotRequired[Uuid]
    contributor5: NotRequired[Uuid]
    targetuid: NotRequired[Uuid]
    receivedat: Timestamp
    contenthash: ContentHash
    day: NotRequired[LocalDay]
    week: NotRequired[LocalDay]
    bots: NotRequired[str]
    unearning: NotRequired[str]
    listed: NotRequired[ListedData]
    backfill: NotRequired[Literal[True]]
    traceparent: NotRequired[str]
    data: dict[str, Any]


#: An accepted event keeps the type that its platform gave it; this names the contract of all of them.
ACCEPTED_TYPE: Final = "engagement.accepted.v1"
ACCEPTED_EVENT: TypeAdapter[AcceptedEvent] = TypeAdapter(AcceptedEvent)
ACCEPTED_EVENT_EXAMPLES: Final[list[Any]] = [
    {
        **ACCEPTED_ANSWER,
        "data": told_data(ACCEPTED_ANSWER["data"]),
        "contenthash": "5b2f0f6f3c1d4f1e9a7b6c5d4e3f2a1b",
        "community": "acme",
        "uid": ACCEPTANCE,
        "member": ADA,
        "objectmember": GRACE,
        "receivedat": "2026-01-31T12:30:01.250000Z",
        "traceparent": TRACEPARENT,
    }
]


class RejectedData(TypedDict):
    receipt_id: str
    receipt_index: Count
    event_source: Uri
    event_id: Id
    outcome: Literal["conflict", "rejected"]
    reason: Text


class RejectedEvent(FactEnvelope):
    """An event that was received and will not count, with the reason."""

    type: Literal["engagement.rejected.v1"]
    data: RejectedData


REJECTED_EVENT: Final = FactType(
    "engagement.rejected.v1",
    envelope=RejectedEvent,
    data=RejectedData,
    examples=[
        fact_example(
            "engagement.rejected.v1",
            "ingest",
            "r019c14a7b3c0aabbccddeeff001124957ba6158e2042-1/0",
            "2026-01-31T12:31:00Z",
            {
                "receipt_id": "r019c14a7b3c0aabbccddeeff001124957ba6158e2042-1",
                "receipt_index": 0,
                "event_source": FORUM,
                "event_id": "solution-93",
                "outcome": "conflict",
                "reason": "an event with this source and id was accepted before with other content",
            },
        )
    ],
)
