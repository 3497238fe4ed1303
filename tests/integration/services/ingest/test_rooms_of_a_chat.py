"""Rooms of Slack and Discord, at a server that answers as their documentation says."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.service import Parts
from tests.integration.services.ingest.conftest import Community
from tests.integration.services.ingest.test_messages_sent import SCOPES, ask, asked, member, send, states
from tests.integration.services.process import running
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

#: By path, what is answered: status, headers, body.
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/slack/ok": (200, {}, b"ok"),
    "/slack/payload": (400, {}, b"invalid_payload"),
    "/slack/none": (404, {}, b"no_service"),
    "/slack/archived": (410, {}, b"channel_is_archived"),
    "/slack/often": (429, {"Retry-After": "1800"}, b"rate_limited"),
    "/slack/elsewhere": (302, {"Location": "http://127.0.0.1:1/"}, b""),
    "/discord/ok": (204, {}, b""),
    "/discord/often": (
        429,
        {},
        b'{"message": "You are being rate limited.", "retry_after": 1800.5, "global": false}',
    ),
    "/discord/none": (404, {}, b'{"message": "Unknown Webhook", "code": 10015}'),
    "/discord/broken": (502, {}, b"Bad Gateway"),
}


@dataclass
class Chat:
    """A chat's server, and what was posted to each path."""

    url: str = ""
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def to(self, path: str) -> list[dict[str, Any]]:
        return [body for where, body in self.posted if where == path]


@pytest.fixture
def chat() -> Iterator[Chat]:
    here = Chat()

    class Room(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            here.posted.append((self.path, body))
            if self.path == "/slack/silent":
                self.close_connection = True
                return
            status, headers, said = ANSWERS[self.path]
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(said))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing is said of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Room)
    here.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
async def front_door(stack: Any) -> AsyncIterator[Parts]:
    given = {"public_url": "https://plaudit.example", "messages_rooms_anywhere": True}
    async with running(SPEC, Settings(**stack.settings("ingest") | given)) as parts:
        yield parts


@pytest.fixture
async def community(front_door: Parts) -> AsyncIterator[Community]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{front_door.http.port}", timeout=60) as client:
        made = Community(f"c{uuid4().hex[:12]}", client, front_door)
        client.headers.update(await authorization(made.pool, made.name, *SCOPES))
        yield made


async def room(community: Community, chat: Chat, path: str) -> None:
    channel = path.split("/")[1]
    answer = await community.client.put(f"/v1/messages/rooms/{channel}", json={"url": f"{chat.url}{path}"})
    assert answer.status_code == 204, answer.text
    shown = (await community.client.get("/v1/messages/settings")).json()
    body = {"revision": shown["revision"], "kinds": {"badge": [channel]}}
    assert (await community.client.put("/v1/messages/settings", json=body)).status_code == 200


async def shown_room(community: Community) -> dict[str, Any]:
    (found,) = (await community.client.get("/v1/messages/settings")).json()["rooms"]
    return dict(found)


async def due_now(community: Community) -> None:
    await community.pool.execute(
        "update messages set due_at = now() where community = $1 and state = 'waiting'", community.name
    )


@pytest.mark.parametrize("path", ["/slack/ok", "/discord/ok"])
async def test_a_room_is_told_once(community: Community, chat: Chat, path: str) -> None:
    await room(community, chat, path)
    ada = await member(community, "ada")
    fact = asked(community, ada, values={"title": "Solver"})
    await ask(community, fact)
    await ask(community, fact, fact)
    for _ in range(2):
        await send(community)
    (body,) = chat.to(path)
    assert (body.get("text") or body.get("content")) == "Ada has a new badge: Solver"
    assert await states(community) == [("sent", None)]


