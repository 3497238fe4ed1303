"""Webhooks as people see them: how each does, what was delivered, one that is added, one that was switched off."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.async_api import expect

from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.stack import StackState
from tests.browser.conftest import FULL, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

LIGHTHOUSE = "lighthouse"
PAGES = (
    "/webhooks",
    "/add-webhook",
    "/webhooks/warehouse",
    "/webhooks/warehouse?state=held",
    "/webhooks/warehouse/deliveries/ingest/{delivered}",
    "/webhooks/gone",
)
#: Pages of the same make as another one: looked at when all are.
ALIKE = {"/webhooks/warehouse?state=held", "/webhooks/gone"}
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("it-IT", "dark", 320)]


class Taking(BaseHTTPRequestHandler):
    """Takes what comes, but for one address that is gone."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(410 if self.path == "/gone" else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing is said of it."""


@pytest.fixture(scope="session")
def taker() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def furnished(state: StackState, taker: str) -> dict[str, str]:
    """One webhook that takes what it is told, and one that was switched off; the id of a delivery."""
    url = state.service_urls["ingest"]
    scopes = ("webhooks:write", "webhooks:read", "receipts:read", "points:read")
    key = issue_key(state, LIGHTHOUSE, "delivering", scopes)["key"]
    tests = {}
    for name in ("warehouse", "gone"):
        types = ["engagement.accepted.v1", "points.awarded.v1"]
        wanted = {"name": name, "url": f"{taker}/{name}", "types": types}
        request("POST", f"{url}/v1/webhook-endpoints", key, json=wanted)
        tests[name] = request("POST", f"{url}/v1/webhook-endpoints/{name}/test", key)["delivery_id"]

    async def settled() -> bool:
        one = request("GET", f"{url}/v1/webhook-deliveries/{tests['warehouse']}", key)
        gone = request("GET", f"{url}/v1/webhook-endpoints/gone", key)
        return bool(one["state"] == "delivered" and not gone["enabled"])

    await until(settled)
    return {"delivered": tests["warehouse"]}


@pytest.fixture(scope="session")
async def lighthouse(console: Console, taker: str) -> Mapping[str, str]:
    return await furnished(console.state, taker)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_of_webhooks_is_whole_and_readable(
    console: Console, lighthouse: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(community=LIGHTHOUSE, **look) as visitor:
        for page in PAGES if FULL else (one for one in PAGES if one not in ALIKE):
            wrong += await visitor.wrong_at(page.format(**lighthouse), width=width)
    assert wrong == []


async def test_a_webhook_is_added_and_tried_and_one_that_was_switched_off_is_on_top(
    console: Console, lighthouse: Mapping[str, str], taker: str
) -> None:
    async with console.visitor(community=LIGHTHOUSE, locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/webhooks")
        await expect(page.locator("h1")).to_have_text("One webhook wants a look")
        await expect(page.get_by_text("gone was switched off")).to_be_visible()
        await page.get_by_role("link", name="Add a webhook").first.click()
        await page.get_by_label("Name").fill("second")
        await page.get_by_label("Address").fill(f"{taker}/second")
        await page.get_by_label("A badge or level was reached, or taken back").check()
        await page.get_by_role("button", name="Add it").click()
        await expect(page.get_by_role("region", name="Secret")).to_contain_text("whsec_")
        await page.get_by_role("link", name="I have it: on to the webhook").click()
        await page.get_by_role("button", name="Try it").click()
        await expect(page.locator("h1")).to_have_text("Somebody tried the webhook")
        assert visitor.complaints == []
