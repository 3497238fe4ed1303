"""HTTP routes of messages: what became of each, sending one again, trying one, and what came back."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.ingest.communities.api.models import KnownLanguage
from services.ingest.messages.api.problems import (
    MESSAGES_NOT_SET_UP,
    NOT_A_BOUNCE,
    NOT_AGAIN,
    NOT_AN_ADDRESS,
    UNKNOWN_KIND,
    UNKNOWN_MESSAGE,
    UNKNOWN_RECIPIENT,
)
from services.ingest.messages.api.saying import MailAddress
from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.domain.messages import Message, MessagePlace, MessageState, Why
from services.ingest.messages.handlers import bounces, log, reaching
from services.ingest.messages.store import messages as store
from services.ingest.settings import Settings
from shared.contracts.fields import Slug
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    RequestBody,
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, UNKNOWN_IDENTITY
from shared.merges import load_group

router = APIRouter(tags=["messages"])
Reader = Annotated[Principal, requires(Scope.MESSAGES_READ)]
Writer = Annotated[Principal, requires(Scope.MESSAGES_WRITE)]
OwnSettings = Annotated[Settings, configured(Settings)]
#: More are not counted one by one.
COUNTED_MAX = 10_000


class MessageShown(BaseModel):
    """A message, and what became of it."""

    message_id: UUID
    request_id: UUID = Field(description="What asked for it: a grant, a redemption, a payout")
    kind: str = Field(examples=["badge"])
    channel: Channel
    member_id: UUID | None
    recipient_id: UUID | None = Field(description="Somebody who is no member")
    values: dict[str, str] = Field(examples=[{"title": "Ten accepted answers"}])
    state: MessageState = Field(
        description="waiting until `due_at`; sending; sent: the server took it; bounced: it came back; unknown: "
        "whether it went, and it is not sent again by itself; failed; dropped: it was not to be sent"
    )
    why: Why | None
    said: str | None = Field(description="What the server said", examples=["250 OK"])
    requested_at: datetime
    due_at: datetime
    settled_at: datetime | None
    tries_count: int
    together_with: UUID | None = Field(description="The message that it went in, with others of a digest")

    @classmethod
    def of(cls, one: Message) -> Self:
        """What is shown of a message: not where it went."""
        return cls(
            message_id=UUID(one.message_id),
            request_id=UUID(one.request_id),
            kind=one.kind,
            channel=one.channel,
            member_id=None if one.member_id is None else UUID(one.member_id),
            recipient_id=None if one.recipient_id is None else UUID(one.recipient_id),
            values=dict(one.values),
            state=one.state,
            why=one.why,
            said=one.said,
            requested_at=one.requested_at,
            due_at=one.due_at,
            settled_at=one.settled_at,
            tries_count=one.tries_count,
            together_with=None if one.with_id is None else UUID(one.with_id),
        )


@router.get(
    "/v1/messages",
    summary="Messages, the newest first",
    responses=problem_responses(INVALID_CURSOR, UNKNOWN_IDENTITY),
)
async def get_messages(
    principal: Annotated[Principal, requires(Scope.MESSAGES_READ, reads="member")],
    conn: Conn,
    whose: Whose,
    place: Annotated[MessagePlace | None, after(MessagePlace)],
    state: Annotated[MessageState | None, Query(description="Only those in this state")] = None,
    kind: Annotated[Slug | None, Query(description="Only of this kind")] = None,
    member: Annotated[MemberNamed | None, Query(description="Only to this member: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[MessageShown]:
    """What became of each. Where they went is not shown."""
    member_id = await whose.asked(conn, community=principal.community, member=member)
    members = None
    if member_id is not None:
        members = await load_group(conn, community=principal.community, head_id=member_id)
    found = await store.page_of_messages(
        conn,
        community=principal.community,
        members=members,
        state=state,
        kind=kind,
        after=place,
        limit_count=limit,
    )
    return Page.of(
        found, limit, item=MessageShown.of, place=lambda one: MessagePlace(one.requested_at, one.message_id)
    )


class StateCount(BaseModel):
    """How many messages are in a state."""

    state: MessageState
    count: int
    is_more: bool = Field(description="Whether there are more, which nobody counted")


class StateCounts(BaseModel):
    """How many messages are in each state."""

    items: list[StateCount]


@router.get("/v1/messages/counts", summary="How many messages are in each state", responses=problem_responses())
async def get_counts(principal: Reader, conn: Conn) -> StateCounts:
    """Up to ten thousand of each."""
    counts = await store.count_states(conn, community=principal.community, most=COUNTED_MAX)
    return StateCounts(
        items=[
            StateCount(state=state, count=min(count, COUNTED_MAX), is_more=count > COUNTED_MAX)
            for state, count in counts.items()
        ]
    )


@router.get("/v1/messages/{message_id}", summary="A message", responses=problem_responses(UNKNOWN_MESSAGE))
async def get_message(
    principal: Annotated[Principal, requires(Scope.MESSAGES_READ, reads=IN_ANSWER)],
    conn: Conn,
    message_id: UUID,
    shown: Shown,
) -> MessageShown:
    """What became of it, and why."""
    found = await log.find_message(conn, community=principal.community, message_id=str(message_id))
    shown.of(found.member_id)
    return MessageShown.of(found)


@router.post(
    "/v1/messages/{message_id}/again",
    summary="Send a message again",
    responses=problem_responses(UNKNOWN_MESSAGE, NOT_AGAIN),
)
async def post_again(principal: Writer, tx: Tx, message_id: UUID) -> MessageShown:
    """One that failed or came back, or of which nobody knows whether it went: then they may get it twice."""
    found = await log.send_again(tx, community=principal.community, message_id=str(message_id))
    return MessageShown.of(found)


class TrialWanted(RequestBody):
    """A message to try: with the examples of its values."""

    kind: Slug = Field(examples=["badge"])
    language: KnownLanguage = Field("en", examples=["en"])
    to: MailAddress


@router.post(
    "/v1/messages/trials",
    status_code=202,
    summary="Send a message to try it",
    responses=problem_responses(UNKNOWN_KIND, NOT_AN_ADDRESS, MESSAGES_NOT_SET_UP),
)
async def post_trial(principal: Writer, tx: Tx, body: TrialWanted) -> MessageShown:
    """To an address of your own; it is held sealed for a day.

    `GET /v1/messages/{message_id}` says what became of it.
    """
    return MessageShown.of(
        await log.try_out(
            tx, community=principal.community, kind=body.kind, language=body.language, address=body.to
        )
    )


class BounceHeard(BaseModel):
    """What a report said."""

    reports: int = Field(description="Recipients that it speaks of")
    messages: int = Field(description="Messages that came back")
    stopped: int = Field(description="Addresses that are written to no more")


class BounceWanted(RequestBody):
    """A message that came back."""

    content: str = Field(
        max_length=bounces.BOUNCE_MAX_BYTES,
        description="The whole message, as the mail server got it: a delivery status notification (RFC 3464) or a "
        "complaint (RFC 5965)",
        examples=["Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n…"],
    )


@router.post("/v1/messages/bounces", summary="Hand in what came back", responses=problem_responses(NOT_A_BOUNCE))
async def post_bounce(principal: Writer, tx: Tx, body: BounceWanted) -> BounceHeard:
    """An address that a server knows nobody at, and one whose holder complains, is written to no more."""
    heard = await bounces.hear(tx, community=principal.community, content=body.content.encode())
    return BounceHeard(reports=heard.reports_count, messages=heard.messages_count, stopped=heard.stopped_count)


class RecipientWanted(RequestBody):
    """Somebody who is no member yet."""

    address: MailAddress
    language: KnownLanguage | None = None
    days: int = Field(
        30, ge=1, le=366, description="How long they are held; the installation has a bound of its own"
    )


class RecipientShown(BaseModel):
    """Somebody who is held to be written to: by an id, and never shown by their address."""

    recipient_id: UUID
    kept_until: datetime


@router.post(
    "/v1/recipients",
    status_code=201,
    summary="Hold somebody who is no member, to write to them",
    responses=problem_responses(NOT_AN_ADDRESS, MESSAGES_NOT_SET_UP),
)
async def post_recipient(principal: Writer, tx: Tx, body: RecipientWanted) -> RecipientShown:
    """Sealed, until their day. The same address is the same recipient."""
    held = await reaching.add_recipient(
        tx, community=principal.community, address=body.address, language=body.language, days=body.days
    )
    return RecipientShown(recipient_id=UUID(held.recipient_id), kept_until=held.kept_until)


@router.delete(
    "/v1/recipients/{recipient_id}",
    status_code=204,
    summary="Hold a recipient no more",
    responses=problem_responses(UNKNOWN_RECIPIENT),
)
async def delete_recipient(principal: Writer, tx: Tx, recipient_id: UUID) -> None:
    """What waits for them is not sent any more."""
    await reaching.forget_recipient(tx, community=principal.community, recipient_id=str(recipient_id))
