"""Each service's copy of the members' names, of whose identities are and of who is merged, from members.v1."""

from typing import NamedTuple

from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, MemberFact, MemberIdentified, MemberMerged, MemberUnmerged
from shared.followed_members.store import FollowedName, MemberKey, put_identities, put_names
from shared.merges import Merge, MovedMember, Spell, put_merges
from shared.topics import MEMBERS
from shared.transaction import Transaction


class Followed(NamedTuple):
    """What facts changed: members that are their highest revision now, and who belongs to another than before.

    Both in the order of members.
    """

    identified: list[MemberIdentified]
    moved: list[MovedMember]


async def on_members(tx: Transaction, facts: list[MemberFact]) -> None:
    """Keep each member's name and identities, and who is merged into whom, as the highest revision says them."""
    await follow(tx, facts)


async def follow(tx: Transaction, facts: list[MemberFact]) -> Followed:
    """Keep that of members, and say what changed by it."""
    identified = [fact for fact in facts if fact["type"] == "member.identified.v1"]
    changed = await _follow_names(tx, identified)
    moved = await put_merges(
        tx.conn, merges=[merge_told(fact) for fact in facts if fact["type"] != "member.identified.v1"]
    )
    return Followed(changed, moved)


def merge_told(fact: MemberMerged | MemberUnmerged) -> Merge:
    """The merge that a fact tells of, or the end of one."""
    data = fact["data"]
    return Merge(
        community=fact["community"],
        member_id=data["member_id"],
        into_id=data["into_id"],
        merged_at=data["merged_at"],
        revision=data["revision"],
        unmerged_at=fact["data"]["unmerged_at"] if fact["type"] == "member.unmerged.v1" else None,
        spells=tuple(Spell(**one) for one in data.get("earlier", ())),
    )


async def _follow_names(tx: Transaction, members: list[MemberIdentified]) -> list[MemberIdentified]:
    newest: dict[MemberKey, FollowedName] = {}
    identities: dict[MemberKey, list[str]] = {}
    facts: dict[MemberKey, MemberIdentified] = {}
    for member in members:
        data = member["data"]
        key = (member["community"], data["member_id"])
        if key not in newest or newest[key].revision < data["revision"]:
            newest[key] = FollowedName(
                data["revision"],
                data.get("name"),
                bot="bot_by" in data,
                off_boards="bot_by" in data or data.get("off_boards", False),
            )
            identities[key] = [identity["hash"] for identity in data["identities"]]
            facts[key] = member
    changed = await put_names(tx.conn, newest)
    await put_identities(tx.conn, {key: (newest[key].revision, identities[key]) for key in sorted(changed)})
    return [facts[key] for key in sorted(changed)]


#: What a service reads that shows members by their names, or is asked for them by their identities.
FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
