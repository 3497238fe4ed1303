"""What a person took from somebody is taken from whoever is one person with them, for as long as they are.

Badges that ask for several things are brought in line as members are looked at. Those that points, awards or one
rule's events lead to stand in totals and counts as if nobody had taken them: here they are told as they are held.
"""

from collections.abc import Collection, Mapping, Sequence

from services.recognition.badges.domain.deciding import BadgeMember
from services.recognition.badges.store import by_hand as store
from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import CountingMember
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due, Grant, Held, ThresholdKey, grant_id
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.totals import store as totals_store
from services.recognition.totals.domain import Member
from shared.transaction import Transaction


async def align(
    tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]], due: Due, version: int
) -> None:
    """Take back what persons hold of a badge that was taken from one of them, and give it again once they part.

    `groups` are who is one person by who stays, as they are from now on: their totals and counts are so already.
    Nobody applies awards, counts events or merges members of the community meanwhile.
    """
    if not await store.has_withheld(tx.conn, community=community):
        return
    everybody = [member_id for group in groups.values() for member_id in group]
    withheld = await store.load_withheld(tx.conn, community=community, member_ids=everybody)
    heads = [(community, head_id) for head_id in groups]
    totals = await totals_store.load_members(tx.conn, keys=heads)
    counts = await counts_store.load_members(tx.conn, keys=heads)
    members: list[Member | CountingMember] = [*totals.values(), *counts.values()]
    made = await thresholds_store.load_made(
        tx.conn,
        community=community,
        grant_ids=[held.grant_id for member in members for held in badges_of(member).values()],
    )
    grants: list[Grant] = []
    for member in members:
        taken = {badge for one in groups[member.member_id] for badge in withheld.get(one, ())}
        grants += taken_back(member, taken, made, due=due, version=version)
        grants += _again(member, taken, made, due=due, version=version)
    await totals_store.put_members(tx.conn, members=totals.values())
    await counts_store.set_members(tx.conn, members=counts.values())
    await make_grants(tx, grants=[Traced(grant) for grant in grants], celebrates=False)


def badges_of(member: Member | CountingMember) -> dict[ThresholdKey, Held]:
    """The badges that stand for a member, in the order of their keys."""
    return {key: held for key, held in sorted(member.standing.items()) if key.kind == "badge"}


def taken_back(
    member: Member | CountingMember,
    badges: Collection[str],
    made: Collection[str],
    *,
    due: Due,
    version: int,
    by_hand: bool = False,
) -> list[Grant]:
    """What takes back those of these badges that were granted and stand; what stands is left as it is."""
    hand = BadgeMember(member.community, member.member_id)
    return [
        hand.taken(key, held, held.member_id or member.member_id, due, version=version, by_hand=by_hand)
        for key, held in badges_of(member).items()
        if key.base_id in badges and held.grant_id in made
    ]


def _again(
    member: Member | CountingMember, taken: Collection[str], made: Collection[str], *, due: Due, version: int
) -> list[Grant]:
    """Have a member hold what stands for them, was never granted or was taken back, and nobody took from them.

    From the grant before follows the one after: what is decided again after a restore is the same grant.
    """
    grants: list[Grant] = []
    again: dict[ThresholdKey, Held] = {}
    for key, held in badges_of(member).items():
        if key.base_id in taken or held.grant_id in made:
            continue
        holder = held.member_id or member.member_id
        grant = Grant(
            community=member.community,
            grant_id=grant_id(member.community, holder, key, f"again {held.grant_id}"),
            member_id=holder,
            key=key,
            title=held.title,
            award_id=member.last_award_id if isinstance(member, Member) else None,
            event_time=due.event_time,
            version=version,
            day=due.day,
            event_uid=member.last_event_uid if isinstance(member, CountingMember) else None,
        )
        again[key] = held._replace(grant_id=grant.grant_id)
        grants.append(grant)
    member.standing = {**member.standing, **again}
    return grants
