"""Who is no person, and who is staff, departed or hidden: found in events, and again when rules change."""

from collections.abc import Collection, Mapping

from services.ingest.bots.domain import marked, weighed
from services.ingest.communities import store as communities_store
from services.ingest.communities.domain.bot_patterns import DEFAULT_BOTS, is_bot
from services.ingest.communities.domain.communities import DEFAULT_STANDINGS, Rules
from services.ingest.members.domain import (
    BotBy,
    IdentityKey,
    Marks,
    Member,
    MemberKey,
    MemberPlace,
    Owner,
    UnknownMemberError,
)
from services.ingest.members.handlers.telling import tell_members
from services.ingest.members.store import members as members_store
from shared.audit import Did
from shared.contracts.facts import Standing
from shared.transaction import Transaction

#: Members looked at in one transaction when a community's rules have changed.
RECONSIDER_BATCH_COUNT = 2_000
RECONSIDER_EVERY_SECONDS = 1.0
SAID_NOTHING = Rules(DEFAULT_BOTS, DEFAULT_STANDINGS)


async def rules_of(tx: Transaction, *, communities: Collection[str]) -> dict[str, Rules]:
    """By which communities tell who is what, of those that said so."""
    return await communities_store.load_rules(tx.conn, communities=sorted(communities))


def bots_among(
    rules: Mapping[str, Rules], names: Mapping[IdentityKey, str | None], said: Collection[IdentityKey]
) -> dict[IdentityKey, BotBy]:
    """Which of the identities that were seen are no person's; `said` are those that a platform calls bots."""
    bots: dict[IdentityKey, BotBy] = {}
    for identity, name in names.items():
        if identity in said:
            bots[identity] = BotBy.PLATFORM
        elif is_bot(rules.get(identity.community, SAID_NOTHING).bots, identity.id, name):
            bots[identity] = BotBy.PATTERN
    return bots


async def stand(
    tx: Transaction,
    *,
    rules: Mapping[str, Rules],
    names: Mapping[IdentityKey, str | None],
    owners: dict[IdentityKey, Owner],
) -> dict[IdentityKey, Owner]:
    """The owners of identities that were seen, with those marked that a community's patterns take for something.

    Of communities without such patterns, which are nearly all, it asks nothing.
    """
    matching = {
        MemberKey(identity.community, owners[identity].member_id)
        for identity, name in names.items()
        if (found := rules.get(identity.community)) is not None
        and any(is_bot(rule.patterns, identity.id, name) for rule in found.standings.values())
    }
    if not matching:
        return owners
    members = await members_store.load_members(tx.conn, keys=sorted(matching))
    changed = {
        key: marks
        for key, member in members.items()
        if (marks := marked(member, rules[key.community])) != member.marks
    }
    if not changed:
        return owners
    await members_store.set_marks(tx.conn, marks=changed)
    await tell_members(tx, keys=changed)
    earning = {key: marks.earns for key, marks in changed.items()}
    return {
        identity: owner._replace(earns=earning.get(MemberKey(identity.community, owner.member_id), owner.earns))
        for identity, owner in owners.items()
    }


async def reconsider(tx: Transaction) -> None:
    """Look at the next members of a community whose rules changed; a timer calls this until none is left."""
    due = await communities_store.lock_reconsidered(tx.conn)
    if due is None:
        return
    community, rules, up_to = due
    members = await members_store.page_of_members(
        tx.conn, community=community, after=MemberPlace(up_to), limit_count=RECONSIDER_BATCH_COUNT
    )
    changed = {
        MemberKey(community, member.member_id): marks
        for member in members
        if (marks := marked(member, rules)) != member.marks
    }
    await members_store.set_marks(tx.conn, marks=changed)
    await tell_members(tx, keys=changed)
    is_whole = len(members) == RECONSIDER_BATCH_COUNT
    await communities_store.set_reconsidered(
        tx.conn, community=community, up_to=members[-1].member_id if is_whole else None
    )


async def say_standing(
    tx: Transaction,
    *,
    key: MemberKey,
    bot: bool | None,
    standing: Mapping[Standing, bool],
    off_boards: bool | None,
) -> Member:
    """Say by hand what a member is, and what they wish; None, and what is left out, stays as it is.

    It holds at once and outweighs platforms and patterns. Raises UnknownMemberError.
    """
    member = (await members_store.load_members(tx.conn, keys=[key])).get(key)
    if member is None:
        raise UnknownMemberError(key.member_id)
    before = member.marks
    marks = before
    if bot is not None:
        marks = marks._replace(bot_by=BotBy.HAND if bot else None, is_person=not bot)
    if off_boards is not None:
        marks = marks._replace(off_boards_wish=off_boards)
    marks = marks.with_standing({name: BotBy.HAND if is_so else None for name, is_so in standing.items()})
    rules = (await rules_of(tx, communities=[key.community])).get(key.community, SAID_NOTHING)
    marks = weighed(marks, rules)
    tx.did(Did("member.say_standing", "member", *2 * (key.member_id,), before=_noted(before), after=_noted(marks)))
    if marks == before:
        return member
    await members_store.set_marks(tx.conn, marks={key: marks})
    await tell_members(tx, keys=[key])
    return (await members_store.load_members(tx.conn, keys=[key]))[key]


def _noted(marks: Marks) -> dict[str, object]:
    return {
        "bot_by": marks.bot_by,
        "standing": dict(marks.standing),
        "off_boards_wish": marks.off_boards_wish,
        "earns": marks.earns,
        "ranks": marks.ranks,
    }
