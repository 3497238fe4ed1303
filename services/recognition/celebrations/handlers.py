"""What is reached is celebrated once and told; who reacts is kept by the events that say so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.recognition.celebrations.domain import Celebration
from services.recognition.celebrations.store import feed, ledger, numbers
from services.recognition.metrics import CELEBRATION_REACTIONS
from services.recognition.metrics import CELEBRATIONS as COUNTED
from shared.contracts.facts import CELEBRATED, Celebrated
from shared.contracts.facts.celebrations import HOST, REACTIONS
from shared.followed_members import Followed
from shared.own_facts import ReadBack
from shared.topics import CELEBRATIONS
from shared.transaction import Transaction

_REACTED = "chat.reaction.v1"
_SEEN = "content.read.v1"


async def celebrate(tx: Transaction, *, celebrations: Collection[Celebration]) -> None:
    """Celebrate what never was: it is kept for ever and told. The members are locked, of `together` the number is.

    What was celebrated of somebody who is the same person is not celebrated again.
    """
    if not celebrations:
        return
    wanted = {one.id: one for one in celebrations}
    for known in await ledger.load_elsewhere(tx.conn, celebrations=wanted.values()):
        del wanted[known]
    new = await ledger.add_celebrations(tx.conn, celebrations=wanted.values(), at=tx.now)
    for id_, one in wanted.items():
        if id_ in new:
            COUNTED.labels(one.kind).inc()
            tx.tell(
                CELEBRATIONS,
                CELEBRATED,
                fact_id=id_,
                community=one.community,
                subject=one.subject,
                data=one.told(),
                traceparent=one.traceparent,
            )


async def stand_again(tx: Transaction, *, celebrations: Collection[Celebration]) -> None:
    """Have what was celebrated before be in the feed again, as it is held again; celebrate nothing."""
    if celebrations:
        await ledger.set_standing(tx.conn, celebrations=celebrations)


async def lose(tx: Transaction, *, grants: Iterable[tuple[str, str]]) -> None:
    """Have badges and levels that were taken back be in no feed, by community and the grant that gave them."""
    by_community: dict[str, list[str]] = {}
    for community, grant_id in grants:
        by_community.setdefault(community, []).append(grant_id)
    for community, grant_ids in sorted(by_community.items()):
        await ledger.set_lost(tx.conn, community=community, grant_ids=grant_ids)


async def on_reactions(tx: Transaction, changes: Iterable[tuple[str, str, Mapping[str, Any], int]]) -> None:
    """Keep who reacted to what and saw it: by community, event's uid, the event, and whether it counts (1, -1)."""
    state: dict[tuple[str, str], tuple[str, str, str, str, str] | None] = {}
    for community, uid, event, by in changes:
        said = _reaction(community, uid, event)
        if said is not None:
            state[community, uid] = said if by > 0 else None
    given = [one for one in state.values() if one is not None]
    taken = sorted(key for key, one in state.items() if one is None)
    if given:
        await feed.add_reactions(tx.conn, reactions=given)
        for _, _, _, _, reaction in given:
            CELEBRATION_REACTIONS.labels(reaction).inc()
    if taken:
        await feed.delete_reactions(tx.conn, events=taken)


def _reaction(community: str, uid: str, event: Mapping[str, Any]) -> tuple[str, str, str, str, str] | None:
    data = event["data"]
    if data.get("host") != HOST or "object" not in data or "member" not in event:
        return None
    if event["type"] == _SEEN:
        reaction = feed.SEEN
    elif event["type"] == _REACTED and data.get("reaction") in REACTIONS:
        reaction = data["reaction"]
    else:
        return None
    try:
        celebration_id = str(UUID(data["object"]["id"]))
    except ValueError:
        return None
    return (community, uid, celebration_id, event["member"], reaction)


async def regroup(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have members be the persons that `groups` say, by who stays: what two of them reached is shown once.

    What they reach together by that alone is not celebrated: nobody did anything.
    """
    await ledger.set_twins(tx.conn, community=community, groups=groups)
    members = {member_id for group in groups.values() for member_id in group}
    await numbers.drop_years(tx.conn, community=community, member_ids=members)
    await numbers.put_looked_for(tx.conn, keys=[(community, head_id) for head_id in groups])


async def forget(tx: Transaction, followed: Followed) -> None:
    """Forget what those reached who were erased, and how they reacted."""
    erased: dict[str, list[str]] = {}
    for one in followed.erased:
        erased.setdefault(one["community"], []).append(one["data"]["member_id"])
    for community, member_ids in sorted(erased.items()):
        await ledger.forget(tx.conn, community=community, member_ids=member_ids)


async def on_told(tx: Transaction, facts: list[Celebrated]) -> None:
    """After a restore: keep what was celebrated and the database has forgotten, so that it is not again."""
    told = {fact["data"]["celebration_id"]: Celebration.of_fact(fact) for fact in facts}
    at = {fact["data"]["celebration_id"]: fact["time"] for fact in facts}
    by_key = {(one.community, one.member_id): one for one in told.values()}
    erased = await ledger.load_erased(tx.conn, keys=by_key.keys())
    await ledger.add_celebrations(tx.conn, celebrations=told.values(), at=at)
    for community, member_id in sorted(erased):
        await ledger.forget(tx.conn, community=community, member_ids=[member_id])


READ_BACK = (ReadBack((CELEBRATIONS,), CELEBRATED.adapter, on_told),)
