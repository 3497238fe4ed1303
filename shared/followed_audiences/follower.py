"""A service's copy of who is in audiences, from audiences.v1.

Scoring says of who is merged that they left, and of the head what it is in: nothing is worked out here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.consumer import Subscription
from shared.contracts.facts import AUDIENCE_FACT, AudienceFact, MemberErased
from shared.followed_audiences.store import FollowedTurn, delete_members, put_turns
from shared.topics import AUDIENCES
from shared.transaction import Transaction


async def on_audiences(tx: Transaction, facts: list[AudienceFact]) -> None:
    """Keep of each member and audience what the highest revision says. Of who was erased nothing is kept."""
    newest: dict[tuple[str, str, str], FollowedTurn] = {}
    for fact in facts:
        data = fact["data"]
        key = (fact["community"], data["audience"], data["member_id"])
        if key not in newest or newest[key].revision < data["revision"]:
            is_in = fact["type"] == "audience.entered.v1"
            newest[key] = FollowedTurn(*key, data["revision"], is_in, data["since"])
    await put_turns(tx.conn, turns=[newest[key] for key in sorted(newest)])


async def forget(tx: Transaction, *, erased: Sequence[MemberErased]) -> None:
    """Forget in which audiences members are who were erased."""
    if erased:
        members = sorted({(fact["community"], fact["data"]["member_id"]) for fact in erased})
        await delete_members(tx.conn, members=members)


def titles_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The audiences that a programme's document declares: the title of each, by its id."""
    return {one["id"]: one["title"] for one in document.get("audiences") or ()}


#: What a service reads that scopes something by audiences.
FOLLOWED_AUDIENCES = Subscription(AUDIENCES, AUDIENCE_FACT, on_audiences)
