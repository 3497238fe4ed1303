"""Which events judge content, and which make it: values in, values out."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from shared.contracts.facts import AcceptedEvent
from shared.contracts.own_acts import is_making
from shared.contracts.programme import JudgementWeights

#: Content is called so under this, from its community, channel, host and id there; it must never change.
_NAMESPACE = UUID("a1c7b7a2-0f0f-5d3e-8a52-6a0c1b7f9e44")
#: Judgements of one judge on one author count together in periods of so many days, by UTC, from 1970-01-01 on.
PERIOD_DAYS: Final = 30
_DAY_ONE = date(1970, 1, 1)
ALL_PERCENT: Final = 100


class Kind(StrEnum):
    """What somebody made of content; `seen` says that they looked at it, and nothing of how good it is."""

    ACCEPTED = "accepted"
    VOTED = "voted"
    RATED = "rated"
    REACTED = "reacted"
    REPORTED = "reported"
    SEEN = "seen"


class Why(StrEnum):
    """Why a judgement counts nothing, whatever trust there is in its judge."""

    BOT = "bot"
    NO_AUTHOR = "no_author"
    SEEN = "seen"


#: Reactions that say that something is not good; all others say that it is.
AGAINST: Final = frozenset({"-1", "thumbsdown", "thumbs_down", "\N{THUMBS DOWN SIGN}", "confused", "dislike"})


#: Of so much content the id is remembered: a batch asks for each several times (4 µs each).
CONTENTS_REMEMBERED_COUNT: Final = 10_000


class PairKey(NamedTuple):
    """What one member made of another's content."""

    community: str
    judge_id: str
    author_id: str


class Content(NamedTuple):
    """What is judged: an object where it stands. `host` is left out where its channel has one of the kind."""

    community: str
    channel: str
    host: str | None
    object_id: str

    @property
    def content_id(self) -> str:
        """Its id here."""
        return _content_id(self)


@lru_cache(maxsize=CONTENTS_REMEMBERED_COUNT)
def _content_id(content: Content) -> str:
    name = "|".join((content.community, content.channel, content.host or "", content.object_id))
    return str(uuid5(_NAMESPACE, name))


class Making(NamedTuple):
    """An event that made content."""

    content: Content
    author_id: str
    uid: str
    at: datetime
    event_type: str
    week: date
    month: date


class Outcome(NamedTuple):
    """What an event says of content: of which kind, to how many percent for it, and what the kind weighs."""

    content: Content
    uid: str
    judge_id: str
    author_id: str | None
    at: datetime
    kind: Kind
    percent_up: int
    kind_percent: int
    why: Why | None

    @property
    def period(self) -> int:
        """In which period it counts with others."""
        return (self.at.date() - _DAY_ONE).days // PERIOD_DAYS


def making_of(event: AcceptedEvent) -> Making | None:
    """What an event made; None where it made nothing, or nobody knows who did."""
    author_id = event.get("member")
    if author_id is None or not is_making(event):
        return None
    at = event["time"].astimezone(UTC)
    day = event.get("day") or at.date()
    return Making(
        _content(event, (event["data"].get("object") or {}).get("id") or event["id"]),
        author_id,
        event["uid"],
        at,
        event["type"],
        event.get("week") or day - timedelta(days=day.weekday()),
        day.replace(day=1),
    )


def outcome_of(event: AcceptedEvent, weights: JudgementWeights) -> Outcome | None:
    """What an event says of content; None where it says nothing."""
    judge_id, data = event.get("member"), event["data"]
    said = None if judge_id is None else _said(event["type"], data, weights)
    if said is None or judge_id is None:
        return None
    kind, percent_up, kind_percent = said
    is_reply = kind is Kind.SEEN
    thing = data.get("in_reply_to" if is_reply else "object")
    if thing is None:
        return None
    author_id = event.get("replymember") if is_reply else event.get("objectmember")
    why = None
    if is_reply:
        why = Why.SEEN
    elif "bots" in event and "member" in event["bots"].split():
        why = Why.BOT
    elif author_id is None:
        why = Why.NO_AUTHOR
    at = event["time"].astimezone(UTC)
    content = _content(event, thing["id"])
    return Outcome(content, event["uid"], judge_id, author_id, at, kind, percent_up, kind_percent, why)


def about(event: AcceptedEvent) -> Content | None:
    """The content that an event is about: what was answered, where it makes its object, else its object."""
    data = event["data"]
    made, answered = data.get("object"), data.get("in_reply_to")
    thing = answered if is_making(event) else (made or answered)
    return None if thing is None else _content(event, thing["id"])


def _content(event: AcceptedEvent, object_id: str) -> Content:
    data = event["data"]
    return Content(event["community"], data["channel"], data.get("host"), object_id)


def _said(event_type: str, data: Any, weights: JudgementWeights) -> tuple[Kind, int, int] | None:  # noqa: PLR0911 -- one for each type
    match event_type:
        case "forum.answer_accepted.v1":
            return Kind.ACCEPTED, ALL_PERCENT, weights.accepted
        case "content.voted.v1":
            # In a poll something is chosen, and nothing judged.
            vote = data.get("vote")
            return None if vote is None else (Kind.VOTED, ALL_PERCENT if vote == "up" else 0, weights.voted)
        case "content.rated.v1":
            percent = ALL_PERCENT * min(data["rating"], data["best"]) // data["best"]
            return Kind.RATED, percent, weights.rated
        case "chat.reaction.v1":
            is_against = str(data["reaction"]).strip(":").lower() in AGAINST
            return Kind.REACTED, 0 if is_against else ALL_PERCENT, weights.reacted
        case "moderation.reported.v1":
            return Kind.REPORTED, 0, weights.reported
        case "forum.reply.v1" | "code.comment.v1":
            return Kind.SEEN, 0, 0
    return None
