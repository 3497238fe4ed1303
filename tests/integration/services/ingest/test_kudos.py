"""Kudos are given by API and by commands of chats, within an allowance, and stand on the wall."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ingest.walls.domain import CHANNEL, HOST, SOURCE
from services.ingest.walls.handlers import on_guidelines, on_programmes, on_recognition
from shared.access_keys import INSTALLATION
from shared.contracts.facts import CASE_CHANGED, GUIDELINE_FACT, PROGRAMME_PUBLISHED, RECOGNITION_GRANTED
from tests.integration.services.ingest.conftest import Community, handle, problem, raw_fact
from tests.integration.services.ingest.test_check_ins import member
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

TERMS: dict[str, Any] = {
    "per_month": 3,
    "pair_per_month": 2,
    "mutual_per_month": 1,
    "values": [{"id": "patience", "title": "Patience"}, {"id": "craft", "title": "Craft"}],
}
WORDS = [{"language": "en", "category": "insult", "words": ["blockhead"]}]


async def declare(
    community: Community,
    terms: dict[str, Any] | None = None,
    version: int = 1,
    levels: Sequence[Mapping[str, Any]] = (),
) -> None:
    """A programme with kudos, in force."""
    example = PROGRAMME_PUBLISHED.examples[0]
    recognition = {"kudos": TERMS if terms is None else terms, "levels": list(levels)}
    document = {"recognition": recognition, "guidelines": {"words": WORDS}}
    data = example["data"] | {"document": document, "version": version, "effective_from": "2026-01-01T00:00:00Z"}
    fact = example | {"community": community.name, "data": data}
    async with community.begin() as tx:
        await on_programmes(tx, [PROGRAMME_PUBLISHED.adapter.validate_python(fact)])


async def give(
    community: Community, shows: Mapping[str, str] | None, receiver: str, key: str | None = None, **more: Any
) -> Any:
    body = {"receiver": receiver, "value": "patience", "message": "Thank you for staying."} | more
    headers = {**(shows or {}), "Idempotency-Key": key or uuid4().hex}
    return await community.client.post("/v1/kudos", json=body, headers=headers)


async def wall(community: Community, shows: Mapping[str, str] | None, **query: Any) -> list[dict[str, Any]]:
    answer = await community.client.get("/v1/kudos", params=query, headers=dict(shows or {}))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def accepted(community: Community, event_uid: str) -> None:
    """Wait until the worker has taken an event: what was written is kept then."""

    async def kept() -> Any:
        sql = "select true from texts where community = $1 and event_uid = $2"
        return await community.pool.fetchval(sql, community.name, event_uid)

    await until(kept)


async def decide(community: Community, object_id: str, state: str, revision: int, **content: Any) -> None:
    """What scoring tells of the case of a content."""
    said = {"channel": CHANNEL, "host": HOST, "object_id": object_id, "state": state, "revision": revision}
    fact = CASE_CHANGED.examples[0] | {"community": community.name}
    fact["data"] = fact["data"] | said | content
    async with community.begin() as tx:
        await on_guidelines(tx, [GUIDELINE_FACT.validate_python(fact)])


async def object_of(community: Community, event_uid: str) -> str:
    sql = "select object_id from kudos where community = $1 and event_uid = $2"
    return str(await community.pool.fetchval(sql, community.name, event_uid))


async def test_where_levels_open_giving_only_who_has_one_of_them_gives(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, _ = await member(community, "grace")
    opening = {"id": "known", "title": "Known", "points": 50, "opens": ["give_kudos"]}
    await declare(community, levels=[{"id": "new", "title": "New", "points": 0}, opening])
    refused = problem(await give(community, ada_shows, grace), 409)
    assert (refused["type"], "Known" in refused["detail"]) == ("urn:plaudit:problem:kudos-closed", True)

    example = RECOGNITION_GRANTED.examples[0] | {"community": community.name}
    of_level = {"kind": "level", "id": "known", "member_id": ada}

    async def granted(**said: str) -> None:
        dropped = ("reverses", "tier", "gives")
        data = {name: value for name, value in example["data"].items() if name not in dropped} | of_level | said
        async with community.begin() as tx:
            await on_recognition(tx, [RECOGNITION_GRANTED.adapter.validate_python(example | {"data": data})])

    known_id, new_id, back_id = (str(uuid4()) for _ in range(3))
    await granted(grant_id=new_id, id="new")
    problem(await give(community, ada_shows, grace), 409)
    await granted(grant_id=known_id)
    assert (await give(community, ada_shows, grace)).status_code == 201
    await granted(grant_id=back_id, reverses=known_id)
    problem(await give(community, ada_shows, grace), 409)

    # One person has what any of them has, for as long as they are one.
    edith, _ = await member(community, "edith")
    await granted(grant_id=str(uuid4()), member_id=edith)
    merge = f"/v1/members/{ada}/{{}}".format
    assert (await community.client.post(merge("merge"), json={"member_id": edith})).status_code == 200
    assert (await give(community, ada_shows, grace)).status_code == 201
    assert (await community.client.post(merge("unmerge"), json={"member_id": edith})).status_code == 200
    problem(await give(community, ada_shows, grace), 409)
    # Where no level opens it any more, everybody may.
    await declare(community, TERMS | {"pair_per_month": 3}, version=2)
    assert (await give(community, ada_shows, grace)).status_code == 201


async def test_members_thank_one_another_within_what_a_month_allows(community: Community) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    edith, _ = await member(community, "edith")
    problem(await give(community, ada_shows, grace), 409)  # no programme has them
    await declare(community)

    # Asked again under one key, it is one; several at once are as many as there is room for.
    first = await give(community, ada_shows, grace, key="k")
    again = await give(community, ada_shows, grace, key="k")
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    assert (first.json()["allowance"]["given"], first.json()["allowance"]["left"]) == (1, 2)
    answers = await asyncio.gather(*(give(community, ada_shows, grace) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    spent = next(problem(answer, 409) for answer in answers if answer.status_code == 409)
    assert (spent["type"], "one member" in spent["detail"]) == ("urn:plaudit:problem:kudos-allowance-spent", True)
    assert (await give(community, ada_shows, edith)).status_code == 201
    assert "3 may be given in a month" in problem(await give(community, ada_shows, edith), 409)["detail"]
    # Whoever was thanked in the month thanks back so often.
    assert (await give(community, grace_shows, ada)).status_code == 201
    assert "thanked one" in problem(await give(community, grace_shows, ada), 409)["detail"]

    allowance = (await community.client.get("/v1/kudos/allowance", headers=ada_shows)).json()
    assert (allowance["per_month"], allowance["left"]) == (3, 0)
    assert [one["value"] for one in allowance["values"]] == ["patience", "craft"]
    assert problem(await give(community, ada_shows, ada), 409)["type"].endswith(":own-kudos")
    assert problem(await give(community, grace_shows, edith, value="speed"), 422)["type"].endswith(
        ":unknown-value"
    )
    for blank in ("  ", "\u200b \u200b", "\u2060\u3164"):
        problem(await give(community, grace_shows, edith, message=blank), 422)
    problem(await give(community, grace_shows, str(uuid4())), 404)
    problem(await give(community, grace_shows, "forum:edith"), 422)

    # What is taken back is off the wall for others, and keeps its room.
    uid = first.json()["event_uid"]
    problem(await community.client.post(f"/v1/kudos/{uid}/take-back", headers=grace_shows), 404)
    for _ in range(2):
        taken = await community.client.post(f"/v1/kudos/{uid}/take-back", headers=ada_shows)
        assert (taken.status_code, taken.json()["state"]) == (200, "taken_back"), taken.text
    assert uid not in {one["event_uid"] for one in await wall(community, grace_shows)}
    assert {one["event_uid"]: one["state"] for one in await wall(community, ada_shows)}[uid] == "taken_back"
    assert (await community.client.get("/v1/kudos/allowance", headers=ada_shows)).json()["left"] == 0


async def test_the_wall_has_what_was_written_and_hides_what_words_and_decisions_say(community: Community) -> None:
    reading = await authorization(community.pool, community.name, "recognition:read")
    ada, ada_shows = await member(community, "ada")
    grace, grace_shows = await member(community, "grace")
    await declare(community)
    kind = (await give(community, ada_shows, grace)).json()["event_uid"]
    rude = (await give(community, ada_shows, grace, message="You BLOCKHEAD, thanks")).json()["event_uid"]
    # At once, whatever the worker has taken until then.
    assert [one["event_uid"] for one in await wall(community, grace_shows)] == [kind]
    for uid in (kind, rude):
        await accepted(community, uid)

    [shown] = await wall(community, grace_shows)
    assert (shown["event_uid"], shown["message"]) == (kind, "Thank you for staying.")
    assert (shown["value_title"], shown["giver"]["member_id"], shown["is_own"]) == ("Patience", ada, False)
    assert [one["state"] for one in await wall(community, ada_shows)] == ["waiting", "shown"]
    assert [one["state"] for one in await wall(community, reading)] == ["waiting", "shown"]
    # Somebody decides: it is shown; and what a decision upholds is hidden, whatever came of it before.
    await decide(community, await object_of(community, rude), "dismissed", 2)
    await decide(community, await object_of(community, kind), "upheld", 3)
    await decide(community, await object_of(community, kind), "open", 1)
    assert [one["event_uid"] for one in await wall(community, grace_shows)] == [rude]
    assert [one["state"] for one in await wall(community, ada_shows)] == ["shown", "hidden"]
    await decide(community, await object_of(community, kind), "overturned", 4)
    assert len(await wall(community, grace_shows, member=ada)) == 2
    # Whoever wants no part in what others see is not on it for these.
    _, edith_shows = await member(community, "edith")
    await community.pool.execute(
        "update members set off_boards_wish = true where community = $1 and member_id = $2", community.name, grace
    )
    assert await wall(community, edith_shows) == []
    assert len(await wall(community, grace_shows)) == 2
    found = await community.client.post("/v1/kudos/receivers", json={"name": "zz"}, headers=edith_shows)
    assert found.json() == {"items": []}


@pytest.mark.parametrize("is_merged_first", [True, False])
async def test_whoever_wants_no_part_takes_who_is_one_person_with_them_off_the_wall_until_they_part(
    community: Community, is_merged_first: bool
) -> None:
    ada, ada_shows = await member(community, "ada")
    grace, _ = await member(community, "grace")
    other, _ = await member(community, "other")
    _, edith_shows = await member(community, "edith")
    await declare(community)
    await give(community, ada_shows, grace)

    async def said(what: str) -> None:
        sql = f"update members set {what} where community = $1 and member_id = $2"
        await community.pool.execute(sql, community.name, other)

    async def turned(how: str, into: str) -> None:
        answer = await community.client.post(f"/v1/members/{into}/{how}", json={"member_id": other})
        assert answer.status_code == 200, answer.text

    async def seen() -> list[int]:
        words = {"name": "grace"}
        found = await community.client.post("/v1/kudos/receivers", json=words, headers=edith_shows)
        return [len(await wall(community, edith_shows)), len(found.json()["items"])]

    sql = "update members set name = 'Grace' where community = $1 and member_id = $2"
    await community.pool.execute(sql, community.name, grace)
    assert await seen() == [1, 1]
    # Of who gave it, and of who got it, who alone is found by name.
    for head_id, without in ((ada, [0, 1]), (grace, [0, 0])):
        for what in ("off_boards_wish = true", "hidden_by = 'hand'"):
            if is_merged_first:
                await turned("merge", head_id)
                assert await seen() == [1, 1]
            await said(what)
            if not is_merged_first:
                await turned("merge", head_id)
            assert await seen() == without
            # A bot takes nobody off.
            await said("bot_by = 'hand'")
            assert await seen() == [1, 1]
            await said("bot_by = null")
            assert await seen() == without
            await turned("unmerge", head_id)
            assert await seen() == [1, 1]
            await said("off_boards_wish = false, hidden_by = null")


async def test_what_platforms_send_is_on_the_wall_and_goes_when_it_is_taken_back_or_somebody_is_forgotten(
    engineer: Community,
) -> None:
    grace, grace_shows = await member(engineer, "grace")
    await declare(engineer)
    sent = {
        "specversion": "1.0",
        "id": "kudos-1",
        "source": "https://hr.example.org",
        "type": "kudos.given.v1",
        "time": "2026-03-04T12:00:00Z",
        "data": {
            "channel": "forum",
            "actor": {"id": "ada", "name": "Ada"},
            "object": {"id": "kudos-1", "author": {"id": "grace", "name": "Grace"}},
            "message": "What a blockhead.",
        },
    }
    other = sent | {"id": "kudos-2", "data": sent["data"] | {"message": "Thanks!"}}
    published = await handle(
        engineer, raw_fact(engineer.name, sent), raw_fact(engineer.name, other, receiptindex=1)
    )
    listed = [event.get("listed") for event in published.events]
    assert listed == [{"category": "insult", "word": "blockhead"}, None]
    [shown] = await wall(engineer, grace_shows)
    assert (shown["message"], shown["giver"]["name"], shown["receiver"]["name"]) == ("Thanks!", "Ada", "Grace")

    retraction = {
        "specversion": "1.0",
        "id": "gone-2",
        "source": "https://hr.example.org",
        "type": "activity.retracted.v1",
        "time": "2026-03-04T13:00:00Z",
        "data": {
            "channel": "forum",
            "actor": {"id": "ada"},
            "target": {"source": "https://hr.example.org", "id": "kudos-2"},
        },
    }
    await handle(engineer, raw_fact(engineer.name, retraction, receiptindex=2))
    assert await wall(engineer, grace_shows) == []
    restored = retraction | {"id": "back-2", "type": "activity.restored.v1", "time": "2026-03-04T14:00:00Z"}
    await handle(engineer, raw_fact(engineer.name, restored, receiptindex=3))
    assert len(await wall(engineer, grace_shows)) == 1

    erased = await engineer.client.post(f"/v1/members/{grace}/erase", json={"points": "forfeited"})
    assert erased.status_code < 300, erased.text
    left = await engineer.pool.fetchrow(
        """
        select (select count(*) from kudos where community = $1) as kudos,
            (select count(*) from texts where community = $1) as texts
        """,
        engineer.name,
    )
    assert tuple(left) == (0, 0)


async def test_a_command_of_slack_gives_once_and_tells_whoever_typed_it(engineer: Community) -> None:
    reading = await authorization(engineer.pool, engineer.name, "recognition:read")
    made = (await engineer.client.post("/v1/connectors", json={"name": "chat", "connector": "slack"})).json()
    await engineer.client.post("/v1/connectors/chat/rotate", json={"secret": "s3cret"})

    async def typed(text: str, trigger: str | None = None, secret: str = "s3cret", **more: str) -> Any:  # noqa: S107
        form = {
            "command": "/kudos",
            "text": text,
            "user_id": "U1",
            "team_id": "T1",
            "trigger_id": trigger or uuid4().hex,
        }
        raw, at = urlencode(form | more).encode(), str(int(time.time()))
        mac = hmac.new(secret.encode(), f"v0:{at}:".encode() + raw, hashlib.sha256).hexdigest()
        headers = {
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={mac}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await engineer.client.post(made["path"], content=raw, headers=headers)

    async def said(*args: str, **more: str) -> str:
        answer = await typed(*args, **more)
        assert (answer.status_code, answer.json()["response_type"]) == (200, "ephemeral"), answer.text
        return str(answer.json()["text"])

    assert "no kudos" in await said("<@U2|grace> #patience thank you")
    await declare(engineer)
    problem(await typed("<@U2|grace> #patience thanks", secret="forged"), 401)
    assert "/kudos @name #patience" in await said("help")
    for _ in range(2):
        assert "2 more" in await said("<@U2|grace> #patience it works &amp; stays &lt;3", "one")
    assert "1 more" in await said("<@U2|grace> <#C9|craft> thanks")
    assert "given all" in await said("<@U2|grace> #craft thanks")
    assert "#patience, #craft" in await said("<@U3|edith> thanks")
    assert "somebody else" in await said("<@U1|ada> #craft thanks")
    assert "500 characters" in await said("<@U3|edith> #craft")
    assert "500 characters" in await said("<@U3|edith> #craft \u200b \u200b")
    items = await wall(engineer, reading)
    assert [one["value"] for one in items] == ["craft", "patience"]
    await accepted(engineer, items[1]["event_uid"])
    assert (await wall(engineer, reading))[1]["message"] == "it works & stays <3"
    entry = await engineer.pool.fetchrow(
        """
        select credential, member_id::text from audit_entries
        where community = $1 and command = 'kudos.give' limit 1
        """,
        engineer.name,
    )
    assert tuple(entry) == ("connector:chat", items[0]["giver"]["member_id"])


async def test_a_command_of_discord_is_answered_as_discord_takes_it(engineer: Community) -> None:
    reading = await authorization(engineer.pool, engineer.name, "recognition:read")
    await declare(engineer, {"per_month": 1})
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    body: dict[str, Any] = {"name": "server", "connector": "discord", "secret": public}
    made = (await engineer.client.post("/v1/connectors", json=body)).json()

    async def interact(interaction: dict[str, Any], signer: Ed25519PrivateKey = key) -> Any:
        raw, at = orjson.dumps(interaction), str(int(datetime.now(UTC).timestamp()))
        headers = {
            "X-Signature-Ed25519": signer.sign(at.encode() + raw).hex(),
            "X-Signature-Timestamp": at,
            "Content-Type": "application/json",
        }
        return await engineer.client.post(made["path"], content=raw, headers=headers)

    def command(message: str, **more: Any) -> dict[str, Any]:
        options = [{"name": "member", "type": 6, "value": "2"}, {"name": "message", "type": 3, "value": message}]
        users = {"2": {"id": "2", "username": "grace", "global_name": "Grace"}}
        data = {"name": "kudos", "options": options, "resolved": {"users": users}}
        who = {"user": {"id": "1", "username": "ada", "global_name": "Ada"}}
        return {
            "type": 2,
            "id": uuid4().hex,
            "application_id": "a",
            "token": "t",
            "member": who,
            "data": data,
        } | more

    assert (await interact({"type": 1, "id": "p", "application_id": "a", "token": "t"})).json() == {"type": 1}
    problem(await interact(command("thanks"), Ed25519PrivateKey.generate()), 401)
    answer = (await interact(command("Thanks for the map.", locale="it"))).json()
    assert (answer["type"], answer["data"]["flags"]) == (4, 64)
    assert answer["data"]["content"].startswith("Il tuo grazie è in bacheca. Era l’ultimo")
    assert "hai dato tutti" in (await interact(command("More", locale="it"))).json()["data"]["content"].lower()
    [shown] = await wall(engineer, reading)
    assert (shown["giver"]["name"], shown["receiver"]["name"], shown["value"]) == ("Ada", "Grace", None)


async def test_a_key_gives_for_somebody_and_everybody_sees_what_is_public(community: Community) -> None:
    ada, _ = await member(community, "ada")
    grace, _ = await member(community, "grace")
    await declare(community, {"per_month": 5})
    problem(await give(community, None, "forum:grace", value=None), 422)
    given = await give(community, None, "forum:grace", value=None, giver="forum:ada")
    assert (given.status_code, given.json()["giver_id"], given.json()["receiver_id"]) == (201, ada, grace), (
        given.text
    )
    shown = await community.client.get("/v1/kudos/allowance", params={"member": "forum:ada"})
    assert shown.json()["given"] == 1
    event = {"source": SOURCE, "event_id": await object_of(community, given.json()["event_uid"])}

    async def received() -> Any:
        return (await community.client.get("/v1/receipts/of-event", params=event)).json()["items"]

    assert [one["outcome"] for one in await until(received)] == ["accepted"]

    # Everybody sees it once the community says so; names, where these are public too.
    visits = {"Plaudit-Community": community.name, "Authorization": ""}
    assert (await community.client.get("/v1/kudos", headers=visits)).status_code == 401
    office = await authorization(community.pool, INSTALLATION, "communities:write")
    declared = {"id": community.name, "title": "Makers", "time_zone": "UTC", "public": ["kudos"]}
    made = await community.client.post("/v1/communities", json=declared, headers=office)
    assert made.status_code == 201, made.text

    async def shown() -> Any:
        # What a visitor may see is believed for as long as what a key may do.
        answer = await community.client.get("/v1/kudos", headers=visits)
        return answer.json()["items"] if answer.status_code == 200 else None

    [seen] = await until(shown)
    assert (seen["message"], seen["giver"]["name"]) == ("Thank you for staying.", None)
    feed = await community.client.get("/v1/kudos/feed", headers=visits)
    assert feed.headers["content-type"] == "application/feed+json"
    assert [item["title"] for item in feed.json()["items"]] == ["Kudos"]
