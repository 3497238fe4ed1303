"""Connected platforms through the console, by whoever runs a community in a browser without script."""

import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.integration.console.conftest import Site, submit

pytestmark = pytest.mark.stack

POST = {
    "id": 13,
    "post_number": 2,
    "topic_id": 10,
    "user_id": 8,
    "username": "grace",
    "raw": "With oil.",
    "created_at": "2026-01-02T11:00:00.000Z",
}
INSTANCE = "https://forum.example.org"


def texts(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def connected(browser: httpx.AsyncClient) -> tuple[str, str, str]:
    """A forum that was connected by the form: what it is called, its address, and the secret that was shown."""
    name = f"forum-{uuid4().hex[:6]}"
    made = await submit(browser, "/connect?type=discourse", "/connect", type="discourse", name=name)
    assert made.status_code == 200, made.text
    address, secret = re.findall(r'data-copy="Copy">([^<]+)</code>', made.text)
    return name, address, secret


async def deliver(site: Site, address: str, secret: str, event: str, body: Any) -> httpx.Response:
    """What the forum does when something happens there."""
    raw = json.dumps(body).encode()
    mac = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Discourse-Event": event,
        "X-Discourse-Event-Id": uuid4().hex,
        "X-Discourse-Instance": INSTANCE,
        "X-Discourse-Event-Signature": f"sha256={mac}",
    }
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.ingest.http.port}", timeout=60) as client:
        return await client.post(urlsplit(address).path, content=raw, headers=headers)


@pytest.mark.parametrize(
    ("role", "seen"), [("moderator", (200, 404)), ("manager", (200, 200)), ("administrator", (404, 404))]
)
async def test_who_sees_and_who_connects(site: Site, role: str, seen: tuple[int, int]) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, role)
        assert tuple([(await browser.get(path)).status_code for path in ("/connectors", "/connect")]) == seen


async def test_a_platform_is_connected_delivers_and_is_looked_into(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        refused = await submit(browser, "/connect?type=discourse", "/connect", type="discourse", name="My Forum")
        assert refused.status_code == 422
        assert 'href="#name"' in refused.text
        name, address, secret = await connected(browser)
        assert address.endswith(f"/v1/connectors/{site.community}.{name}")
        for path in (f"/connectors/{name}", "/connectors", f"/connectors/{name}/try"):
            assert secret not in (await browser.get(path)).text
        again = await submit(browser, "/connect?type=discourse", "/connect", type="discourse", name=name)
        assert (again.status_code, "There is a platform of that name already" in again.text) == (409, True)

        assert (await deliver(site, address, secret, "post_created", {"post": POST})).status_code == 200
        assert (
            await deliver(site, address, secret, "post_created", {"post": POST | {"id": 14, "created_at": None}})
        ).status_code == 200
        assert (await deliver(site, address, "wrong", "post_created", {"post": POST})).status_code == 401
        page = await browser.get(f"/connectors/{name}")
        said = texts(page)
        assert "became events" in said
        assert "mapping failed" in said
        assert "A delivery was refused" in said
        assert len(page.content) < 40_000
        assert not re.search(r"<[^>]+\s(style|on\w+)=|<style|<script(?![^>]+src=)|javascript:", page.text)

        only = await browser.get(f"/connectors/{name}?outcome=invalid")
        [one] = set(re.findall(rf"/connectors/{name}/deliveries/[0-9a-f-]{{36}}", only.text))
        looked = await browser.get(one)
        assert "the post has no created_at" in texts(looked) or "no post.created_at" in texts(looked)
        mapped = await submit(browser, one, f"{one}/replay")
        assert mapped.status_code == 303
        # The same connector says the same of it.
        assert "mapping failed" in texts(await browser.get(one))
        asked = await submit(browser, f"/connectors/{name}", f"/connectors/{name}/replay")
        assert asked.status_code == 303
        assert "grace" not in page.text + looked.text, "nothing of what was delivered is shown"
        empty = await browser.get(f"/connectors/{name}?outcome=unmapped")
        assert "Nothing fits the filter" in empty.text
        assert (await browser.get(f"/connectors/{name}/deliveries/{uuid4()}")).status_code == 404
        assert (await browser.get("/connectors/nobody")).status_code == 404


async def test_a_delivery_is_tried_and_nothing_is_kept(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        name, _, _ = await connected(browser)
        page = f"/connectors/{name}/try"
        both = json.dumps(
            {
                "headers": {"X-Discourse-Event": "post_created", "X-Discourse-Instance": INSTANCE},
                "body": {"post": POST},
            }
        )
        lines = f"X-Discourse-Event: post_created\r\nX-Discourse-Instance: {INSTANCE}\r\n\r\n" + json.dumps(
            {"post": POST}
        )
        for text in (both, lines):
            tried = await submit(browser, page, delivery=text)
            assert "It would become one event" in tried.text
            assert "forum.reply.v1" in tried.text
            assert INSTANCE in tried.text
        ping = lines.replace("post_created", "ping")
        assert "It would count nothing" in (await submit(browser, page, delivery=ping)).text
        unknown = lines.replace("post_created", "poll_voted")
        assert "There is no mapping for it yet" in (await submit(browser, page, delivery=unknown)).text
        for odd in ("", "{", "null", '{"headers": 1}', "[" * 2_000):
            answer = await submit(browser, page, delivery=odd)
            assert answer.status_code in {200, 422, 400}, (odd[:20], answer.status_code)
        assert "Nothing was delivered yet" in (await browser.get(f"/connectors/{name}")).text


async def test_a_secret_is_rotated_with_an_overlap_and_the_platform_stopped_and_removed(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "operator")
        name, address, first = await connected(browser)
        page = f"/connectors/{name}"
        made = await submit(browser, page, f"{page}/rotate", hours="1")
        second = re.findall(r'data-copy="Copy">([^<]+)</code>', made.text)[1]
        assert first != second
        for number, secret in enumerate((first, second)):
            body = {"post": POST | {"id": 20 + number}}
            assert (await deliver(site, address, secret, "post_created", body)).status_code == 200
        assert "two work for a while" in (await browser.get(page)).text
        third = re.findall(
            r'data-copy="Copy">([^<]+)</code>', (await submit(browser, page, f"{page}/rotate", hours="0")).text
        )[1]
        assert (await deliver(site, address, second, "post_created", {"post": POST})).status_code == 401

        assert (await submit(browser, page, f"{page}/change", enabled="no")).status_code == 303
        assert "Nothing is taken from it until it is on again" in (await browser.get(page)).text
        assert (await deliver(site, address, third, "post_created", {"post": POST})).status_code >= 400
        assert (await submit(browser, page, f"{page}/change", **{"set-address": INSTANCE})).status_code == 303
        assert INSTANCE in (await browser.get(page)).text
        wrong = await submit(browser, page, f"{page}/remove", typed="something")
        assert (wrong.status_code, "That is not its name" in wrong.text) == (422, True)
        assert (await submit(browser, page, f"{page}/remove", typed=name)).headers["location"] == "/connectors"
        assert (await browser.get(page)).status_code == 404


async def test_a_connector_of_ones_own_is_refused_with_its_line(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        text = "connector: mine\ntitel: Mine\n"
        refused = await submit(browser, "/connect?type=own", "/connect", type="own", name="mine", document=text)
        assert refused.status_code == 422
        assert "<code>2:8</code>" in refused.text
        assert "titel: Mine" in refused.text, "what was typed is not lost"
