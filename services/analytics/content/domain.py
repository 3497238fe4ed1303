"""Which events read something, respond to it or make it."""

from enum import StrEnum
from math import sqrt
from typing import Final, NamedTuple

from services.analytics.response_times.domain.asking import REPLYING_TYPES, Item
from shared.contracts.facts import AcceptedEvent
from shared.contracts.facts.celebrations import HOST as CELEBRATIONS

#: What is content once somebody made it, by its object's id or its event's.
MAKING_TYPES: Final = frozenset(
    {
        "forum.post.v1",
        "forum.reply.v1",
        "chat.message.v1",
        "code.issue.v1",
        "code.pull_request.v1",
        "code.release.v1",
        "idea.suggested.v1",
    }
)
READING_TYPES: Final = frozenset({"content.read.v1"})
#: What responds to its `object`; what REPLYING_TYPES responds to is in `in_reply_to`.
RESPONDING_TYPES: Final = frozenset(
    {"chat.reaction.v1", "content.voted.v1", "content.rated.v1", "forum.answer_accepted.v1", "idea.voted.v1"}
)
#: The normal deviate of a 95 % interval.
_Z: Final = 1.959963984540054


class Does(StrEnum):
    """What an event does with an item."""

    MAKES = "makes"
    READS = "reads"
    RESPONDS = "responds"


class Use(NamedTuple):
    """That an event made an item, read it, or responded to it."""

    item: Item
    event_uid: str
    does: Does


class Readable(NamedTuple):
    """An item in a month: how often it was read, by how many, and how many of these responded."""

    channel: str
    host: str
    item_id: str
    reads: int
    readers: int
    responses: int
    responders: int
    resonance: float
    #: The event that made it, where that is known.
    made_uid: str | None
    made_type: str | None

    @property
    def place(self) -> "ReadablePlace":
        """Its place among the others of a month."""
        return ReadablePlace(self.resonance, self.channel, self.host, self.item_id)


class ReadablePlace(NamedTuple):
    """An item's place in a month: what resonates most first."""

    resonance: float
    channel: str
    host: str
    item_id: str


def uses(event: AcceptedEvent) -> list[Use]:
    """What an event makes, reads and responds to. What is celebrated here is no content."""
    data, kind = event["data"], event["type"]

    def use(item_id: str, does: Does) -> Use:
        item = Item(event["community"], data["channel"], data.get("host", ""), item_id)
        return Use(item, event["uid"], does)

    if data.get("host") == CELEBRATIONS:
        return []
    if kind in READING_TYPES and "object" in data:
        return [use(data["object"]["id"], Does.READS)]
    if kind in RESPONDING_TYPES and "object" in data:
        return [use(data["object"]["id"], Does.RESPONDS)]
    found = []
    if kind in REPLYING_TYPES and "in_reply_to" in data:
        found.append(use(data["in_reply_to"]["id"], Does.RESPONDS))
    if kind in MAKING_TYPES:
        found.append(use(data["object"]["id"] if "object" in data else event["id"], Does.MAKES))
    return found


def resonance(responders: int, readers: int) -> float:
    """The lower end of Wilson's 95 % interval of responders ÷ readers (Evan Miller's ranking): few readers prove
    little, so that one who responded of one is behind ninety of a hundred. 0 where nobody did.
    """
    if not responders:
        return 0.0
    share, z2 = responders / readers, _Z * _Z
    spread = _Z * sqrt(share * (1 - share) / readers + z2 / (4 * readers * readers))
    return max(0.0, (share + z2 / (2 * readers) - spread) / (1 + z2 / readers))
