"""Whose turn it is: from where the last turn ended, and from the beginning again."""

from services.rewards.settings import Settings
from services.rewards.turns import store
from services.rewards.turns.domain import DueRows, Turn, most_at_once, turn_of
from shared.transaction import Transaction


async def take_turn(tx: Transaction[Settings], rows: DueRows) -> Turn:
    """The communities whose turn it is, so that one with many rows keeps none waiting; the next turn is others'.

    A turn has `upkeep_max_count` rows at most.
    """
    most = tx.settings.upkeep_max_count
    place, at_once = await store.find_place(tx.conn, rows.due), most_at_once(most)
    communities = await store.page_of_communities(
        tx.conn, rows, now=tx.now, after=place, until=None, limit=at_once
    )
    if place and len(communities) < at_once:
        communities += await store.page_of_communities(
            tx.conn, rows, now=tx.now, after="", until=place, limit=at_once - len(communities)
        )
    turn = turn_of(communities, rows_max_count=most)
    if turn.ends_at is not None:
        await store.set_place(tx.conn, rows.due, after=turn.ends_at)
    return turn
