"""What is reported, decided and appealed against."""

from typing import Final, Literal, NotRequired

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentLabel, SentText
from shared.contracts.fields import Language
from shared.contracts.story import ADA_IN_FORUM, FORUM, GRACE_IN_FORUM


class ReportData(ActivityData):
    category: NotRequired[SentLabel]
    comment: NotRequired[SentText]
    language: NotRequired[Language]


class Reported(Envelope):
    """A member reported something; `object` is that and whose it is, `category` why, such as spam."""

    type: Literal["moderation.reported.v1"]
    data: ReportData


REPORTED: Final = ActivityType(
    "moderation.reported.v1",
    envelope=Reported,
    examples=[
        activity_example(
            "moderation.reported.v1",
            FORUM,
            "report-9",
            "2026-01-31T15:00:00Z",
            "forum",
            GRACE_IN_FORUM,
            object={"id": "post-95", "author": {"id": "mallory"}},
            category="spam",
        )
    ],
)


class DecisionData(ActivityData):
    decision: SentLabel
    category: NotRequired[SentLabel]
    reason: NotRequired[SentText]


class Decided(Envelope):
    """Somebody decided about what was made or reported; `object` is that and whose it is.

    `decision` says what, such as removed, warned or kept; `in_reply_to` is the report and who made it.
    """

    type: Literal["moderation.decided.v1"]
    data: DecisionData


DECIDED: Final = ActivityType(
    "moderation.decided.v1",
    envelope=Decided,
    examples=[
        activity_example(
            "moderation.decided.v1",
            FORUM,
            "decision-9",
            "2026-01-31T15:30:00Z",
            "forum",
            ADA_IN_FORUM,
            object={"id": "post-95", "author": {"id": "mallory"}},
            in_reply_to={"id": "report-9", "author": GRACE_IN_FORUM},
            decision="removed",
            category="spam",
        )
    ],
)


class AppealData(ActivityData):
    comment: NotRequired[SentText]
    language: NotRequired[Language]


class Appealed(Envelope):
    """A member appealed against a decision; `in_reply_to` is that and who decided."""

    type: Literal["moderation.appealed.v1"]
    data: AppealData


APPEALED: Final = ActivityType(
    "moderation.appealed.v1",
    envelope=Appealed,
    examples=[
        activity_example(
            "moderation.appealed.v1",
            FORUM,
            "appeal-2",
            "2026-01-31T17:00:00Z",
            "forum",
            {"id": "mallory"},
            in_reply_to={"id": "decision-9", "author": ADA_IN_FORUM},
        )
    ],
)


class AppealDecisionData(ActivityData):
    outcome: Literal["upheld", "changed", "overturned"]
    reason: NotRequired[SentText]


class AppealDecided(Envelope):
    """Somebody decided an appeal: what became of the decision; `object` is the appeal and whose it is."""

    type: Literal["moderation.appeal_decided.v1"]
    data: AppealDecisionData


APPEAL_DECIDED: Final = ActivityType(
    "moderation.appeal_decided.v1",
    envelope=AppealDecided,
    examples=[
        activity_example(
            "moderation.appeal_decided.v1",
            FORUM,
            "appeal-2-decided",
            "2026-02-01T09:00:00Z",
            "forum",
            GRACE_IN_FORUM,
            object={"id": "appeal-2", "author": {"id": "mallory"}},
            outcome="overturned",
        )
    ],
)

TYPES: Final = (REPORTED, DECIDED, APPEALED, APPEAL_DECIDED)
