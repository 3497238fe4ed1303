"""Chromium on the whole platform's console, with a community that has something to show."""

import itertools
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from plaudit.access import temporary_key
from plaudit.calls import request
from plaudit.console import sign_in_link
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from shared.topics import RAW
from tests.integration.services.process import send
from tests.waiting import until

#: All pages in every language, theme and width; else a chosen part.
FULL = os.environ.get("PLAUDIT_BROWSER") == "full"
#: What a journey looks at beside: every page in all looks, else in the hardest: narrow, dark, longer words.
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
LOOKED_AT = LOOKS if FULL else [("it-IT", "dark", 320)]
COMMUNITY = "browsed"
SCOPES = (
    "events:write",
    "programmes:write",
    "programmes:approve",
    "payouts:write",
    "payouts:approve",
    "payouts:read",
    "points:read",
    "recognition:read",
    "rewards:read",
    "receipts:read",
    "operations:read",
)
PROGRAMME = Path(__file__).parents[2] / "programmes" / "messages.yaml"
#: What a page comes to show is waited for as long, on a machine that does much else.
expect.set_options(timeout=60_000)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
#: A rule with a condition, so that there is something to ask why.
ANSWERS = """
  - id: answer
    title: Answered somebody
    on: [forum.reply.v1]
    points: 3
    when: data.length_chars >= 20

recognition:
  boards: [{id: month, title: This month, period: month}, {id: ever, title: From the beginning}]"""
NAMES = ("Ada Brightwell", "Kofi Brandt", "Elif Moretti", "Linh Mbeki", "Samir Kaya")


@dataclass
class Visitor:
    """Somebody at a page, and what the browser complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> int:
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        return answer.status

    async def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA on the page."""
        found = await Axe().run(self.page, options={"runOnly": list(RULES)})
        return [
            f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]
        ]

    async def width(self) -> int:
        return int(await self.page.evaluate("document.documentElement.scrollWidth"))

    async def wrong_at(self, path: str, *, width: int) -> list[str]:
        """What is wrong with the page there: its status, what it breaks, its width, and complaints until now."""
        status = await self.go(path)
        wrong = await self.violations()
        wrong += [f"status {status}"] if status != 200 else []
        wrong += [f"{wide} px wide"] if (wide := await self.width()) > width else []
        wrong += self.complaints
        self.complaints.clear()
        return [f"{path}: {one}" for one in wrong]


@dataclass
class Console:
    """The platform's console in a browser."""

    state: StackState
    browser: Browser
    ids: dict[str, str]

    @asynccontextmanager
    async def visitor(
        self, *, community: str = COMMUNITY, person: str | None = None, identity: str | None = None, **how: Any
    ) -> AsyncIterator[Visitor]:
        """Somebody who has signed in by a link, in a browser of their own."""
        context = await self.browser.new_context(**how)
        visitor = Visitor(await context.new_page(), self.state.console_url)
        visitor.page.on(
            "console",
            lambda said: visitor.complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        await visitor.page.goto(sign_in_link(self.state, community, person=person, identity=identity))
        await visitor.page.locator("main button").first.click()
        await visitor.page.wait_for_url(lambda url: "/sign-in" not in url)
        yield visitor
        await context.close()


def events() -> list[dict[str, Any]]:
    """Messages of some people over the last weeks; one of them is nobody's, and rejected."""
    now = datetime.now(UTC)
    return [
        {
            "specversion": "1.0",
            "id": f"m-{day}-{number}",
            "source": "urn:browsed",
            "type": "chat.message.v1",
            "time": (now - timedelta(days=day)).isoformat(timespec="seconds"),
            "data": {
                "channel": "chat",
                "actor": {"id": f"u{number}", "name": NAMES[number]},
                "length_chars": 40,
                "object": {"id": "t", "author": {"id": f"u{(number + 1) % 5}", "name": NAMES[(number + 1) % 5]}},
            },
        }
        for day in range(45)
        for number in range(len(NAMES))
        if (day + number) % 3
    ]


async def dead_letter(state: StackState, record: dict[str, Any]) -> str:
    """The id of a dead letter of the community: what ingest makes of a record that it cannot process."""
    key = f"{COMMUNITY}|chat|{uuid4().hex}"
    await send(state, [(RAW, key.encode(), record)])
    found: list[str] = []
    url = f"{state.service_urls['ingest']}/v1/dead-letters"
    with temporary_key(state, COMMUNITY, "a dead letter", ("operations:read",), {"ingest": url}) as access:

        async def there() -> bool:
            letters = request("GET", url, access)["items"]
            found[:] = [
                one["letter_id"]
                for one in letters
                if request("GET", f"{url}/{one['letter_id']}", access)["key"] == key
            ]
            return bool(found)

        await until(there)
    return found[0]


TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def filled(state: StackState) -> dict[str, str]:
    """Fill the community; the ids of something of each kind that the explorer shows."""
    urls = state.service_urls
    with temporary_key(state, COMMUNITY, "tests in a browser", SCOPES, urls) as key:
        programme = PROGRAMME.read_text().replace("\nrecognition:", ANSWERS)
        text = {"content": programme.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        traced = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
        taken = request("POST", f"{urls['ingest']}/v1/events", key, json=events(), headers=traced)
        other = {**events()[0], "data": {**events()[0]["data"], "length_chars": 41}}
        request("POST", f"{urls['ingest']}/v1/events", key, json=[other])
        return {"receipt": taken["receipt_id"], "trace": TRACE_ID}


@pytest.fixture(scope="session")
async def console(platform: StackState) -> AsyncIterator[Console]:
    """The console, with Chromium: where there is none, tests are skipped with a reason."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    ids = filled(platform)
    await wait_until_idle(platform)
    urls = platform.service_urls
    with temporary_key(platform, COMMUNITY, "tests in a browser", SCOPES, urls) as key:
        first, second = request("GET", f"{urls['recognition']}/v1/leaderboard", key, params={"limit": 2})["items"]
        awards = request("GET", f"{urls['scoring']}/v1/awards", key, params={"member": first["member_id"]})[
            "items"
        ]
    ids["letter"] = await dead_letter(platform, {"specversion": "1.0", "type": "nobody.knows.v1"})
    ids |= {
        "member": first["member_id"],
        "other": second["member_id"],
        "award": awards[0]["award_id"],
        "event": awards[0]["event_uid"],
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield Console(platform, browser, ids)
        await browser.close()
