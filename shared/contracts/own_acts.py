"""Whom a rule is for, and whether an act is one's own: the same for points, for badges and for limits."""

from collections.abc import Mapping
from typing import Any, Final

from shared.contracts.programme import Slot
from shared.contracts.programme.worth import CONTRIBUTORS

#: The attribute of an accepted event that says which member a slot is.
MEMBER_ATTRIBUTE: Final[dict[Slot, str]] = {
    "actor": "member",
    "object_author": "objectmember",
    "reply_author": "replymember",
    **{slot: slot for slot in CONTRIBUTORS},
}
#: All attributes of an accepted event that say a member.
MEMBER_ATTRIBUTES: Final = tuple(MEMBER_ATTRIBUTE.values())


def members_of(event: Mapping[str, Any]) -> list[str]:
    """The members whom an accepted event names, in the order of where it does."""
    # Most events name one or two: what they do not have is not got.
    return [
        member_id
        for attribute in MEMBER_ATTRIBUTES
        if attribute in event and (member_id := event[attribute]) is not None
    ]


#: What the act itself makes, by type and action: there the object is nobody else's before, and its author the
#: actor.
_MAKING: Final[dict[str, frozenset[str] | None]] = {
    "forum.post.v1": None,
    "forum.reply.v1": None,
    "chat.message.v1": None,
    "code.commit.v1": None,
    "idea.suggested.v1": None,
    "code.issue.v1": frozenset({"opened"}),
    "code.pull_request.v1": frozenset({"opened"}),
    "code.comment.v1": frozenset({"created"}),
    "code.release.v1": frozenset({"published"}),
}


def is_making(event: Mapping[str, Any]) -> bool:
    """Whether an accepted event makes its object, which was nobody's before."""
    actions = _MAKING.get(event["type"], frozenset())
    return actions is None or event["data"].get("action") in actions


def other_member(event: Mapping[str, Any], slot: Slot) -> str | None:
    """The other person of an accepted event beside the member in the slot; None where it names nobody.

    It is the actor where the slot is another's, and else whose it is that the actor did something to, or whom they
    answered. Who is in the slot themselves did it to themselves.
    """
    if slot != "actor":
        return event.get("member")
    author, answered = event.get("objectmember"), event.get("replymember")
    if not is_making(event):
        return author or answered
    return answered or (None if author == event.get("member") else author)
