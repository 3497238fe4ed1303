"""Which levels members have is kept as it is granted and taken back."""

from collections.abc import Sequence

from shared.contracts.facts import RecognitionFact
from shared.followed_levels import store
from shared.followed_levels.store import LevelGrant
from shared.transaction import Transaction


async def keep_levels(tx: Transaction, facts: Sequence[RecognitionFact]) -> None:
    """Keep levels of what was told; one that was taken back stands no more, whichever of the two comes first."""
    grants: dict[tuple[str, str], LevelGrant] = {}
    for fact in facts:
        if fact["type"] != "recognition.granted.v1" or fact["data"]["kind"] != "level":
            continue
        community, data = fact["community"], fact["data"]
        grant_id, stands = data.get("reverses", data["grant_id"]), "reverses" not in data
        before = grants.get((community, grant_id))
        stands = stands and (before is None or before.stands)
        grants[community, grant_id] = LevelGrant(community, grant_id, data["member_id"], data["id"], stands)
    if grants:
        await store.put_grants(tx.conn, grants=list(grants.values()))
