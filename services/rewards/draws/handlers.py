"""Draws are declared by programmes, take tickets until their end, are frozen by a timer and drawn by a person.

Locks are taken in this order: a draw, then the rewards that winners get (`redemptions`).
"""

from secrets import token_bytes

from services.rewards.draws import store
from services.rewards.draws.domain import Draw, DrawState, UnknownDrawError, Winner, Won, closing
from services.rewards.metrics import DRAWS, TICKETS
from services.rewards.payouts.links.handlers import on_programmes as follow_programmes
from services.rewards.redemptions.domain import OutOfStockError, UnknownRewardError
from services.rewards.redemptions.handlers.reserving import give
from services.rewards.settings import Settings
from services.rewards.suspensions.store import load_suspended
from shared.audit import Did
from shared.consumer import Subscription
from shared.contracts.draws import SEED_BYTES, Ticket
from shared.contracts.facts import COMMUNITY_CHANGED, CommunityChanged, ProgrammePublished
from shared.contracts.programme import Rewards
from shared.followed_communities import load_calendars
from shared.followed_communities import on_communities as follow_communities
from shared.followed_members import find_name
from shared.topics import COMMUNITIES
from shared.transaction import Transaction

BY_LOT = "draw"


async def on_programmes(tx: Transaction, facts: list[ProgrammePublished]) -> None:
    """Keep what programmes say of rewards, and open the draws that they declare, each with a seed of its own."""
    await follow_programmes(tx, facts)
    for fact in facts:
        section = fact["data"]["document"].get("rewards") or {}
        calendar = await store.lock_calendar(tx.conn, community=fact["community"])
        for said in Rewards.model_validate(section).draws if section.get("draws") else ():
            draw = Draw.declared(fact["community"], said, calendar=calendar, seed=token_bytes(SEED_BYTES))
            await store.put_open(tx.conn, draw)


async def on_communities(tx: Transaction, changes: list[CommunityChanged]) -> None:
    """Keep communities; a draw that is open ends with its last day in the zone that the community has then."""
    await follow_communities(tx, changes)
    communities = {change["community"] for change in changes}
    calendars = await load_calendars(tx.conn, communities=communities)
    for draw in await store.lock_open(tx.conn, communities=communities):
        if draw.ends_on is not None and (calendar := calendars.get(draw.community)) is not None:
            closes_at = closing(draw.ends_on, calendar)
            if closes_at != draw.closes_at:
                await store.set_closing(tx.conn, draw, closes_at=closes_at)


#: What rewards reads of communities: one handler for all that wants to know.
FOLLOWED_COMMUNITIES = Subscription(COMMUNITIES, COMMUNITY_CHANGED.adapter, on_communities)


async def take_ticket(tx: Transaction[Settings], *, community: str, draw_id: str, ticket: Ticket) -> bool:
    """Put a ticket into a draw; False where it is closed, full or not there. Again changes nothing."""
    draw = await store.lock_draw(tx.conn, community=community, draw_id=draw_id)
    if draw is None or draw.state is not DrawState.OPEN or draw.closes_at <= tx.now:
        TICKETS.labels("refused").inc()
        return False
    if (
        await store.count_tickets(tx.conn, community=community, draw_id=draw_id)
        >= tx.settings.draw_tickets_max_count
    ):
        TICKETS.labels("refused").inc()
        return False
    if await store.add_ticket(tx.conn, community=community, draw_id=draw_id, ticket=ticket, at=tx.now):
        TICKETS.labels("taken").inc()
    return True


async def give_ticket_back(tx: Transaction, *, community: str, ticket_ids: set[str]) -> None:
    """Take tickets out of draws that are open."""
    TICKETS.labels("given_back").inc(await store.drop_tickets(tx.conn, community=community, ticket_ids=ticket_ids))


async def freeze_due(tx: Transaction) -> bool:
    """Freeze the tickets of the next draw that is over. A timer calls this while it returns True."""
    draw = await store.lock_due(tx.conn, now=tx.now)
    if draw is None:
        return False
    tickets = await store.load_tickets(tx.conn, community=draw.community, draw_id=draw.draw_id)
    await store.set_holders(tx.conn, community=draw.community, draw_id=draw.draw_id, tickets=tickets)
    await store.set_draw(tx.conn, draw.frozen(tickets, now=tx.now))
    DRAWS.labels("frozen").inc()
    return True


async def draw_winners(tx: Transaction[Settings], *, community: str, draw_id: str) -> Draw:
    """Draw: publish the seed, and give the winners their reward. Again changes nothing.

    Who is suspended now wins nothing: their place goes to the next.

    Raises UnknownDrawError, and NotFrozenError while it takes tickets.
    """
    draw = await store.lock_draw(tx.conn, community=community, draw_id=draw_id)
    if draw is None:
        raise UnknownDrawError
    if draw.state is DrawState.DRAWN:
        _did(tx, draw, before=draw)
        return draw
    tickets = await store.load_tickets(tx.conn, community=community, draw_id=draw_id)
    suspended = await load_suspended(tx.conn, community=community, at=tx.now)
    drawn, lot = draw.drawn(tickets, suspended=suspended, now=tx.now)
    await store.set_draw(tx.conn, drawn)
    winners = [await _winner(tx, ticket, draw=draw, place=place) for place, ticket in enumerate(lot.winners, 1)]
    # Behind the places that there are.
    winners += [
        Winner(place, ticket.ticket, ticket.member, Won.SUSPENDED)
        for place, ticket in enumerate(lot.passed_over, len(winners) + 1)
    ]
    await store.add_winners(tx.conn, community=community, draw_id=draw_id, winners=winners)
    DRAWS.labels("drawn").inc()
    _did(tx, drawn, before=draw)
    return drawn


def _did(tx: Transaction, after: Draw, *, before: Draw) -> None:
    said = {"state": after.state, "tickets": after.tickets_count}
    tx.did(Did("draw.draw", "draw", after.draw_id, before={"state": before.state}, after=said))


async def _winner(tx: Transaction[Settings], ticket: Ticket, *, draw: Draw, place: int) -> Winner:
    named = await find_name(tx.conn, community=draw.community, member_id=ticket.member)
    if named is not None and named.is_erased:
        return Winner(place, ticket.ticket, ticket.member, Won.NOBODY)
    try:
        given = await give(
            tx,
            community=draw.community,
            member_id=ticket.member,
            reward_id=draw.reward_id,
            cause=f"draw {draw.draw_id} {place}",
            by=BY_LOT,
        )
    except (OutOfStockError, UnknownRewardError):
        return Winner(place, ticket.ticket, ticket.member, Won.GONE)
    return Winner(place, ticket.ticket, ticket.member, Won.GIVEN, given.redemption_id)
