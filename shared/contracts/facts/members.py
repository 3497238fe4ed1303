"""Facts of ingest: who is who across channels."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import AttributeValue, ChannelName, Count, Name, Slug, Timestamp, Uuid
from shared.contracts.identities import IdentityHash
from shared.contracts.story import ADA, GRACE

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


class SpellData(TypedDict):
    """A time over which a member was merged into another."""

    into_id: Uuid
    merged_at: Timestamp
    unmerged_at: Timestamp


class MergeData(TypedDict):
    """`member_id` is merged into `into_id` from `merged_at` on; `earlier` are the times before, oldest first."""

    member_id: Uuid
    into_id: Uuid
    merged_at: Timestamp
    revision: Count
    earlier: NotRequired[list[SpellData]]


class UnmergeData(MergeData):
    """`member_id` was merged into `into_id` from `merged_at` until `unmerged_at`."""

    unmerged_at: Timestamp


class MemberMerged(FactEnvelope):
    """A member is one with another from now on, who stays.

    What either did before and does from now on keeps its own `member_id`. Whom `into_id` is merged into itself has
    both. Of a member the highest `revision` of these and of `member.unmerged.v1` counts.
    """

    type: Literal["member.merged.v1"]
    data: MergeData


class MemberUnmerged(FactEnvelope):
    """A member is by itself again, with all that it did and whoever was merged into it."""

    type: Literal["member.unmerged.v1"]
    data: UnmergeData


_MERGE = {
    "member_id": ADA,
    "into_id": GRACE,
    "merged_at": "2026-02-03T09:00:00Z",
    "revision": 1,
}
MEMBER_MERGED: Final = FactType(
    "member.merged.v1",
    envelope=MemberMerged,
    data=MergeData,
    examples=[fact_example("member.merged.v1", "ingest", f"{ADA}/merge/1", "2026-02-03T09:00:00Z", _MERGE)],
)
MEMBER_UNMERGED: Final = FactType(
    "member.unmerged.v1",
    envelope=MemberUnmerged,
    data=UnmergeData,
    examples=[
        fact_example(
            "member.unmerged.v1",
            "ingest",
            f"{ADA}/merge/2",
            "2026-02-04T09:00:00Z",
            _MERGE | {"unmerged_at": "2026-02-04T09:00:00Z", "revision": 2},
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

#: What members.v1 carries.
MemberFact = MemberIdentified | MemberMerged | MemberUnmerged | MemberErased
MEMBER_FACT: Final[TypeAdapter[MemberFact]] = TypeAdapter(Annotated[MemberFact, Discriminator("type")])
