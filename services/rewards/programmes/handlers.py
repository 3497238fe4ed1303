"""Programme versions, as far as rewards needs them."""

from typing import Any

import orjson

from services.rewards.programmes import store
from services.rewards.programmes.domain import InForce
from shared.contracts.programme import Rewards
from shared.transaction import Transaction


async def on_programmes(tx: Transaction, facts: list[Any]) -> None:
    """Keep the rewards section of each version."""
    await store.add_programmes(
        tx.conn,
        [
            (
                fact["community"],
                fact["data"]["programme_id"],
                fact["data"]["version"],
                fact["data"]["effective_from"],
                orjson.dumps(fact["data"]["document"].get("rewards") or {}).decode(),
            )
            for fact in facts
        ],
    )


async def rewards_in_force(tx: Transaction, community: str) -> InForce | None:
    """The programme version that applies at this moment; None before the first."""
    row = await store.programme_in_force(tx.conn, community, tx.now)
    if row is None:
        return None
    return InForce(row["programme_id"], row["version"], Rewards.model_validate_json(row["rewards"]))