async def test_no_name_calls_anybody_or_is_a_link(community: Community, chat: Chat) -> None:
    title = "@everyone <!channel> <@U123> <https://evil.example|free> [free](https://evil.example) **x** https://evil.example"
    ada = await member(community, "ada")
    for path in ("/slack/ok", "/discord/ok"):
        await room(community, chat, path)
        await ask(community, asked(community, ada, values={"title": title}))
        await send(community)
    (slack,), (discord,) = chat.to("/slack/ok"), chat.to("/discord/ok")
    assert not {"<", ">"} & set(slack["text"])
    assert "&lt;!channel&gt;" in slack["text"]
    assert slack["parse"] == "none"
    assert not any(slack[one] for one in ("mrkdwn", "link_names", "unfurl_links", "unfurl_media"))
    assert discord["allowed_mentions"] == {"parse": []}
    assert discord["flags"] == 4
    for mark in (" @everyone", "<@", "](", "**", "https:/"):
        assert mark not in discord["content"], mark
    assert discord["content"].replace("\\", "").startswith("Ada has a new badge: @everyone")


@pytest.mark.parametrize("path", ["/slack/silent"])
async def test_what_nobody_answered_is_unknown_and_not_posted_again(
    community: Community, chat: Chat, path: str
) -> None:
    await room(community, chat, path)
    await ask(community, asked(community, await member(community, "ada")))
    for _ in range(2):
        await send(community)
    assert await states(community) == [("unknown", "no_answer")]
    assert len(chat.to(path)) == 1


@pytest.mark.parametrize("path", ["/slack/payload", "/slack/elsewhere"])
async def test_what_is_refused_fails_and_nothing_is_followed(community: Community, chat: Chat, path: str) -> None:
    await room(community, chat, path)
    await ask(community, asked(community, await member(community, "ada")))
    await send(community)
    assert await states(community) == [("failed", "refused")]
    assert (await shown_room(community))["gone_at"] is None


@pytest.mark.parametrize("path", ["/slack/often", "/discord/often"])
async def test_a_room_that_was_told_too_often_is_left_alone_for_as_long_as_it_says(
    community: Community,
    chat: Chat,
    path: str,
) -> None:
    await room(community, chat, path)
    ada = await member(community, "ada")
    await ask(community, *(asked(community, ada, values={"title": f"Badge {n}"}) for n in range(4)))
    before = datetime.now(UTC)
    await send(community)
    assert len(chat.to(path)) == 1
    assert await states(community) == [("waiting", "no_answer")] * 4
    soonest = await community.pool.fetchval(
        "select min(due_at) from messages where community = $1", community.name
    )
    assert soonest >= before + timedelta(minutes=30)
    # Then it takes them.
    await room(community, chat, path.replace("often", "ok"))
    await due_now(community)
    await send(community)
    assert await states(community) == [("sent", None)] * 4


async def test_a_server_that_is_broken_is_tried_again(community: Community, chat: Chat) -> None:
    await room(community, chat, "/discord/broken")
    await ask(community, asked(community, await member(community, "ada")))
    await send(community)
    assert await states(community) == [("waiting", "no_answer")]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/slack/none", "404 no_service"),
        ("/slack/archived", "410 channel_is_archived"),
        ("/discord/none", '404 {"message": "Unknown Webhook", "code": 10015}'),
    ],
)
async def test_a_room_that_is_gone_is_told_no_more_until_it_is_set_anew(
    community: Community,
    chat: Chat,
    path: str,
    said: str,
) -> None:
    await room(community, chat, path)
    ada = await member(community, "ada")
    await ask(community, *(asked(community, ada, values={"title": f"Badge {n}"}) for n in range(3)))
    await send(community)
    await ask(community, asked(community, ada))
    await send(community)
    assert len(chat.to(path)) == 1
    found = sorted(await states(community))
    assert found == [("dropped", "room_gone")] * 3 + [("failed", "room_gone")]
    shown = await shown_room(community)
    assert shown["gone_at"] is not None
    assert shown["gone_why"] == said
    working = f"/{path.split('/')[1]}/ok"
    await room(community, chat, working)
    assert (await shown_room(community))["gone_at"] is None
    await ask(community, asked(community, ada))
    await send(community)
    assert len(chat.to(working)) == 1
