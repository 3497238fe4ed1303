"""Which events turn from one member to another."""

from datetime import UTC, date
from enum import StrEnum
from typing import Final, NamedTuple

from shared.contracts.facts import AcceptedEvent


class TieKind(StrEnum):
    """How somebody turned to somebody."""

    ANSWERS = "answers"
    THANKS = "thanks"


#: What is thanks to whoever made the object.
THANKING_TYPES: Final = frozenset({"kudos.given.v1", "forum.answer_accepted.v1"})
#: What answers whoever made the object.
_JUDGING_TYPES: Final = frozenset({"code.review.v1"})


class Tied(NamedTuple):
    """That an event turned from one member to another."""

    community: str
    event_uid: str
    day: date
    kind: TieKind
    from_id: str
    to_id: str


def tied_by(event: AcceptedEvent) -> Tied | None:
    """Whom an event turns to; None where it is nobody, a bot, or its actor."""
    member, bots = event.get("member"), event.get("bots", "").split()
    if event["type"] in THANKING_TYPES:
        kind, part = TieKind.THANKS, "objectmember"
    else:
        kind, part = TieKind.ANSWERS, "objectmember" if event["type"] in _JUDGING_TYPES else "replymember"
    to = event.get("objectmember") if part == "objectmember" else event.get("replymember")
    if member is None or to is None or to == member or "member" in bots or part in bots:
        return None
    day = event.get("day") or event["time"].astimezone(UTC).date()
    return Tied(event["community"], event["uid"], day, kind, member, to)
