"""Rewards of the catalogue in tests: added, stocked with codes, and chosen."""

from typing import Any
from uuid import uuid4

BOOKS = {"id": "books", "kind": "voucher", "title": "Book voucher", "points": 100, "category": "books"}
#: Names that nobody could take for codes of a shop.
MUG = {"id": "mug", "kind": "merchandise", "title": "Mug", "points": 50}


def table(*codes: str) -> str:
    return "\n".join(["code", *codes, ""])


async def add(api: Any, reward: dict[str, Any], **more: Any) -> Any:
    answer = await api.post("/v1/catalogue/rewards", json=reward | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def stock(api: Any, *codes: str, reward: str = "books") -> Any:
    answer = await api.post(f"/v1/catalogue/rewards/{reward}/codes", json={"csv": table(*codes)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def choose(client: Any, world: Any, name: str, reward: str = "books", key: str | None = None) -> Any:
    path = f"/v1/members/{world.uuid(name)}/redemptions"
    return await client.post(path, json={"reward_id": reward}, headers={"Idempotency-Key": key or uuid4().hex})


async def code_of(client: Any, world: Any, name: str, redemption_id: str) -> Any:
    return await client.get(f"/v1/members/{world.uuid(name)}/redemptions/{redemption_id}/code")
