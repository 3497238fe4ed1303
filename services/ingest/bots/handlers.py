"""Who is no person: found as events come in, and looked at again when a community's patterns change."""

from collections.abc import Collection, Mapping

from services.ingest.communities import store as communities_store
from services.ingest.communities.domain.bot_patterns import DEFAULT_BOTS, is_bot
from services.ingest.members import store as members_store
from services.ingest.members.domain import BotBy, IdentityKey, Member, MemberKey, MemberPlace
from services.ingest.members.handlers import tell_members
from shared.transaction import Transaction

#: Members looked at in one transaction when a community's patterns have changed.
RECONSIDER_BATCH_COUNT = 2_000
RECONSIDER_EVERY_SECONDS = 1.0


async def bots_among(
    tx: Transaction, *, names: Mapping[IdentityKey, str | None], said: Collection[IdentityKey]
) -> dict[IdentityKey, BotBy]:
    """Which of the identities that were seen are no person's; `said` are those that a platform calls bots."""
    patterns = await communities_store.load_bot_patterns(
        tx.conn, communities=sorted({identity.community for identity in names})
    )
    bots: dict[IdentityKey, BotBy] = {}
    for identity, name in names.items():
        if identity in said:
            bots[identity] = BotBy.PLATFORM
        elif is_bot(patterns.get(identity.community, DEFAULT_BOTS), identity.id, name):
            bots[identity] = BotBy.PATTERN
    return bots


async def reconsider(tx: Transaction) -> None:
    """Look at the next members of a community whose patterns changed; a timer calls this until none is left."""
    due = await communities_store.lock_reconsidered(tx.conn)
    if due is None:
        return
    community, patterns, up_to = due
    members = await members_store.page_of_members(
        tx.conn, community=community, after=MemberPlace(up_to), limit_count=RECONSIDER_BATCH_COUNT
    )
    changed = {
        MemberKey(community, member.member_id): by
        for member in members
        if member.bot_by is not BotBy.PLATFORM and (by := _by_pattern(member, patterns)) is not member.bot_by
    }
    await members_store.set_bots(tx.conn, bots=changed)
    await tell_members(tx, keys=changed)
    is_whole = len(members) == RECONSIDER_BATCH_COUNT
    await communities_store.set_reconsidered(
        tx.conn, community=community, up_to=members[-1].member_id if is_whole else None
    )


def _by_pattern(member: Member, patterns: tuple[str, ...]) -> BotBy | None:
    texts = (member.name, *(identity.id for identity in member.identities))
    return BotBy.PATTERN if is_bot(patterns, *texts) else None
