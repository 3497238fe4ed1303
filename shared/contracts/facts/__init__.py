"""What the services tell one another, and finance systems: one class per message type and version.

Each is a CloudEvent in structured JSON form. Facts are never rewritten: a reversal is a new fact that
names what it reverses. Readers ignore fields they do not know, so that a version can grow.

Each family has a file, with the examples beside each type.
"""

from typing import Any, Final

from shared.contracts.facts.access_keys import (
    ACCESS_KEY_CHANGED,
    ACCESS_KEY_CHANGED_EXAMPLES,
    AccessKeyChanged,
    AccessKeyData,
)
from shared.contracts.facts.dead_letters import (
    RECORD_DEAD_LETTERED,
    RECORD_DEAD_LETTERED_EXAMPLES,
    DeadLetterData,
    RecordDeadLettered,
)
from shared.contracts.facts.envelope import FactEnvelope
from shared.contracts.facts.events import (
    ACCEPTED_EVENT,
    ACCEPTED_EVENT_EXAMPLES,
    RAW_EVENT,
    RAW_EVENT_EXAMPLES,
    REJECTED_EVENT,
    REJECTED_EVENT_EXAMPLES,
    AcceptedEvent,
    RawEvent,
    RejectedData,
    RejectedEvent,
)
from shared.contracts.facts.members import (
    MEMBER_IDENTIFIED,
    MEMBER_IDENTIFIED_EXAMPLES,
    MemberData,
    MemberIdentified,
)
from shared.contracts.facts.payouts import (
    PAYOUT_CHANGED_EXAMPLES,
    PAYOUT_FACT,
    PAYOUT_LOTS_EXAMPLES,
    PayoutChanged,
    PayoutData,
    PayoutLot,
    PayoutLots,
    PayoutLotsData,
)
from shared.contracts.facts.points import POINTS_AWARDED, POINTS_AWARDED_EXAMPLES, AwardData, PointsAwarded
from shared.contracts.facts.programmes import (
    PROGRAMME_PUBLISHED,
    PROGRAMME_PUBLISHED_EXAMPLES,
    ProgrammeData,
    ProgrammePublished,
)
from shared.contracts.facts.recognition import (
    RECOGNITION_GRANTED,
    RECOGNITION_GRANTED_EXAMPLES,
    GrantData,
    RecognitionGranted,
)
from shared.contracts.facts.redemptions import (
    REDEMPTION_CHANGED,
    REDEMPTION_CHANGED_EXAMPLES,
    RedemptionChanged,
    RedemptionData,
)

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

#: Examples of what the services tell one another, by fact type.
FACT_EXAMPLES: Final[dict[str, list[Any]]] = {
    "engagement.received.v1": RAW_EVENT_EXAMPLES,
    "engagement.accepted.v1": ACCEPTED_EVENT_EXAMPLES,
    "engagement.rejected.v1": REJECTED_EVENT_EXAMPLES,
    "member.identified.v1": MEMBER_IDENTIFIED_EXAMPLES,
    "points.awarded.v1": POINTS_AWARDED_EXAMPLES,
    "recognition.granted.v1": RECOGNITION_GRANTED_EXAMPLES,
    "redemption.changed.v1": REDEMPTION_CHANGED_EXAMPLES,
    "payout.changed.v1": PAYOUT_CHANGED_EXAMPLES,
    "payout.lots.v1": PAYOUT_LOTS_EXAMPLES,
    "programme.published.v1": PROGRAMME_PUBLISHED_EXAMPLES,
    "access_key.changed.v1": ACCESS_KEY_CHANGED_EXAMPLES,
    "record.dead_lettered.v1": RECORD_DEAD_LETTERED_EXAMPLES,
}

__all__ = [
    "ACCEPTED_EVENT",
    "ACCESS_KEY_CHANGED",
    "FACTS",
    "FACT_EXAMPLES",
    "MEMBER_IDENTIFIED",
    "PAYOUT_FACT",
    "POINTS_AWARDED",
    "PROGRAMME_PUBLISHED",
    "RAW_EVENT",
    "RECOGNITION_GRANTED",
    "RECORD_DEAD_LETTERED",
    "REDEMPTION_CHANGED",
    "REJECTED_EVENT",
    "AcceptedEvent",
    "AccessKeyChanged",
    "AccessKeyData",
    "AwardData",
    "DeadLetterData",
    "FactEnvelope",
    "GrantData",
    "MemberData",
    "MemberIdentified",
    "PayoutChanged",
    "PayoutData",
    "PayoutLot",
    "PayoutLots",
    "PayoutLotsData",
    "PointsAwarded",
    "ProgrammeData",
    "ProgrammePublished",
    "RawEvent",
    "RecognitionGranted",
    "RecordDeadLettered",
    "RedemptionChanged",
    "RedemptionData",
    "RejectedData",
    "RejectedEvent",
]
