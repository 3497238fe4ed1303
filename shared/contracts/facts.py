"""What the services tell one another, and finance systems: one class per message type and version.

Each is a CloudEvent in structured JSON form. Facts are never rewritten: a reversal is a new fact that
names what it reverses. Readers ignore fields they do not know, so that a version can grow.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Discriminator, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.fields import (
    ChannelName,
    Count,
    Currency,
    Id,
    Identity,
    MinorUnits,
    Name,
    Points,
    Sha256,
    Slug,
    Text,
    Timestamp,
    Uri,
    Uuid,
)


class FactEnvelope(TypedDict):
    """CloudEvents attributes of every fact; `id` is derived from what the fact is about, so it is stable."""

    specversion: Literal["1.0"]
    id: str
    source: str
    time: Timestamp
    community: Slug
    traceparent: NotRequired[str]


class RawEvent(FactEnvelope):
    """An event as the front door took it, before deduplication and identity. `time` is when it was received."""

    type: Literal["engagement.received.v1"]
    receiptid: str
    receiptindex: Count
    data: dict[str, Any]


class AcceptedEvent(TypedDict):
    """A platform's event, kept as it came, with what ingest found out added as CloudEvents extensions.

    `uid` is UUIDv5(community, source, id); `member`, `objectmember` and `replymember` are who the actor,
    the object's author and the answered author are, across channels.
    """

    specversion: Literal["1.0"]
    id: Id
    source: Uri
    type: str
    time: Timestamp
    subject: NotRequired[Id]
    datacontenttype: NotRequired[str]
    dataschema: NotRequired[Uri]
    community: Slug
    uid: Uuid
    member: Uuid
    objectmember: NotRequired[Uuid]
    replymember: NotRequired[Uuid]
    targetuid: NotRequired[Uuid]
    receivedat: Timestamp
    traceparent: NotRequired[str]
    data: dict[str, Any]


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


class MemberData(TypedDict):
    member_id: Uuid
    name: NotRequired[Name]
    identities: list[Identity]
    channel: ChannelName
    first_seen_at: Timestamp
    revision: Count


class MemberIdentified(FactEnvelope):
    """A member with every identity known so far; of a key, the highest `revision` counts and the rest is stale."""

    type: Literal["member.identified.v1"]
    data: MemberData


class AwardData(TypedDict):
    award_id: Uuid
    member_id: Uuid
    points: Points
    rule_id: Slug
    slot: Literal["actor", "object_author", "reply_author"]
    programme_id: Slug
    programme_version: Count
    event_uid: Uuid
    event_type: str
    event_time: Timestamp
    received_at: Timestamp
    reverses: NotRequired[Uuid]


class PointsAwarded(FactEnvelope):
    """Points that a rule gave for an event; negative with `reverses` when an award is taken back."""

    type: Literal["points.awarded.v1"]
    data: AwardData


class GrantData(TypedDict):
    grant_id: Uuid
    member_id: Uuid
    kind: Literal["badge", "level"]
    name: Slug
    title: Name
    award_id: Uuid
    event_time: Timestamp
    reverses: NotRequired[Uuid]


class RecognitionGranted(FactEnvelope):
    """A badge or level a member reached, and by which award; with `reverses`, one that no longer holds."""

    type: Literal["recognition.granted.v1"]
    data: GrantData


class RedemptionData(TypedDict):
    redemption_id: Uuid
    member_id: Uuid
    reward_id: Slug
    points: Points
    state: Literal["reserved", "confirmed", "cancelled", "expired"]


class RedemptionChanged(FactEnvelope):
    """A redemption changed its state; reserved points are neither available nor spent."""

    type: Literal["redemption.changed.v1"]
    data: RedemptionData


class PayoutData(TypedDict):
    payout_id: Uuid
    run_id: Uuid
    member_id: Uuid
    state: Literal[
        "accrued",
        "held",
        "eligible",
        "approved",
        "reserved",
        "submitted",
        "sent",
        "settled",
        "returned",
        "failed",
        "reversed",
    ]
    points: Points
    amount_minor: MinorUnits
    currency: Currency
    end_to_end_id: str
    by: str
    reason: NotRequired[Text]


class PayoutChanged(FactEnvelope):
    """A payout reached a state, and who or what brought it there. `end_to_end_id` is ISO 20022's EndToEndId."""

    type: Literal["payout.changed.v1"]
    data: PayoutData


class PayoutLot(TypedDict):
    award_id: Uuid
    points: Points


class PayoutLotsData(TypedDict):
    payout_id: Uuid
    part: Count
    parts: Count
    lots: list[PayoutLot]


class PayoutLots(FactEnvelope):
    """Which awards a payout pays, and how many points of each; long lists come in `parts`."""

    type: Literal["payout.lots.v1"]
    data: PayoutLotsData


class ProgrammeData(TypedDict):
    programme_id: Slug
    version: Count
    effective_from: Timestamp
    published_by: str
    document: dict[str, Any]
    document_sha256: Sha256


class ProgrammePublished(FactEnvelope):
    """A version of a community's programme, whole; each service reads its own section of `document`."""

    type: Literal["programme.published.v1"]
    data: ProgrammeData


class AccessKeyData(TypedDict):
    key_id: str
    name: Name
    secret_sha256: Sha256
    scopes: list[str]
    revoked: bool


class AccessKeyChanged(FactEnvelope):
    """An access key was issued or revoked; the secret itself is never stored or sent."""

    type: Literal["access_key.changed.v1"]
    data: AccessKeyData


class DeadLetterData(TypedDict):
    service: str
    topic: str
    partition: int
    offset: int
    key_base64: str
    value_base64: str
    value_truncated: bool
    reason: Text


class RecordDeadLettered(FactEnvelope):
    """A record that can never be processed, with where it came from and why."""

    type: Literal["record.dead_lettered.v1"]
    data: DeadLetterData


FACTS = (
    RawEvent,
    AcceptedEvent,
    RejectedEvent,
    MemberIdentified,
    PointsAwarded,
    RecognitionGranted,
    RedemptionChanged,
    PayoutChanged,
    PayoutLots,
    ProgrammePublished,
    AccessKeyChanged,
    RecordDeadLettered,
)

RAW_EVENT: TypeAdapter[RawEvent] = TypeAdapter(RawEvent)
ACCEPTED_EVENT: TypeAdapter[AcceptedEvent] = TypeAdapter(AcceptedEvent)
REJECTED_EVENT: TypeAdapter[RejectedEvent] = TypeAdapter(RejectedEvent)
MEMBER_IDENTIFIED: TypeAdapter[MemberIdentified] = TypeAdapter(MemberIdentified)
POINTS_AWARDED: TypeAdapter[PointsAwarded] = TypeAdapter(PointsAwarded)
RECOGNITION_GRANTED: TypeAdapter[RecognitionGranted] = TypeAdapter(RecognitionGranted)
REDEMPTION_CHANGED: TypeAdapter[RedemptionChanged] = TypeAdapter(RedemptionChanged)
PAYOUT_FACT: TypeAdapter[PayoutChanged | PayoutLots] = TypeAdapter(
    Annotated[PayoutChanged | PayoutLots, Discriminator("type")]
)
PROGRAMME_PUBLISHED: TypeAdapter[ProgrammePublished] = TypeAdapter(ProgrammePublished)
ACCESS_KEY_CHANGED: TypeAdapter[AccessKeyChanged] = TypeAdapter(AccessKeyChanged)
RECORD_DEAD_LETTERED: TypeAdapter[RecordDeadLettered] = TypeAdapter(RecordDeadLettered)
