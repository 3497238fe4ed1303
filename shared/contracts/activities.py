"""What platforms send: CloudEvents 1.0 whose `type` names one of these activities and its version.

Each class is one event type. The envelope's attributes are CloudEvents' own; everything the platform
says about the activity is in `data`. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import Discriminator, Field, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.fields import (
    CLOSED,
    Attributes,
    Channel,
    Count,
    Currency,
    Id,
    MinorUnits,
    Name,
    Text,
    Timestamp,
    Uri,
)


class Actor(TypedDict):
    """Who did it, as the channel knows them. `name` is what may be shown."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: Id
    name: NotRequired[Name]


class Thing(TypedDict):
    """What an activity is about or answers, and who made it."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: Id
    author: NotRequired[Actor]
    url: NotRequired[Uri]


class ActivityData(TypedDict):
    """What every activity says; event types add their own fields."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    channel: Channel
    actor: Actor
    object: NotRequired[Thing]
    in_reply_to: NotRequired[Thing]
    attributes: NotRequired[Attributes]


class Envelope(TypedDict):
    """The attributes of CloudEvents 1.0 that Plaudit reads."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    specversion: Literal["1.0"]
    id: Id
    source: Uri
    time: Timestamp
    subject: NotRequired[Id]
    datacontenttype: NotRequired[Literal["application/json"]]
    dataschema: NotRequired[Uri]
    traceparent: NotRequired[Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]]


class TextData(ActivityData):
    length_chars: NotRequired[Count]


class ForumPost(Envelope):
    """A member started a topic in a forum."""

    type: Literal["forum.post.v1"]
    data: TextData


class ForumReply(Envelope):
    """A member answered a post; `in_reply_to` is the post and its author."""

    type: Literal["forum.reply.v1"]
    data: TextData


class AnswerAccepted(Envelope):
    """The asker marked an answer as the solution; `object` is the answer and its author."""

    type: Literal["forum.answer_accepted.v1"]
    data: ActivityData


class SocialShare(Envelope):
    """A member shared or mentioned the community on a social network."""

    type: Literal["social.share.v1"]
    data: TextData


class ChatMessage(Envelope):
    """A member wrote in a chat; `object.author` is whom a direct message went to."""

    type: Literal["chat.message.v1"]
    data: TextData


class ReactionData(ActivityData):
    reaction: Name


class Reaction(Envelope):
    """A member reacted to what somebody made; `object` is that."""

    type: Literal["chat.reaction.v1"]
    data: ReactionData


class CommitData(ActivityData):
    repository: NotRequired[Name]
    files_changed: NotRequired[Count]
    lines_added: NotRequired[Count]
    lines_deleted: NotRequired[Count]
    parents: NotRequired[Count]


class Commit(Envelope):
    """A commit reached a repository; the actor is its author."""

    type: Literal["code.commit.v1"]
    data: CommitData


class ForgeData(ActivityData):
    repository: NotRequired[Name]
    action: Name


class Issue(Envelope):
    """Something was done to an issue on a code forge; `action` says what (opened, closed, labeled…)."""

    type: Literal["code.issue.v1"]
    data: ForgeData


class PullRequestData(ForgeData):
    merged: NotRequired[bool]


class PullRequest(Envelope):
    """Something was done to a pull request; `action` says what (opened, closed…) and `merged` how it ended."""

    type: Literal["code.pull_request.v1"]
    data: PullRequestData


class ReviewData(ForgeData):
    state: NotRequired[Name]


class Review(Envelope):
    """A pull request was reviewed; `object.author` is whose it is."""

    type: Literal["code.review.v1"]
    data: ReviewData


class CodeComment(Envelope):
    """A comment on an issue or pull request was created, edited or deleted."""

    type: Literal["code.comment.v1"]
    data: ForgeData


class Release(Envelope):
    """Something was done to a release of a repository."""

    type: Literal["code.release.v1"]
    data: ForgeData


class Star(Envelope):
    """A repository was starred (`action` created) or the star taken back (deleted)."""

    type: Literal["code.star.v1"]
    data: ForgeData


class TicketResolved(Envelope):
    """A member's help resolved a support ticket; `object.author` is who had asked."""

    type: Literal["support.ticket_resolved.v1"]
    data: ActivityData


class CheckIn(Envelope):
    """A member was there in person; `object` is the meet-up."""

    type: Literal["in_person.check_in.v1"]
    data: ActivityData


class SurveyData(ActivityData):
    score: Annotated[int, Field(ge=0, le=10)]
    comment: NotRequired[Text]


class SurveyResponse(Envelope):
    """A member answered a survey; `score` is 0 to 10 as the Net Promoter Score asks it."""

    type: Literal["survey.response.v1"]
    data: SurveyData


class PurchaseData(ActivityData):
    amount_minor: MinorUnits
    currency: Currency


class Purchase(Envelope):
    """A member bought something; the amount is in the currency's minor unit."""

    type: Literal["shop.purchase.v1"]
    data: PurchaseData


class KudosData(ActivityData):
    message: NotRequired[Text]


class Kudos(Envelope):
    """A member thanked another; `object.author` is who is thanked."""

    type: Literal["kudos.given.v1"]
    data: KudosData


class Joined(Envelope):
    """Somebody joined the community on a channel."""

    type: Literal["member.joined.v1"]
    data: ActivityData


class Target(TypedDict):
    """Which event is taken back: its CloudEvents source and id."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    source: Uri
    id: Id


class RetractedData(ActivityData):
    target: Target
    reason: NotRequired[Text]


class Retracted(Envelope):
    """An earlier event of the same community is taken back; what it earned is reversed."""

    type: Literal["activity.retracted.v1"]
    data: RetractedData


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

RETRACTED_TYPE = "activity.retracted.v1"
ACTIVITY_ADAPTER: TypeAdapter[Any] = TypeAdapter(Activity)
ACTIVITY_BATCH_ADAPTER: TypeAdapter[list[Any]] = TypeAdapter(list[Activity])


def activity_type(activity: Any) -> str:
    """The CloudEvents `type` that a class of ACTIVITIES stands for."""
    return str(get_args(activity.__annotations__["type"])[0])


ACTIVITY_TYPES: tuple[str, ...] = tuple(activity_type(activity) for activity in ACTIVITIES)
