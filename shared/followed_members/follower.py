"""Each service's copy of the members' names and of whose identities are, from members.v1."""

from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_IDENTIFIED, MemberIdentified
from shared.followed_members.store import FollowedName, MemberKey, put_identities, put_names
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, members: list[MemberIdentified]) -> None:
    """Keep each member's name and identities, as the highest revision says them."""
    await follow(tx, members)


async def follow(tx: Transaction, members: list[MemberIdentified]) -> list[MemberIdentified]:
    """Keep that of members; returns those that are their highest revision now, in the order of members."""
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
FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_IDENTIFIED.adapter, on_members)
