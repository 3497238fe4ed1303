"""Who came into audiences and left them is kept, turn by turn."""

from collections.abc import Sequence

from services.analytics.audiences import store
from services.analytics.audiences.domain import AudienceTurn
from shared.contracts.facts import AudienceFact, MemberErased
from shared.merges import MemberKey
from shared.transaction import Transaction


async def note_turns(tx: Transaction, facts: Sequence[AudienceFact]) -> set[MemberKey]:
    """Keep what is told of audiences; return of whom something is new. Of who was erased nothing is kept."""
    turns: dict[tuple[str, str, str, int], AudienceTurn] = {}
    for fact in facts:
        data = fact["data"]
        key = (fact["community"], data["audience"], data["member_id"], data["revision"])
        turns[key] = AudienceTurn(*key, fact["type"] == "audience.entered.v1", data["since"])
    return await store.add_turns(tx.conn, turns=[turns[key] for key in sorted(turns)]) if turns else set()


async def forget_turns(tx: Transaction, erased: Sequence[MemberErased]) -> None:
    """Forget in which audiences members were who were erased."""
    if erased:
        members = sorted({(fact["community"], fact["data"]["member_id"]) for fact in erased})
        await store.delete_turns(tx.conn, members=members)
