"""Names, handles, texts and addresses are in ingest alone: looked for in the bytes of everything else."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from plaudit_client import AsyncPlaudit
from typing_extensions import get_type_hints

from plaudit.access import issue_key
from plaudit.stack import StackState
from shared.contracts.activities import TYPES
from shared.postgres import database_url, role_name
from shared.services import SERVICES
from shared.topics import MEMBERS, RAW, TOPICS
from tests.e2e.community import Community

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

NAME, HANDLE, TEXT = "Plantedname", "plantedhandle", "plantedtext"
PLANTED = (NAME, HANDLE, TEXT)
#: Of somebody who is erased, whom nobody else names.
ERASED_NAME, ERASED_HANDLE, ERASED_TEXT, ERASED_VALUE = "Erasedname", "erasedhandle", "erasedtext", "erasedtier"
ERASED = (ERASED_NAME, ERASED_HANDLE, ERASED_TEXT, ERASED_VALUE)
ERASED_RULE = 'member.tier != "basic"'
#: Where what comes in may be named: the raw bytes, for their retention. On members.v1 the name to show alone.
MAY_HOLD = {RAW.name: PLANTED, MEMBERS.name: (NAME,)}
#: What followers of members.v1 keep it in.
NAMES_TABLE = "followed_members"
PROGRAMME = {
    "programme": "demo",
    "title": "Demo",
    "rules": [
        {
            "id": "any",
            "title": "Did something",
            "on": [kind.name for kind in TYPES[:12]],
            "points": 1,
            "own": True,
        },
        {
            "id": "kind",
            "title": "Wrote something kind",
            "on": ["forum.reply.v1"],
            "points": 2,
            "when": 'data.measures.tone == "positive"',
        },
    ],
    "recognition": {"badges": [{"id": "first", "title": "First", "at_least": 1}]},
}


def planted_event(kind: Any, number: int) -> dict[str, Any]:
    """An event of a type that says all that it can say of people and of what they wrote."""
    event: dict[str, Any] = kind.examples[0]
    data = event["data"] | {
        "actor": {"id": f"{HANDLE}-{number % 3}", "name": NAME},
        "object": {
            "id": f"thing-{number}",
            "url": f"https://example.org/{HANDLE}",
            "author": {"id": f"{HANDLE}-author", "name": NAME},
        },
    }
    said = {
        "text": f"This is wonderful and good, {TEXT}.",
        "url": f"https://example.org/{HANDLE}",
        "language": "en",
    }
    hints = typed_fields(kind)
    data |= {name: value for name, value in said.items() if name in hints}
    data |= {name: f"A {TEXT} that is good and kind" for name in ("message", "comment", "reason") if name in hints}
    return event | {
        "id": f"planted-{number}",
        "time": datetime.now(UTC).isoformat(),
        "data": data,
        "subject": HANDLE,
    }


def typed_fields(kind: Any) -> set[str]:
    """The fields that the data of a type may have."""
    return set(get_type_hints(get_type_hints(kind.envelope)["data"]))


async def test_what_was_planted_is_nowhere_but_where_it_may_be(
    platform: StackState, new_community: Callable[[], Community], tmp_path: Path
) -> None:
    community = new_community()
    page = tmp_path / "programme.json"
    page.write_bytes(orjson.dumps(PROGRAMME))
    community.run("programme", "publish", str(page))
    key = str(issue_key(platform, community.name, "test", ("events:write",))["key"])
    events = [planted_event(kind, number) for number, kind in enumerate(TYPES)]
    async with AsyncPlaudit(platform.service_urls["ingest"], key) as client:
        await client.send(events)
    await community.settled()
    awards = await community.query("scoring", "select rule_id from awards where community = $1")
    assert {row["rule_id"] for row in awards} == {"any", "kind"}

    in_topics = await bytes_of_topics(platform, community.name)
    assert len(in_topics["engagement.events.v1"]) == len(events)
    assert {word for word in PLANTED if any(word.encode() in one for one in in_topics[RAW.name])} == set(PLANTED)
    found = {
        (topic, word)
        for topic, records in in_topics.items()
        for word in PLANTED
        if word not in MAY_HOLD.get(topic, ()) and any(word.encode() in record for record in records)
    }
    assert found == set()

    assert await found_in_tables(platform, "ingest", NAME)
    # Kept sealed: the words are there, and nobody finds them.
    assert await community.query("ingest", "select from texts where community = $1")
    for service in SERVICES:
        for word in PLANTED if service != "ingest" else (TEXT,):
            allowed = {NAMES_TABLE} if word == NAME else set()
            assert await found_in_tables(platform, service, word) <= allowed, (service, word)

    files = [path for path in Path(platform.directory).rglob("*.log") if "kafka" not in path.parts]
    assert files
    assert [path for path in files if any(word.encode() in path.read_bytes() for word in PLANTED)] == []


async def test_of_who_was_erased_nothing_is_left_but_where_it_ends(
    platform: StackState, new_community: Callable[[], Community], tmp_path: Path
) -> None:
    community = new_community()
    page = tmp_path / "programme.json"
    tier = {"id": "tier", "title": "Tier", "for_rules": True}
    reads = {"id": "tiered", "title": "Tiered", "on": ["forum.reply.v1"], "points": 1, "when": ERASED_RULE}
    page.write_bytes(orjson.dumps(PROGRAMME | {"attributes": [tier], "rules": [*PROGRAMME["rules"], reads]}))
    community.run("programme", "publish", str(page))
    key = str(issue_key(platform, community.name, "test", ("events:write",))["key"])
    (reply,) = (kind for kind in TYPES if kind.name == "forum.reply.v1")
    said = {"actor": {"id": ERASED_HANDLE, "name": ERASED_NAME}, "text": f"Good and kind, {ERASED_TEXT}."}
    events = [
        {**(event := planted_event(reply, number)), "id": f"erased-{number}", "data": {"channel": "forum", **said}}
        for number in range(2)
    ]
    for event in events:
        event["data"] |= {name: {"id": "thing"} for name in ("object", "in_reply_to")}
    async with AsyncPlaudit(platform.service_urls["ingest"], key) as client:
        await client.send(events[:1])
        await community.settled()
        who = f"forum:{ERASED_HANDLE}"
        community.run("member", "set", who, f"tier={ERASED_VALUE}")
        await client.send(events[1:])
        await community.settled()
        assert ERASED_NAME in str(
            await community.query("rewards", "select * from followed_members where community = $1")
        )
        proof = community.run("member", "erase", who, "--forfeit", "--yes")
        await community.settled()
        # A connector goes on.
        await client.send([event | {"id": f"{event['id']}-again"} for event in events])
        await community.settled()

    assert proof["deleted"]["texts"] == 2
    for service in SERVICES:
        for word in ERASED:
            assert await found_in_tables(platform, service, word) == set(), (service, word)
    in_topics = await bytes_of_topics(platform, community.name)
    left = {
        (topic, word)
        for topic, records in in_topics.items()
        for word in ERASED
        for one in records
        if word.encode() in one
    }
    # Raw bytes until their retention is over; the name and attributes until members.v1 is compacted.
    assert {topic for topic, _ in left} == {RAW.name, MEMBERS.name}
    assert {word for topic, word in left if topic == MEMBERS.name} == {ERASED_NAME, ERASED_VALUE}
    assert await community.query("ingest", "select from members where community = $1 and name is not null") == []
    files = [path for path in Path(platform.directory).rglob("*.log") if "kafka" not in path.parts]
    assert [path for path in files if any(word.encode() in path.read_bytes() for word in ERASED)] == []


async def bytes_of_topics(state: StackState, community: str) -> dict[str, list[bytes]]:
    """Keys and values of the community's records on every topic."""
    consumer = AIOKafkaConsumer(**state.broker.options, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[str, list[bytes]] = {topic.name: [] for topic in TOPICS}
    try:
        places = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning()
        async with asyncio.timeout(120):
            while any([await consumer.position(place) < ends[place] for place in places]):
                for place, batch in (await consumer.getmany(timeout_ms=200)).items():
                    found[place.topic] += [
                        (record.key or b"") + b" " + (record.value or b"")
                        for record in batch
                        if community.encode() in (record.key or b"")
                    ]
    finally:
        await consumer.stop()
    return found


async def found_in_tables(state: StackState, service: str, word: str) -> set[str]:
    """The tables of a service with the word in any row, whatever its columns; bytes are read as they are."""
    connection = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(service)))
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        found = set()
        for (table,) in tables:
            columns = await connection.fetch(
                "select column_name, data_type from information_schema.columns where table_name = $1", table
            )
            said = " || ' ' || ".join(
                f"coalesce(encode({name}, 'escape'), '')" if kind == "bytea" else f"coalesce({name}::text, '')"
                for name, kind in ((f'"{row["column_name"]}"', row["data_type"]) for row in columns)
            )
            sql = f'select exists (select from "{table}" where position($1 in {said}) > 0)'
            if columns and await connection.fetchval(sql, word):
                found.add(table)
        return found
    finally:
        await connection.close()
