"""Which events ask something of everybody, which answer, and about which item."""

from typing import Final, NamedTuple

from shared.contracts.facts import AcceptedEvent

#: What begins something that others answer. On a forge only the opening does.
ASKING_TYPES: Final = frozenset({"forum.post.v1", "idea.suggested.v1", "code.issue.v1", "code.pull_request.v1"})
#: What answers the item that `in_reply_to` names.
REPLYING_TYPES: Final = frozenset({"forum.reply.v1", "code.comment.v1", "chat.message.v1"})
#: What answers the item that is its `object`.
JUDGING_TYPES: Final = frozenset({"code.review.v1", "idea.status_changed.v1"})
_OPENED: Final = frozenset({None, "opened"})
_SAID: Final = frozenset({None, "created"})


class Item(NamedTuple):
    """Something that may be answered: where it is, and its id there."""

    community: str
    channel: str
    host: str
    item_id: str


class Said(NamedTuple):
    """An event about an item: that it asks, or answers. `topic` is what its platform says, or empty."""

    item: Item
    uid: str
    is_question: bool
    topic: str = ""


def said_by(event: AcceptedEvent) -> list[Said]:
    """What an event asks or answers. Replies name a question by its event's id, or by its object's."""
    data, kind = event["data"], event["type"]
    action = data.get("action")

    def at(item_id: str) -> Item:
        return Item(event["community"], data["channel"], data.get("host", ""), item_id)

    if kind in ASKING_TYPES and action in _OPENED:
        ids = {event["id"], data["object"]["id"]} if "object" in data else {event["id"]}
        return [Said(at(item_id), event["uid"], True, data.get("topic", "")) for item_id in sorted(ids)]
    if kind in REPLYING_TYPES and action in _SAID and "in_reply_to" in data:
        return [Said(at(data["in_reply_to"]["id"]), event["uid"], False)]
    if kind in JUDGING_TYPES and "object" in data:
        return [Said(at(data["object"]["id"]), event["uid"], False)]
    return []
