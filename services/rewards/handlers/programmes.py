"""Programme versions and members, as far as rewards needs them; and commands that are sent again."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.rewards.store import programmes as store
from shared.contracts.programme import Rewards
from shared.postgres import Connection
from shared.transaction import Transaction


class OtherRequestError(Exception):
    """The idempotency key was used for another request."""


@dataclass(frozen=True)
class InForce:
    """The programme version that applies now, and its rewards section."""

    programme_id: str
    version: int
    rewards: Rewards


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


async def on_members(tx: Transaction, facts: list[Any]) -> None:
    """Keep each member's name, as the highest revision says it."""
    newest: dict[tuple[str, UUID], dict[str, Any]] = {}
    for fact in facts:
        key = (fact["community"], UUID(fact["data"]["member_id"]))
        if key not in newest or fact["data"]["revision"] > newest[key]["revision"]:
            newest[key] = fact["data"]
    await store.add_members(tx.conn, [(*key, data.get("name"), data["revision"]) for key, data in newest.items()])


async def rewards_in_force(tx: Transaction, community: str) -> InForce | None:
    """The programme version that applies at this moment; None before the first."""
    row = await store.programme_in_force(tx.conn, community, tx.now)
    if row is None:
        return None
    return InForce(row["programme_id"], row["version"], Rewards.model_validate_json(row["rewards"]))


async def answered_before(
    tx: Transaction, community: str, command: str, key: str, request: dict[str, Any]
) -> bytes | None:
    """The stored answer to this request, or None when it is new: then store_answer must follow.

    Raises OtherRequestError when the key was used for another request.
    """
    digest = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
    known = await store.claim_command(tx.conn, community, command, key, digest, tx.now)
    if known is None:
        return None
    if known["request_sha256"] != digest:
        raise OtherRequestError
    answer: str = known["answer"]
    return answer.encode()


async def store_answer(conn: Connection, community: str, command: str, key: str, answer: bytes) -> None:
    """Store what a command was answered, to be given again."""
    await store.store_answer(conn, community, command, key, answer.decode())
