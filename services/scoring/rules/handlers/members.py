"""What is told of members' attributes is kept, for rules to read."""

from services.scoring.rules import store
from services.scoring.rules.domain.attributes import MemberKey, Said
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, MemberFact
from shared.followed_members import follow
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, facts: list[MemberFact]) -> None:
    """Keep members' names, identities, merges and attributes, as the highest revision says them.

    Of who was erased nothing is kept, nor what rules read of them.
    """
    followed = await follow(tx, facts)
    said = {
        MemberKey(member["community"], member["data"]["member_id"]): [
            (fact["name"], Said(fact["since"], fact["said_at"], fact["value"]))
            for fact in member["data"].get("dated", ())
            if fact["kind"] == "attribute"
        ]
        for member in followed.identified
    }
    erased = [MemberKey(member["community"], member["data"]["member_id"]) for member in followed.erased]
    said |= {key: [] for key in erased}
    if said:
        await store.put_attributes(tx.conn, said=said)
    if erased:
        await store.erase_read(tx.conn, keys=erased)


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
