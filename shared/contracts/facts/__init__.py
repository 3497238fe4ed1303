"""What the services tell one another, and finance systems: one class per message type and version.

Each is a CloudEvent in structured JSON form. Facts are never rewritten: what changes or takes back an earlier
one is a new fact that names it. Readers ignore fields they do not know, so that a version can grow.

Each family has a file, with the examples beside each type.
"""

from typing import Any, Final

from shared.contracts.facts.access_keys import ACCESS_KEY_CHANGED, AccessKeyChanged, AccessKeyData
from shared.contracts.facts.audit import (
    AUDIT_FACT,
    COMMAND_DONE,
    PERSONAL_DATA_READ,
    CommandData,
    CommandDone,
    PersonalDataRead,
    ReadData,
)
from shared.contracts.facts.communities import (
    COMMUNITY_CHANGED,
    CommunityChanged,
    CommunityData,
    ReckoningData,
    Weekday,
)
from shared.contracts.facts.dead_letters import RECORD_DEAD_LETTERED, DeadLetterData, RecordDeadLettered
from shared.contracts.facts.envelope import FactEnvelope, FactType
from shared.contracts.facts.events import (
    ACCEPTED_EVENT,
    ACCEPTED_EVENT_EXAMPLES,
    ACCEPTED_TYPE,
    RAW_EVENT,
    REJECTED_EVENT,
    AcceptedEvent,
    RawEvent,
    RejectedData,
    RejectedEvent,
)
from shared.contracts.facts.members import (
    MEMBER_IDENTIFIED,
    DatedData,
    DatedKind,
    KnownIdentity,
    MarkedBy,
    MemberData,
    MemberIdentified,
    NameBy,
    Standing,
)
from shared.contracts.facts.payouts import (
    PAYOUT_CHANGED,
    PAYOUT_FACT,
    PAYOUT_LOTS,
    PAYOUT_RUN_CHANGED,
    FileData,
    PayoutChanged,
    PayoutData,
    PayoutLot,
    PayoutLots,
    PayoutLotsData,
    PayoutPart,
    PayoutRunChanged,
    PayoutRunData,
)
from shared.contracts.facts.people import (
    PEOPLE_FACT,
    PERSON_CHANGED,
    TOKEN_KEY_CHANGED,
    PersonChanged,
    PersonData,
    TokenKeyChanged,
    TokenKeyData,
)
from shared.contracts.facts.points import POINTS_AWARDED, AwardData, PointsAwarded
from shared.contracts.facts.programmes import PROGRAMME_PUBLISHED, ProgrammeData, ProgrammePublished
from shared.contracts.facts.recognition import RECOGNITION_GRANTED, GrantData, RecognitionGranted
from shared.contracts.facts.redemptions import (
    REDEMPTION_CHANGED,
    REDEMPTION_FACT,
    REDEMPTION_LOTS,
    RedemptionChanged,
    RedemptionData,
    RedemptionLots,
    RedemptionLotsData,
)

#: Every type of fact in an envelope of ours; beside them only accepted events travel.
FACTS: Final[tuple[FactType[Any], ...]] = (
    RAW_EVENT,
    REJECTED_EVENT,
    MEMBER_IDENTIFIED,
    POINTS_AWARDED,
    RECOGNITION_GRANTED,
    REDEMPTION_CHANGED,
    REDEMPTION_LOTS,
    PAYOUT_CHANGED,
    PAYOUT_LOTS,
    PAYOUT_RUN_CHANGED,
    PROGRAMME_PUBLISHED,
    ACCESS_KEY_CHANGED,
    PERSON_CHANGED,
    TOKEN_KEY_CHANGED,
    COMMAND_DONE,
    PERSONAL_DATA_READ,
    COMMUNITY_CHANGED,
    RECORD_DEAD_LETTERED,
)

__all__ = [
    "ACCEPTED_EVENT",
    "ACCEPTED_EVENT_EXAMPLES",
    "ACCEPTED_TYPE",
    "ACCESS_KEY_CHANGED",
    "AUDIT_FACT",
    "COMMAND_DONE",
    "COMMUNITY_CHANGED",
    "FACTS",
    "MEMBER_IDENTIFIED",
    "PAYOUT_CHANGED",
    "PAYOUT_FACT",
    "PAYOUT_LOTS",
    "PAYOUT_RUN_CHANGED",
    "PEOPLE_FACT",
    "PERSONAL_DATA_READ",
    "PERSON_CHANGED",
    "POINTS_AWARDED",
    "PROGRAMME_PUBLISHED",
    "RAW_EVENT",
    "RECOGNITION_GRANTED",
    "RECORD_DEAD_LETTERED",
    "REDEMPTION_CHANGED",
    "REDEMPTION_FACT",
    "REDEMPTION_LOTS",
    "REJECTED_EVENT",
    "TOKEN_KEY_CHANGED",
    "AcceptedEvent",
    "AccessKeyChanged",
    "AccessKeyData",
    "AwardData",
    "CommandData",
    "CommandDone",
    "CommunityChanged",
    "CommunityData",
    "DatedData",
    "DatedKind",
    "DeadLetterData",
    "FactEnvelope",
    "FactType",
    "FileData",
    "GrantData",
    "KnownIdentity",
    "MarkedBy",
    "MemberData",
    "MemberIdentified",
    "NameBy",
    "PayoutChanged",
    "PayoutData",
    "PayoutLot",
    "PayoutLots",
    "PayoutLotsData",
    "PayoutPart",
    "PayoutRunChanged",
    "PayoutRunData",
    "PersonChanged",
    "PersonData",
    "PersonalDataRead",
    "PointsAwarded",
    "ProgrammeData",
    "ProgrammePublished",
    "RawEvent",
    "ReadData",
    "ReckoningData",
    "RecognitionGranted",
    "RecordDeadLettered",
    "RedemptionChanged",
    "RedemptionData",
    "RedemptionLots",
    "RedemptionLotsData",
    "RejectedData",
    "RejectedEvent",
    "Standing",
    "TokenKeyChanged",
    "TokenKeyData",
    "Weekday",
]
