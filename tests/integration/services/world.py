"""One community of its own for a test of a service: what the tests of every service need of it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg

from shared.access_keys import hash_secret
from shared.service import ServiceSpec
from shared.transaction import Transaction, transaction

NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class World:
    """Makes the community's ids and facts, hands facts to handlers, and sees what they left in the outbox."""

    def __init__(self, pool: asyncpg.Pool, spec: ServiceSpec) -> None:
        self.pool = pool
        self.service = spec.name
        self.settings = spec.settings()
        self.community = f"c{uuid4().hex[:12]}"

    def uuid(self, name: str) -> str:
        """The same id for the same name, in this community."""
        return str(uuid5(NAMESPACE, f"{self.community} {name}"))

    def begin(self) -> AbstractAsyncContextManager[Transaction[Any]]:
        return transaction(self.pool, service=self.service, settings=self.settings, on_commit=lambda _: None)

    def configure(self, **settings: Any) -> None:
        """Change settings for the transactions and the API of this test."""
        self.settings = self.settings.model_copy(update=settings)

    async def handle(self, handler: Callable[..., Awaitable[None]], *facts: Any) -> None:
        async with self.begin() as tx:
            await handler(tx, list(facts))

    async def outbox(self) -> Sequence[Any]:
        """The rows of this community's messages, in order; they are deleted."""
        rows = await self.pool.fetch(
            "delete from outbox where key like $1 returning id, topic, key, value", f"{self.community}|%".encode()
        )
        return sorted(rows, key=lambda row: int(row["id"]))

    def fact(self, kind: str, name: str, data: dict[str, Any], at: datetime = NOON) -> Any:
        return {
            "specversion": "1.0",
            "id": self.uuid(f"fact {name}"),
            "source": "/plaudit/test",
            "type": kind,
            "time": at,
            "community": self.community,
            "data": data,
        }

    def award_fact(
        self,
        award_id: str,
        member: str,
        points: int,
        event_uid: str,
        *,
        rule: str = "post",
        at: datetime = NOON,
        reverses: str | None = None,
    ) -> Any:
        """An award of a rule for a forum post at that time."""
        data = {
            "award_id": award_id,
            "member_id": self.uuid(member),
            "points": points,
            "rule_id": rule,
            "slot": "actor",
            "programme_id": "demo",
            "programme_version": 1,
            "event_uid": event_uid,
            "event_type": "forum.post.v1",
            "event_time": at,
            "received_at": at,
        }
        if reverses is not None:
            data["reverses"] = reverses
        return self.fact("points.awarded.v1", award_id, data, at)

    def programme_fact(self, version: int, document: dict[str, Any], effective_from: datetime = NOON) -> Any:
        data = {
            "programme_id": "demo",
            "version": version,
            "effective_from": effective_from,
            "published_by": "grace",
            "document": document,
            "document_sha256": "0" * 64,
        }
        return self.fact("programme.published.v1", f"programme {version}", data)


async def authorization(pool: asyncpg.Pool, community: str, *scopes: str, revoked: bool = False) -> dict[str, str]:
    """The header with a new access key of those scopes."""
    secret = f"plk_test_{uuid4().hex}"
    await pool.execute(
        "insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)"
        " values ($1, $2, 'test key', $3, $4, $5)",
        community,
        uuid4().hex,
        hash_secret(secret),
        list(scopes),
        revoked,
    )
    return {"Authorization": f"Bearer {secret}"}
