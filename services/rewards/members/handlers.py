"""Members, as far as rewards needs them."""

from typing import Any
from uuid import UUID

from services.rewards.members import store
from shared.transaction import Transaction


async def on_members(tx: Transaction, facts: list[Any]) -> None:
    """Keep each member's name, as the highest revision says it."""
    newest: dict[tuple[str, UUID], dict[str, Any]] = {}
    for fact in facts:
        key = (fact["community"], UUID(fact["data"]["member_id"]))
        if key not in newest or fact["data"]["revision"] > newest[key]["revision"]:
            newest[key] = fact["data"]
    await store.add_members(tx.conn, [(*key, data.get("name"), data["revision"]) for key, data in newest.items()])
