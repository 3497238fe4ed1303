"""HTTP routes of where a member is reached by mail, and what they wish of messages."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.members.domain import MemberKey
from services.ingest.messages.api.problems import MESSAGES_NOT_SET_UP, NO_ADDRESS, NOT_AN_ADDRESS, UNKNOWN_KIND
from services.ingest.messages.api.saying import MailAddress, Quiet
from services.ingest.messages.domain.kinds import CHOSEN, KINDS
from services.ingest.messages.domain.messages import AddressState, Reach
from services.ingest.messages.domain.timing import Pace, Wishes
from services.ingest.messages.handlers import reaching
from services.ingest.settings import Settings
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    MemberId,
    Principal,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["messages"])
OwnSettings = Annotated[Settings, configured(Settings)]
Reader = Annotated[Principal, requires(Scope.MEMBERS_READ, or_own=True, reads="member_id")]
Writer = Annotated[Principal, requires(Scope.MEMBERS_WRITE, or_own=True)]


class KindWished(BaseModel):
    """A kind of message, and whether it is wanted."""

    kind: str = Field(examples=["badge"])
    title: str = Field(examples=["A badge was given"])
    wanted: bool


class MessagingShown(BaseModel):
    """Where a member is reached, and what they wish."""

    address: str | None = Field(examples=["ada@example.org"])
    state: AddressState | None = Field(
        description="Only one that is confirmed is written to; bounced: the server there knows no such address; "
        "complained: they said that they want none"
    )
    kinds: list[KindWished]
    pace: Pace = Field(description="At once, or together once a day or week")
    quiet: Quiet | None = Field(description="Null: the community's hours hold")
    opted_out: bool = Field(description="Whether they want no message at all, but what they ask for")
    mail_is_set_up: bool

    @classmethod
    def of(cls, reach: Reach, settings: Settings) -> Self:
        """What is shown of it, to whoever may see a member's data."""
        return cls(
            address=reaching.shown_address(settings, reach),
            state=None if reach.address is None else reach.address.state,
            kinds=[
                KindWished(kind=name, title=KINDS[name].title, wanted=name not in reach.wishes.without)
                for name in CHOSEN
            ],
            pace=reach.wishes.pace,
            quiet=Quiet.of(reach.wishes.quiet),
            opted_out=reach.opted_out,
            mail_is_set_up=bool(settings.smtp_host),
        )


class AddressWanted(RequestBody):
    """Where a member is reached."""

    address: MailAddress
    confirmed: bool = Field(
        False,
        description="Whether the platform that says so has verified it; otherwise a message asks whoever reads "
        "there. From a member themselves it is not believed",
    )


class WishesWanted(RequestBody):
    """What a member wishes of messages; all of it."""

    without: list[Slug] = Field(default_factory=list, max_length=50, description="Kinds that they want none of")
    pace: Pace = Pace.AT_ONCE
    quiet: Quiet | None = Field(None, description="Null: the community's hours hold")

    def taken(self) -> Wishes:
        """What was said."""
        return Wishes(frozenset(self.without), self.pace, None if self.quiet is None else self.quiet.taken())


PROBLEMS = (UNKNOWN_MEMBER, UNKNOWN_IDENTITY)


@router.get(
    "/v1/members/{member_id}/messaging",
    summary="Where a member is reached, and what they wish of messages",
    responses=problem_responses(*PROBLEMS),
)
async def get_messaging(
    principal: Reader, conn: Conn, settings: OwnSettings, member_id: MemberId
) -> MessagingShown:
    """The member's own address is shown to them, and to whoever may read members."""
    key = MemberKey(principal.community, str(member_id))
    return MessagingShown.of(await reaching.find_reach(conn, key=key, now=datetime.now(UTC)), settings)


@router.put(
    "/v1/members/{member_id}/messaging/address",
    summary="Say where a member is reached",
    responses=problem_responses(*PROBLEMS, NOT_AN_ADDRESS, MESSAGES_NOT_SET_UP),
)
async def put_address(
    principal: Writer, tx: Tx, settings: OwnSettings, member_id: MemberId, body: AddressWanted
) -> MessagingShown:
    """In place of the one before. One that nobody confirmed gets a message that asks whether it is theirs."""
    key = MemberKey(principal.community, str(member_id))
    is_confirmed = body.confirmed and principal.member_id is None
    reach = await reaching.set_address(tx, key=key, address=body.address, is_confirmed=is_confirmed)
    return MessagingShown.of(reach, settings)


@router.delete(
    "/v1/members/{member_id}/messaging/address",
    status_code=204,
    summary="Forget where a member is reached",
    responses=problem_responses(*PROBLEMS, NO_ADDRESS),
)
async def delete_address(principal: Writer, tx: Tx, member_id: MemberId) -> None:
    """They are written to no more."""
    await reaching.forget_address(tx, key=MemberKey(principal.community, str(member_id)))


@router.put(
    "/v1/members/{member_id}/messaging/wishes",
    summary="Say what a member wishes of messages",
    responses=problem_responses(*PROBLEMS, UNKNOWN_KIND),
)
async def put_wishes(
    principal: Writer, tx: Tx, settings: OwnSettings, member_id: MemberId, body: WishesWanted
) -> MessagingShown:
    """Who wants none at all says so by `PUT …/preferences`, under `opt_outs`."""
    key = MemberKey(principal.community, str(member_id))
    return MessagingShown.of(await reaching.set_wishes(tx, key=key, wishes=body.taken()), settings)
