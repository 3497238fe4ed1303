"""HTTP routes of sends: rewards given to a list of people."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.api.models import OUT_OF_STOCK, UNKNOWN_REWARD, Redemption
from services.rewards.sends import store
from services.rewards.sends.api.models import (
    MEMBER_EXAMPLE,
    RECIPIENT_EXAMPLE,
    SEND_ENDS,
    SEND_FOUR_EYES,
    SEND_LINE_OVER,
    SEND_REFUSED,
    SEND_STATE,
    TOO_MANY_SENDS,
    UNKNOWN_SEND,
    UNKNOWN_SEND_LINE,
    USUAL_DAYS,
    LineState,
    NeedShown,
    NewSend,
    SendLineShown,
    SendShown,
    SendWhole,
    SentClaim,
    SentOffer,
)
from services.rewards.sends.domain import (
    Send,
    SendLinePlace,
    SendLineState,
    SendPlace,
    UnknownSendError,
)
from services.rewards.sends.handlers import making, running
from services.rewards.settings import Settings
from shared.commands import KEY_REUSED, IdempotencyKey
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["sends"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
Reader = Annotated[Principal, requires(Scope.REWARDS_READ)]
InSettings = Annotated[Settings, configured(Settings)]
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
