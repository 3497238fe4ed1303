"""One community of its own for a test of a service: what the tests of every service need of it."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx
from aiokafka.errors import KafkaConnectionError

from shared.access_keys import Role, hash_secret
from shared.access_keys.store import put_people
from shared.contracts.facts import PERSON_CHANGED, PersonChanged
from shared.contracts.identities import NamedIdentity, identity_hash
from shared.service import ServiceSpec
from shared.topics import AUDIT, Topic
from shared.transaction import Transaction, transaction

NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Relayed:
    """What the world's service told: its relay, which is as quick as it is asked, and the topics behind it.

    While the broker `hangs` nothing gets there, and nobody reads there.
    """

    def __init__(self, world: "World") -> None:
        self.world = world
        self.hangs = False
        self.unseen: list[Any] = []
        self.told: list[Any] = []

    async def relay(self) -> None:
        """Take the outbox to the topics, in order."""
        rows = await self.world.pool.fetch(
            "delete from outbox where key like $1 returning id, topic, key, value",
            f"{self.world.community}|%".encode(),
        )
        rows = sorted(rows, key=lambda row: int(row["id"]))
        self.unseen += rows
        self.told += rows

    async def look(self) -> str | None:
        if not self.hangs:
            await self.relay()
        return None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Relayed"]:
        if self.hangs:
            raise KafkaConnectionError("the broker hangs")
        await self.relay()
        yield self

    async def values(self, topic: Topic, key: bytes, *, since: datetime) -> AsyncGenerator[bytes]:
        for row in list(self.told):
            if (row["topic"], row["key"]) == (topic.name, key):
                yield row["value"]


class World:
    """Makes the community's ids and facts, hands facts to handlers, and sees what they left in the outbox."""

    def __init__(self, pool: asyncpg.Pool, spec: ServiceSpec) -> None:
        self.pool = pool
        self.service = spec.name
        self.settings = spec.settings()
        self.community = f"c{uuid4().hex[:12]}"
        self.told = Relayed(self)

    def uuid(self, name: str) -> str:
        """The same id for the same name, in this community."""
        return str(uuid5(NAMESPACE, f"{self.community} {name}"))

    def identity(self, channel: str, person_id: str, host: str = "") -> dict[str, str]:
        """An identity as members.v1 tells of it."""
        named = NamedIdentity(channel, person_id, host)
        return {
            "channel": channel,
            "hash": identity_hash(self.settings.identity_key_bytes, self.community, named),
        }

    def begin(self) -> AbstractAsyncContextManager[Transaction[Any]]:
        return transaction(
            self.pool, service=self.service, settings=self.settings, on_commit=lambda _: None, told=self.told
        )

    def configure(self, **settings: Any) -> None:
        """Change settings for the transactions and the API of this test."""
        self.settings = self.settings.model_copy(update=settings)

    async def handle(self, handler: Callable[..., Awaitable[None]], *facts: Any) -> None:
        async with self.begin() as tx:
            await handler(tx, list(facts))

    async def outbox(self) -> Sequence[Any]:
        """The rows of this community's messages but for the audit's, in order; they are deleted."""
        await self.told.relay()
        rows, self.told.unseen = self.told.unseen, []
        return [row for row in rows if row["topic"] != AUDIT.name]

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
        amends: str | None = None,
        revision: int = 1,
        total: int = 0,
        cause: str = "retracted",
        **more: Any,
    ) -> Any:
        """An award of a rule for a forum post at that time, or what an award amounts to since."""
        data = {
            "award_id": award_id,
            "member_id": self.uuid(member),
            "points": points,
            "rule_id": rule,
            "beneficiary": "actor",
            "programme_id": "demo",
            "programme_version": 1,
            "event_uid": event_uid,
            "event_type": "forum.post.v1",
            "event_time": at,
            "received_at": at,
            **more,
        }
        if amends is not None:
            data |= {"amends": amends, "revision": revision, "cause": cause, "total": total}
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


#: What somebody is who may do everything that their key may.
EVERY_ROLE = tuple(role.value for role in Role)


async def add_person(pool: asyncpg.Pool, community: str, *roles: str, disabled: bool = False) -> str:
    """A person of the community, as people.v1 would have told of them; with every role where none is named."""
    person_id = str(uuid4())
    async with pool.acquire() as conn:
        await put_people(conn, [person_fact(community, person_id, *(roles or EVERY_ROLE), disabled=disabled)])
    return person_id


async def tie(pool: asyncpg.Pool, community: str, client: httpx.AsyncClient, *members: str) -> str:
    """Have the person of a client be these members, as people.v1 would have told; return who that is."""
    person_id = str((await client.get("/v1/key")).json()["person_id"])
    async with pool.acquire() as conn:
        fact = person_fact(community, person_id, *EVERY_ROLE, revision=2, members=members)
        await put_people(conn, [fact])
    return person_id


def person_fact(
    community: str,
    person_id: str,
    *roles: str,
    disabled: bool = False,
    revision: int = 1,
    members: Sequence[str] = (),
) -> PersonChanged:
    """A person with those roles, as people.v1 tells of them."""
    return PERSON_CHANGED.adapter.validate_python(
        {
            "specversion": "1.0",
            "id": f"{community}/{person_id}/{revision}",
            "source": "/plaudit/ingest",
            "type": "person.changed.v1",
            "time": NOON,
            "community": community,
            "data": {
                "person_id": person_id,
                "name": f"Test {person_id[:4]}",
                "kind": "person",
                "disabled": disabled,
                "revision": revision,
                "roles": list(roles),
                "members": list(members),
            },
        }
    )


async def authorization(
    pool: asyncpg.Pool,
    community: str,
    *scopes: str,
    person_id: str | None = None,
    revoked: bool = False,
    expires_at: datetime | None = None,
) -> dict[str, str]:
    """The header with a new access key of those scopes: the person's, or a new person's who has every role."""
    owner = person_id or await add_person(pool, community)
    secret = f"plk_test_{uuid4().hex}"
    await pool.execute(
        "insert into access_keys (community, key_id, person_id, name, secret_sha256, scopes, revoked, expires_at)"
        " values ($1, $2, $3, 'test key', $4, $5, $6, $7)",
        community,
        uuid4().hex,
        owner,
        hash_secret(secret),
        list(scopes),
        revoked,
        expires_at,
    )
    return {"Authorization": f"Bearer {secret}"}
