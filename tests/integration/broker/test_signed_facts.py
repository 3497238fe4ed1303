"""What gives authority and was not signed by who may give it: a dead letter, whoever could write it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest

from services.ingest.access.keys.domain import AccessKey
from services.ingest.access.keys.handlers import issue_key
from services.ingest.access.keys.handlers import sign_anew as sign_keys_anew
from services.ingest.access.people.domain import Person
from services.ingest.access.people.handlers import add_person
from services.ingest.main import SPEC as INGEST
from services.rewards.main import SPEC as REWARDS
from services.scoring.main import SPEC as SCORING
from services.scoring.programmes.domain.publication import Author, Submission
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.programmes.handlers.publishing import publish_programme
from services.scoring.programmes.handlers.telling import sign_anew as sign_programmes_anew
from shared.access_keys import BOOTSTRAP, PersonKind, Role, hash_secret
from shared.contracts.programme import Programme
from shared.kafka import create_producer, send_records
from shared.postgres import create_pool
from shared.signatures import SignatureError, Signer, Verifier, new_keys
from shared.telemetry import BAD_SIGNATURES
from shared.topics import ACCESS_KEYS, PEOPLE, PROGRAMMES, Topic, dead_letter_topic, record_key
from tests.integration.services.process import read, running, send
from tests.integration.services.world import NOON, World, person_fact
from tests.waiting import until

pytestmark = pytest.mark.stack

PROGRAMME = """
programme: demo
title: Demo
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
"""


@pytest.fixture
def community() -> str:
    return f"c{uuid4().hex[:12]}"


async def put(stack: Any, topic: Topic, records: list[tuple[bytes, bytes]]) -> None:
    """Write values as they are, as whoever has got hold of a user that may."""
    producer = create_producer(stack.state.broker, request_seconds=20)
    await producer.start()
    try:
        await send_records(producer, [(topic.name, key, value) for key, value in records])
    finally:
        await producer.stop()


def ways_to_sign(stack: Any, *, rightly_by: str, wrongly_by: str) -> dict[str, Callable[[bytes], bytes]]:
    """As the producer signs; and as a stranger would, with what else could be at hand."""
    keys = stack.state.signing_keys
    return {
        "not at all": lambda value: value,
        "by a stranger": Signer(new_keys().signing_key).sign,
        "by a service that signs other facts": Signer(keys[wrongly_by].signing_key).sign,
        "and changed": lambda value: Signer(keys[rightly_by].signing_key).sign(value).replace(b"demo", b"dema"),
        "rightly": Signer(keys[rightly_by].signing_key).sign,
    }


def envelope(kind: str, community: str, fact_id: str, data: dict[str, Any]) -> bytes:
    fact = {"specversion": "1.0", "id": fact_id, "source": "/plaudit/ingest", "type": kind}
    return orjson.dumps(fact | {"time": "2026-01-01T00:00:00Z", "community": community, "data": data})


async def test_a_forged_access_key_is_a_dead_letter_and_opens_nothing(stack: Any, community: str) -> None:
    ways = ways_to_sign(stack, rightly_by="ingest", wrongly_by="scoring")
    secrets = {way: f"plk_{uuid4().hex}" for way in ways}
    person_id = str(uuid4())

    def fact(key_id: str, secret: str) -> bytes:
        data = {
            "key_id": key_id,
            "person_id": person_id,
            "name": "demo",
            "secret_sha256": hash_secret(secret),
            "scopes": ["points:read", "members:write"],
            "revoked": False,
        }
        return envelope("access_key.changed.v1", community, f"{community}/{key_id}/issued", data)

    before = BAD_SIGNATURES.labels(ACCESS_KEYS.name)._value.get()
    async with running(REWARDS, REWARDS.settings(**stack.settings("rewards"))) as parts:
        records = [
            (record_key(community, way), sign(fact(way.replace(" ", "-"), secrets[way])))
            for way, sign in ways.items()
        ]
        await send(
            stack.state, [(PEOPLE, record_key(community, person_id), person_fact(community, person_id, "manager"))]
        )
        await put(stack, ACCESS_KEYS, records)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client:

            async def status(secret: str) -> int:
                headers = {"Authorization": f"Bearer {secret}"}
                return (await client.get("/v1/key", headers=headers)).status_code

            async def is_known() -> bool:
                return await status(secrets["rightly"]) == httpx.codes.OK

            await until(is_known)  # it came last, so all have been read
            for way in set(ways) - {"rightly"}:
                assert await status(secrets[way]) == httpx.codes.UNAUTHORIZED, way
        letters = await read(stack.state, dead_letter_topic("rewards"), community, len(ways) - 1)
        assert BAD_SIGNATURES.labels(ACCESS_KEYS.name)._value.get() == before + len(ways) - 1
    reasons = {one.key.decode().partition("|")[2]: orjson.loads(one.value)["data"]["reason"] for one in letters}
    assert reasons.keys() == set(ways) - {"rightly"}
    assert reasons["not at all"].startswith("not signed")
    assert "not among" in reasons["by a stranger"]
    assert "not among" in reasons["by a service that signs other facts"]
    assert reasons["and changed"].endswith("this is not what was signed")


async def test_a_forged_person_is_a_dead_letter_and_nobody_is_more_than_they_are(
    stack: Any, community: str
) -> None:
    ways = ways_to_sign(stack, rightly_by="ingest", wrongly_by="scoring")
    ways["and changed"] = lambda value: ways["rightly"](value).replace(b"manager", b"mbnager")
    person_id = str(uuid4())
    revisions = {way: number for number, way in enumerate(ways, 1)}

    def fact(way: str) -> bytes:
        told = person_fact(community, person_id, "manager", way.replace(" ", "_"), revision=100 - revisions[way])
        return orjson.dumps(told)

    async with running(REWARDS, REWARDS.settings(**stack.settings("rewards"))) as parts:
        await put(stack, PEOPLE, [(record_key(community, way), sign(fact(way))) for way, sign in ways.items()])

        async def roles() -> list[list[str]]:
            rows = await parts.pool.fetch("select roles from followed_people where community = $1", community)
            return [row["roles"] for row in rows]

        assert await until(roles) == [["manager", "rightly"]]
        letters = await read(stack.state, dead_letter_topic("rewards"), community, len(ways) - 1)
    assert {one.key.decode().partition("|")[2] for one in letters} == set(ways) - {"rightly"}


async def test_a_forged_programme_is_a_dead_letter_and_changes_nothing(stack: Any, community: str) -> None:
    ways = ways_to_sign(stack, rightly_by="scoring", wrongly_by="ingest")

    def fact(version: int) -> bytes:
        data = {
            "programme_id": "demo",
            "version": version,
            "effective_from": "2026-01-01T00:00:00Z",
            "published_by": "mallory",
            "document": {"programme": "demo", "title": "Demo", "rules": []},
            "document_sha256": "0" * 64,
        }
        return envelope("programme.published.v1", community, f"{community}/demo/{version}", data)

    async with running(REWARDS, REWARDS.settings(**stack.settings("rewards"))) as parts:
        records = [
            (record_key(community, way), sign(fact(number))) for number, (way, sign) in enumerate(ways.items(), 1)
        ]
        await put(stack, PROGRAMMES, records)

        async def versions() -> list[int]:
            rows = await parts.pool.fetch("select version from programmes where community = $1", community)
            return [row["version"] for row in rows]

        assert await until(versions) == [len(ways)]
        letters = await read(stack.state, dead_letter_topic("rewards"), community, len(ways) - 1)
    assert {one.key.decode().partition("|")[2] for one in letters} == set(ways) - {"rightly"}


async def test_readers_without_verifying_keys_take_what_comes(stack: Any, community: str) -> None:
    settings = REWARDS.settings(**stack.settings("rewards") | {"scoring_verifying_keys": ""})
    world = World(None, REWARDS)  # type: ignore[arg-type] -- only its facts
    world.community = community
    fact = orjson.dumps(world.programme_fact(1, {"programme": "demo", "title": "Demo", "rules": []}))
    async with running(REWARDS, settings) as parts:
        await put(stack, PROGRAMMES, [(record_key(community, "demo"), fact)])

        async def is_there() -> bool:
            return bool(await parts.pool.fetchval("select 1 from programmes where community = $1", community))

        await until(is_there)


async def test_after_the_key_was_changed_access_keys_are_told_anew(stack: Any) -> None:
    old, new = new_keys(), new_keys()
    pool = await create_pool("ingest", INGEST.settings(**stack.settings("ingest")))
    try:
        world = World(pool, INGEST)
        world.configure(signing_key=old.signing_key)
        person = Person(str(uuid4()), "Forum", PersonKind.SERVICE, NOON)
        key = AccessKey(world.community, "k1", person.person_id, "forum", hash_secret(uuid4().hex), ())
        async with world.begin() as tx:
            await add_person(tx, caller=BOOTSTRAP, person=person, community=world.community, roles=[Role.MANAGER])
            await issue_key(tx, caller=BOOTSTRAP, key=key, asked=["events:write"])
        issued = [row["value"] for row in await world.outbox()]
        assert len(issued) == 2
        for fact in issued:
            Verifier([old.verifying_key]).check(fact)
            with pytest.raises(SignatureError):
                Verifier([new.verifying_key]).check(fact)

        world.configure(signing_key=new.signing_key)
        told = await _told_anew(world, sign_keys_anew, count=2)
        for one, again in zip(issued, told, strict=True):
            Verifier([new.verifying_key]).check(again)
            before, after = orjson.loads(one), orjson.loads(again)
            assert (before["id"], before["data"]) == (after["id"], after["data"])
        assert await _told_anew(world, sign_keys_anew, count=0) == []
    finally:
        await pool.close()


async def test_after_the_key_was_changed_programmes_are_told_anew_oldest_first(stack: Any) -> None:
    old, new = new_keys(), new_keys()
    pool: asyncpg.Pool = await create_pool("scoring", SCORING.settings(**stack.settings("scoring")))
    try:
        world = World(pool, SCORING)
        world.configure(signing_key=old.signing_key)
        for title in ("One", "Two"):
            text = PROGRAMME.replace("Demo", title)
            programme = read_programme(text)
            assert isinstance(programme, Programme)
            async with world.begin() as tx:
                submission = Submission(programme, text, Author(None, "grace", "grace"), note="Another")
                await publish_programme(tx, community=world.community, submission=submission)
        first = [row["value"] for row in await world.outbox()]

        world.configure(signing_key=new.signing_key)
        told = await _told_anew(world, sign_programmes_anew, count=2)
        for value in told:
            Verifier([new.verifying_key]).check(value)
        assert [orjson.loads(value)["data"] for value in told] == [orjson.loads(value)["data"] for value in first]
    finally:
        await pool.close()


async def _told_anew(world: World, sign_anew: Any, count: int = 1) -> list[bytes]:
    """What the timer tells of this community, when it has told all there is of others too."""
    told: list[bytes] = []

    async def enough() -> bool:
        async with world.begin() as tx:
            await sign_anew(tx)
        told.extend(row["value"] for row in await world.outbox())
        return len(told) >= count

    await until(enough)
    return told
