"""Webhooks through the console, by whoever runs a community in a browser without script."""

import re
from uuid import uuid4

import httpx
import pytest

from tests.integration.console.conftest import Site, submit
from tests.integration.console.test_console_connectors import texts
from tests.receiver import receiving
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("role", "seen"), [("moderator", (404, 404)), ("manager", (200, 200)), ("administrator", (404, 404))]
)
async def test_who_sees_webhooks_and_who_adds_them(site: Site, role: str, seen: tuple[int, int]) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, role)
        pages = [await browser.get(path) for path in ("/webhooks", "/add-webhook")]
    assert tuple(page.status_code for page in pages) == seen


async def test_a_webhook_is_added_tried_changed_and_removed(site: Site) -> None:
    name = f"house-{uuid4().hex[:6]}"
    here = f"/webhooks/{name}"
    async with receiving() as receiver, site.browser() as browser:
        await site.sign_in(browser, "manager")
        wrong = await submit(browser, "/add-webhook", name="Not So", url="")
        assert wrong.status_code == 422
        assert "Choose one fact at least" in wrong.text
        inner = {"name": name, "url": "https://10.0.0.1/", "type-points.awarded.v1": "yes"}
        refused = await submit(browser, "/add-webhook", **inner)
        assert refused.status_code == 422
        assert "Nothing may be delivered to that address" in refused.text
        assert 'value="https://10.0.0.1/"' in refused.text

        wanted = inner | {"url": receiver.url("/hook"), "type-engagement.accepted.v1": "yes"}
        added = await submit(browser, "/add-webhook", **wanted)
        assert added.status_code == 200, added.text
        (secret,) = re.findall(r'data-copy="Copy">(whsec_[^<]+)</code>', added.text)
        # What a manager may not read is named, and cannot be chosen.
        form = (await browser.get("/add-webhook")).text
        assert "type-payout.changed.v1" not in form
        assert "more that your roles do not let you read" in form

        tried = await submit(browser, here, f"{here}/try")
        assert tried.status_code == 303, tried.text
        at = tried.headers["location"].partition("?")[0]

        async def delivered() -> httpx.Response | None:
            page = await browser.get(at)
            return page if "delivered" in texts(page) else None

        page = await until(delivered)
        assert "webhook_endpoint.tested.v1" in page.text
        (one,) = receiver.of("/hook")
        assert one.verified_by(secret)["data"]["name"] == name
        again = await submit(browser, at, f"{at}/replay")
        assert again.status_code == 303, again.text

        async def twice() -> bool:
            return len(receiver.of("/hook")) == 2

        await until(twice)
        assert len({other.headers["webhook-id"] for other in receiver.got}) == 1

        # Services that are away are said to be; what there is of the rest is shown.
        looked = texts(await browser.get(here))
        assert "scoring does not answer" in looked
        assert "Somebody tried the webhook" in looked
        rotated = await submit(browser, here, f"{here}/rotate", hours="24")
        assert "whsec_" in rotated.text
        assert secret not in rotated.text
        changed = await submit(browser, here, f"{here}/change", enabled="no")
        assert changed.status_code == 303, changed.text
        assert "off" in texts(await browser.get("/webhooks"))
        mistyped = await submit(browser, here, f"{here}/remove", typed="another")
        assert mistyped.status_code == 422
        removed = await submit(browser, here, f"{here}/remove", typed=name)
        assert removed.status_code == 303, removed.text
        assert (await browser.get(here)).status_code == 404
