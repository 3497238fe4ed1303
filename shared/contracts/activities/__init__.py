"""What platforms send: CloudEvents 1.0 whose `type` names one of these activities and its version.

Each class is one event type. The envelope's attributes are CloudEvents' own; everything the platform
says about the activity is in `data`. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from typing import Annotated, Any, Final, get_args

from pydantic import Discriminator, TypeAdapter

from shared.contracts.activities.activity import RETRACTED_EXAMPLES, RETRACTED_TYPE, Retracted
from shared.contracts.activities.chat import CHAT_MESSAGE_EXAMPLES, REACTION_EXAMPLES, ChatMessage, Reaction
from shared.contracts.activities.code import (
    CODE_COMMENT_EXAMPLES,
    COMMIT_EXAMPLES,
    ISSUE_EXAMPLES,
    PULL_REQUEST_EXAMPLES,
    RELEASE_EXAMPLES,
    REVIEW_EXAMPLES,
    STAR_EXAMPLES,
    CodeComment,
    Commit,
    Issue,
    PullRequest,
    Release,
    Review,
    Star,
)
from shared.contracts.activities.common import ActivityData
from shared.contracts.activities.forum import (
    ANSWER_ACCEPTED_EXAMPLES,
    FORUM_POST_EXAMPLES,
    FORUM_REPLY_EXAMPLES,
    AnswerAccepted,
    ForumPost,
    ForumReply,
)
from shared.contracts.activities.in_person import CHECK_IN_EXAMPLES, CheckIn
from shared.contracts.activities.kudos import KUDOS_EXAMPLES, Kudos
from shared.contracts.activities.member import JOINED_EXAMPLES, Joined
from shared.contracts.activities.shop import PURCHASE_EXAMPLES, Purchase
from shared.contracts.activities.social import SOCIAL_SHARE_EXAMPLES, SocialShare
from shared.contracts.activities.support import TICKET_RESOLVED_EXAMPLES, TicketResolved
from shared.contracts.activities.survey import SURVEY_RESPONSE_EXAMPLES, SurveyResponse

ACTIVITIES = (
    ForumPost,
    ForumReply,
    AnswerAccepted,
    SocialShare,
    ChatMessage,
    Reaction,
    Commit,
    Issue,
    PullRequest,
    Review,
    CodeComment,
    Release,
    Star,
    TicketResolved,
    CheckIn,
    SurveyResponse,
    Purchase,
    Kudos,
    Joined,
    Retracted,
)
Activity = Annotated[
    ForumPost
    | ForumReply
    | AnswerAccepted
    | SocialShare
    | ChatMessage
    | Reaction
    | Commit
    | Issue
    | PullRequest
    | Review
    | CodeComment
    | Release
    | Star
    | TicketResolved
    | CheckIn
    | SurveyResponse
    | Purchase
    | Kudos
    | Joined
    | Retracted,
    Discriminator("type"),
]

ACTIVITY_ADAPTER: TypeAdapter[Any] = TypeAdapter(Activity)
ACTIVITY_BATCH_ADAPTER: TypeAdapter[list[Any]] = TypeAdapter(list[Activity])


def activity_type(activity: Any) -> str:
    """The CloudEvents `type` that a class of ACTIVITIES stands for."""
    return str(get_args(activity.__annotations__["type"])[0])


ACTIVITY_TYPES: tuple[str, ...] = tuple(activity_type(activity) for activity in ACTIVITIES)

#: Examples of what platforms send, by event type.
EVENT_EXAMPLES: Final[dict[str, list[Any]]] = {
    "forum.post.v1": FORUM_POST_EXAMPLES,
    "forum.reply.v1": FORUM_REPLY_EXAMPLES,
    "forum.answer_accepted.v1": ANSWER_ACCEPTED_EXAMPLES,
    "social.share.v1": SOCIAL_SHARE_EXAMPLES,
    "chat.message.v1": CHAT_MESSAGE_EXAMPLES,
    "chat.reaction.v1": REACTION_EXAMPLES,
    "code.commit.v1": COMMIT_EXAMPLES,
    "code.issue.v1": ISSUE_EXAMPLES,
    "code.pull_request.v1": PULL_REQUEST_EXAMPLES,
    "code.review.v1": REVIEW_EXAMPLES,
    "code.comment.v1": CODE_COMMENT_EXAMPLES,
    "code.release.v1": RELEASE_EXAMPLES,
    "code.star.v1": STAR_EXAMPLES,
    "support.ticket_resolved.v1": TICKET_RESOLVED_EXAMPLES,
    "in_person.check_in.v1": CHECK_IN_EXAMPLES,
    "survey.response.v1": SURVEY_RESPONSE_EXAMPLES,
    "shop.purchase.v1": PURCHASE_EXAMPLES,
    "kudos.given.v1": KUDOS_EXAMPLES,
    "member.joined.v1": JOINED_EXAMPLES,
    "activity.retracted.v1": RETRACTED_EXAMPLES,
}

__all__ = [
    "ACTIVITIES",
    "ACTIVITY_ADAPTER",
    "ACTIVITY_BATCH_ADAPTER",
    "ACTIVITY_TYPES",
    "EVENT_EXAMPLES",
    "RETRACTED_TYPE",
    "Activity",
    "ActivityData",
    "activity_type",
]
