"""What platforms send: CloudEvents 1.0 whose `type` names one of these activities and its version.

Each class is one event type. The envelope's attributes are CloudEvents' own; everything the platform
says about the activity is in `data`. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md

Each family, by the first word of its types, has a file, with the examples beside each type.
"""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Final, get_args

from pydantic import ConfigDict, Discriminator, TypeAdapter

from shared.contracts.activities import (
    activity,
    chat,
    code,
    content,
    forum,
    idea,
    in_person,
    kudos,
    member,
    moderation,
    nomination,
    policy,
    shop,
    social,
    support,
    survey,
)
from shared.contracts.activities.activity import RESTORED_TYPE, RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.activities.common import ActivityData, ActivityType, Envelope
from shared.contracts.activities.sent import Fault, faults

TYPES: Final[tuple[ActivityType, ...]] = (
    *forum.TYPES,
    *social.TYPES,
    *chat.TYPES,
    *code.TYPES,
    *content.TYPES,
    *idea.TYPES,
    *support.TYPES,
    *in_person.TYPES,
    *survey.TYPES,
    *shop.TYPES,
    *kudos.TYPES,
    *member.TYPES,
    *moderation.TYPES,
    *nomination.TYPES,
    *policy.TYPES,
    *activity.TYPES,
)
#: The class and the name of each type, in the order of TYPES.
ACTIVITIES: Final[tuple[Any, ...]] = tuple(kind.envelope for kind in TYPES)
ACTIVITY_TYPES: Final[tuple[str, ...]] = tuple(kind.name for kind in TYPES)

#: Types that say what is so until it is taken back, once a person and object, under one id whenever it begins:
#: the time is no part of what is said, and an `activity.restored.v1` beside it says that it is so again.
LASTING_TYPES: Final = frozenset({code.STAR.name, chat.REACTION.name})

#: The attributes that an activity may have beside extensions, and those that it must have.
ENVELOPE: Final = frozenset(Envelope.__annotations__) | {"type", "data"}
REQUIRED: Final = Envelope.__required_keys__ | {"type", "data"}

Activity: Any = Annotated[reduce(or_, ACTIVITIES), Discriminator("type")]
# Built when it is first used: every process imports this module, and ingest alone reads activities by it.
ACTIVITY_ADAPTER: TypeAdapter[Any] = TypeAdapter(Activity, config=ConfigDict(defer_build=True))


def activity_type(activity: Any) -> str:
    """The CloudEvents `type` that a class of ACTIVITIES stands for."""
    return str(get_args(activity.__annotations__["type"])[0])


__all__ = [
    "ACTIVITIES",
    "ACTIVITY_ADAPTER",
    "ACTIVITY_TYPES",
    "ENVELOPE",
    "LASTING_TYPES",
    "REQUIRED",
    "RESTORED_TYPE",
    "RETRACTED_TYPE",
    "TARGETING_TYPES",
    "TYPES",
    "ActivityData",
    "ActivityType",
    "Fault",
    "activity_type",
    "faults",
]
