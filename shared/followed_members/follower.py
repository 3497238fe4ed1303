"""Each service's copy of the members' names and of whose identities are, from members.v1."""

from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_ERASED, MEMBER_FACT, MemberFact
from shared.followed_members.store import FollowedName, MemberKey, put_identities, put_names
from shared.telemetry import ERASURES_OBEYED
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, members: list[MemberFact]) -> None:
    """Keep each member's name and identities, as the highest revision says them; of who was erased neither."""
    await follow(tx, members)


async def follow(tx: Transaction, members: list[MemberFact]) -> list[MemberFact]:
    """Keep that of members; returns those that are their highest revision now, in the order of members."""
    newest: dict[MemberKey, FollowedName] = {}
    identities: dict[MemberKey, list[str]] = {}
    facts: dict[MemberKey, MemberFact] = {}
    for member in members:
        data = member["data"]
        key = (member["community"], data["member_id"])
        if key not in newest or newest[key].revision < data["revision"]:
            newest[key], identities[key] = _followed(member)
            facts[key] = member
    changed = await put_names(tx.conn, newest)
    await put_identities(tx.conn, {key: (newest[key].revision, identities[key]) for key in sorted(changed)})
    ERASURES_OBEYED.inc(sum(facts[key]["type"] == MEMBER_ERASED.name for key in changed))
    return [facts[key] for key in sorted(changed)]


def _followed(member: MemberFact) -> tuple[FollowedName, list[str]]:
    """What is kept of a member: the name with what boards say, and the hashes of identities."""
    if member["type"] == "member.erased.v1":
        return FollowedName(member["data"]["revision"], None, off_boards=True, is_erased=True), []
    data = member["data"]
    name = FollowedName(
        data["revision"],
        data.get("name"),
        bot="bot_by" in data,
        off_boards="bot_by" in data or data.get("off_boards", False),
    )
    return name, [identity["hash"] for identity in data["identities"]]


#: What a service reads that shows members by their names, or is asked for them by their identities.
FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
