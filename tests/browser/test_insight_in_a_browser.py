"""Insight: its pages with something to show, in both languages and lights."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from plaudit.access import temporary_key
from plaudit.calls import request
from tests.browser.conftest import COMMUNITY, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

#: Where pages are kept as pictures, for whoever wants to look at them.
SHOTS = os.environ.get("PLAUDIT_SHOTS")
TONES = ("Thank you, this is wonderful and it works.", "This is terrible and I hate it.", "It is on the table.")


def said() -> list[dict[str, Any]]:
    """Topics and replies of three weeks: v1 to v7 answer one another, and v8 was never answered."""
    now = datetime.now(UTC)

    def event(name: str, member: int, days: int, kind: str, **data: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": name,
            "source": "urn:insight",
            "type": kind,
            "time": (now - timedelta(days=days, minutes=member)).isoformat(timespec="seconds"),
            "data": {"channel": "forum", "actor": {"id": f"v{member}", "name": f"Vera {member}"}, **data},
        }

    made = [
        event("alone", 8, 3, "forum.post.v1", object={"id": "alone"}, text=TONES[2], language="en", topic="Gears")
    ]
    for number in range(42):
        who, whom = number % 7 + 1, (number * 3 + number // 7) % 7 + 1
        topic = {"id": f"topic-{number}", "author": {"id": f"v{whom}", "name": f"Vera {whom}"}}
        text = {"text": TONES[number % 5 % 3], "language": "en"}
        about = {"object": {"id": topic["id"]}, "topic": "Gears", **text}
        made.append(event(f"p{number}", whom, number // 2 + 1, "forum.post.v1", **about))
        if number < 12:
            read = {"object": {"id": topic["id"]}, "topic": "Gears"}
            made.append(event(f"read{number}", who, number // 2, "content.read.v1", **read))
        made.append(event(f"r{number}", who, number // 2, "forum.reply.v1", in_reply_to=topic, **text))
    return made


@pytest.fixture(scope="module")
async def insight(console: Console) -> Console:
    """The community, once all that was said is counted."""
    urls = console.state.service_urls
    scopes = ("events:write", "analytics:read")
    with temporary_key(console.state, COMMUNITY, "tests of insight", scopes, urls) as key:
        request("POST", f"{urls['ingest']}/v1/events", key, json=said())

        async def counted() -> bool:
            tone = request("GET", f"{urls['analytics']}/v1/sentiment", key)
            network = request("GET", f"{urls['analytics']}/v1/network", key)
            return bool(tone["whole"]["judged"] >= 85 and network["members"] >= 7)

        await until(counted)
    return console


@pytest.mark.parametrize(("language", "theme", "width"), [("en-GB", "light", 1440), ("it-IT", "dark", 320)])
async def test_insight_is_whole_and_readable(insight: Console, language: str, theme: str, width: int) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    async with insight.visitor(**look) as visitor:
        pages = {
            "growth": ("#periods", "#by-channel"),
            "retention": ("#days", "#cohorts"),
            "sentiment": ("#periods", "#languages"),
            "activity": ("#mix", "#concentration"),
            "orbit": ("#months", "#movers"),
            "answers": ("#weeks", "#topics"),
            "network": ("#ties", "#isolated"),
        }
        for name, parts in pages.items():
            assert await visitor.go(f"/insight/{name}") == 200
            for part in parts:
                await expect(visitor.page.locator(f"{part} tbody tr").first).to_be_visible()
            assert await visitor.violations() == []
            assert await visitor.width() <= width
            if SHOTS:
                shot = Path(SHOTS) / f"insight-{name}-{language[:2]}-{theme}-{width}.png"
                await visitor.page.screenshot(path=shot, full_page=True)
        await expect(visitor.page.locator("#isolated")).to_contain_text("Vera 8")
        assert await visitor.go("/insight/answers") == 200
        await visitor.page.locator("#topics li a").click()
        await expect(visitor.page.locator("#open h2")).to_contain_text("Gears")
        await expect(visitor.page.locator("#knowing tbody tr").first).to_be_visible()
        await expect(visitor.page.locator("#open tbody tr")).not_to_have_count(0)
        assert await visitor.width() <= width
        if SHOTS:
            shot = Path(SHOTS) / f"insight-topic-{language[:2]}-{theme}-{width}.png"
            await visitor.page.screenshot(path=shot, full_page=True)
        assert await visitor.go("/insight/growth?slice=channel%3Aforum") == 200
        await expect(visitor.page.locator("#slice")).to_have_value("channel:forum")
        await expect(visitor.page.locator("#periods tbody tr").first).to_be_visible()
        for name, path, part in (
            ("read", "/content/read", "#items tbody tr"),
            ("topics", None, "#interests tbody tr"),
        ):
            if path is None:
                assert await visitor.go("/insight/answers?topic=Gears") == 200
                await visitor.page.locator("#knowing tbody tr a").first.click()
                await visitor.page.locator("#topics header a").click()
                await visitor.page.locator("#interests tbody tr a").first.click()
                await expect(visitor.page.locator("#sources tbody tr").first).to_be_visible()
            else:
                assert await visitor.go(path) == 200
            await expect(visitor.page.locator(part).first).to_be_visible()
            assert await visitor.violations() == []
            assert await visitor.width() <= width
            if SHOTS:
                shot = Path(SHOTS) / f"insight-{name}-{language[:2]}-{theme}-{width}.png"
                await visitor.page.screenshot(path=shot, full_page=True)
        assert visitor.complaints == []
