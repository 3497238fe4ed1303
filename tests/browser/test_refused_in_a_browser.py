"""What was refused: seen, compared with what stands, mended, sent again; and an event of a declared type tried."""

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from plaudit.access import issue_key, temporary_key
from plaudit.calls import Refused, request
from plaudit.stack import StackState
from tests.browser.conftest import FULL, Console, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

MENDED, KEPT = "mended", "kept-at-the-door"
PAGES = (
    "/refused",
    "/refused?cause=not_readable",
    "/refused?cause=conflict&replayed=true",
    "/refused/{unknown_type}",
    "/refused/{not_readable}",
    "/refused/{conflict}",
    "/receipts",
)
#: Pages of the same make as another one: looked at when all are.
ALIKE = {"/refused?cause=not_readable", "/refused/{unknown_type}"}
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("it-IT", "dark", 320)]
PROGRAMME = b"""programme: webinars
title: Webinars
events:
  channels: [{id: webinars, title: Webinars}]
  types:
    - id: webinar.attended.v1
      title: Attended a webinar
      channel: webinars
      fields:
        - {name: minutes, title: Minutes, type: integer, min: 0, max: 600, required: true}
        - {name: kind, title: Kind, type: choice, values: [live, later]}
        - {name: asked, title: Asked something, type: boolean}
        - {name: company, title: Company, personal: true}
rules:
  - {id: attended, title: Attended, on: [webinar.attended.v1], points: 5}
"""
#: Where pictures of the pages go, for whoever looks at them.
SHOTS = os.environ.get("PLAUDIT_SHOTS")


def sent(number: int, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"attended-{number}",
        "source": "https://webinars.example.org",
        "type": "webinar.attended.v1",
        "time": "2026-01-31T11:00:00Z",
        "data": {"channel": "webinars", "actor": {"id": "ada", "name": "Ada"}, "minutes": 40, **data},
    }


async def looks_right(visitor: Visitor, name: str) -> None:
    """The page has no violation, is no wider than a narrow screen, and weighs little."""
    for width in (1280, 320):
        await visitor.page.set_viewport_size({"width": width, "height": 900})
        assert await visitor.violations() == []
        assert await visitor.width() <= width
        if SHOTS:
            await visitor.page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    await visitor.page.set_viewport_size({"width": 1280, "height": 900})


def post(number: int, text: str) -> dict[str, Any]:
    return sent(number) | {
        "id": f"post-{number}",
        "type": "forum.post.v1",
        "data": {"channel": "forum", "actor": {"id": "ada", "name": "Ada"}, "text": text},
    }


