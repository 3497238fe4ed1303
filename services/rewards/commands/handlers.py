"""Commands that are sent again."""

import hashlib
from typing import Any

import orjson

from services.rewards.commands import store
from shared.postgres import Connection
from shared.transaction import Transaction


class OtherRequestError(Exception):
    """The idempotency key was used for another request."""


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
