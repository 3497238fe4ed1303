"""How far members are trusted is worked out beside everything else, and judgements are weighed anew."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.scoring.audiences.handlers import deciding as audiences
from services.scoring.metrics import TRUST_SECONDS
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.quality.domain.judging import PairKey
from services.scoring.quality.domain.trust import Trusting, trusting, trusts
from services.scoring.quality.domain.weighing import FULL_TRUST, Turned
from services.scoring.quality.handlers.judging import apply, person_pair, weigh
from services.scoring.quality.store import judgements
from services.scoring.quality.store import trust as trust_store
from services.scoring.quality.store.judgements import Delta
from services.scoring.rules.domain.attributes import MemberKey
from services.scoring.settings import Settings
from shared.audit import Did
from shared.contracts.facts import MemberFact
from shared.merges import MovedMember, load_groups, lock_heads
from shared.postgres import Connection
from shared.transaction import Transaction

#: So long after it was worked out trust is again, though nothing changed: members grow older.
AGAIN_AFTER = timedelta(days=1)


async def work_out(tx: Transaction[Settings]) -> bool:
    """Timer: work out the trust of the community that waits longest for it; whether there was one.

    The pairs that changed last count, so many as a setting says.
    """
    communities = await trust_store.load_communities(tx.conn)
    if not communities:
        return False
    every = timedelta(seconds=tx.settings.trust_every_seconds)
    run = await trust_store.lock_run(
        tx.conn, communities=communities, before=tx.now - every, yesterday=tx.now - AGAIN_AFTER
    )
    if run is None:
        return False
    number, programme = await document_in_force(tx.conn, community=run.community, at=tx.now)
    found: Mapping[str, int] = {}
    seeds: set[str] = set()
    pairs = 0
    if (by := trusting(programme)) is not None:
        likes, pairs = await trust_store.load_likes(
            tx.conn, community=run.community, limit_count=tx.settings.trust_pairs_max_count
        )
        # Who never judged passes nothing on: of seeds only those who did matter here, and the others are trusted
        # in full as soon as they do.
        judges = {MemberKey(run.community, judge) for judge in likes}
        groups = await load_groups(tx.conn, keys=judges)
        trusted = await trust_store.load_seeds(tx.conn, persons=groups, trusted={run.community: by}, now=tx.now)
        seeds = {key.member_id for key in trusted}
        started = time.monotonic()
        found = await asyncio.to_thread(trusts, likes, sorted(seeds))
        TRUST_SECONDS.observe(time.monotonic() - started)
    await trust_store.put_trust(tx.conn, community=run.community, trust=found, seeds=seeds)
    await trust_store.put_run(
        tx.conn,
        community=run.community,
        at=tx.now,
        version=number,
        seeds=len(seeds),
        trusted=sum(trust < FULL_TRUST for trust in found.values()),
        pairs=pairs,
    )
    return True


async def weigh_due(tx: Transaction[Settings]) -> bool:
    """Timer: weigh anew what members made of others' content, the next so many pairs; whether there are more."""
    limit = tx.settings.quality_pairs_per_piece_max_count
    due = await judgements.take_pairs_due(tx.conn, limit_count=limit)
    if not due:
        return False
    keys = {(pair.community, member) for pair in due for member in pair[1:]}
    heads = await lock_heads(tx.conn, keys=keys)
    restated = [pair for pair, restates in due.items() if restates]
    persons = {pair: person_pair(pair, heads) for pair in due}
    await judgements.put_pairs(tx.conn, likes=dict.fromkeys({*due, *persons.values()}, 0), now=tx.now)
    if restated:
        await _restate(tx, pairs=restated, persons=persons)
    periods = await judgements.load_periods(tx.conn, pairs=list(due))
    windows: dict[tuple[PairKey, int], list[Turned]] = {
        (persons[pair], period): [] for pair, of_pair in periods.items() for period in of_pair
    }
    deltas: dict[str, Delta] = {}
    if windows:
        await weigh(tx.conn, windows=windows, deltas=deltas)
    if deltas:
        await judgements.lock_contents(tx.conn, content_ids=set(deltas))
        await apply(tx.conn, deltas=deltas, others=(), now=tx.now)
    return len(due) == limit


