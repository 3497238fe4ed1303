"""What is said of earlier events."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.activities.common import ActivityType, Actor, Envelope, Thing, activity_example
from shared.contracts.activities.sent import SentHost, SentId, SentSource, SentText
from shared.contracts.fields import CLOSED, Attributes, Channel
from shared.contracts.story import ADA_IN_FORUM, FORUM


class Target(TypedDict):
    """Which event it is: its CloudEvents source and id."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    source: SentSource
    id: SentId


class TargetedData(TypedDict):
    """What is said of an earlier event: as of any activity, but not every channel tells who did it.

    Left out, `actor` is whoever did what is taken back.
    """

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    channel: Channel
    host: NotRequired[SentHost]
    actor: NotRequired[Actor]
    object: NotRequired[Thing]
    in_reply_to: NotRequired[Thing]
    attributes: NotRequired[Attributes]
    target: Target
    reason: NotRequired[SentText]


class Retracted(Envelope):
    """An earlier event of the same community is taken back, by `actor`; what it earned is taken back as well."""

    type: Literal["activity.retracted.v1"]
    data: TargetedData


RETRACTED: Final = ActivityType(
    "activity.retracted.v1",
    envelope=Retracted,
    examples=[
        activity_example(
            "activity.retracted.v1",
            FORUM,
            "solution-93-withdrawn",
            "2026-02-01T08:00:00Z",
            "forum",
            ADA_IN_FORUM,
            target={"source": FORUM, "id": "solution-93"},
            reason="The asker marked another answer",
        )
    ],
)
RETRACTED_TYPE: Final = RETRACTED.name


class Restored(Envelope):
    """An earlier event that was retracted counts again, as before; the latest of all that name it decides."""

    type: Literal["activity.restored.v1"]
    data: TargetedData


RESTORED: Final = ActivityType(
    "activity.restored.v1",
    envelope=Restored,
    examples=[
        activity_example(
            "activity.restored.v1",
            FORUM,
            "solution-93-again",
            "2026-02-01T08:02:00Z",
            "forum",
            ADA_IN_FORUM,
            target={"source": FORUM, "id": "solution-93"},
            reason="Marked again",
        )
    ],
)
RESTORED_TYPE: Final = RESTORED.name
#: Types that say of an earlier event, their target, whether it counts. Of several that name one event, that of the
#: latest event time holds; of those at one time, that with the greatest uid.
TARGETING_TYPES: Final = frozenset({RETRACTED_TYPE, RESTORED_TYPE})

TYPES: Final = (RETRACTED, RESTORED)
