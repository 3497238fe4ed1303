"""Activities in forums."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, TextData, activity_example
from shared.contracts.story import ACCEPTED_ANSWER, ADA_IN_FORUM, FORUM, GRACE_IN_FORUM


class ForumPost(Envelope):
    """A member started a topic in a forum."""

    type: Literal["forum.post.v1"]
    data: TextData


FORUM_POST: Final = ActivityType(
    "forum.post.v1",
    envelope=ForumPost,
    examples=[
        activity_example(
            "forum.post.v1",
            FORUM,
            "post-92",
            "2026-01-31T12:00:00Z",
            "forum",
            ADA_IN_FORUM,
            object={"id": "topic-12", "url": f"{FORUM}/t/12"},
            attributes={"category": "help", "pinned": False},
            length_chars=412,
        )
    ],
)


class ForumReply(Envelope):
    """A member answered a post; `in_reply_to` is the post and its author."""

    type: Literal["forum.reply.v1"]
    data: TextData


FORUM_REPLY: Final = ActivityType(
    "forum.reply.v1",
    envelope=ForumReply,
    examples=[
        activity_example(
            "forum.reply.v1",
            FORUM,
            "post-93",
            "2026-01-31T12:10:00Z",
            "forum",
            GRACE_IN_FORUM,
            object={"id": "post-93", "url": f"{FORUM}/t/12/93"},
            in_reply_to={"id": "post-92", "author": ADA_IN_FORUM},
            text="Loosen the tailstock first, then it works well. See https://forum.example.org/t/7",
            language="en",
            topic="Tailstock",
            tags=["lathe", "how-to"],
            url=f"{FORUM}/t/12/93",
        )
    ],
)


class AnswerAccepted(Envelope):
    """The asker marked an answer as the solution; `object` is the answer and its author."""

    type: Literal["forum.answer_accepted.v1"]
    data: ActivityData


ANSWER_ACCEPTED: Final = ActivityType(
    "forum.answer_accepted.v1",
    envelope=AnswerAccepted,
    examples=[ACCEPTED_ANSWER],
)

TYPES: Final = (FORUM_POST, FORUM_REPLY, ANSWER_ACCEPTED)
