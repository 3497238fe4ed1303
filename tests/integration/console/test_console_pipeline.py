"""The pipeline's pages on a real ingest; the other four services are away."""

import asyncio
import re
import time
from typing import Any

import httpx
import pytest

from console.main import running
from console.pages.pipeline import routes
from console.settings import Settings
from plaudit.stack.services import connections
from shared.services import CONSOLE
from tests.integration.console.conftest import Site, free_port

pytestmark = pytest.mark.stack


async def event_of(answer: httpx.Response) -> str:
    """The first event of a stream, as the page's script gets it."""
    lines = []
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif lines:
            break
    return "\n".join(lines)


async def test_what_is_away_is_said_and_what_is_there_is_shown(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "operator")
        page = await browser.get("/pipeline")
        assert "scoring, recognition, rewards, analytics do not answer" in page.text
        assert page.text.count("no answer") >= 4
        one = await browser.get("/pipeline/ingest")
        assert "engagement.raw.v1" in one.text
        assert (await browser.get("/pipeline/elsewhere")).status_code == 404
        letters = await browser.get("/dead-letters")
        assert letters.text.count("does not answer") == 4
        assert (
            await browser.get("/dead-letters/elsewhere/0f6d3a52-9d55-5a52-8f1e-0d5a7c7f2b11")
        ).status_code == 404
        nobodys = await browser.get("/dead-letters/ingest/0f6d3a52-9d55-5a52-8f1e-0d5a7c7f2b11")
        assert nobodys.status_code == 404


async def test_a_page_is_kept_up_by_a_stream_of_its_own_text(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "operator")
        page = await browser.get("/pipeline")
        async with browser.stream("GET", "/pipeline/live") as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            told = await event_of(answer)
        places = re.compile(r'data-live="([^"]+)"')
        assert set(places.findall(told)) == set(places.findall(page.text))
        assert len(places.findall(told)) == len(set(places.findall(told))) > 10


async def test_the_pipeline_is_for_whoever_may_see_operations(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        for path in ("/pipeline", "/pipeline/live", "/pipeline/ingest", "/dead-letters"):
            assert (await browser.get(path)).status_code == 404, path


async def test_streams_are_bounded_and_end_with_the_process(
    stack: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "STREAMS_MAX_COUNT", 1)
    port = free_port()
    settings = Settings(
        **{
            **connections(stack.state, CONSOLE),
            "ingest_url": f"http://127.0.0.1:{site.ingest.http.port}",
            "console_url": f"http://127.0.0.1:{port}",
            "http_port": port,
        }
    )
    told = asyncio.Event()

    async def look() -> None:
        async with browser.stream("GET", "/pipeline/live") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    told.set()

    async with httpx.AsyncClient(base_url=settings.console_url, timeout=30) as browser:
        async with running(settings):
            await Site(settings.console_url, site.ingest, site.database).sign_in(browser, "operator")
            looking = asyncio.create_task(look())
            await asyncio.wait_for(told.wait(), 60)
            assert (await browser.get("/pipeline/live")).status_code == 503
            started = time.monotonic()
        # Somebody has the page open; the process does not wait for them to go.
        assert time.monotonic() - started < settings.stop_seconds / 2
        await looking


async def test_one_person_takes_not_all_of_the_streams(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "STREAMS_EACH_MAX_COUNT", 2)
    asked_count, told, all_told = 8, [], asyncio.Event()

    async def look(browser: httpx.AsyncClient) -> None:
        """Keep a stream open until all have been told something, or that there is none for them."""
        async with browser.stream("GET", "/pipeline/live", timeout=30) as answer:
            told.append(bool(await event_of(answer)) if answer.status_code == 200 else False)
            if len(told) == asked_count:
                all_told.set()
            await all_told.wait()

    async with site.browser() as one, site.browser() as other:
        await site.sign_in(one, "operator")
        await site.sign_in(other, "operator")
        await asyncio.wait_for(asyncio.gather(*(look(one) for _ in range(7)), look(other)), 60)

    # Who comes with many at once gets two, and the other theirs.
    assert sorted(told) == [False] * 5 + [True] * 3
