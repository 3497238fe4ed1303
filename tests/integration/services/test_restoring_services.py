"""Each service, and all together, after a restore from a backup: what they told is known, and told once."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import start
from plaudit.stack.idle import wait_until_idle
from shared.access_keys import INSTALLATION, Role, Scope
from shared.postgres import database_url, role_name
from shared.service import Parts, ServiceSpec
from shared.services import SERVICES
from shared.topics import TOPICS
from tests.conftest import Stack, throw_away
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import running
from tests.integration.services.world import EVERY_ROLE
from tests.scopes import TOGETHER
from tests.waiting import until

PROGRAMME = """
programme: demo
title: Demo  # this remark is on no topic
rules:
  - {{id: post, title: Posted, on: [forum.post.v1], points: {points}, daily_cap: 25}}
  - {{id: reply, title: Replied, on: [forum.reply.v1], points: 5}}
recognition:
  badges:
    - {{id: three, title: Three posts, rule: post, count: awards, at_least: 3}}
    - {{id: hero, title: Hero, by_hand: true, limited_to: 3}}
    - {{id: pair, title: Two things, when: points >= 15 && awards("post") >= 1}}
  levels:
    - {{id: regular, title: Regular, points: 20}}
"""
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)

FORGOTTEN = "Forgotten Person"
BY_WHOM = ("given_by_person", "given_by", "taken_back_by_person", "taken_back_by")
#: What a service keeps that follows from facts, and which of its columns say when that was noted.
TABLES = {
    "ingest": {
        "events": (),
        "receipts": (),
        "members": (),
        "merges": (),
        # What is known of one by its hash alone says as much of whose it is: see rows().
        # What proved whose it is stays at ingest, and is forgotten until it is shown again.
        "identities": ("identity", "host", "email_hash", "email_verified", "joined_by", "subject_hash"),
        "erased_identities": (),
        "access_keys": ("signed_with", "created_at", "issued_by", "replaced_by", "last_used_at"),
        "followed_people": ("signed_with",),
        "communities": (),
    },
    "scoring": {
        "followed_identities": (),
        "merges": (),
        "followed_members": (),
        # By which key somebody published is in the audit, and on no topic of scoring's own.
        "programme_versions": ("source_text", "signed_with", "published_at", "published_by_credential"),
        "programme_heads": (),
        "activities": (),
        "awards": ("recorded_at",),
        "claims": (),
        "member_attributes": (),
        "attributes_read": (),
        "limit_windows": (),
        "limited_members": (),
        "declined": (),
        "access_keys": ("last_used_at",),
        "followed_people": (),
        "followed_communities": (),
    },
    "recognition": {
        "followed_identities": (),
        "merges": (),
        "members": ("version",),
        "board_points": (),
        "grants": ("granted_at",),
        "holders": (),
        # What was written with a badge, and by whom it was given, is told nowhere but in the audit.
        "badge_gifts": ("citation", "given_at", *BY_WHOM, "taken_back_at", "reason"),
        "badge_withheld": ("since", "by_person", "by_name", "reason"),
        "badge_editions": ("given_at",),
        "badge_limits": (),
        "badge_members": (),
        "access_keys": ("last_used_at",),
        "followed_people": (),
        "followed_communities": (),
        "followed_members": (),
    },
    "rewards": {
        "followed_identities": (),
        "merges": (),
        "balances": (),
        "lots": (),
        "programmes": (),
        "followed_members": (),
        "erased_members": ("looked_at", "done_at"),
        "access_keys": ("last_used_at",),
        "followed_people": (),
        "followed_communities": (),
    },
    "analytics": {
        "followed_identities": (),
        "merges": (),
        "events": (),
        "awards": (),
        "grants": (),
        "followed_members": (),
        "access_keys": ("last_used_at",),
        "followed_people": (),
        "followed_communities": (),
    },
}

#: Which rows are of a community where they do not say so.
OF_COMMUNITY = {"limit_windows": "name in (select window_1 from claims where community = $1)"}

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def own_stack(plaudit_home: Path) -> Iterator[Stack]:
    """Kafka and PostgreSQL that nobody else has written to."""
    state = start("restoring", only=["kafka", "postgres"])
    yield Stack(state)
    throw_away(state)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Installation:
    """All services, in this process, and a community in them."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.state = stack, stack.state
        self.community = f"c{uuid4().hex[:12]}"
        self.specs: dict[str, ServiceSpec] = {
            service: import_module(f"services.{service}.main").SPEC for service in SERVICES
        }
        self.settings = {service: spec.settings(**stack.settings(service)) for service, spec in self.specs.items()}
        self.recognition: Parts
        self.key = ""
        self.leaver: dict[str, Any] = {}

    def choose_ports(self) -> None:
        """Take ports that are free now: meanwhile others may have taken those of before."""
        for service, known in self.settings.items():
            self.settings[service] = known.model_copy(update={"http_port": free_port()})

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        self.choose_ports()
        async with AsyncExitStack() as opened:
            for service in SERVICES:
                parts = await opened.enter_async_context(running(self.specs[service], self.settings[service]))
                if service == "recognition":
                    self.recognition = parts
            await until(self.are_ready)
            yield

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.settings[service].http_port}"

    async def are_ready(self) -> bool:
        async with httpx.AsyncClient(timeout=60) as http:
            answers = await asyncio.gather(*(http.get(f"{self.url(service)}/readyz") for service in SERVICES))
        return all(answer.status_code == 200 for answer in answers)

    async def ask(self, method: str, service: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(timeout=30) as http:
            headers = {"Authorization": f"Bearer {key or self.key}"} | more.pop("headers", {})
            return await http.request(method, self.url(service) + path, headers=headers, **more)

    async def issue(self, name: str) -> Any:
        """The first key of a new person who may do everything."""
        return await self.issue_to(name, self.community, EVERY_ROLE, TOGETHER)

    async def issue_to(self, name: str, community: str, roles: Sequence[str], scopes: Sequence[str]) -> Any:
        bootstrap = self.settings["ingest"].admin_key
        person = {"name": name, "roles": list(roles)}
        added = await self.ask("POST", "ingest", f"/v1/communities/{community}/people", bootstrap, json=person)
        assert added.status_code == 201, added.text
        body = {"community": community, "person_id": added.json()["person_id"], "name": name, "scopes": [*scopes]}
        answer = await self.ask("POST", "ingest", "/v1/keys", bootstrap, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def declare(self) -> None:
        """The installation's administrator declares the community."""
        scope = Scope.COMMUNITIES_WRITE
        root = await self.issue_to("root", INSTALLATION, [Role.ADMINISTRATOR], [scope])
        body = {"id": self.community, "title": "Old", "time_zone": "Europe/Rome", "currency": "EUR"}
        answer = await self.ask(
            "POST", "ingest", "/v1/communities", root["key"], json=body | {"languages": ["it"]}
        )
        assert answer.status_code == 201, answer.text

    async def rename(self, title: str) -> None:
        path = f"/v1/communities/{self.community}"
        answer = await self.ask("PATCH", "ingest", path, json={"revision": 1, "title": title})
        assert answer.status_code == 200, answer.text

    async def revoke(self, key_id: str) -> None:
        path = f"/v1/communities/{self.community}/keys/{key_id}"
        answer = await self.ask("DELETE", "ingest", path)
        assert answer.status_code == 204, answer.text

    async def disable(self, person_id: str) -> None:
        path = f"/v1/communities/{self.community}/people/{person_id}/disable"
        answer = await self.ask("POST", "ingest", path)
        assert answer.status_code == 200, answer.text

    async def publish(self, points: int) -> None:
        text = PROGRAMME.format(points=points)
        headers = {"Content-Type": "application/yaml"}
        said = {"note": "Other points"}
        answer = await self.ask("POST", "scoring", "/v1/programmes", content=text, headers=headers, params=said)
        assert answer.status_code == 201, answer.text

    async def give(self, actor: str, badge: str, citation: str = "Kept the booth open") -> None:
        body, headers = {"badge": badge, "citation": citation}, {"Idempotency-Key": uuid4().hex}
        path = f"/v1/members/forum:{actor}/badges"
        answer = await self.ask("POST", "recognition", path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text

    async def take_back(self, actor: str, badge: str) -> None:
        path = f"/v1/members/forum:{actor}/badges/{badge}/take-back"
        answer = await self.ask("POST", "recognition", path, json={"reason": "It was another"})
        assert answer.status_code == 200, answer.text

    async def badges(self, actor: str) -> dict[str, str | None]:
        """The badges of a member, and what was written with each."""
        answer = await self.ask("GET", "recognition", f"/v1/members/forum:{actor}/recognition")
        assert answer.status_code == 200, answer.text
        return {one["name"]: one["citation"] for one in answer.json()["badges"]}

    async def post(self, *events: Any) -> str:
        answer = await self.ask("POST", "ingest", "/v1/events", json=list(events))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["receipt_id"])

    async def idle(self) -> None:
        # No timers run here by themselves: those that bring members in line with a version are turned meanwhile.
        async with asyncio.TaskGroup() as group:
            turning = group.create_task(self._turn())
            await wait_until_idle(self.state, 60)
            turning.cancel()

    async def _turn(self) -> None:
        while True:
            for timer in self.specs["recognition"].timers:
                await self.recognition.run_timer(timer)
            await asyncio.sleep(0.2)

    async def rows(self, services: Sequence[str] = SERVICES, *, whole: bool = False) -> dict[str, Any]:
        """What the services keep of the community that follows from facts; `whole` is all of these rows."""
        found: dict[str, Any] = {}
        for service in services:
            connection = await asyncpg.connect(database_url(self.state.postgres_admin_url, role_name(service)))
            try:
                for table, besides in TABLES[service].items():
                    where = OF_COMMUNITY.get(table, "community = $1")
                    rows = await connection.fetch(f"select * from {table} where {where}", self.community)
                    if table == "identities":
                        rows += await connection.fetch(
                            "select community, channel, member_id from told_identities where community = $1",
                            self.community,
                        )
                    found[f"{service}.{table}"] = sorted(
                        repr({name: value for name, value in row.items() if whole or name not in besides})
                        for row in rows
                    )
            finally:
                await connection.close()
        return found

    async def trail(self) -> set[str]:
        """The ids of all entries of the audit, as soon as they are answered."""
        found: set[str] = set()
        after: dict[str, str] = {}
        while True:
            answer = await self.ask("GET", "analytics", "/v1/audit", params={"limit": 500, **after})
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) > 0
                await asyncio.sleep(0)
                continue
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found |= {entry["audit_id"] for entry in page["items"]}
            if page["next"] is None:
                assert found
                return found
            after = {"after": page["next"]}

    async def facts(self) -> dict[tuple[str, str], set[str]]:
        """What was told of the community: by topic and id of the fact, what it says, but when it was told."""
        consumer = AIOKafkaConsumer(**self.state.broker.options, auto_offset_reset="earliest")
        await consumer.start()
        said: dict[tuple[str, str], set[str]] = defaultdict(set)
        try:
            partitions = [
                TopicPartition(topic.name, number)
                for topic in TOPICS
                for number in range(topic.partitions)
                if topic.read_back
            ]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while any([await consumer.position(one) < ends[one] for one in partitions]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    for record in batch:
                        if record.key.startswith(f"{self.community}|".encode()):
                            fact = orjson.loads(record.value)
                            name = fact.get("uid", fact["id"])
                            said[record.topic, name].add(
                                orjson.dumps(fact["data"], option=orjson.OPT_SORT_KEYS).decode()
                            )
        finally:
            await consumer.stop()
        return said


def post(number: int, actor: str, kind: str = "post", name: str | None = None, **data: Any) -> Any:
    return {
        "specversion": "1.0",
        "id": f"{kind}-{number}",
        "source": "https://forum.example.org",
        "type": f"forum.{kind}.v1",
        "time": (NOON + timedelta(minutes=number)).isoformat(),
        "data": {"channel": "forum", "actor": {"id": actor} | ({"name": name} if name else {})} | data,
    }


def retraction(number: int, actor: str) -> Any:
    target = {"source": "https://forum.example.org", "id": f"post-{number}"}
    return post(number, actor, "retraction") | {
        "type": "activity.retracted.v1",
        "data": {"channel": "forum", "actor": {"id": actor}, "target": target},
    }


def restoration(number: int) -> Any:
    """What a moderator took back is there again, and the channel does not tell by whom."""
    of = retraction(number, "nobody")
    data = {key: value for key, value in of["data"].items() if key != "actor"}
    again = (NOON + timedelta(minutes=number, hours=1)).isoformat()
    return of | {"id": f"restoration-{number}", "type": "activity.restored.v1", "time": again, "data": data}


def taken(receipt: Any) -> Any:
    """A receipt but for what the door refused, which is told on no topic: its sender was told at once."""
    counts = {name: count for name, count in receipt["counts"].items() if name != "refused"}
    return receipt | {"counts": counts, "items": [one for one in receipt["items"] if one["outcome"] != "refused"]}


async def before_the_backup(place: Installation) -> None:
    place.key = (await place.issue("first"))["key"]
    place.leaver = await place.issue("leaver")
    await until(lambda: knows(place, "scoring", place.leaver["key"]))
    await place.declare()
    await place.publish(points=10)
    await place.idle()
    await place.post(*(post(number, f"m{number % 3}", name=f"Old {number % 3}") for number in range(6)))
    await place.post(post(200, "gone", name=FORGOTTEN))
    await place.idle()
    await place.give("m0", "hero", "Before the backup")
    await place.give("gone", "hero", f"For {FORGOTTEN}")
    await place.idle()


async def since_the_backup(place: Installation) -> tuple[str, str]:
    """More of everything; the key that was revoked meanwhile, and the receipt of an event that came twice."""
    await place.post(*(post(number, f"m{number % 3}", name=f"New {number % 3}") for number in range(6, 12)))
    await place.idle()
    # One more by hand, one taken back whose number is another's then, and one that is earned no more.
    await place.give("m1", "hero")
    await place.take_back("m0", "hero")
    await place.give("m2", "hero")
    await place.take_back("m2", "three")
    await place.idle()
    await place.publish(points=20)
    await place.idle()
    # The first of these counts by the second version, which takes effect after a moment.
    await asyncio.gather(*(place.post(post(number, f"m{number % 4}")) for number in range(1440, 1460)))
    receipt = await place.post(post(1440, "m0"), post(1440, "m0", title="other"))
    await place.post(retraction(0, "m0"), retraction(1441, "m1"), retraction(1450, "mod"))
    await place.post(retraction(1442, "m2"), restoration(1442))
    answer = await place.ask(
        "PUT",
        "ingest",
        "/v1/members/identities",
        json={
            "identities": [{"channel": "forum", "id": "m1"}, {"channel": "chat", "id": "U1"}],
            "name": "Declared",
        },
    )
    assert answer.status_code == 200, answer.text
    await place.post(post(201, "gone", name=FORGOTTEN))
    await place.idle()
    answer = await place.ask("POST", "ingest", "/v1/members/forum:gone/erase", json={"points": "nothing"})
    assert answer.status_code == 200, answer.text
    await place.post(post(202, "gone", name=FORGOTTEN))
    await place.idle()
    await place.rename("New")
    second = await place.issue("second")
    await until(lambda: knows(place, "analytics", second["key"]))
    await place.revoke(second["key_id"])
    await place.disable(place.leaver["person_id"])
    await until(lambda: refuses(place, "analytics", second["key"]))
    await place.idle()
    return second["key"], receipt


async def knows(place: Installation, service: str, key: str) -> bool:
    return (await place.ask("GET", service, "/v1/key", key)).status_code == 200


async def refuses(place: Installation, service: str, key: str) -> bool:
    return (await place.ask("GET", service, "/v1/key", key)).status_code == 401


class BackedUp(NamedTuple):
    """An installation that went on since its backups were made, and that does not run."""

    place: Installation
    saved: dict[str, Path]
    #: A key that was revoked since.
    revoked: str
    #: Of events that came since, and what it says of them.
    receipt: str
    judged: Any
    #: The entries of the audit.
    trail: set[str]


@pytest.fixture(scope="module")
async def backed_up(own_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    place, directory = Installation(own_stack), tmp_path_factory.mktemp("backups")
    async with place.open():
        await before_the_backup(place)
        saved = {service: await backup(place.state, service, directory) for service in SERVICES}
        revoked, receipt = await since_the_backup(place)
        judged = (await place.ask("GET", "ingest", f"/v1/receipts/{receipt}")).json()
        return BackedUp(place, saved, revoked, receipt, judged, await place.trail())


@pytest.mark.parametrize("restored", [*SERVICES, "all"])
async def test_what_was_told_is_known_again_and_told_once(backed_up: BackedUp, restored: str) -> None:
    """Whatever was restored before: each goes back to where it stood at the one backup."""
    place = backed_up.place
    services = SERVICES if restored == "all" else [restored]
    rows, facts = await place.rows(), await place.facts()
    assert all(len(said) == 1 for said in facts.values())

    for service in services:
        await restore(place.state, service, backed_up.saved[service])
    assert await place.rows() != rows
    async with place.open():
        # Who is forgotten is forgotten before a service is ready, with what was written about them.
        assert FORGOTTEN not in str(await place.rows(services, whole=True))
        for gone in (backed_up.revoked, place.leaver["key"]):
            assert all([await refuses(place, service, gone) for service in SERVICES])
        # The first answer is the whole one.
        assert backed_up.trail - await place.trail() == set()
        await place.idle()
        again, told = await place.rows(), await place.facts()

        assert {name: found for name, found in again.items() if found != rows[name]} == {}
        assert {name: said for name, said in told.items() if said != facts.get(name)} == {}
        badges = {name: await place.badges(name) for name in ("m0", "m1", "m2")}
        assert ["hero" in badges[name] for name in badges] == [False, True, True]
        assert ["three" in badges[name] for name in badges] == [True, True, False]
        judged = (await place.ask("GET", "ingest", f"/v1/receipts/{backed_up.receipt}")).json()
        assert taken(judged) == taken(backed_up.judged)
        number = 3000 + [*SERVICES, "all"].index(restored)
        await place.post(post(number, "m9"))
        await place.idle()
        balance = await place.ask("GET", "rewards", "/v1/ledger/check")
        assert balance.json()["balanced"]


async def test_a_broker_that_is_behind_its_database_is_said_and_keeps_the_fence(
    own_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restore of Kafka alone: the database has told what the topic does not hold."""
    monkeypatch.setattr("shared.service.parts.FENCED_START_SECONDS", 0.0)
    monkeypatch.setattr("shared.service.parts.BLOCKED_SECONDS", 0.1)
    place = Installation(own_stack)
    place.choose_ports()
    admin = await asyncpg.connect(database_url(place.state.postgres_admin_url, role_name("scoring")))
    try:
        before = await admin.fetchval(
            """
            with before as (select next_offset from own_positions where topic = 'programme.v1')
            insert into own_positions (topic, partition, next_offset) values ('programme.v1', 0, 1000000)
            on conflict (topic, partition) do update set next_offset = excluded.next_offset
            returning coalesce((select next_offset from before), 0)
            """
        )
        async with running(place.specs["scoring"], place.settings["scoring"]):
            key = place.settings["scoring"].admin_key
            await until(lambda: says(place, "ends at"))
            said = await place.ask("GET", "scoring", "/v1/own-facts", key)
            checked = await asyncio.to_thread(
                CliRunner().invoke,
                main,
                ["restore", "check", "scoring", "--url", place.url("scoring"), "--admin-key", key],
            )
            # Somebody has decided where to go on from.
            await admin.execute("update own_positions set next_offset = $1 where topic = 'programme.v1'", before)
            await until(lambda: is_ready(place, "scoring"))
            after = await asyncio.to_thread(
                CliRunner().invoke,
                main,
                ["restore", "check", "scoring", "--url", place.url("scoring"), "--admin-key", key],
            )
    finally:
        await admin.close()

    assert said.json()["fenced"]
    assert (checked.exit_code, after.exit_code) == (3, 0), (checked.output, after.output)
    assert "programme.v1/0 ends at" in checked.output
    assert "docs/runbooks/fenced.md" in checked.output
    assert after.output.splitlines()[0] == "scoring: knows all that it told"


async def says(place: Installation, words: str) -> bool:
    try:
        answer = await place.ask("GET", "scoring", "/readyz", "any")
    except httpx.TransportError:
        return False
    return answer.status_code == 503 and words in answer.text


async def is_ready(place: Installation, service: str) -> bool:
    return (await place.ask("GET", service, "/readyz", "any")).status_code == 200
