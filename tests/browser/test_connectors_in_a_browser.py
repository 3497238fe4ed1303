"""Connected platforms as people see them: how each does, what became of a delivery, and one that is connected."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import expect

from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.stack import StackState
from tests.browser.conftest import FULL, Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

HARBOUR = "harbour"
INSTANCE = "https://forum.example.org"
PAGES = (
    "/connectors",
    "/connect",
    "/connect?type=slack",
    "/connect?type=discourse",
    "/connect?type=own",
    "/connectors/forum",
    "/connectors/forum?outcome=no_engagement",
    "/connectors/forum/deliveries/{mapped}",
    "/connectors/forum/deliveries/{invalid}",
    "/connectors/forum/try",
    "/connectors/team-chat",
)
#: Pages of the same make as another one: looked at when all are.
ALIKE = {"/connect", "/connect?type=own", "/connectors/forum?outcome=no_engagement"}
ALIKE |= {"/connect?type=discourse", "/connectors/forum/deliveries/{mapped}", "/connectors/team-chat"}
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("it-IT", "dark", 320)]
DELIVERY = f"""X-Discourse-Event: post_created
X-Discourse-Instance: {INSTANCE}

{{"post": {{"id": 40, "post_number": 2, "topic_id": 10, "user_id": 8, "created_at": "2026-01-02T11:00:00Z"}}}}"""


def post(number: int, **more: Any) -> dict[str, Any]:
    """What a forum tells of a post."""
    created_at = f"2026-01-02T11:{number:02}:00.000Z"
    return {
        "post": {"id": number, "post_number": 2, "topic_id": 10, "user_id": 8, "created_at": created_at} | more
    }


def deliver(address: str, secret: str, event: str, body: Mapping[str, Any], number: int) -> int:
    """Deliver as a forum does; the status of the answer."""
    raw = json.dumps(body).encode()
    mac = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Discourse-Event": event,
        "X-Discourse-Event-Id": str(number),
        "X-Discourse-Instance": INSTANCE,
        "X-Discourse-Event-Signature": f"sha256={mac}",
    }
    return httpx.post(address, content=raw, headers=headers, timeout=60).status_code


def furnished(state: StackState) -> dict[str, str]:
    """A forum that delivers, a chat whose secret is still to be given; the ids of deliveries by outcome."""
    url = state.service_urls["ingest"]
    key = issue_key(state, HARBOUR, "connecting", ("connectors:write", "receipts:read"))["key"]
    for name, kind in (("forum", "discourse"), ("team-chat", "slack")):
        wanted = {"name": name, "connector": kind, "settings": []}
        made = request("POST", f"{url}/v1/connectors", key, json=wanted)
        if name == "forum":
            address, secret = url + made["path"], made["secret"]
    for number in range(6):
        assert deliver(address, secret, "post_created", post(number), number) == 200
    assert deliver(address, secret, "user_badge_granted", {"user_badge": {"badge_id": 4}}, 10) == 200
    assert deliver(address, secret, "post_created", post(11, created_at=None), 11) == 200
    assert deliver(address, secret, "poll_voted", {"poll": {}}, 12) == 200
    assert deliver(address, "another", "post_created", post(13), 13) == 401
    items = request("GET", f"{url}/v1/connectors/forum/deliveries", key)["items"]
    return {"address": address} | {one["outcome"]: one["delivery_id"] for one in items}


@pytest.fixture(scope="session")
def harbour(console: Console) -> Mapping[str, str]:
    return furnished(console.state)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_of_connectors_is_whole_and_readable(
    console: Console, harbour: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(community=HARBOUR, **look) as visitor:
        for page in PAGES if FULL else (one for one in PAGES if one not in ALIKE):
            wrong += await visitor.wrong_at(page.format(**harbour), width=width)
    assert wrong == []


async def test_a_platform_is_connected_by_a_form_delivers_and_what_waits_is_seen(
    console: Console, harbour: Mapping[str, str]
) -> None:
    async with console.visitor(community=HARBOUR, locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/connectors")
        await expect(page.locator("h1")).to_have_text("One platform wants a look")
        await page.get_by_role("link", name="Connect a platform").first.click()
        await page.get_by_role("link", name="Discourse").click()
        await page.get_by_label("What you call it").fill("second-forum")
        await page.get_by_role("button", name="Connect it").click()
        await expect(page.locator("h1")).to_have_text("Copy the secret now: it is shown this once")
        address = await page.get_by_role("region", name="Address").inner_text()
        secret = await page.get_by_role("region", name="Secret").inner_text()
        # The address that is shown is the gateway's, as a platform elsewhere would call it.
        assert urlsplit(address).netloc == urlsplit(console.state.gateway_url).netloc
        assert deliver(address, secret, "post_created", post(30), 30) == 200

        await page.get_by_role("link", name="I have it: on to the platform").click()
        await expect(page.get_by_role("row", name="post_created").locator("td .chip")).to_have_text(
            "became events"
        )
        await page.get_by_role("link", name="post_created").click()
        await expect(page.locator("h1")).to_contain_text("post_created")
        await expect(page.get_by_role("link", name="What it earned")).to_be_visible()

        await visitor.go("/connectors/forum")
        await expect(page.get_by_text("2 deliveries became nothing, and are kept")).to_be_visible()
        await page.get_by_role("link", name="Try a delivery").first.click()
        await page.get_by_label("Its body, or headers and body").fill(DELIVERY)
        await page.get_by_role("button", name="Try it").click()
        await expect(page.locator("h1")).to_have_text("It would become one event")
        assert visitor.complaints == []
