"""Facts of ingest: who is who across channels."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import AttributeValue, ChannelName, Count, Name, Slug, Timestamp, Uuid
from shared.contracts.identities import IdentityHash
from shared.contracts.story import GRACE

NameBy = Literal["others", "self", "declared"]


#: What somebody is in their community beside a person, and by whose word.
Standing = Literal["staff", "departed", "hidden"]
MarkedBy = Literal["pattern", "hand"]


class StandingData(TypedDict):
    """What a member is in its community, and by whose word."""

    staff: NotRequired[MarkedBy]
    departed: NotRequired[MarkedBy]
    hidden: NotRequired[MarkedBy]


DatedKind = Literal["attribute", "consent", "time_zone", "language", "opt_out"]


class DatedData(TypedDict):
    """What is so from `since` on, until the next of its kind and name; `source` is who knew it.

    `said_at` is when it was said: of two of one moment the later counts, and both are told, since rules read what
    was known when an event was received.
    """

    kind: DatedKind
    name: Slug
    since: Timestamp
    said_at: Timestamp
    value: AttributeValue
    source: Name


class KnownIdentity(TypedDict):
    """Somebody as one channel knows them; `hash` stands for community, channel, host and id, which stay behind."""

    channel: ChannelName
    hash: IdentityHash


class MemberData(TypedDict):
    """`name` is the one to show; `name_by` says whose word it is, and `name_at` when that was said.

    A declared one counts for more than what the member's own events say, and that for more than what others' say.
    """

    member_id: Uuid
    name: NotRequired[Name]
    name_by: NotRequired[NameBy]
    name_at: NotRequired[Timestamp]
    identities: list[KnownIdentity]
    channel: ChannelName
    first_seen_at: Timestamp
    revision: Count
    bot_by: NotRequired[Literal["platform", "pattern", "hand"]]
    is_person: NotRequired[bool]
    standing: NotRequired[StandingData]
    off_boards: NotRequired[bool]
    unearning: NotRequired[bool]
    opt_outs: NotRequired[list[str]]
    dated: NotRequired[list[DatedData]]


class MemberIdentified(FactEnvelope):
    """A member with every identity known so far; `bot_by` says by whose word it is no person.

    `is_person` says that somebody said so by hand, whatever the platform says; `standing` what else it is, and by
    whose word. Whether it is `off_boards`, and `unearning`, follows from that as its community wants it.
    `dated` has the attributes that its programme declares, consents, time zones, languages and opt-outs, each from
    a moment on; what the programme calls personal, and not for rules, stays at ingest.

    Of a key the highest `revision` counts and the rest is stale."""

    type: Literal["member.identified.v1"]
    data: MemberData


MEMBER_IDENTIFIED: Final = FactType(
    "member.identified.v1",
    envelope=MemberIdentified,
    data=MemberData,
    examples=[
        fact_example(
            "member.identified.v1",
            "ingest",
            f"{GRACE}/2",
            "2026-01-31T13:06:01Z",
            {
                "member_id": GRACE,
                "name": "Grace",
                "name_by": "self",
                "name_at": "2026-01-31T13:05:59Z",
                "identities": [
                    {"channel": "chat", "hash": "6a55b9d9f29a9f64965dcdf9d0cee5a2"},
                    {"channel": "forum", "hash": "fa7ed777cd05d5c0eafad38cb25d5b5f"},
                ],
                "channel": "forum",
                "first_seen_at": "2026-01-31T12:10:00.500000Z",
                "revision": 2,
            },
        )
    ],
)


class ErasedData(TypedDict):
    """`identities` are those that the member had: what comes of them is taken no more.

    `forfeits` says that points that were not used are given up.
    """

    member_id: Uuid
    revision: Count
    erased_at: Timestamp
    identities: list[KnownIdentity]
    forfeits: bool


class MemberErased(FactEnvelope):
    """A member is to be forgotten: whoever keeps names, addresses or attributes of them deletes these.

    It is the last fact of its key, in place of whatever was told before. Amounts stay, under an id that is
    nobody's any more."""

    type: Literal["member.erased.v1"]
    data: ErasedData


MEMBER_ERASED: Final = FactType(
    "member.erased.v1",
    envelope=MemberErased,
    data=ErasedData,
    examples=[
        fact_example(
            "member.erased.v1",
            "ingest",
            f"{GRACE}/3",
            "2026-03-31T09:00:00Z",
            {
                "member_id": GRACE,
                "revision": 3,
                "erased_at": "2026-03-31T09:00:00Z",
                "identities": [{"channel": "forum", "hash": "fa7ed777cd05d5c0eafad38cb25d5b5f"}],
                "forfeits": True,
            },
        )
    ],
)

MemberFact = MemberIdentified | MemberErased
#: What members.v1 carries.
MEMBER_FACT: TypeAdapter[MemberFact] = TypeAdapter(Annotated[MemberFact, Discriminator("type")])