async def _restate(
    tx: Transaction[Settings], *, pairs: Sequence[PairKey], persons: Mapping[PairKey, PairKey]
) -> None:
    judges = {MemberKey(pair.community, persons[pair].judge_id) for pair in pairs}
    groups = await load_groups(tx.conn, keys=judges)
    trusted = {}
    for community in sorted({pair.community for pair in pairs}):
        _, programme = await document_in_force(tx.conn, community=community, at=tx.now)
        if (by := trusting(programme)) is not None:
            trusted[community] = by
    trust = await trust_store.load_trust(tx.conn, persons=groups, trusted=trusted, now=tx.now)
    wanted = {
        pair: trust.get(MemberKey(pair.community, persons[pair].judge_id), 0)
        for pair in pairs
        if pair.community in trusted
    }
    if wanted:
        await trust_store.restate_trust(tx.conn, trust=wanted)


async def trust_of(
    conn: Connection, *, community: str, head_id: str, group: Sequence[str], by: Trusting, now: datetime
) -> int:
    """How far a person is trusted now, in thousandths."""
    person = MemberKey(community, head_id)
    found = await trust_store.load_trust(conn, persons={person: group}, trusted={community: by}, now=now)
    return found.get(person, 0)


async def restate(tx: Transaction[Settings], *, community: str) -> int:
    """Have all judgements weighed anew by the trust that there is now; returns how many pairs that are."""
    pairs = await judgements.put_all_pairs_due(tx.conn, community=community)
    tx.did(Did("quality.restate", "quality", community, after={"pairs": pairs}))
    return pairs


async def keep_members(tx: Transaction[Settings], facts: Sequence[MemberFact]) -> None:
    """Keep since when members are known, and who is staff; of who was erased nothing."""
    members, erased = [], []
    newest: dict[tuple[str, str], MemberFact] = {}
    for fact in facts:
        if fact["type"] == "member.identified.v1" or fact["type"] == "member.erased.v1":
            key = (fact["community"], fact["data"]["member_id"])
            known = newest.get(key)
            if known is None or known["data"]["revision"] < fact["data"]["revision"]:
                newest[key] = fact
    for (community, member_id), fact in newest.items():
        if fact["type"] == "member.erased.v1":
            erased.append(MemberKey(community, member_id))
        elif fact["type"] == "member.identified.v1":
            data = fact["data"]
            is_staff = "staff" in data.get("standing", {})
            row = (community, member_id, is_staff, "bot_by" in data, data["first_seen_at"], data["revision"])
            members.append(row)
    if members:
        await trust_store.put_members(tx.conn, members=members)
    if erased:
        await trust_store.erase(tx.conn, keys=erased)


async def on_members(tx: Transaction[Settings], facts: list[MemberFact]) -> None:
    """Keep what is told of members: what rules read, who is in audiences, whom all trust, and who is merged."""
    moved = await audiences.on_members(tx, facts)
    await keep_members(tx, facts)
    await follow_merges(tx, moved)


async def follow_merges(tx: Transaction[Settings], moved: Sequence[MovedMember]) -> None:
    """Have what persons made of others' content weighed anew, of those who are others now than before."""
    if not moved:
        return
    persons = {MemberKey(one.community, member) for one in moved for member in (one.was_of, one.is_of)}
    groups = await load_groups(tx.conn, keys=persons)
    members = {MemberKey(one.community, one.member_id) for one in moved}
    members |= {MemberKey(key.community, one) for key, group in groups.items() for one in group}
    await judgements.put_pairs_due_of(tx.conn, members=members)