async def furnished(state: StackState) -> dict[str, str]:
    """A community of which the door refused one of each cause that pages show differently; their ids by cause."""
    url = state.service_urls["ingest"]
    key = issue_key(state, KEPT, "refused", ("events:write", "receipts:read", "members:read"))["key"]
    for refused in ({"json": [sent(1), sent(2)]}, {"content": b"{'id': 1}"}):
        with pytest.raises(Refused):
            request("POST", f"{url}/v1/events", key, headers={"Content-Type": "application/json"}, **refused)
    for text in ("It holds.", "It holds, and more was written."):
        request("POST", f"{url}/v1/events", key, json=[post(1, text)], params={"wait": 10})
    request(
        "POST", f"{url}/v1/events", key, json=[post(2, "Of the past")], params={"backfill": "true", "wait": 10}
    )

    async def kept() -> dict[str, str] | None:
        items = request("GET", f"{url}/v1/refused-events", key)["items"]
        by_cause = {one["cause"]: one["refused_id"] for one in items}
        if "conflict" not in by_cause:
            return None
        one = request("GET", f"{url}/v1/refused-events/{by_cause['conflict']}", key)
        return None if one["is_looked_for"] else by_cause

    found: dict[str, str] = await until(kept)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def refused_events(console: Console) -> Mapping[str, str]:
    return await furnished(console.state)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_of_what_was_refused_is_whole_and_readable(
    console: Console, refused_events: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(community=KEPT, **look) as visitor:
        for page in PAGES if FULL else (one for one in PAGES if one not in ALIKE):
            wrong += await visitor.wrong_at(page.format(**refused_events), width=width)
    assert wrong == []


async def test_what_was_refused_is_looked_at_mended_and_sent_again(console: Console) -> None:
    urls = console.state.service_urls
    scopes = ("events:write", "receipts:read", "members:read", "programmes:write", "programmes:read")
    with temporary_key(console.state, MENDED, "refused events", scopes, urls) as key:
        events, yaml = f"{urls['ingest']}/v1/events", {"Content-Type": "application/yaml"}
        # 1. Two of a type that nobody declared, and what is no JSON.
        for refused in ({"json": [sent(1), sent(2)]}, {"content": b"{'id': 1}"}):
            with pytest.raises(Refused):
                request("POST", events, key, headers={"Content-Type": "application/json"}, **refused)
        async with console.visitor(community=MENDED) as visitor:
            await visitor.go("/figures/rejected")
            await expect(visitor.page.locator("#door")).to_contain_text("Of a type that nobody declared")
            await looks_right(visitor, "rejected")
            # 2. The type is declared; one click sends again what waited for it.
            request("POST", f"{urls['scoring']}/v1/programmes", key, content=PROGRAMME, headers=yaml)

            async def is_declared() -> bool:
                types = request("GET", f"{urls['ingest']}/v1/event-types", key)["items"]
                return any(one["declared"] for one in types)

            await until(is_declared)
            await visitor.go("/refused")
            await looks_right(visitor, "refused")
            await visitor.page.get_by_role("button", name="Send again").click()
            await expect(visitor.page.get_by_role("status")).to_contain_text("sent again")
            named = {"source": "https://webinars.example.org", "event_id": "attended-1"}

            async def is_accepted() -> Any:
                chain = request("GET", f"{urls['ingest']}/v1/receipts/of-event", key, params=named)
                found = [one["outcome"] for one in chain["items"]]
                return chain["event_uid"] if found == ["refused", "accepted"] else None

            uid = await until(is_accepted)
            await visitor.go(f"/receipts/events/{uid}")
            await looks_right(visitor, "receipts-of-event")
            # 3. What is no JSON is mended by hand.
            await visitor.go("/refused?cause=not_readable")
            await visitor.page.locator("#events th a").first.click()
            await visitor.page.get_by_label("As it should be").fill("{}")
            await visitor.page.get_by_role("button", name="Send what is written here").click()
            await expect(visitor.page.locator("main")).to_contain_text("It is still refused")
            await looks_right(visitor, "still-refused")
            # 4. The same id with other content shows both.
            request("POST", events, key, json=[sent(1, minutes=45, company="Planted Works")], params={"wait": 10})
            await visitor.go("/refused?cause=conflict")
            await visitor.page.locator("#events th a").first.click()
            address = visitor.page.url.removeprefix(visitor.url)

            async def is_compared() -> bool:
                await visitor.go(address)
                return await visitor.page.locator("td", has_text="45").count() > 0

            await until(is_compared)
            await looks_right(visitor, "conflict")
            assert "Planted" not in visitor.page.url
            # 5. An event of the declared type is tried.
            await visitor.go("/try-it?type=webinar.attended.v1")
            shell = visitor.page.get_by_role("region", name="The same from a shell")
            await expect(shell).to_contain_text('"type": "webinar.attended.v1"')
            await expect(shell).to_contain_text('"minutes": 0')
            await looks_right(visitor, "try-it")
        async with console.visitor(community=MENDED, locale="it-IT", color_scheme="dark") as visitor:
            for address_there, name in ((address, "conflict-it"), ("/refused", "refused-it")):
                await visitor.go(address_there)
                await looks_right(visitor, name)
            assert visitor.complaints == []
