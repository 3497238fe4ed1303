"""What is told of members' attributes is kept, for rules to read."""

from collections.abc import Sequence

from services.scoring.rules import store
from services.scoring.rules.domain.attributes import MemberKey, Said
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, DatedData, MemberFact
from shared.followed_members import follow
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, members: list[MemberFact]) -> None:
    """Keep members' names, identities and attributes, as the highest revision says them.

    Of who was erased nothing is kept, nor what rules read of them.
    """
    newest = await follow(tx, members)
    said = {
        MemberKey(member["community"], member["data"]["member_id"]): [
            (fact["name"], Said(fact["since"], fact["said_at"], fact["value"]))
            for fact in _dated(member)
            if fact["kind"] == "attribute"
        ]
        for member in newest
    }
    if said:
        await store.put_attributes(tx.conn, said=said)
    erased = [
        MemberKey(member["community"], member["data"]["member_id"])
        for member in newest
        if member["type"] == "member.erased.v1"
    ]
    if erased:
        await store.erase_read(tx.conn, keys=erased)


def _dated(member: MemberFact) -> Sequence[DatedData]:
    return () if member["type"] == "member.erased.v1" else member["data"].get("dated", ())


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
