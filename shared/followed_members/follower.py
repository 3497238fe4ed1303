"""Each service's copy of the members' names, from members.v1."""

from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_IDENTIFIED, MemberIdentified
from shared.followed_members.store import FollowedName, MemberKey, put_names
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, members: list[MemberIdentified]) -> None:
    """Keep each member's name, as the highest revision says it."""
    newest: dict[MemberKey, FollowedName] = {}
    for member in members:
        data = member["data"]
        key = (member["community"], data["member_id"])
        if key not in newest or newest[key].revision < data["revision"]:
            newest[key] = FollowedName(data["revision"], data.get("name"), "bot_by" in data)
    await put_names(tx.conn, newest)


#: What a service reads that shows members by their names.
FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_IDENTIFIED.adapter, on_members)
