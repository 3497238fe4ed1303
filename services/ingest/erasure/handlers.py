"""Somebody is forgotten: at once here, by a fact everywhere else, and again after a restore."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from services.ingest.access.ties import handlers as ties
from services.ingest.connectors.handlers import deliveries as deliveries_handlers
from services.ingest.erasure import store
from services.ingest.erasure.domain import Erasure, Left, UndecidedError
from services.ingest.ideas.store import lock_ideas
from services.ingest.members.domain import IdentityKey, Member, MemberKey, ToldIdentity, UnknownMemberError
from services.ingest.members.handlers.telling import hash_of
from services.ingest.members.handlers.told import on_members_told
from services.ingest.members.store import members as members_store
from services.ingest.metrics import MEMBERS_ERASED
from services.ingest.settings import Settings
from shared.audit import Did
from shared.contracts.facts import (
    MEMBER_ERASED,
    MEMBER_FACT,
    MEMBER_IDENTIFIED,
    MEMBER_MERGED,
    MEMBER_UNMERGED,
    ErasedData,
    KnownIdentity,
    MemberErased,
)
from shared.contracts.identities import NamedIdentity
from shared.invariants import DIFFERENCES_MAX_COUNT, ERASED_MEMBERS, show_differences
from shared.merges import find_head, load_group, lock_merges
from shared.own_facts import ReadBack
from shared.topics import MEMBERS, record_key
from shared.transaction import Transaction

LOOK_AFTER_EVERY_SECONDS = 10.0
LOOKED_AFTER_MAX_COUNT = 20
#: What was on its way when somebody was erased has arrived by then.
ARRIVES_WITHIN = timedelta(hours=1)


async def erase(tx: Transaction[Settings], *, key: MemberKey, left: Left | None) -> Erasure:
    """Forget a member, with all who are merged into it; asked again, the erasure is the answer again.

    Raises UnknownMemberError, and UndecidedError where nobody says what becomes of points.
    """
    # Nobody is merged into them meanwhile, or leaves; whoever they were merged into just now is one with them.
    await lock_merges(tx.conn, communities=[key.community])
    head_id = await find_head(tx.conn, community=key.community, member_id=key.member_id)
    key = MemberKey(key.community, head_id)
    known = await store.find_erasure(tx.conn, key=key)
    if known is not None:
        tx.did_nothing()
        return known
    if left is None:
        raise UndecidedError
    group = await load_group(tx.conn, community=key.community, head_id=key.member_id)
    # Members first, then suggestions, as everybody locks them.
    for member_id in sorted(group):
        await store.lock_member(tx.conn, key=MemberKey(key.community, member_id))
    await lock_ideas(tx.conn, communities=[key.community])
    for member_id in group:
        await _erase(tx, key=MemberKey(key.community, member_id), left=left)
    erasure = await store.find_erasure(tx.conn, key=key)
    if erasure is None:
        raise UnknownMemberError(key.member_id)
    after = {
        "forfeits": erasure.forfeits,
        "identities_count": len(erasure.identities),
        "merged_with_count": len(group) - 1,
    }
    tx.did(Did("member.erase", "member", key.member_id, key.member_id, after=after))
    return erasure


async def _erase(tx: Transaction[Settings], *, key: MemberKey, left: Left) -> None:
    # 1. Nobody gives them another identity meanwhile.
    if not await store.lock_member(tx.conn, key=key):
        raise UnknownMemberError(key.member_id)
    member = await members_store.find_member(tx.conn, key=key)
    if member is None:
        raise UnknownMemberError(key.member_id)
    named = [IdentityKey(key.community, *identity) for identity in member.identities]
    identities = [
        *(ToldIdentity(key.community, hash_of(tx, one), one.channel, key.member_id) for one in named),
        *member.told,
    ]
    # 2. What is theirs goes, here and by the fact everywhere; hashes stay: nothing of theirs is taken again.
    letters = await _delete_dead_letters(tx, key, identities=member.identities)
    deliveries = await _forget_deliveries(tx, member=member)
    gone = await store.delete_of_member(tx.conn, key=key)
    await ties.forget(tx, community=key.community, member_id=key.member_id)
    deleted = _with_untold(gone, letters_count=letters, deliveries_count=deliveries)
    erasure = Erasure(
        key.community, key.member_id, tx.now, left is Left.FORFEITED, identities=identities, deleted=deleted
    )
    revision = await store.set_erased(tx.conn, key=key, revision=None, at=tx.now)
    await store.add_erased_identities(tx.conn, identities=identities)
    await store.put_erasure(tx.conn, erasure=erasure)
    _tell(tx, erasure, revision=revision)
    MEMBERS_ERASED.inc()


async def on_erasures_told(tx: Transaction[Settings], facts: list[MemberErased]) -> None:
    """Erase again whom the database, which came from a backup, still knows."""
    for key in sorted({MemberKey(fact["community"], fact["data"]["member_id"]) for fact in facts}):
        await store.lock_member(tx.conn, key=key)
    await lock_ideas(tx.conn, communities={fact["community"] for fact in facts})
    for fact in facts:
        data, community = fact["data"], fact["community"]
        key = MemberKey(community, data["member_id"])
        identities = [
            ToldIdentity(community, one["hash"], one["channel"], key.member_id) for one in data["identities"]
        ]
        # What the database knows in full of them has letters to go by.
        known = await members_store.find_member(tx.conn, key=key)
        letters = await _delete_dead_letters(tx, key, identities=known.identities if known else ())
        deliveries = await _forget_deliveries(tx, member=known) if known else 0
        gone = await store.delete_of_member(tx.conn, key=key)
        deleted = _with_untold(gone, letters_count=letters, deliveries_count=deliveries)
        await store.set_erased(tx.conn, key=key, revision=data["revision"], at=data["erased_at"])
        await store.add_erased_identities(tx.conn, identities=identities)
        erasure = Erasure(
            community, key.member_id, data["erased_at"], data["forfeits"], identities=identities, deleted=deleted
        )
        await store.put_erasure(tx.conn, erasure=erasure)


async def look_after(tx: Transaction[Settings]) -> None:
    """Timer: delete what of those who were erased was on its way then, or is left of a lot."""
    for erasure in await store.lock_undone(tx.conn, limit_count=LOOKED_AFTER_MAX_COUNT):
        key = MemberKey(erasure.community, erasure.member_id)
        gone = await store.delete_of_member(tx.conn, key=key)
        await ties.forget(tx, community=key.community, member_id=key.member_id)
        is_over = not gone and tx.now - erasure.erased_at > ARRIVES_WITHIN
        deleted = _sum(erasure.deleted, gone)
        await store.set_looked_after(tx.conn, key=key, deleted=deleted, at=tx.now, is_done=is_over)


async def _delete_dead_letters(tx: Transaction, key: MemberKey, *, identities: Iterable[NamedIdentity]) -> int:
    return await store.delete_dead_letters(
        tx.conn,
        community=key.community,
        keys=[record_key(key.community, f"{one.channel}|{one.id}") for one in identities],
    )


async def _forget_deliveries(tx: Transaction[Settings], *, member: Member) -> int:
    names = [member.name] if member.name else []
    return await deliveries_handlers.forget(
        tx, community=member.community, ids=[one.id for one in member.identities], names=names
    )


def _with_untold(gone: Mapping[str, int], *, letters_count: int, deliveries_count: int) -> dict[str, int]:
    found = {**gone, "dead_letters": letters_count, "deliveries": deliveries_count}
    return {table: count for table, count in found.items() if count}


def _sum(before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: before.get(name, 0) + more.get(name, 0) for name in sorted({*before, *more})}


async def watch_erased(tx: Transaction[Settings]) -> None:
    """Timer: show how many members that were erased are known by a name or by identities again."""
    count = await store.count_known_again(tx.conn, limit_count=DIFFERENCES_MAX_COUNT)
    show_differences({ERASED_MEMBERS: count})


_KEPT = (MEMBER_IDENTIFIED.name, MEMBER_MERGED.name, MEMBER_UNMERGED.name)
#: Both steps are over before the service takes anything: a restored database forgets again before it is ready.
READ_BACK = (
    ReadBack((MEMBERS,), MEMBER_FACT, on_members_told, kinds=_KEPT),
    ReadBack((MEMBERS,), MEMBER_ERASED.adapter, on_erasures_told, kinds=(MEMBER_ERASED.name,)),
)


def _tell(tx: Transaction, erasure: Erasure, *, revision: int) -> None:
    data: ErasedData = {
        "member_id": erasure.member_id,
        "revision": revision,
        "erased_at": erasure.erased_at,
        "identities": [
            KnownIdentity(channel=one.channel, hash=one.hash)
            for one in sorted(erasure.identities, key=lambda one: (one.channel, one.hash))
        ],
        "forfeits": erasure.forfeits,
    }
    tx.tell(
        MEMBERS,
        MEMBER_ERASED,
        fact_id=f"{erasure.member_id}/{revision}",
        community=erasure.community,
        subject=erasure.member_id,
        data=data,
    )
