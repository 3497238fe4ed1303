"""Members into their table. A revision that is known changes nothing."""

from services.analytics.members import store
from shared.contracts.facts import MemberIdentified
from shared.transaction import Transaction


async def on_members(tx: Transaction, members: list[MemberIdentified]) -> None:
    """Store members and their newest names."""
    newest: dict[tuple[str, str], MemberIdentified] = {}
    for one in members:
        key = (one["community"], one["data"]["member_id"])
        if key not in newest or newest[key]["data"]["revision"] < one["data"]["revision"]:
            newest[key] = one
    await store.add_members(tx.conn, [newest[key] for key in sorted(newest)])
