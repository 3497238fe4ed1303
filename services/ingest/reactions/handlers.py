"""Celebrations that one may react to are followed; what members do about them becomes events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.ingest.events.handlers import send_own
from services.ingest.members.domain import MemberKey
from services.ingest.members.handlers.own import own_identities
from services.ingest.members.store import members as members_store
from services.ingest.metrics import REACTIONS
from services.ingest.reactions import store
from services.ingest.reactions.domain import SEEN, Act, Given, Reactable, UnknownCelebrationError
from services.ingest.settings import Settings
from shared.audit import Did
from shared.consumer import Subscription
from shared.contracts.facts import CELEBRATED, Celebrated
from shared.contracts.facts.celebrations import CHANNEL, HOST, Reaction
from shared.merges import find_head
from shared.topics import CELEBRATIONS
from shared.transaction import Transaction

KEEP_EVERY_SECONDS = 3600.0


async def on_celebrations(tx: Transaction[Settings], facts: list[Celebrated]) -> None:
    """Keep whose celebrations are, while one may react to them."""
    since = _since(tx)
    found = [
        Reactable(fact["community"], fact["data"]["celebration_id"], fact["data"]["member_id"], fact["time"])
        for fact in facts
        if fact["time"] >= since
    ]
    erased = await members_store.load_erased_members(
        tx.conn, keys={MemberKey(one.community, one.member_id) for one in found}
    )
    here = [one for one in found if MemberKey(one.community, one.member_id) not in erased]
    if here:
        await store.add_reactables(tx.conn, reactables=here)


FOLLOWED_CELEBRATIONS = Subscription(CELEBRATIONS, CELEBRATED.adapter, on_celebrations)


def _since(tx: Transaction[Settings]) -> datetime:
    return tx.now - timedelta(days=tx.settings.celebration_reactions_days)


async def react(
    tx: Transaction[Settings],
    *,
    community: str,
    member_id: str,
    celebration_id: str,
    reaction: Reaction,
    is_given: bool,
) -> None:
    """Have a member react to a celebration, or take that back; what is so already changes nothing.

    Raises UnknownCelebrationError.
    """
    changed = await _change(
        tx, community=community, member_id=member_id, ids=[celebration_id], act=reaction, is_given=is_given
    )
    tx.did(
        Did(
            "celebration.react",
            "celebration",
            celebration_id,
            member_id=member_id,
            after={"reaction": reaction, "is_given": is_given, "changed": bool(changed)},
        )
    )


async def see(tx: Transaction[Settings], *, community: str, member_id: str, celebration_ids: Sequence[str]) -> int:
    """Have a member have seen celebrations; how many of them they had not.

    Raises UnknownCelebrationError where none of them is one.
    """
    count = await _change(
        tx, community=community, member_id=member_id, ids=celebration_ids, act=SEEN, is_given=True
    )
    tx.did(Did("celebration.see", "celebration", celebration_ids[0], member_id=member_id, after={"seen": count}))
    return count


async def _change(
    tx: Transaction[Settings], *, community: str, member_id: str, ids: Sequence[str], act: Act, is_given: bool
) -> int:
    """Change what is not so yet, each with an event; how many that were."""
    known = await store.load_reactables(tx.conn, community=community, celebration_ids=ids, since=_since(tx))
    if not known:
        raise UnknownCelebrationError
    # The token may be older than a merge.
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    given = await store.lock_given(tx.conn, celebrations=list(known.values()), member_id=head_id, act=act)
    changed = [one.changed() for one in given if one.is_given != is_given]
    await own_identities(tx, community=community, member_ids=_people(changed), channel=CHANNEL, host=HOST)
    await store.set_given(tx.conn, given=changed)
    for one in changed:
        send_own(tx, community=community, event=one.event(tx.now))
        REACTIONS.labels(act, "given" if is_given else "taken_back").inc()
    return len(changed)


def _people(given: Sequence[Given]) -> set[str]:
    return {who for one in given for who in (one.member_id, one.celebration.member_id)}


async def keep_in_order(tx: Transaction[Settings]) -> bool:
    """Forget celebrations that nobody reacts to any more; a timer calls this while it returns True."""
    return await store.delete_before(tx.conn, moment=_since(tx)) == store.PIECE_COUNT
