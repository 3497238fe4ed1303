"""HTTP routes of sends: rewards given to a list of people."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.api.models import OUT_OF_STOCK, UNKNOWN_REWARD, Redemption
from services.rewards.sends import store
from services.rewards.sends.domain import (
    LINES_MAX_COUNT,
    OtherSendError,
    Send,
    SendEndsError,
    SendFourEyesError,
    SendLine,
    SendLineOverError,
    SendLinePlace,
    SendLineState,
    SendPlace,
    SendRefusedError,
    SendState,
    SendStateError,
    SendWhy,
    TooManySendsError,
    UnknownSendError,
    UnknownSendLineError,
    WantedLine,
)
from services.rewards.sends.handlers import making, running
from services.rewards.settings import Settings
from shared.commands import KEY_REUSED, IdempotencyKey
from shared.contracts.fields import Slug
from shared.contracts.texts import Line
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    Limit,
    MemberId,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.http.problems import ErrorTable

UNKNOWN_SEND = ProblemType("unknown-send", 404, "There is no such send")
UNKNOWN_SEND_LINE = ProblemType("unknown-send-line", 404, "Nothing is offered to you by that")
SEND_REFUSED = ProblemType("send-refused", 422, "Lines of the list cannot be sent")
SEND_ENDS = ProblemType("send-ends", 422, "What a send offers ends neither in the past nor that late")
SEND_STATE = ProblemType("send-state", 409, "The send is past that, or not there yet")
SEND_FOUR_EYES = ProblemType("send-four-eyes", 403, "Somebody else must approve it")
SEND_LINE_OVER = ProblemType("send-line-over", 409, "It gives nothing any more")
TOO_MANY_SENDS = ProblemType("too-many-sends", 409, "As many sends are under way as may be")
TITLE_MAX_CHARS = 200
USUAL_DAYS = 30
MEMBER_EXAMPLE = "0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21"
RECIPIENT_EXAMPLE = "5d0f2c8e-7d5b-5b0a-9f3e-1c2d3e4f5a6b"

router = APIRouter(tags=["sends"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
Reader = Annotated[Principal, requires(Scope.REWARDS_READ)]
InSettings = Annotated[Settings, configured(Settings)]
#: Written out where they stand, as clients know them, not as schemas of their own.
_STATES = tuple(state.value for state in SendState)
_LINE_STATES = tuple(state.value for state in SendLineState)
_WHYS = tuple(why.value for why in SendWhy)
State = Literal[_STATES]  # type: ignore[valid-type]
LineState = Literal[_LINE_STATES]  # type: ignore[valid-type]
Why = Literal[_WHYS]  # type: ignore[valid-type]


class LineWanted(RequestBody):
    """A person on the list: a member, or a recipient whom ingest holds (`POST /v1/recipients/table`)."""

    member_id: UUID | None = Field(None, examples=[MEMBER_EXAMPLE])
    recipient_id: UUID | None = Field(None, examples=[None])
    reward_id: Slug | None = Field(None, description="What this line gives; null: what the send gives")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.member_id is None) == (self.recipient_id is None):
            raise ValueError("give member_id or recipient_id, and not both")
        return self

    @property
    def wanted(self) -> WantedLine:
        """The line as it is kept."""
        return WantedLine(
            None if self.member_id is None else str(self.member_id),
            None if self.recipient_id is None else str(self.recipient_id),
            self.reward_id,
        )


class NewSend(RequestBody):
    """A list of people who are to get a reward."""

    title: Annotated[Line, Field(min_length=1, max_length=TITLE_MAX_CHARS)] = Field(
        description="What it is for: they read it", examples=["Thank you for the spring meetup"]
    )
    reward_id: Slug = Field(description="What each gets, for no points", examples=["book-voucher"])
    starts_at: AwareDatetime | None = Field(None, description="Not before then; null: once it is approved")
    claims_end_at: AwareDatetime | None = Field(
        None,
        description=f"Until then whoever is no member yet can claim it; null: {USUAL_DAYS} days after it starts",
        examples=["2030-12-31T23:00:00Z"],
    )
    lines: list[LineWanted] = Field(
        min_length=1, max_length=LINES_MAX_COUNT, examples=[[{"member_id": MEMBER_EXAMPLE}]]
    )


class LineCounts(BaseModel):
    """How many lines of a send are in each state."""

    waiting: int = 0
    given: int = 0
    offered: int = Field(0, description="A mail offers it to somebody who is no member yet")
    failed: int = 0
    expired: int = 0
    cancelled: int = 0


class SendShown(BaseModel):
    """A send, and how far it is."""

    send_id: UUID
    title: str = Field(examples=["Thank you for the spring meetup"])
    reward_id: str = Field(examples=["book-voucher"])
    state: State
    points: int = Field(description="What all that it gives costs in the catalogue", examples=[25_000])
    lines_count: int = Field(examples=[25])
    lines: LineCounts
    starts_at: datetime | None
    claims_end_at: datetime
    made_at: datetime
    made_by: str = Field(description="The access key or token")
    made_by_person: UUID | None = Field(description="Who made it: somebody else approves it")
    decided_at: datetime | None
    decided_by: str | None = Field(description="Who approved it or called it off: the access key or token")

    @classmethod
    def of(cls, send: Send, counts: dict[str, int]) -> Self:
        """A send as it is answered."""
        return cls(
            send_id=UUID(send.send_id),
            title=send.title,
            reward_id=send.reward_id,
            state=send.state.value,
            points=send.points,
            lines_count=send.lines_count,
            lines=LineCounts.model_validate(counts),
            starts_at=send.starts_at,
            claims_end_at=send.claims_end_at,
            made_at=send.made_at,
            made_by=send.made_by.credential,
            made_by_person=None if send.made_by.person_id is None else UUID(send.made_by.person_id),
            decided_at=send.decided_at,
            decided_by=None if send.decided_by is None else send.decided_by.credential,
        )


class NeedShown(BaseModel):
    """How many of a reward a send gives yet, and how many there are."""

    reward_id: str = Field(examples=["book-voucher"])
    needed_count: int = Field(examples=[25])
    left_count: int | None = Field(description="null: any number", examples=[12])


class SendWhole(SendShown):
    """A send with what it takes: what is lacking is seen before it goes."""

    takes_second_person: bool = Field(description="Whether somebody else than its maker approves it")
    needs: list[NeedShown]


class SendLineShown(BaseModel):
    """A person on the list, and what became of it."""

    line: int = Field(examples=[1])
    line_id: UUID
    member_id: UUID | None
    member_name: str | None = Field(examples=["Ada Lovelace"])
    recipient_id: UUID | None
    reward_id: str = Field(examples=["book-voucher"])
    state: LineState
    why: Why | None = Field(description="Why it failed")
    redemption_id: UUID | None
    changed_at: datetime

    @classmethod
    def of(cls, line: SendLine, names: dict[str, str]) -> Self:
        """A line as it is answered."""
        return cls(
            line=line.line,
            line_id=UUID(line.line_id),
            member_id=None if line.member_id is None else UUID(line.member_id),
            member_name=None if line.member_id is None else names.get(line.member_id),
            recipient_id=None if line.recipient_id is None else UUID(line.recipient_id),
            reward_id=line.reward_id,
            state=line.state.value,
            why=None if line.why is None else line.why.value,
            redemption_id=None if line.redemption_id is None else UUID(line.redemption_id),
            changed_at=line.changed_at,
        )


class SentOffer(BaseModel):
    """What somebody was sent, for whom it is."""

    title: str = Field(examples=["Thank you for the spring meetup"])
    reward_id: str = Field(examples=["book-voucher"])
    state: LineState
    claims_end_at: datetime
    redemption_id: UUID | None


class SentClaim(RequestBody):
    """Which line of a send somebody claims."""

    line_id: UUID = Field(examples=[RECIPIENT_EXAMPLE])


SendId = Annotated[UUID, Path(examples=[MEMBER_EXAMPLE])]


def _by(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)


async def _whole(conn: Conn, send: Send, *, settings: Settings, now: datetime) -> SendWhole:
    counts = await store.count_lines(conn, community=send.community, send_ids=[send.send_id])
    needs = await making.load_needs(conn, send, now=now)
    shown = SendShown.of(send, counts.get(send.send_id, {}))
    return SendWhole(
        **shown.model_dump(),
        takes_second_person=send.points > settings.sends_alone_max_points,
        needs=[NeedShown.model_validate(need._asdict()) for need in needs],
    )


@router.post(
    "/v1/sends",
    summary="Make a send as a draft",
    status_code=201,
    responses=problem_responses(SEND_REFUSED, SEND_ENDS, TOO_MANY_SENDS, KEY_REUSED),
)
async def post_send(principal: Keeper, tx: Tx, said: NewSend, idempotency_key: IdempotencyKey) -> SendWhole:
    """Nothing is given before it is submitted. All of a list or nothing: what is wrong is said line by line."""
    starts = max(said.starts_at or tx.now, tx.now)
    send = await making.make_send(
        tx,
        [line.wanted for line in said.lines],
        community=principal.community,
        title=said.title,
        reward_id=said.reward_id,
        starts_at=said.starts_at,
        claims_end_at=said.claims_end_at or starts + timedelta(days=USUAL_DAYS),
        idempotency_key=idempotency_key,
        by=_by(principal),
    )
    return await _whole(tx.conn, send, settings=tx.settings, now=tx.now)


@router.get("/v1/sends", summary="Sends, newest first", responses=problem_responses())
async def list_sends(
    principal: Reader, conn: Conn, place: Annotated[SendPlace | None, after(SendPlace)], limit: Limit = 100
) -> Page[SendShown]:
    """With how far each is."""
    sends = await store.page_of_sends(conn, community=principal.community, after=place, limit=limit)
    counts = await store.count_lines(
        conn, community=principal.community, send_ids=[send.send_id for send in sends]
    )
    return Page.of(
        sends,
        limit,
        item=lambda send: SendShown.of(send, counts.get(send.send_id, {})),
        place=lambda send: send.place,
    )


@router.get("/v1/sends/{send_id}", summary="A send", responses=problem_responses(UNKNOWN_SEND))
async def get_send(principal: Reader, conn: Conn, settings: InSettings, send_id: SendId) -> SendWhole:
    """With what it takes, and what is lacking."""
    send = await store.find_send(conn, community=principal.community, send_id=str(send_id))
    if send is None:
        raise UnknownSendError
    return await _whole(conn, send, settings=settings, now=datetime.now(UTC))


@router.get(
    "/v1/sends/{send_id}/lines",
    summary="The people on the list of a send",
    responses=problem_responses(UNKNOWN_SEND),
)
async def list_send_lines(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, reads=IN_ANSWER)],
    conn: Conn,
    send_id: SendId,
    place: Annotated[SendLinePlace | None, after(SendLinePlace)],
    state: Annotated[LineState | None, Query(description="Only lines of this state")] = None,
    limit: Limit = 100,
) -> Page[SendLineShown]:
    """In their order, each with what became of it."""
    community = principal.community
    if await store.find_send(conn, community=community, send_id=str(send_id)) is None:
        raise UnknownSendError
    lines = await store.page_of_lines(
        conn,
        community=community,
        send_id=str(send_id),
        state=None if state is None else SendLineState(state),
        after=None if place is None else place.line,
        limit=limit,
    )
    names = await load_names(
        conn, community=community, member_ids=[line.member_id for line in lines if line.member_id]
    )
    return Page.of(
        lines, limit, item=lambda line: SendLineShown.of(line, names), place=lambda line: SendLinePlace(line.line)
    )


@router.post(
    "/v1/sends/{send_id}/submit",
    summary="Hand in a draft of a send",
    responses=problem_responses(UNKNOWN_SEND, SEND_STATE, ABOUT_YOURSELF),
)
async def submit_send(principal: Keeper, tx: Tx, send_id: SendId) -> SendWhole:
    """It goes, or waits for another person where it gives more than one may alone. Nobody sends to themselves."""
    send = await making.submit(tx, community=principal.community, send_id=str(send_id), by=_by(principal))
    return await _whole(tx.conn, send, settings=tx.settings, now=tx.now)


@router.post(
    "/v1/sends/{send_id}/approve",
    summary="Approve a send that somebody else made",
    responses=problem_responses(UNKNOWN_SEND, SEND_STATE, SEND_FOUR_EYES, ABOUT_YOURSELF),
)
async def approve_send(principal: Keeper, tx: Tx, send_id: SendId) -> SendWhole:
    """It goes from then on, or from its moment."""
    send = await making.approve(tx, community=principal.community, send_id=str(send_id), by=_by(principal))
    return await _whole(tx.conn, send, settings=tx.settings, now=tx.now)


@router.post(
    "/v1/sends/{send_id}/cancel",
    summary="Call a send off",
    responses=problem_responses(UNKNOWN_SEND, SEND_STATE),
)
async def cancel_send(principal: Keeper, tx: Tx, send_id: SendId) -> SendWhole:
    """What it gave stays; what nobody claimed yet cannot be claimed any more."""
    send = await making.cancel(tx, community=principal.community, send_id=str(send_id), by=_by(principal))
    return await _whole(tx.conn, send, settings=tx.settings, now=tx.now)


@router.post(
    "/v1/sends/{send_id}/retry",
    summary="Try the lines of a send that failed once more",
    responses=problem_responses(UNKNOWN_SEND, SEND_STATE),
)
async def retry_send(principal: Keeper, tx: Tx, send_id: SendId) -> SendWhole:
    """What was given is not given again."""
    send = await making.retry(tx, community=principal.community, send_id=str(send_id), by=_by(principal))
    return await _whole(tx.conn, send, settings=tx.settings, now=tx.now)


@router.get(
    "/v1/members/{member_id}/sent-offers/{line_id}",
    summary="What somebody was sent",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_SEND_LINE),
)
async def get_sent_offer(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    settings: InSettings,
    member_id: MemberId,
    line_id: Annotated[UUID, Path(examples=[RECIPIENT_EXAMPLE])],
) -> SentOffer:
    """For whom it is alone."""
    send, line = await running.find_offer(
        conn,
        community=principal.community,
        line_id=str(line_id),
        member_id=str(member_id),
        settings=settings,
    )
    return SentOffer(
        title=send.title,
        reward_id=line.reward_id,
        state=line.state.value,
        claims_end_at=send.claims_end_at,
        redemption_id=None if line.redemption_id is None else UUID(line.redemption_id),
    )


@router.post(
    "/v1/members/{member_id}/sent-claims",
    summary="Claim what one was sent",
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, UNKNOWN_SEND_LINE, SEND_LINE_OVER, UNKNOWN_REWARD, OUT_OF_STOCK
    ),
)
async def claim_sent(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    said: SentClaim,
) -> Redemption:
    """For the member themselves, too: once. Claimed again it is the same redemption."""
    claimed = await running.claim(
        tx, community=principal.community, line_id=str(said.line_id), member_id=str(member_id)
    )
    return Redemption.of(claimed)


def _refused(error: SendRefusedError) -> Problem:
    """What is wrong with a list, line by line."""
    errors = [
        FieldError(field=f"/lines/{fault.line - 1}", detail=fault.reason, line=fault.line)
        for fault in error.faults
    ]
    first = error.faults[0]
    more = f"; {error.count - 1} more lines have faults" if error.count > 1 else ""
    return Problem(SEND_REFUSED, f"Line {first.line}: {first.reason}{more}. Nothing was made", errors)


_LINE_OVER = {
    SendLineState.EXPIRED: "Its time is over",
    SendLineState.CANCELLED: "Whoever sent it called it off",
    SendLineState.GIVEN: "It was given",
}
ERRORS: ErrorTable = {
    UnknownSendError: lambda _: Problem(UNKNOWN_SEND, "GET /v1/sends lists those that there are"),
    UnknownSendLineError: lambda _: Problem(
        UNKNOWN_SEND_LINE, "Follow the link in the message again in a moment, or ask whoever sent it"
    ),
    SendRefusedError: _refused,
    SendEndsError: lambda error: Problem(
        SEND_ENDS,
        f"It ends after it starts, and within {error.max_days} days from now",
        [FieldError(field="/claims_end_at", detail=f"It ends within {error.max_days} days from now")],
    ),
    SendStateError: lambda error: Problem(SEND_STATE, f"It is {error.state}. Nothing was done"),
    SendFourEyesError: lambda _: Problem(
        SEND_FOUR_EYES, "You made it, or nobody knows who you are: another person approves it. Nothing was done"
    ),
    SendLineOverError: lambda error: Problem(SEND_LINE_OVER, _LINE_OVER.get(error.state, f"It is {error.state}")),
    TooManySendsError: lambda error: Problem(
        TOO_MANY_SENDS, f"{error.max_count} are under way; cancel drafts that nobody needs"
    ),
    OtherSendError: lambda _: Problem(
        KEY_REUSED,
        "The key made another send before",
        [FieldError(field="Idempotency-Key", detail="Use a new key")],
    ),
}
