"""HTTP routes of draws: what is committed to, what was drawn, and all that it follows from."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.draws import handlers, store
from services.rewards.draws.domain import Draw, DrawState, UnknownDrawError, Winner, Won
from shared.contracts.fields import Slug
from shared.http import (
    IN_ANSWER,
    Conn,
    MemberId,
    Principal,
    ProblemType,
    Scope,
    Tx,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import load_group
from shared.postgres import Connection

UNKNOWN_DRAW = ProblemType("unknown-draw", 404, "The community has no such draw")
DRAW_OPEN = ProblemType("draw-open", 409, "The draw still takes tickets")

router = APIRouter(tags=["draws"])
Looker = Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)]
Verifier = Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True, reads=IN_ANSWER)]


class DrawShown(BaseModel):
    """A draw, and what can be known of it by now."""

    draw_id: str = Field(examples=["spring"])
    title: str = Field(examples=["Spring draw"])
    description: str
    reward_id: str = Field(examples=["mug"])
    winners_count: int = Field(description="So many win", examples=[3])
    closes_at: datetime = Field(description="It takes tickets until then")
    state: DrawState
    commitment: str = Field(description="SHA-256 of the seed, published from the beginning")
    tickets_count: int | None = Field(description="How many tickets are frozen; null before", examples=[120])
    tickets_sha256: str | None = Field(description="SHA-256 of the frozen tickets; null before")
    frozen_at: datetime | None
    drawn_at: datetime | None

    @classmethod
    def of(cls, draw: Draw) -> "DrawShown":
        """What is shown of a draw: never the seed."""
        return cls(**_shown(draw))


class WinnerShown(BaseModel):
    """Who won which prize."""

    place: int = Field(examples=[1])
    ticket: UUID
    member_id: UUID
    member_name: str | None = Field(examples=["Ada"])
    won: Literal[Won.GIVEN, Won.GONE, Won.NOBODY] = Field(
        description="given, gone (no more in stock) or nobody (they were forgotten)"
    )

    @classmethod
    def of(cls, winner: Winner) -> "WinnerShown":
        """What is shown of a winner."""
        return cls(
            place=winner.place,
            ticket=UUID(winner.ticket_id),
            member_id=UUID(winner.member_id),
            member_name=winner.member_name,
            won=winner.won,
        )


class Draws(BaseModel):
    """The draws of a community, those that close last first."""

    items: list[DrawShown]


class OneDraw(DrawShown):
    """A draw, and who won."""

    winners: list[WinnerShown]
    passed_over_count: int = Field(
        description="So many would have won and were suspended: their places went to the next", examples=[0]
    )


class TicketShown(BaseModel):
    """A ticket, and whose it is."""

    ticket: UUID
    member: UUID


class DrawRecord(DrawShown):
    """All that a draw follows from: `plaudit draw verify` works it out again."""

    seed: str | None = Field(description="In hexadecimal; null until it is drawn")
    tickets: list[TicketShown] = Field(description="Those that are frozen; none before")
    winners: list[UUID] = Field(description="The tickets that won, first prize first")
    passed_over: list[UUID] = Field(
        description="Those that would have won, whose holders were suspended: their places went to the next"
    )


class DrawOfMember(BaseModel):
    """A draw, and how many tickets a member has in it."""

    draw: DrawShown
    tickets: int = Field(examples=[2])
    won: bool


class DrawsOfMember(BaseModel):
    """A member's draws."""

    member_id: UUID
    items: list[DrawOfMember]


@router.get("/v1/draws", summary="Draws", responses=problem_responses())
async def get_draws(principal: Looker, conn: Conn) -> Draws:
    """With what each is committed to. A draw is declared in the programme's section `rewards`."""
    found = await store.load_draws(conn, community=principal.community)
    return Draws(items=[DrawShown.of(draw) for draw in found])


@router.get("/v1/draws/{draw_id}", summary="A draw, and who won", responses=problem_responses(UNKNOWN_DRAW))
async def get_draw(principal: Verifier, conn: Conn, draw_id: Slug) -> OneDraw:
    """Winners are there once it is drawn; they are named to whoever sees rewards."""
    draw = await _find(conn, principal, draw_id=draw_id)
    winners = await store.load_winners(conn, community=principal.community, draw_id=draw_id)
    passed_over = await _passed_over(conn, draw)
    if Scope.REWARDS_READ not in principal.scopes:
        # To members they are ids, as the record has them.
        winners = [winner._replace(member_name=None) for winner in winners]
    return _with_winners(draw, winners, passed_over)


