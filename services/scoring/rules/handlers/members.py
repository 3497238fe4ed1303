"""What is told of members' attributes is kept, for rules to read."""

from typing import NamedTuple

from services.scoring.rules import store
from services.scoring.rules.domain.attributes import MemberKey, Said
from shared.contracts.facts import MemberFact
from shared.followed_members import follow
from shared.merges import MovedMember
from shared.transaction import Transaction


class Kept(NamedTuple):
    """Members of whom something else is known than before, those merged and unmerged too; and who was erased.

    `moved` are those who belong to another than before.
    """

    changed: set[MemberKey]
    erased: list[MemberKey]
    moved: list[MovedMember]


async def keep_members(tx: Transaction, facts: list[MemberFact]) -> Kept:
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
    changed = set(said)
    for moved in followed.moved:
        changed |= {MemberKey(moved.community, one) for one in (moved.member_id, moved.was_of, moved.is_of)}
    erased = [MemberKey(member["community"], member["data"]["member_id"]) for member in followed.erased]
    said |= {key: [] for key in erased}
    # Of whom nothing was told before nothing is replaced.
    if said := {key: ones for key, ones in said.items() if ones or key not in followed.first_told}:
        await store.put_attributes(tx.conn, said=said)
    if erased:
        await store.erase_read(tx.conn, keys=erased)
    return Kept(changed - set(erased), erased, followed.moved)