@router.get(
    "/v1/draws/{draw_id}/record",
    summary="All that a draw follows from",
    responses=problem_responses(UNKNOWN_DRAW),
)
async def get_draw_record(principal: Looker, conn: Conn, draw_id: Slug) -> DrawRecord:
    """Tickets and whose they are, by ids; and the seed, once it is drawn. Nobody is named."""
    draw, community = await _find(conn, principal, draw_id=draw_id), principal.community
    is_frozen = draw.state is not DrawState.OPEN
    tickets = await store.load_tickets(conn, community=community, draw_id=draw_id) if is_frozen else []
    winners = await store.load_winners(conn, community=community, draw_id=draw_id)
    passed_over = await _passed_over(conn, draw)
    return DrawRecord(
        **_shown(draw),
        seed=draw.seed.hex() if draw.state is DrawState.DRAWN else None,
        tickets=[TicketShown(ticket=UUID(one.ticket), member=UUID(one.member)) for one in tickets],
        winners=[UUID(winner.ticket_id) for winner in winners],
        passed_over=[UUID(one.ticket_id) for one in passed_over],
    )


@router.post(
    "/v1/draws/{draw_id}/draw", summary="Draw the winners", responses=problem_responses(UNKNOWN_DRAW, DRAW_OPEN)
)
async def post_draw(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)], tx: Tx, draw_id: Slug
) -> OneDraw:
    """Once its tickets are frozen: the seed is published, and winners are given the reward. Again is the same."""
    draw = await handlers.draw_winners(tx, community=principal.community, draw_id=draw_id)
    winners = await store.load_winners(tx.conn, community=principal.community, draw_id=draw_id)
    return _with_winners(draw, winners, await _passed_over(tx.conn, draw))


@router.get(
    "/v1/members/{member_id}/draws",
    summary="A member's tickets in draws",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_member_draws(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> DrawsOfMember:
    """All draws, with how many tickets they have, and whether they won."""
    community, member_text = principal.community, str(member_id)
    group = await load_group(conn, community=community, head_id=member_text)
    tickets = await store.count_of_members(conn, community=community, member_ids=group)
    items = []
    for draw in await store.load_draws(conn, community=community):
        winners = []
        if draw.state is DrawState.DRAWN and draw.draw_id in tickets:
            winners = await store.load_winners(conn, community=community, draw_id=draw.draw_id)
        items.append(
            DrawOfMember(
                draw=DrawShown.of(draw),
                tickets=tickets.get(draw.draw_id, 0),
                won=any(winner.member_id in group for winner in winners),
            )
        )
    return DrawsOfMember(member_id=member_id, items=items)


async def _find(conn: Conn, principal: Principal, *, draw_id: str) -> Draw:
    draw = await store.find_draw(conn, community=principal.community, draw_id=draw_id)
    if draw is None:
        raise UnknownDrawError
    return draw


async def _passed_over(conn: Connection, draw: Draw) -> list[Winner]:
    return await store.load_winners(conn, community=draw.community, draw_id=draw.draw_id, passed_over=True)


def _with_winners(draw: Draw, winners: list[Winner], passed_over: list[Winner]) -> OneDraw:
    shown = [WinnerShown.of(winner) for winner in winners]
    return OneDraw(**_shown(draw), winners=shown, passed_over_count=len(passed_over))


def _shown(draw: Draw) -> dict[str, object]:
    return {
        "draw_id": draw.draw_id,
        "title": draw.title,
        "description": draw.description,
        "reward_id": draw.reward_id,
        "winners_count": draw.winners_count,
        "closes_at": draw.closes_at,
        "state": draw.state,
        "commitment": draw.commitment,
        "tickets_count": draw.tickets_count,
        "tickets_sha256": draw.tickets_sha256,
        "frozen_at": draw.frozen_at,
        "drawn_at": draw.drawn_at,
    }
